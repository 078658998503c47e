//! Judges what was observed. Sends nothing.

use std::time::Duration;

use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use logs_sse_wire::message::{Message, read};
use logs_sse_wire::protocol::{Hello, parameter};
use serde_json::Value;
use tokio::time::Instant;

use crate::doctor::advice::Remedy;
use crate::doctor::finding::{Check, Finding};
use crate::doctor::probe::{Ended, Failure, Opened, Watched};
use crate::hub::connection::now_millis;
use crate::server::expiry::{Expiry, Left, days};

/// The first event of a stream, and when it arrived.
#[derive(Debug)]
pub(super) struct Greeted {
    first: First,
    user: Option<String>,
    head_after: Duration,
    /// How long after the request the event arrived.
    after: Duration,
    /// This machine's clock at that moment, in milliseconds since 1970.
    local: u64,
}

#[derive(Debug)]
enum First {
    Hello(Box<Hello>),
    /// Something that is not a gateway's greeting.
    Other,
    None(Ended),
}

impl Greeted {
    pub(super) async fn of(opened: &mut Opened) -> Self {
        let event = opened.event(Instant::now() + GREETING_TIME).await;
        let (after, local) = (opened.start.elapsed(), now_millis());
        let (first, user) = match event {
            Err(ended) => (First::None(ended), None),
            Ok(event) => match read(&event.event, &event.id, &event.data) {
                Message::Hello(hello) => (First::Hello(Box::new(hello)), user_of(&event.data)),
                _ => (First::Other, None),
            },
        };
        Self { first, user, head_after: opened.head_after, after, local }
    }

    pub(super) fn hello(&self) -> Option<&Hello> {
        match &self.first {
            First::Hello(hello) => Some(hello),
            _ => None,
        }
    }

    /// Returns the interval of heartbeats.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        self.hello().and_then(|hello| hello.heartbeat)
    }

    /// Returns a cursor of the gateway's epoch, at the beginning of the channel.
    pub(super) fn cursor(&self) -> Option<String> {
        self.hello()?.epoch.as_ref().map(|epoch| format!("1.{epoch}.0"))
    }

    /// Returns the finding of a check that needs a greeting.
    pub(super) fn unknown(&self, check: Check) -> Finding {
        let why = match self.first {
            First::Hello(_) => {
                "the gateway is an older one, which does not report what it receives"
            }
            First::Other => "the backend is not this gateway: it sends no greeting",
            First::None(_) => "no greeting arrived",
        };
        Finding::unknown(check, why)
    }
}

/// When the doctor's own logs arrived.
#[derive(Debug)]
pub(super) enum Arrivals {
    NotPublished,
    Refused(String),
    /// A log did not arrive at all.
    Missing,
    After(Vec<Duration>),
}

/// Judges whether a stream opens; a stream that does is returned.
pub(super) fn opened(result: Result<Opened, Failure>) -> Result<(Opened, Finding), Finding> {
    let check = Check::Stream;
    result
        .map(|opened| {
            let found = format!("it opens; its head arrives after {}", time(opened.head_after));
            (opened, Finding::good(check, found))
        })
        .map_err(|failure| {
            let remedy = match &failure {
                // Only a buffer holds back a head that the gateway sends at once.
                Failure::NoHead => Remedy::Buffering,
                Failure::Certificate(_) => Remedy::Certificate,
                Failure::NoStream { status, .. }
                    if matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                        || status.is_redirection() =>
                {
                    Remedy::Access
                }
                _ => Remedy::Reach,
            };
            Finding::problem(check, failure.to_string(), remedy)
        })
}

/// Judges the certificate of the server, in DER, at `now`.
pub(super) fn certificate(der: Option<&[u8]>, now: u64) -> Finding {
    let check = Check::Certificate;
    let expiry = der.and_then(|der| Expiry::of(&der.into()));
    match expiry.map(|expiry| expiry.left(now)) {
        None => Finding::unknown(check, "when it expires cannot be read"),
        Some(Left::Enough(left)) => Finding::good(check, format!("it expires in {}", days(left))),
        Some(Left::Short(left)) => {
            Finding::problem(check, format!("it expires in {}", days(left)), Remedy::Certificate)
        }
        Some(Left::Expired) => Finding::problem(check, "it has expired", Remedy::Certificate),
    }
}

