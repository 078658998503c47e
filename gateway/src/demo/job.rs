//! A sample ETL job, which publishes at a steady rate through the real publish route, as a service
//! in the field does.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::demo::publisher::{Log, Publisher};
use crate::demo::sample::{self, WORKFLOWS};

/// The service that the job publishes as.
pub const SERVICE: &str = "etl";

/// Publishes `rate` logs per second on each demo workflow by `publisher`, until `shutdown`.
pub async fn run(publisher: Publisher, rate: f64, shutdown: CancellationToken) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    // After a delay the job catches up, so that the average rate is exact.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0.. {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for (workspace, workflow) in WORKFLOWS {
            let log = Log { service: SERVICE, workspace, workflow, data: &sample::etl_log(number) };
            if let Err(error) = publisher.publish(&log).await {
                tracing::warn!("sample job: {error}");
            }
        }
    }
}
