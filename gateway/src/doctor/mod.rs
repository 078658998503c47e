//! `logs-gateway doctor`: finds what the proxies between a client and its gateway do to a stream,
//! and names the directive to change.
//!
//! It behaves as a page does: opens streams at the far end of the proxies and compares what it sent
//! with what the gateway reports in its greeting.

mod advice;
mod finding;
mod judge;
mod probe;

use std::time::Duration;

use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use logs_sse_core::channel::ChannelName;
use serde_json::value::to_raw_value;
use tokio::time::{Instant, sleep};

use crate::demo::publisher::{Log, Publisher};
use crate::doctor::advice::Proxies;
pub use crate::doctor::finding::Report;
use crate::doctor::finding::{Check, Finding, Status};
use crate::doctor::judge::{Arrivals, Greeted};
use crate::doctor::probe::{Client, Opened};
use crate::http::base_url::BaseUrl;
use crate::hub::connection::now_millis;

/// What is examined, and with whose rights.
#[derive(Debug)]
pub struct Doctor {
    /// The address that pages use, at the far end of all proxies.
    pub base: BaseUrl,
    /// The route at that address.
    pub route: Route,
    /// A channel that the credentials may read.
    pub channel: ChannelName,
    /// The credentials of a reader: `Cookie`, `Authorization`.
    pub credentials: HeaderMap,
    /// Publishes the doctor's own logs on the channel; without it, fewer checks are possible.
    pub publisher: Option<Publisher>,
    /// How long a stream is watched for being cut.
    pub watch: Duration,
}

/// The route on which streams are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The gateway's own: `/logs/stream?channels=…`.
    Direct,
    /// The one that the Datashop page calls, with two ids.
    Datashop,
}

impl Doctor {
    /// Examines the way to the gateway. Takes about as long as a stream is watched.
    ///
    /// # Errors
    /// A sentence, if this machine's TLS configuration is malformed.
    pub async fn examine(&self) -> Result<Report, String> {
        let client = Client::new(self)?;
        let mut report = Report::new(self);
        let opened = client.open(&[], &HeaderMap::new()).await;
        let mut opened = match judge::opened(opened) {
            Ok((opened, finding)) => {
                report.proxies = Proxies::seen(&opened.headers);
                report.add(finding);
                if self.base.is_https() {
                    report.add(judge::certificate(opened.certificate.as_deref(), now_millis()));
                }
                opened
            }
            Err(finding) => {
                report.add(finding);
                return Ok(report.without_the_rest());
            }
        };
        let watched = client.open(&[], &HeaderMap::new()).await.map(|open| open.watch(self.watch));
        let watched = watched.map(tokio::spawn);
        let greeted = Greeted::of(&mut opened).await;
        let logs = self.publish_and_wait(&mut opened, &greeted).await;
        report.add(judge::buffering(&greeted, &logs));
        report.add(judge::clock(&greeted));
        report.add(self.compression(&client).await);
        report.add(self.parameters(&client, &greeted).await);
        report.add(self.last_event_id(&client, &greeted).await);
        report.add(self.identity(&client, &greeted).await);
        report.add(match watched {
            Ok(watched) => judge::cuts(watched.await.ok(), greeted.heartbeat(), self.watch),
            Err(_) => Finding::unknown(Check::Cuts, "a second stream could not be opened"),
        });
        Ok(report)
    }

    /// Publishes logs, and notes when each arrives.
    async fn publish_and_wait(&self, opened: &mut Opened, greeted: &Greeted) -> Arrivals {
        let Some(publisher) = &self.publisher else { return Arrivals::NotPublished };
        let (Some(_), Some(resource)) = (greeted.hello(), self.channel.resource()) else {
            return Arrivals::NotPublished;
        };
        let mut delays = Vec::new();
        for number in 0..PROBES {
            let mark = format!("doctor-{:016x}-{number}", fastrand::u64(..));
            let entry = serde_json::json!({ "message": mark, "level": "DEBUG" });
            let entry = to_raw_value(&entry).expect("JSON serializes");
            let log = Log {
                service: self.channel.service().as_str(),
                workspace: self.channel.workspace().as_str(),
                workflow: resource.as_str(),
                data: &entry,
            };
            let start = Instant::now();
            if let Err(error) = publisher.publish(&log).await {
                return Arrivals::Refused(error);
            }
            if !opened.until(&mark, LOG_TIME).await {
                return Arrivals::Missing;
            }
            delays.push(start.elapsed());
            sleep(PAUSE).await;
        }
        Arrivals::After(delays)
    }

    async fn compression(&self, client: &Client) -> Finding {
        let accepts = HeaderValue::from_static("gzip, deflate, br, zstd");
        let headers = [(ACCEPT_ENCODING, accepts)].into_iter().collect();
        judge::compression(client.open(&[], &headers).await.map(|opened| opened.headers))
    }

    async fn parameters(&self, client: &Client, greeted: &Greeted) -> Finding {
        let Some(cursor) = greeted.cursor() else { return greeted.unknown(Check::Parameters) };
        let query = [("last_event_id", &*cursor), ("batch", "1"), ("tail", "1")];
        let seen = match client.open(&query, &HeaderMap::new()).await {
            Ok(mut opened) => Greeted::of(&mut opened).await,
            Err(failure) => return Finding::unknown(Check::Parameters, failure.to_string()),
        };
        judge::parameters(&seen)
    }

    async fn last_event_id(&self, client: &Client, greeted: &Greeted) -> Finding {
        let Some(cursor) = greeted.cursor() else { return greeted.unknown(Check::LastEventId) };
        let value = HeaderValue::from_str(&cursor).expect("a cursor is visible ASCII");
        let name = HeaderName::from_static("last-event-id");
        let headers = [(name, value)].into_iter().collect();
        let seen = match client.open(&[], &headers).await {
            Ok(mut opened) => Greeted::of(&mut opened).await,
            Err(failure) => return Finding::unknown(Check::LastEventId, failure.to_string()),
        };
        judge::last_event_id(&seen)
    }

    /// Sends what only the proxy in front may send, as an attacker would: without credentials, then
    /// beside them.
    async fn identity(&self, client: &Client, greeted: &Greeted) -> Finding {
        if greeted.hello().is_none() {
            return greeted.unknown(Check::Identity);
        }
        let workspace = format!("{IMPOSTOR}-{:016x}", fastrand::u64(..));
        let workspace = HeaderValue::from_str(&workspace).expect("letters, digits and hyphens");
        let headers: HeaderMap = [
            (HeaderName::from_static("x-user-id"), HeaderValue::from_static(IMPOSTOR)),
            (HeaderName::from_static("x-workspace-id"), workspace),
        ]
        .into_iter()
        .collect();
        let stranger = self.named(&client.without_credentials(), &headers).await;
        if self.credentials.is_empty() || stranger.status != Status::Good {
            return stranger;
        }
        self.named(client, &headers).await
    }

    async fn named(&self, client: &Client, headers: &HeaderMap) -> Finding {
        match client.open(&[], headers).await {
            Ok(mut opened) => judge::identity(&Greeted::of(&mut opened).await, IMPOSTOR),
            Err(failure) => judge::refused_identity(&failure),
        }
    }
}

/// The user that the doctor pretends to be.
const IMPOSTOR: &str = "logs-gateway-doctor";

/// How many logs are published, one after the other.
const PROBES: usize = 3;

/// Longer than the gateway collects logs, so that each is an event of its own.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a log may take before it counts as held back.
const LOG_TIME: Duration = Duration::from_secs(5);