pub(super) fn buffering(greeted: &Greeted, logs: &Arrivals) -> Finding {
    let check = Check::Buffering;
    let held = |found: String| Finding::problem(check, found, Remedy::Buffering);
    if let First::None(ended) = &greeted.first {
        let when = time(greeted.after);
        return match ended {
            Ended::Late => held(format!("no event arrived within {when}, not even the greeting")),
            _ => held(format!("the stream ended after {when} without an event")),
        };
    }
    let waited = greeted.after.saturating_sub(greeted.head_after);
    if waited > HELD {
        return held(format!("the greeting arrived {} after the response head", time(waited)));
    }
    match logs {
        Arrivals::Missing => held("a log that was published did not arrive within 5 s".into()),
        Arrivals::After(delays) => {
            let slowest = delays.iter().max().copied().unwrap_or_default();
            if slowest > HELD {
                held(format!("a log arrived {} after it was published", time(slowest)))
            } else {
                Finding::good(check, format!("logs arrive within {}", time(slowest)))
            }
        }
        Arrivals::Refused(error) => Finding::unknown(
            check,
            format!("the greeting arrives at once; a log was refused: {error}"),
        ),
        Arrivals::NotPublished => Finding::good(
            check,
            "the greeting arrives at once; with --publish-token-file, logs are checked too",
        ),
    }
}

pub(super) fn clock(greeted: &Greeted) -> Finding {
    let check = Check::Clock;
    let Some(server) = greeted.hello().and_then(|hello| hello.server_time) else {
        return greeted.unknown(check);
    };
    let local = i64::try_from(greeted.local).unwrap_or(i64::MAX);
    let took = i64::try_from(greeted.after.as_millis()).unwrap_or(i64::MAX);
    // The gateway read its clock at some moment between request and response.
    let (ahead, behind) = (server - local, local - took - server);
    let skew = Duration::from_millis(ahead.max(behind).max(0).unsigned_abs());
    if skew > SKEW {
        let which = if ahead > behind { "ahead of" } else { "behind" };
        let found = format!("the gateway's clock is {} {which} this machine's", time(skew));
        return Finding::problem(check, found, Remedy::Clock);
    }
    Finding::good(check, format!("the clocks differ by less than {}", time(SKEW)))
}

pub(super) fn compression(headers: Result<HeaderMap, Failure>) -> Finding {
    let check = Check::Compression;
    match headers {
        Err(Failure::NoHead) => Finding::problem(
            check,
            "a stream does not even begin if the client accepts compression",
            Remedy::Compression,
        ),
        Err(failure) => Finding::unknown(check, failure.to_string()),
        Ok(headers) => match headers.get(CONTENT_ENCODING) {
            None => Finding::good(check, "the stream is not compressed"),
            Some(coding) => {
                let coding = String::from_utf8_lossy(coding.as_bytes()).into_owned();
                let found = format!("the stream is compressed ({coding}), which holds events back");
                Finding::problem(check, found, Remedy::Compression)
            }
        },
    }
}

pub(super) fn parameters(seen: &Greeted) -> Finding {
    let check = Check::Parameters;
    let Some(hello) = seen.hello().filter(|hello| hello.received.is_some()) else {
        return seen.unknown(check);
    };
    let all = [parameter::LAST_EVENT_ID, parameter::BATCH, parameter::TAIL];
    let lost: Vec<_> = all.into_iter().filter(|name| !hello.has_received(name)).collect();
    if lost.is_empty() {
        return Finding::good(check, "all of them arrive");
    }
    let found = format!("{} did not arrive: readers lose lines or are slower", lost.join(", "));
    Finding::problem(check, found, Remedy::Parameters)
}

