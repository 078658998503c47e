//! Bounds the time that redaction of one log may use.
//!
//! One search is linear in the text, but a search for all matches is quadratic for some patterns: it
//! may read the rest of the text for each match.

use std::time::Duration;

use crate::redaction::Failed;

/// What is left for a log.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// The bytes that may have been read since the clock was looked at.
    read: usize,
    /// The time of this thread when it was looked at first.
    since: Option<Duration>,
}

impl Budget {
    /// Notes that a search may have read `bytes`.
    ///
    /// # Errors
    /// When the log has used up its time.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Failed> {
        self.read = self.read.saturating_add(bytes);
        // Most logs are small, and never look.
        if self.read < LOOK_EVERY {
            return Ok(());
        }
        self.read = 0;
        let now = thread_time();
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) > MOST { Err(Failed::TooSlow) } else { Ok(()) }
    }
}

/// Returns the time for which a processor has run this thread, so that a busy machine refuses no
/// log.
#[cfg(unix)]
fn thread_time() -> Duration {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.map(Into::into).unwrap_or_default()
}

/// Returns the time since the first call, since the system reports no time of threads.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// After how many bytes the clock is looked at: some milliseconds.
const LOOK_EVERY: usize = 1 << 22;

/// The time for a log. A usual one needs microseconds, and a megabyte with sixty rules and 200,000
/// matches about a third of a second.
const MOST: Duration = Duration::from_secs(1);
