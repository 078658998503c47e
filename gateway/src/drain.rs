//! The stages of a graceful shutdown.
//!
//! 1. The gateway is not ready, and serves as before, until load balancers have noticed.
//! 2. Publishers are refused, since their logs would be lost with the process, and each stream ends
//!    at its own moment of the window.
//! 3. Readers that are behind receive what was acknowledged, up to the deadline.
//!
//! Where the history survives the process, publishers continue until the last stream has ended, and
//! readers that are behind continue after the restart.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long each stage lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// How long the gateway serves as before while it is not ready.
    pub delay: Duration,
    /// The time over which streams end, each at a random moment.
    pub window: Duration,
    /// How long readers that are behind receive what is due.
    pub timeout: Duration,
    /// Whether the history survives the process.
    pub keeps_history: bool,
}

impl Default for Stages {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            window: Duration::ZERO,
            timeout: Duration::from_secs(5),
            keeps_history: false,
        }
    }
}

/// A graceful shutdown, before and after it begins. Its clones are the same one.
#[derive(Clone, Debug)]
pub struct Drain(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    stages: Stages,
    is_announced: AtomicBool,
    leaving: CancellationToken,
    hurry: CancellationToken,
    /// When streams began to end.
    started: OnceLock<Instant>,
    publishing: Gate,
    streams_cut: AtomicU64,
    logs_cut: AtomicU64,
}

/// The right to store logs. The drain waits for it, so that readers receive what it acknowledges.
#[derive(Debug)]
pub(crate) struct Publishing(Drain);

impl Drop for Publishing {
    fn drop(&mut self) {
        self.0.0.publishing.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What readers did not receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The streams that ended too early.
    pub streams: u64,
    /// The logs that were due on them.
    pub logs: u64,
}

impl Default for Drain {
    fn default() -> Self {
        Self::new(Stages::default())
    }
}

impl From<CancellationToken> for Drain {
    /// Returns a drain that begins when `leaving` is cancelled.
    fn from(leaving: CancellationToken) -> Self {
        Self::with(Stages::default(), leaving)
    }
}

impl Drain {
    /// Returns a drain that has not begun.
    #[must_use]
    pub fn new(stages: Stages) -> Self {
        Self::with(stages, CancellationToken::new())
    }

    /// Returns a drain that also begins when `leaving` is cancelled.
    #[must_use]
    pub fn with(stages: Stages, leaving: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            stages,
            is_announced: AtomicBool::default(),
            leaving,
            hurry: CancellationToken::new(),
            started: OnceLock::new(),
            publishing: Gate::default(),
            streams_cut: AtomicU64::default(),
            logs_cut: AtomicU64::default(),
        }))
    }

    /// Goes through the stages, and returns once publishers are refused and streams have begun to
    /// end.
    pub async fn begin(&self) {
        self.0.is_announced.store(true, Ordering::Relaxed);
        let Stages { delay, window, keeps_history, .. } = self.0.stages;
        self.unless_hurried(delay).await;
        if keeps_history {
            self.leave();
            self.unless_hurried(window).await;
            self.0.publishing.close().await;
        } else {
            self.0.publishing.close().await;
            self.leave();
        }
    }

    /// Ends the stages that only wait.
    pub fn hurry(&self) {
        self.0.hurry.cancel();
    }

    /// Returns whether the shutdown was requested, so that the gateway is not ready.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.is_announced.load(Ordering::Relaxed) || self.is_cancelled()
    }

    /// Returns whether streams are ending.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.leaving.is_cancelled()
    }

    /// Waits until streams are to end.
    pub async fn cancelled(&self) {
        self.0.leaving.cancelled().await;
    }

    /// Returns the token that is cancelled when streams begin to end.
    #[must_use]
    pub fn leaving(&self) -> &CancellationToken {
        &self.0.leaving
    }

    /// Returns the token that is cancelled by [`hurry`](Self::hurry).
    #[must_use]
    pub fn hurried(&self) -> &CancellationToken {
        &self.0.hurry
    }

    /// Returns how long each stage lasts.
    #[must_use]
    pub fn stages(&self) -> Stages {
        self.0.stages
    }

    /// Returns what readers did not receive so far.
    #[must_use]
    pub fn cut(&self) -> Cut {
        Cut {
            streams: self.0.streams_cut.load(Ordering::Relaxed),
            logs: self.0.logs_cut.load(Ordering::Relaxed),
        }
    }

    /// Returns the right to store logs, or `None` if they would be lost.
    pub(crate) fn admit(&self) -> Option<Publishing> {
        let gate = &self.0.publishing;
        gate.inside.fetch_add(1, Ordering::SeqCst);
        let publishing = Publishing(self.clone());
        let is_closed = gate.is_closed.load(Ordering::SeqCst)
            || (self.is_cancelled() && !self.0.stages.keeps_history);
        (!is_closed).then_some(publishing)
    }

    /// Returns a random moment of the window for a stream, from 0 to 1. A stream that comes late
    /// ends at once.
    pub(crate) fn moment(&self) -> f32 {
        if self.is_cancelled() { 0.0 } else { fastrand::f32() }
    }

    /// Waits until the stream with this `moment` is to end.
    pub(crate) async fn reached(&self, moment: f32) {
        self.cancelled().await;
        let at = self.started() + self.0.stages.window.mul_f32(moment);
        if Instant::now() < at {
            // Boxed, since otherwise each open stream would hold its timer.
            Box::pin(async {
                tokio::select! {
                    () = sleep_until(at) => {}
                    () = self.0.hurry.cancelled() => {}
                }
            })
            .await;
        }
    }

    /// Returns whether a reader that is behind loses what is due when its stream ends now, and
    /// there is still time to send it.
    pub(crate) fn waits_for_readers(&self) -> bool {
        let Stages { window, timeout, keeps_history, .. } = self.0.stages;
        let end = self.started() + window + timeout.saturating_sub(GOODBYE);
        !keeps_history && !self.0.hurry.is_cancelled() && Instant::now() < end
    }

    /// Counts a stream that ended during the drain with `logs` due.
    pub(crate) fn note_ended(&self, logs: u64) {
        if logs > 0 && self.is_cancelled() && !self.0.stages.keeps_history {
            self.0.streams_cut.fetch_add(1, Ordering::Relaxed);
            self.0.logs_cut.fetch_add(logs, Ordering::Relaxed);
        }
    }

    fn leave(&self) {
        self.started();
        self.0.leaving.cancel();
    }

    fn started(&self) -> Instant {
        *self.0.started.get_or_init(Instant::now)
    }

    async fn unless_hurried(&self, time: Duration) {
        if !time.is_zero() {
            // An error means that the time has passed.
            let _ = timeout(time, self.0.hurry.cancelled()).await;
        }
    }
}