pub(super) fn last_event_id(seen: &Greeted) -> Finding {
    let check = Check::LastEventId;
    match seen.hello().filter(|hello| hello.received.is_some()) {
        None => seen.unknown(check),
        Some(hello) if hello.has_received(parameter::LAST_EVENT_ID) => {
            Finding::good(check, "the header arrives")
        }
        Some(_) => Finding::problem(
            check,
            "the header did not arrive: a browser that reconnects by itself loses lines",
            Remedy::LastEventId,
        ),
    }
}

/// Judges a stream that was opened with the identity of `impostor`.
pub(super) fn identity(seen: &Greeted, impostor: &str) -> Finding {
    let check = Check::Identity;
    match &seen.user {
        None => seen.unknown(check),
        Some(user) if user == impostor => Finding::problem(
            check,
            "X-User-Id of a client is believed: anyone can pretend to be another user",
            Remedy::Identity,
        ),
        Some(_) => Finding::good(check, "X-User-Id of a client is replaced or ignored"),
    }
}

/// Judges the refusal of such a stream.
pub(super) fn refused_identity(failure: &Failure) -> Finding {
    match failure {
        Failure::NoStream { status: StatusCode::BAD_REQUEST, .. } => Finding::problem(
            Check::Identity,
            "X-User-Id and X-Workspace-Id of a client reach the gateway beside the proxy's own or a token, and the stream is refused with 400",
            Remedy::Identity,
        ),
        Failure::NoStream { status, .. }
            if matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                || status.is_redirection() =>
        {
            Finding::good(Check::Identity, "X-User-Id and X-Workspace-Id of a client are refused")
        }
        failure => Finding::unknown(Check::Identity, failure.to_string()),
    }
}

pub(super) fn cuts(
    watched: Option<Watched>,
    heartbeat: Option<Duration>,
    watch: Duration,
) -> Finding {
    let check = Check::Cuts;
    let Some(watched) = watched else { return Finding::unknown(check, "it was not watched") };
    if let Some((after, silence, ended)) = watched.cut.filter(|_| !watched.has_bye) {
        let how = if ended == Ended::Broken { "broke" } else { "ended" };
        let (after, silence) = (time(after), time(silence));
        let found =
            format!("the stream {how} after {after}, {silence} after the last byte, without a bye");
        return Finding::problem(check, found, Remedy::Timeout);
    }
    let enough = heartbeat.map(|heartbeat| heartbeat + HELD);
    match enough {
        _ if watched.has_bye => Finding::good(check, "the gateway itself ended the stream"),
        Some(enough) if watch < enough => Finding::unknown(
            check,
            format!(
                "heartbeats arrive every {}: choose --watch {} or more",
                time(enough - HELD),
                time(enough).replace(' ', "")
            ),
        ),
        Some(enough) if watched.longest_silence.max(since_last(&watched, watch)) > enough => {
            let found = format!("no heartbeat arrived in {}", time(watch));
            Finding::problem(check, found, Remedy::Buffering)
        }
        Some(_) => Finding::good(check, format!("the stream was not cut in {}", time(watch))),
        None => Finding::unknown(check, format!("not cut in {}, without heartbeats", time(watch))),
    }
}

/// Returns how long a stream has been silent that received nothing at all.
fn since_last(watched: &Watched, watch: Duration) -> Duration {
    if watched.pieces <= 1 { watch } else { Duration::ZERO }
}

fn user_of(data: &str) -> Option<String> {
    let greeting: Value = serde_json::from_str(data).ok()?;
    greeting["userId"].as_str().map(Into::into)
}

/// Shows a time with as many digits as matter.
fn time(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ ..1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// How long a greeting may take. The gateway sends it at once.
const GREETING_TIME: Duration = Duration::from_secs(6);

/// A delay that no network causes, but a buffer.
const HELD: Duration = Duration::from_secs(2);

/// A difference that makes times of logs hard to compare.
const SKEW: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
