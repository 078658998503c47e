//! A backend of either generation behind this gateway: requests a stream, and accepts only a
//! readable one. Its history is requested in `upstream_history`.

use std::num::IntErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, RETRY_AFTER,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error_chain::error_chain;
use crate::http::base_url::BaseUrl;
use crate::http::content_type::{EVENT_STREAM, JSON, is_of_type};
use crate::http::outgoing::{Outgoing, client_builder};
use crate::http::rejection::Rejection;

/// A gateway or an older backend that streams logs.
#[derive(Debug)]
pub struct Upstream {
    base: BaseUrl,
    options: Options,
    client: reqwest::Client,
    streams: Route,
    histories: Route,
}

/// A route of a backend: of this gateway and the first backend, or with the prefix of the Node
/// gateway.
#[derive(Debug)]
pub(crate) struct Route {
    /// What a backend without the route lacks.
    name: &'static str,
    paths: [&'static str; 2],
    /// The type of its responses.
    pub(crate) kind: &'static str,
    /// The index in `paths` that it answered last.
    known: AtomicUsize,
}

/// Options for requests to a backend.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The `Authorization` header of each request.
    pub authorization: Option<HeaderValue>,
    /// Which authorities its requests trust, and which proxy they use.
    pub outgoing: Outgoing,
    /// How long to wait for it.
    pub deadlines: Deadlines,
}

/// How long to wait for a backend.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until it accepts a connection.
    pub connect: Duration,
    /// Until the head of its response arrives.
    pub head: Duration,
    /// Until the next byte of an open stream arrives.
    pub idle: Duration,
}

impl Default for Deadlines {
    /// Shorter than the 15 s after which a page abandons an attempt. Backends in the field ping
    /// every 25 s, so none of them is silent for `idle`.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(45),
        }
    }
}

impl Upstream {
    /// Returns an upstream at `url`, such as `http://127.0.0.1:3000`, with default options.
    ///
    /// # Errors
    /// When `url` is not a [`BaseUrl`].
    pub fn new(url: &str) -> Result<Arc<Self>, String> {
        Self::with(url.parse()?, Options::default())
    }

    /// Returns an upstream at `base`.
    ///
    /// # Errors
    /// When `base` is https and no certificate authority is known, or the proxy variables of the
    /// environment are malformed.
    pub fn with(base: BaseUrl, options: Options) -> Result<Arc<Self>, String> {
        options.outgoing.check(&base)?;
        let client = client_builder(&options.outgoing)
            .connect_timeout(options.deadlines.connect)
            .build()
            .map_err(|error| error_chain(&error))?;
        let streams = Route::new("stream", ["/logs/stream", "/api/logs/stream"], EVENT_STREAM);
        let histories = Route::new("history", ["/logs/history", "/api/logs/history"], JSON);
        Ok(Arc::new(Self { base, options, client, streams, histories }))
    }

    /// Returns how long an open stream may be silent.
    pub(crate) fn idle(&self) -> Duration {
        self.options.deadlines.idle
    }

    /// Opens the stream for `query`, with these `headers`.
    ///
    /// # Errors
    /// A refusal in this gateway's own words if upstream does not respond in time, or responds with
    /// anything but a readable stream.
    pub(crate) async fn open(
        &self,
        query: &str,
        headers: &HeaderMap,
        shutdown: &CancellationToken,
    ) -> Result<reqwest::Response, Rejection> {
        let answer = self.in_time(shutdown, self.ask(&self.streams, query, headers)).await?;
        self.check(answer)
    }

    pub(crate) fn histories(&self) -> &Route {
        &self.histories
    }

