//! A sample ETL job, which publishes at a steady rate through the real publish route, as a service
//! in the field does.

use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::demo::publisher::{Log, Publisher};
use crate::demo::sample::{self, WORKFLOWS};

/// The service that the job publishes as.
pub const SERVICE: &str = "etl";

/// Publishes logs on each demo workflow by `publisher`, until `shutdown`: as many per second as
/// `rate`, none while it is 0.
pub async fn run(
    publisher: Publisher,
    mut rate: watch::Receiver<f64>,
    shutdown: CancellationToken,
) {
    let mut number = 0;
    while !shutdown.is_cancelled() {
        let mut pace = Pace::new(*rate.borrow_and_update(), Instant::now());
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                changed = rate.changed() => match changed {
                    Ok(()) => break,
                    // Nothing can change the rate any more.
                    Err(_) => shutdown.cancelled().await,
                },
                () = sleep_until(pace.next) => {}
            }
            let due = pace.take_due(Instant::now());
            publish(&publisher, number..number + due).await;
            number += due;
        }
    }
}

async fn publish(publisher: &Publisher, numbers: std::ops::Range<u64>) {
    let entries: Vec<Box<RawValue>> = numbers.map(sample::etl_log).collect();
    for (workspace, workflow) in WORKFLOWS {
        let log = |data| Log { service: SERVICE, workspace, workflow, data };
        let logs: Vec<_> = entries.iter().map(|entry| log(entry)).collect();
        let published = match &*logs {
            [] => Ok(()),
            [log] => publisher.publish(log).await.map(drop),
            _ => publisher.publish_all(&logs).await,
        };
        if let Err(error) = published {
            tracing::warn!("sample job: {error}");
        }
    }
}

/// When the next logs are due at a steady rate. After a delay, more are due at once, so that the
/// average rate is exact.
#[derive(Debug)]
struct Pace {
    rate: f64,
    start: Instant,
    published: u64,
    next: Instant,
}

impl Pace {
    fn new(rate: f64, start: Instant) -> Self {
        // The first log is due at once, as the first sign of a job that has started.
        let next = if rate > 0.0 { start } else { start + FOREVER };
        Self { rate, start, published: 0, next }
    }

    /// Returns how many logs are due by `now`, and counts them as published.
    fn take_due(&mut self, now: Instant) -> u64 {
        let seconds = now.saturating_duration_since(self.start).as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to MOST"
        )]
        let due = (seconds * self.rate + 1.0) as u64 - self.published;
        // What is older than a batch is left out: a machine that cannot keep up would never catch up.
        let due_now = due.min(MOST_AT_ONCE);
        self.published += due;
        let until_next = (1.0 / self.rate).min(FOREVER.as_secs_f64());
        self.next = now + Duration::from_secs_f64(until_next).max(BETWEEN_BATCHES);
        due_now
    }
}

/// At more than 20 logs per second, several are sent at once.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);

/// The most logs of one batch; at the highest rate, 250 are due each time.
const MOST_AT_ONCE: u64 = 1_000;

/// Longer than a demo runs.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_publishes_as_many_logs_as_the_rate_says() {
        for (rate, expected) in [(0.5, 6), (3.0, 31), (50.0, 501), (5_000.0, 50_001)] {
            let start = Instant::now();
            let mut pace = Pace::new(rate, start);
            let mut published = 0;
            while pace.next <= start + Duration::from_secs(10) {
                published += pace.take_due(pace.next);
            }
            let missing = f64::from(expected) - published as f64;
            // What is due since the last batch comes with the next one.
            assert!((0.0..=1.0 + rate * 0.05).contains(&missing), "{rate}: {published}");
        }
    }

    #[test]
    fn a_pace_of_zero_is_never_due() {
        let start = Instant::now();
        for rate in [0.0, f64::MIN_POSITIVE] {
            let mut pace = Pace::new(rate, start);
            pace.take_due(start);
            assert!(pace.next > start + Duration::from_secs(1_000_000), "{rate}");
        }
    }

    #[test]
    fn a_pace_does_not_repeat_what_it_left_out_after_a_long_delay() {
        let start = Instant::now();
        let mut pace = Pace::new(100.0, start);
        let late = start + Duration::from_secs(3_600);
        assert_eq!(pace.take_due(late), MOST_AT_ONCE);
        assert_eq!(pace.take_due(late + Duration::from_secs(1)), 100);
    }
}
