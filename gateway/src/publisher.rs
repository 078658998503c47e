//! A client of the publish route: what `logs-gateway publish` and the make-believe job send logs with.

use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{MissedTickBehavior, interval};

use crate::output;
use crate::publish::TOKEN_HEADER;
use crate::sample;

/// Publishes to one gateway.
#[derive(Debug)]
pub struct Publisher {
    url: String,
    token: String,
    client: reqwest::Client,
}

/// One log and where it belongs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Log<'a> {
    /// The service that publishes.
    pub service: &'a str,
    /// The workspace id.
    #[serde(rename = "workspace_id")]
    pub workspace: &'a str,
    /// The workflow id.
    #[serde(rename = "workflow_id")]
    pub workflow: &'a str,
    /// The entry.
    #[serde(rename = "logData")]
    pub data: &'a RawValue,
}

/// What the gateway answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Accepted {
    /// The channel that it went to.
    pub channel: String,
    /// How many readers it reached.
    pub delivered: usize,
}

/// A series of sample logs.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// The service that publishes.
    pub service: &'a str,
    /// The workspace id.
    pub workspace: &'a str,
    /// The workflow id.
    pub workflow: &'a str,
    /// How many; 0 for no end.
    pub count: u64,
    /// The time between two.
    pub interval: Duration,
}

impl Publisher {
    /// A publisher to the gateway at `url`, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn new(url: &str, token: &str) -> Self {
        Self { url: format!("{}/logs/stream", url.trim_end_matches('/')), token: token.into(), client: reqwest::Client::new() }
    }

    /// Publishes one log.
    ///
    /// # Errors
    /// A sentence with the URL: not reached within 5 s, or refused, with the gateway's words.
    pub async fn publish(&self, log: &Log<'_>) -> Result<Accepted, String> {
        let body = serde_json::to_string(log).map_err(|error| error.to_string())?;
        let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/json").header(TOKEN_HEADER, &self.token);
        let answer = request.timeout(TIMEOUT).body(body).send().await.map_err(|error| format!("POST {}: {}", self.url, told(&error)))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| format!("POST {}: {}", self.url, told(&error)))?;
        if !status.is_success() {
            return Err(format!("POST {}: {status}: {text}", self.url));
        }
        serde_json::from_str(&text).map_err(|error| format!("POST {}: expected the answer of a log gateway, got {text:?}: {error}", self.url))
    }

    /// Publishes a series, telling of each log, and gives the number that failed. One failure does not end it.
    pub async fn publish_series(&self, series: &Series<'_>) -> u64 {
        let mut ticks = interval(series.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut failed = 0;
        for number in 0..if series.count == 0 { u64::MAX } else { series.count } {
            ticks.tick().await;
            let log = Log { service: series.service, workspace: series.workspace, workflow: series.workflow, data: &sample::etl_log(number) };
            match self.publish(&log).await {
                Ok(accepted) => output::say(format_args!("{}: {} (delivered to {})", number + 1, accepted.channel, accepted.delivered)),
                Err(error) => {
                    failed += 1;
                    output::report(format_args!("{}: {error}", number + 1));
                }
            }
        }
        failed
    }
}

/// An error with its causes: reqwest's own words leave out the one that matters, such as "connection refused".
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// As long as the publishers of the field wait, so that a gateway that hangs never holds up a job.
const TIMEOUT: Duration = Duration::from_secs(5);
