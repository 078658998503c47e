//! A make-believe ETL job: writes a line now and then, through the real publish route, as a service
//! in the field does.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::demo::publisher::{Log, Publisher};
use crate::demo::sample::{self, WORKFLOWS};

/// The service that the job publishes as.
pub const SERVICE: &str = "etl";

/// Publishes `rate` lines per second on each demo workflow by `publisher`, until `shutdown`.
pub async fn run(publisher: Publisher, rate: f64, shutdown: CancellationToken) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    // A job that was held up does what it missed, so that the rate is what was asked for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0.. {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for (workspace, workflow) in WORKFLOWS {
            let log = Log { service: SERVICE, workspace, workflow, data: &sample::etl_log(number) };
            if let Err(error) = publisher.publish(&log).await {
                tracing::warn!("make-believe job: {error}");
            }
        }
    }
}
