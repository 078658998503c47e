//! A client of the publish route, for `logs-gateway publish` and the sample job.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{MissedTickBehavior, interval};

use crate::demo::sample;
use crate::error_chain::error_chain;
use crate::http::base_url::BaseUrl;
use crate::http::content_type::{JSON, NDJSON};
use crate::http::identity::TOKEN_HEADER;
use crate::http::outgoing::{Outgoing, client_builder};
use crate::http::tokens::check_secret;
use crate::output;

/// Publishes to one gateway.
#[derive(Debug)]
pub struct Publisher {
    base: BaseUrl,
    token: HeaderValue,
    client: reqwest::Client,
    /// The index in [`PATHS`] that the gateway answered last.
    path: AtomicUsize,
}

/// One log with its ids.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Log<'a> {
    /// The service that publishes.
    pub service: &'a str,
    /// The workspace id, a part of the channel's name.
    #[serde(rename = "workspace_id")]
    pub workspace: &'a str,
    /// The workflow id, the last part of the channel's name.
    #[serde(rename = "workflow_id")]
    pub workflow: &'a str,
    /// The entry, sent as it is.
    #[serde(rename = "logData")]
    pub data: &'a RawValue,
}

/// The response of the gateway.
#[derive(Clone, Debug, Deserialize)]
pub struct Accepted {
    /// The channel of the log.
    pub channel: String,
    /// The number of readers it reached.
    pub delivered: usize,
}

/// A series of sample logs.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// The service that publishes.
    pub service: &'a str,
    /// The workspace id, a part of the channel's name.
    pub workspace: &'a str,
    /// The workflow id, the last part of the channel's name.
    pub workflow: &'a str,
    /// The number of logs; 0 for no limit.
    pub count: u64,
    /// The time between two logs.
    pub interval: Duration,
}

impl Publisher {
    /// Returns a publisher to the gateway at `base`. Proxies of the environment are used with
    /// `use_env_proxy` only.
    ///
    /// # Errors
    /// A sentence without the token: no request can send it, or the machine's TLS or proxy
    /// configuration is malformed.
    pub fn new(base: BaseUrl, token: &str, use_env_proxy: bool) -> Result<Self, String> {
        check_secret(token).map_err(|error| format!("the token {error}"))?;
        let mut token = HeaderValue::from_str(token).map_err(|error| error.to_string())?;
        token.set_sensitive(true);
        let outgoing = Outgoing::new(None, use_env_proxy)?;
        outgoing.check(&base)?;
        let client = client_builder(&outgoing)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error_chain(&error))?;
        Ok(Self { base, token, client, path: AtomicUsize::new(0) })
    }

    /// Publishes one log.
    ///
    /// # Errors
    /// A sentence with the URL: the gateway was not reached within 5 s, or refused the log with
    /// this message.
    pub async fn publish(&self, log: &Log<'_>) -> Result<Accepted, String> {
        let body = serde_json::to_string(log).map_err(|error| error.to_string())?;
        let known = self.path.load(Ordering::Relaxed);
        let (url, mut status, mut text) = self.post(PATHS[known], JSON, &body).await?;
        if status == StatusCode::NOT_FOUND {
            let other = 1 - known;
            (_, status, text) = self.post(PATHS[other], JSON, &body).await?;
            if status != StatusCode::NOT_FOUND {
                self.path.store(other, Ordering::Relaxed);
            }
        }
        expect_success(&url, status, &text)?;
        serde_json::from_str(&text).map_err(|error| {
            format!("POST {url}: expected the response of a log gateway, got {text:?}: {error}")
        })
    }

    /// Publishes several logs at once, which only this gateway accepts.
    ///
    /// # Errors
    /// A sentence with the URL: the gateway was not reached within 5 s, or refused a log with this
    /// message.
    pub async fn publish_all(&self, logs: &[Log<'_>]) -> Result<(), String> {
        let mut body = String::new();
        for log in logs {
            body.push_str(&serde_json::to_string(log).map_err(|error| error.to_string())?);
            body.push('\n');
        }
        let (url, status, text) = self.post(PATHS[0], NDJSON, &body).await?;
        expect_success(&url, status, &text)
    }

    async fn post(
        &self,
        path: &str,
        kind: &'static str,
        body: &str,
    ) -> Result<(String, StatusCode, String), String> {
        let url = self.base.join(path);
        let request =
            self.client.post(&url).header(CONTENT_TYPE, kind).header(TOKEN_HEADER, &self.token);
        let failed =
            |error: reqwest::Error| format!("POST {url}: {}", error_chain(&error.without_url()));
        let answer = request.body(body.to_owned()).send().await.map_err(failed)?;
        let status = answer.status();
        Ok((url.clone(), status, answer.text().await.map_err(failed)?))
    }

    /// Publishes a series, prints the result of each log, and returns the number of failures. A
    /// failure does not end it.
    pub async fn publish_series(&self, series: &Series<'_>) -> u64 {
        let mut ticks = interval(series.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut failed = 0;
        for number in 0..if series.count == 0 { u64::MAX } else { series.count } {
            ticks.tick().await;
            let log = Log {
                service: series.service,
                workspace: series.workspace,
                workflow: series.workflow,
                data: &sample::etl_log(number),
            };
            match self.publish(&log).await {
                Ok(accepted) => output::say(format_args!(
                    "{}: {} (delivered to {})",
                    number + 1,
                    accepted.channel,
                    accepted.delivered
                )),
                Err(error) => {
                    failed += 1;
                    output::report(format_args!("{}: {error}", number + 1));
                }
            }
        }
        failed
    }
}

fn expect_success(url: &str, status: StatusCode, text: &str) -> Result<(), String> {
    if status.is_success() {
        return Ok(());
    }
    let text: String = text.chars().take(SHOWN).collect();
    Err(format!("POST {url}: {status}: {text}"))
}

/// The timeout of publishers in the field, so that a gateway that hangs never blocks a job.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The paths of the route: of this gateway and the first backend, and the only one of the Node
/// gateway.
const PATHS: [&str; 2] = ["/logs/stream", "/api/logs/publish"];

/// The most characters of a response that an error repeats.
const SHOWN: usize = 500;