    /// Waits for `answer` as long as for the head of a response, and until a shutdown.
    pub(crate) async fn in_time<T>(
        &self,
        shutdown: &CancellationToken,
        answer: impl Future<Output = Result<T, Rejection>>,
    ) -> Result<T, Rejection> {
        let head = self.options.deadlines.head;
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Err(Rejection::new(StatusCode::SERVICE_UNAVAILABLE, "this gateway is shutting down").with(RETRY_AFTER, 1)),
            answer = timeout(head, answer) => match answer {
                Ok(answer) => answer,
                Err(_) => {
                    tracing::warn!(upstream = %self.base, "upstream did not answer within {} s", head.as_secs_f64());
                    let error = format!("the backend did not answer within {} s", head.as_secs_f64());
                    Err(Rejection::new(StatusCode::GATEWAY_TIMEOUT, error))
                }
            },
        }
    }

    /// Requests the path that worked last, and the other one if upstream has no such route.
    pub(crate) async fn ask(
        &self,
        route: &Route,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<reqwest::Response, Rejection> {
        let known = route.known.load(Ordering::Relaxed);
        let answer = self.request(route, known, query, headers).await?;
        if answer.status() != StatusCode::NOT_FOUND {
            return Ok(answer);
        }
        let other = 1 - known;
        let answer = self.request(route, other, query, headers).await?;
        if answer.status() != StatusCode::NOT_FOUND {
            route.known.store(other, Ordering::Relaxed);
        }
        Ok(answer)
    }

    async fn request(
        &self,
        route: &Route,
        path: usize,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<reqwest::Response, Rejection> {
        let mut request = self
            .client
            .get(self.base.join(&format!("{}?{query}", route.paths[path])))
            .headers(headers.clone())
            .header(ACCEPT, route.kind);
        // A compressor holds events back until a block is full, and this gateway does not forward
        // `Content-Encoding`.
        request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(authorization) = &self.options.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.send().await.map_err(|error| {
            let error = error_chain(&error.without_url());
            tracing::warn!(upstream = %self.base, "upstream: {error}");
            Rejection::new(StatusCode::BAD_GATEWAY, UNREACHABLE)
        })
    }

    /// Accepts only a readable stream. Anything else is refused in our own words, so that no
    /// script, cookie or redirect of upstream is served under this gateway's origin.
    fn check(&self, answer: reqwest::Response) -> Result<reqwest::Response, Rejection> {
        match self.fault(&self.streams, &answer) {
            None => Ok(answer),
            Some(fault) => Err(fault),
        }
    }

    /// Returns why a response is not one of `route`, in our own words.
    pub(crate) fn fault(&self, route: &Route, answer: &reqwest::Response) -> Option<Rejection> {
        let status = answer.status();
        let headers = answer.headers();
        let encodings = shown(headers, &CONTENT_ENCODING);
        let what = match status {
            // These statuses are kept, since a page reacts differently to each
            // (docs/connection.md): it stops after 401 and 403, reports the address after 404, and
            // waits after 429 and 503.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                return Some(self.refusal(route, status));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let wait = headers
                    .get(RETRY_AFTER)
                    .and_then(|value| retry_after(value.to_str().ok()?, Timestamp::now()));
                let refusal = self.refusal(route, status);
                return Some(if let Some(seconds) = wait {
                    refusal.with(RETRY_AFTER, seconds)
                } else {
                    refusal
                });
            }
            StatusCode::OK
                if !encodings.is_empty() && !encodings.eq_ignore_ascii_case("identity") =>
            {
                format!(
                    "sent its {} with Content-Encoding {encodings:?}, although asked for identity",
                    route.name
                )
            }
            StatusCode::OK if is_of_type(headers, route.kind) => return None,
            StatusCode::OK => format!(
                "answered with Content-Type {:?} instead of {}",
                shown(headers, &CONTENT_TYPE),
                route.kind
            ),
            status => format!("answered {} instead of a {}", status.as_u16(), route.name),
        };
        Some(self.bad_gateway(&what).with_upstream_status(status))
    }

    /// Returns the refusal of a response, which `what` describes.
    pub(crate) fn bad_gateway(&self, what: &str) -> Rejection {
        tracing::warn!(upstream = %self.base, "upstream {what}");
        Rejection::new(StatusCode::BAD_GATEWAY, format!("the backend {what}"))
    }

    fn refusal(&self, route: &Route, status: StatusCode) -> Rejection {
        let error = match status {
            StatusCode::NOT_FOUND => format!(
                "has no log {}: neither {} nor {} is there",
                route.name, route.paths[0], route.paths[1]
            ),
            status => format!("answered {}", status.as_u16()),
        };
        tracing::warn!(upstream = %self.base, "upstream {error}");
        Rejection::new(status, format!("the backend {error}")).with_upstream_status(status)
    }
}

impl Route {
    fn new(name: &'static str, paths: [&'static str; 2], kind: &'static str) -> Self {
        Self { name, paths, kind, known: AtomicUsize::new(0) }
    }
}

/// Returns the values of a header for an error, joined and no longer than a line.
fn shown(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    values.join(", ").chars().take(60).collect()
}

/// Returns the seconds of a `Retry-After`, which may be a date. Bounded, so that a backend cannot
/// send a page away for a day.
fn retry_after(value: &str, now: Timestamp) -> Option<u64> {
    let seconds = match value.trim().parse::<u64>() {
        Ok(seconds) => seconds,
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => u64::MAX,
        Err(_) => {
            let date = rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
            u64::try_from(date.as_second() - now.as_second()).unwrap_or(0)
        }
    };
    Some(seconds.min(LONGEST_WAIT.as_secs()))
}

/// The log has the reason and the address, which is an internal one.
const UNREACHABLE: &str = "the backend cannot be reached: the log of the gateway says why";

/// Long enough for a restart or a rate limit, short enough for a page that is watched.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_a_retry_after() {
        let now = "2026-11-27T12:00:00Z".parse().expect("a time");
        for (value, seconds) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("999999999", Some(600)),
            ("99999999999999999999999", Some(600)),
            ("Fri, 27 Nov 2026 12:00:30 GMT", Some(30)),
            ("Fri, 27 Nov 2026 11:00:00 GMT", Some(0)),
            ("Sat, 28 Nov 2026 12:00:00 GMT", Some(600)),
            ("-1", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now), seconds, "{value}");
        }
    }
}
