//! The canary: a log of the gateway's own that takes the path of all logs, from the hub through a
//! reader. If it does not arrive, or arrives late, no log does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use logs_sse_core::channel::{ChannelName, Id};
use prometheus_client::metrics::histogram::Histogram;
use serde_json::value::to_raw_value;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::hub::connection::ConnectionInfo;
use crate::reader::batch::Framing;
use crate::reader::resume::{Beginning, Resume};
use crate::reader::{Next, Reader, RequestedChannel};

/// What is known about the delivery of the canary's logs.
#[derive(Debug)]
pub struct Canary {
    /// The start of the probe that runs, or of the last one that failed.
    pending: Mutex<Option<Instant>>,
    published: AtomicU64,
    received: AtomicU64,
    failures: AtomicU64,
    lag: Histogram,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            pending: Mutex::default(),
            published: AtomicU64::default(),
            received: AtomicU64::default(),
            failures: AtomicU64::default(),
            lag: Histogram::new(BUCKETS),
        }
    }
}

impl Canary {
    /// Sends a log every `period`, until `shutdown`.
    pub async fn run(
        self: Arc<Self>,
        hub: Arc<Hub>,
        period: Duration,
        shutdown: CancellationToken,
    ) {
        let channel = channel();
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let sent = async {
            for number in 1_u64.. {
                ticks.tick().await;
                self.probe(&hub, &channel, number).await;
            }
        };
        shutdown.run_until_cancelled(sent).await;
    }

    /// Returns what is wrong, if the last log was not read back in time.
    pub(crate) fn failure(&self) -> Option<String> {
        let waited = (*self.pending())?.elapsed();
        (waited > DEADLINE).then(|| {
            format!("the gateway's own log was not delivered within {} s", DEADLINE.as_secs())
        })
    }

    /// Returns how many logs were published, received and missed.
    pub(crate) fn counts(&self) -> [u64; 3] {
        [&self.published, &self.received, &self.failures]
            .map(|counter| counter.load(Ordering::Relaxed))
    }

    /// Returns the times from publishing to reading.
    pub(crate) fn lag(&self) -> Histogram {
        self.lag.clone()
    }

    async fn probe(&self, hub: &Arc<Hub>, channel: &ChannelName, number: u64) {
        let requested = [RequestedChannel { channel: channel.clone(), is_granted: true }];
        let beginning = Beginning::from(Resume::Live);
        let connection = ConnectionInfo::new(SERVICE).of_canary();
        let mut reader = Reader::open(hub, &requested, &beginning, Framing::Single, connection);
        let start = Instant::now();
        // A probe that failed counts from its own start until one succeeds.
        self.pending().get_or_insert(start);
        let entry = to_raw_value(&number).expect("a number is JSON");
        self.published.fetch_add(1, Ordering::Relaxed);
        let wanted = format!("\"data\":{number},");
        // Storing may fail, or take as long as the disk, so it is part of what is timed.
        let delivered = async {
            let stored = hub.submit(channel, &entry, None).stored().await;
            stored.map_err(|error| format!("was not stored: {error}"))?;
            loop {
                match reader.next().await {
                    Next::Page(page) if contains(&page, wanted.as_bytes()) => return Ok(()),
                    Next::Page(_) => {}
                    Next::TooSlow => return Err("was dropped, since its reader was slow".into()),
                }
            }
        };
        let late = |_| Err(format!("was not delivered within {DEADLINE:?}"));
        match timeout(DEADLINE, delivered).await.unwrap_or_else(late) {
            Ok(()) => {
                self.received.fetch_add(1, Ordering::Relaxed);
                self.lag.observe(start.elapsed().as_secs_f64());
                *self.pending() = None;
            }
            Err(reason) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!("the gateway's own log {reason}");
            }
        }
    }

    fn pending(&self) -> MutexGuard<'_, Option<Instant>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn contains(page: &[u8], wanted: &[u8]) -> bool {
    page.windows(wanted.len()).any(|window| window == wanted)
}

fn channel() -> ChannelName {
    let id = |text| Id::parse("canary", text).expect("a valid id");
    ChannelName::new(id(SERVICE), id("gateway"), None)
}

/// Returns whether `channel` belongs to the canary, so that no one else may read it or publish on
/// it.
pub(crate) fn is_own(channel: &ChannelName) -> bool {
    channel.service().as_str() == SERVICE
}

/// The service of the canary's channel, and the user of its stream.
const SERVICE: &str = "_canary";

/// How long a log may take before the gateway counts as broken.
const DEADLINE: Duration = Duration::from_secs(5);

/// Seconds. A healthy gateway needs less than the first.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_that_is_read_back_is_measured() {
        let (hub, canary) = (Arc::new(Hub::default()), Canary::default());
        canary.probe(&hub, &channel(), 1).await;
        canary.probe(&hub, &channel(), 2).await;
        assert_eq!(canary.counts(), [2, 2, 0]);
        assert_eq!(canary.failure(), None);
        assert_eq!((hub.connections(), hub.channels()), (0, 0), "it leaves no reader behind");
    }

    #[tokio::test]
    async fn a_log_that_is_not_read_back_is_a_failure_until_one_is() {
        // Without any history, a log that arrives between two looks is gone.
        let canary = Canary::default();
        *canary.pending() = Instant::now().checked_sub(DEADLINE * 2);
        assert!(canary.failure().is_some_and(|reason| reason.contains("within 5 s")));
        canary.probe(&Arc::new(Hub::default()), &channel(), 1).await;
        assert_eq!(canary.failure(), None);
    }
}
