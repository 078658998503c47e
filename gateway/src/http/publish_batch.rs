//! Publishes the logs of a batch: NDJSON, one log in each line. Each line is judged on its own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use logs_sse_core::channel::ChannelName;
use serde_json::{Value, json};
use tokio::task::yield_now;

use crate::http::admission::admit;
use crate::http::body::{self, Allowance};
use crate::http::log_id;
use crate::http::publish::{IDS, Log, note_refused, of_publisher, refuse_while_draining};
use crate::http::rejection::{Rejection, json_response};
use crate::http::state::Gateway;
use crate::http::store::Storing;
use crate::http::tokens::Grant;
use crate::http::traced;
use crate::http::trail::Trail;
use crate::hub::connection::now_millis;
use crate::json::normalize::normalized;
use crate::limits::kind::Limit;
use crate::traces::traceparent::TraceParent;

/// Publishes the lines of a request, or none of them if the request as a whole is refused.
pub(crate) async fn publish(gateway: &Gateway, request: Request) -> Result<Response, Rejection> {
    let trail = Trail::of(request.extensions());
    let trace = traced::position(request.extensions(), request.headers());
    let (headers, body, grant) = of_publisher(gateway, request, MAX_BYTES).await?;
    trail.note_token(|| grant.names());
    let time = gateway.limits.config().body_timeout;
    let allowance = Allowance { bytes: MAX_BYTES, time };
    let body = body::received_within(body, allowance, too_large).await?;
    log_id::refuse_header(&headers)?;
    let body = body::unpacked(&headers, body, MAX_BYTES, too_large).await?;
    if lines(&body).nth(MAX_LOGS).is_some() {
        return Err(refused(Limit::BatchLogs, MAX_LOGS));
    }
    let _publishing = refuse_while_draining(gateway)?;
    let storing = Storing::default();
    let mut batch = Batch { gateway, grant: &grant, trace, held: HashMap::new(), storing };
    let mut summary = Summary::default();
    let (mut since_pause, mut started) = (0, Instant::now());
    for (number, line) in lines(&body) {
        let published =
            batch.publish(line).inspect_err(|rejection| note_refused(gateway, rejection));
        summary.add(number, published);
        since_pause += line.len();
        let is_long = since_pause > BYTES_AT_ONCE || started.elapsed() > TIME_AT_ONCE;
        if is_long || summary.total() % LINES_AT_ONCE == 0 {
            yield_now().await;
            (since_pause, started) = (0, Instant::now());
        }
    }
    batch.storing.done(gateway).await?;
    gateway.hub.metrics().duplicates.inc_by(summary.duplicates as u64);
    trail.note_refused_logs(summary.errors.len());
    tracing::debug!(stored = summary.stored, refused = summary.errors.len(), "published a batch");
    Ok(summary.response())
}

/// Returns the lines that are not blank, each with its number from 1.
fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..).zip(lines).filter(|(_, line)| !line.is_empty())
}

/// The effect of a line that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    Stored,
    /// A log with the same channel and id was stored before.
    Duplicate,
}

/// What the lines of one request share.
struct Batch<'a> {
    gateway: &'a Gateway,
    grant: &'a Grant,
    trace: Option<TraceParent>,
    /// The channels on which a line must wait. The lines behind it wait, too, so that the logs of a
    /// channel stay in their order.
    held: HashMap<ChannelName, Rejection>,
    /// The lines that are about to be stored.
    storing: Storing,
}

impl Batch<'_> {
    fn publish(&mut self, line: &[u8]) -> Result<Accepted, Rejection> {
        let most = self.gateway.limits.config().log_bytes;
        if line.len() > most {
            let error = format!("line has {} bytes: expected at most {most}", line.len());
            return Err(Rejection::limited(StatusCode::PAYLOAD_TOO_LARGE, Limit::LogBytes, most)
                .with_error(error));
        }
        let text = std::str::from_utf8(line).map_err(|error| {
            Rejection::bad_request(format!(
                "line is not UTF-8: the byte at {} does not begin a character",
                error.valid_up_to()
            ))
        })?;
        let text = normalized(text, "line", &LINE_IDS)?;
        let (log, id) = Log::parse_line(&text)?;
        let id = id.map(log_id::of_field).transpose()?;
        if let Some(rejection) = self.held.get(&log.channel) {
            return Err(rejection.clone());
        }
        let entry = admit(self.gateway, self.grant, &log, line.len()).inspect_err(|rejection| {
            if rejection.retry_after().is_some() {
                self.held.insert(log.channel.clone(), rejection.clone());
            }
        })?;
        let entry = (&*entry, self.trace);
        let is_new = self.storing.submit(self.gateway, log.channel, entry, id.as_deref());
        Ok(if is_new { Accepted::Stored } else { Accepted::Duplicate })
    }
}