/// Lets publishers in until it is closed, and knows how many are inside.
#[derive(Debug, Default)]
struct Gate {
    is_closed: AtomicBool,
    inside: AtomicUsize,
}

impl Gate {
    /// Waits until those inside have stored their logs, which takes microseconds, or a moment for a
    /// large batch.
    async fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        let start = Instant::now();
        while self.inside.load(Ordering::SeqCst) > 0 && start.elapsed() < LONGEST_STORE {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What remains of the timeout for the goodbye of a reader that is still behind.
const GOODBYE: Duration = Duration::from_millis(250);

/// Longer than any batch takes.
const LONGEST_STORE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(keeps_history: bool) -> Stages {
        let second = Duration::from_secs(1);
        Stages { delay: second, window: second * 10, timeout: second * 5, keeps_history }
    }

    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
    }

    #[test]
    fn publishers_are_refused_from_the_first_goodbye_if_the_history_is_lost() {
        paused().block_on(async {
            let drain = Drain::new(Stages { delay: Duration::from_millis(20), ..stages(false) });
            let begun = tokio::spawn({
                let drain = drain.clone();
                async move { drain.begin().await }
            });
            tokio::task::yield_now().await;
            assert!(drain.has_begun() && !drain.is_cancelled() && drain.admit().is_some());
            begun.await.expect("it begins");
            assert!(drain.is_cancelled() && drain.admit().is_none());
        });
    }

    #[test]
    fn publishers_continue_while_streams_end_if_the_history_is_kept() {
        paused().block_on(async {
            let drain = Drain::new(Stages { delay: Duration::ZERO, ..stages(true) });
            let begun = tokio::spawn({
                let drain = drain.clone();
                async move { drain.begin().await }
            });
            drain.cancelled().await;
            assert!(drain.admit().is_some());
            drain.hurry();
            begun.await.expect("it begins");
            assert!(drain.admit().is_none());
        });
    }

    #[test]
    fn streams_begin_to_end_once_what_is_being_published_is_stored() {
        paused().block_on(async {
            let drain = Drain::new(Stages { delay: Duration::ZERO, ..stages(false) });
            let publishing = drain.admit().expect("it has not begun");
            let begun = tokio::spawn({
                let drain = drain.clone();
                async move { drain.begin().await }
            });
            while drain.admit().is_some() {
                tokio::task::yield_now().await;
            }
            sleep(Duration::from_millis(5)).await;
            assert!(!drain.is_cancelled());
            drop(publishing);
            begun.await.expect("it begins");
            assert!(drain.is_cancelled());
        });
    }

    #[test]
    fn a_stream_ends_at_its_moment_of_the_window() {
        paused().block_on(async {
            let window = Duration::from_millis(60);
            let drain = Drain::new(Stages { delay: Duration::ZERO, window, ..stages(false) });
            drain.begin().await;
            let start = Instant::now();
            drain.reached(0.0).await;
            drain.reached(0.9).await;
            assert!(start.elapsed() >= window.mul_f32(0.8));
            drain.hurry();
            drain.reached(1.0).await;
        });
    }
}