/// The result of each line.
#[derive(Debug, Default)]
struct Summary {
    stored: usize,
    duplicates: usize,
    errors: Vec<Value>,
    /// In how many seconds the lines that must wait may be sent again.
    retry_after: Option<u64>,
}

impl Summary {
    fn add(&mut self, line: usize, result: Result<Accepted, Rejection>) {
        match result {
            Ok(Accepted::Stored) => self.stored += 1,
            Ok(Accepted::Duplicate) => self.duplicates += 1,
            Err(rejection) => {
                self.retry_after = self.retry_after.max(rejection.retry_after());
                self.errors.push(described(line, &rejection));
            }
        }
    }

    fn total(&self) -> usize {
        self.stored + self.duplicates + self.errors.len()
    }

    fn response(self) -> Response {
        let is_success = self.errors.is_empty();
        let answer = json!({
            "success": is_success,
            "stored": self.stored,
            "duplicates": self.duplicates,
            "refused": self.errors.len(),
            "timestamp": now_millis(),
            "errors": self.errors,
        });
        let status = if is_success { StatusCode::OK } else { StatusCode::MULTI_STATUS };
        let mut response = json_response(status, &answer);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Returns a refused line as the response lists it.
fn described(line: usize, rejection: &Rejection) -> Value {
    let status = rejection.status().as_u16();
    let mut entry = json!({ "line": line, "status": status, "error": rejection.error() });
    if let Some((limit, value)) = rejection.limit() {
        entry["limit"] = limit.name().into();
        entry["value"] = value.into();
    }
    if let Some(seconds) = rejection.retry_after() {
        entry["retryAfter"] = seconds.into();
    }
    entry
}

fn too_large() -> Rejection {
    refused(Limit::BatchBytes, MAX_BYTES)
}

fn refused(limit: Limit, value: usize) -> Rejection {
    Rejection::limited(StatusCode::PAYLOAD_TOO_LARGE, limit, value).with_error(format!(
        "body: at most {MAX_LOGS} logs and {MAX_BYTES} bytes are accepted, also after decompression; nothing was stored"
    ))
}

/// The fields of a line that must be strings: those of the channel, and the id of the log. A number
/// that was spelled as a string would make all logs with it one.
const LINE_IDS: [&str; 5] = {
    let [service, workspace, workflow, function] = IDS;
    [service, workspace, workflow, function, "id"]
};

/// The limit of logs in a batch.
const MAX_LOGS: usize = 1_000;

/// The size limit of a batch in bytes, before and after decompression.
const MAX_BYTES: usize = 8 << 20;

/// How many lines are published between two pauses, in which streams are served.
const LINES_AT_ONCE: usize = 64;

/// The same, in bytes.
const BYTES_AT_ONCE: usize = 256 * 1_024;

/// The same, in time: rules of redaction may be slow.
const TIME_AT_ONCE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::http::tokens::Tokens;
    use crate::reader::timing::StreamTiming;

    fn gateway() -> Gateway {
        Gateway {
            mode: crate::auth::Mode::Demo,
            hub: Arc::default(),
            tokens: Arc::new(Tokens::demo()),
            upstream: None,
            timing: StreamTiming::default(),
            limits: Arc::default(),
            redaction: Arc::default(),
            shutdown: crate::drain::Drain::default(),
            observers: Default::default(),
        }
    }

    /// Lines of any bytes, and lines that are almost right.
    fn any_line() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            r#"\{("(service|id|workspace_id|logData)":("etl"|"faas"|""|5|NaN|\{\}|null),?){0,5}\}"#
                .prop_map(String::into_bytes),
            Just(br#"{"service":"etl","workspace_id":"w","logData":{},"id":"1"}"#.to_vec()),
            Just(br#"{"service":"etl","workspace_id":"w","logData":{}}"#.to_vec()),
        ]
    }

    proptest! {
        #[test]
        fn every_line_of_any_bytes_is_stored_or_refused(all in prop::collection::vec(any_line(), 0..20)) {
            let gateway = gateway();
            let grant = gateway.tokens.grant_of("l5-etl-token");
            let body = all.join(&b'\n');
            let (held, storing) = (HashMap::new(), Storing::default());
            let mut batch =
                Batch { gateway: &gateway, grant: &grant, trace: None, held, storing };
            let mut summary = Summary::default();
            for (number, line) in lines(&body) {
                summary.add(number, batch.publish(line));
            }
            prop_assert_eq!(summary.total(), lines(&body).count());
            prop_assert_eq!(summary.stored as u64, gateway.hub.stats().logs_published);
        }
    }

    #[test]
    fn numbers_lines_from_one_and_skips_blank_ones() {
        let numbered: Vec<_> = lines(b"\r\na\n\n \t\r\nb\r\n").collect();
        assert_eq!(numbered, [(2, &b"a"[..]), (5, b"b")]);
        assert_eq!(lines(b"").count() + lines(b"\n\n").count(), 0);
        assert_eq!(lines(b"a").next(), Some((1, &b"a"[..])));
    }
}
