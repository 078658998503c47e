//! Forwards a stream of upstream byte for byte, and adds pings while it is silent and a goodbye at
//! the end. Both are inserted between two events or lines.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use logs_sse_wire::protocol::ByeReason;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::audit::stream::StreamAudit;
use crate::auth::lease::{LeaseEvent, LeaseWatch};
use crate::http::half_close::HalfClose;
use crate::http::state::Gateway;
use crate::http::stream::STREAM_HEADERS;
use crate::hub::forwarded::Forwarded;
use crate::limits::streams::StreamPlace;
use crate::reader::events;
use crate::server::link::Link;

/// Forwards the stream in `answer` to the reader in `forwarded`. Dropping the body, when the browser
/// leaves, ends the request to upstream.
///
/// After a silence of `idle`, upstream is considered dead and the stream ends.
pub(crate) fn pass_on(
    gateway: &Gateway,
    answer: reqwest::Response,
    idle: Duration,
    (forwarded, place, lease, audit): (Forwarded, StreamPlace, LeaseWatch, StreamAudit),
    link: Option<Link>,
) -> Response {
    let now = Instant::now();
    let passing = Passing {
        end_of_age: gateway.timing.max_age(fastrand::f64()).map(|age| now + age),
        moment: gateway.shutdown.moment(),
        gateway: gateway.clone(),
        bytes: answer.bytes_stream().boxed(),
        tail: Tail::START,
        idle,
        heard: now,
        sent: now,
        ping_after: gateway.timing.ping,
        half_close: HalfClose::kept(link),
        stop: forwarded.stop().clone(),
        lease,
        _forwarded: forwarded,
        _place: place,
        audit,
    };
    // The type has none of upstream's parameters: a stream is always UTF-8, and browsers refuse one
    // that declares otherwise.
    (STREAM_HEADERS, Body::from_stream(passing.pieces())).into_response()
}

struct Passing {
    /// When the stream ends in the window of a drain.
    moment: f32,
    gateway: Gateway,
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    tail: Tail,
    idle: Duration,
    /// The time of the last bytes from upstream.
    heard: Instant,
    /// The time of the last bytes to the browser.
    sent: Instant,
    /// The silence after which a ping is due.
    ping_after: Duration,
    half_close: HalfClose,
    stop: CancellationToken,
    lease: LeaseWatch,
    /// Lists the stream in the hub.
    _forwarded: Forwarded,
    _place: StreamPlace,
    audit: StreamAudit,
    end_of_age: Option<Instant>,
}

enum Piece {
    Of(reqwest::Result<Bytes>),
    Last(ByeReason),
    /// The end without a goodbye, and its reason in the audit log.
    End(&'static str),
}

impl Passing {
    fn pieces(self) -> impl Stream<Item = reqwest::Result<Bytes>> {
        stream::unfold(Some(self), |passing| async move {
            let mut passing = passing?;
            match passing.next().await {
                Piece::Of(piece) => {
                    passing.note_written(&piece);
                    Some((piece, Some(passing)))
                }
                Piece::Last(reason) => {
                    passing.audit.ends(reason.name());
                    Some((Ok(events::bye(reason, passing.gateway.timing.retry_ms(reason))), None))
                }
                Piece::End(reason) => {
                    passing.audit.ends(reason);
                    None
                }
            }
        })
    }

    async fn next(&mut self) -> Piece {
        loop {
            if let Some(piece) = self.next_or_nothing().await {
                return piece;
            }
        }
    }

    /// Returns `None` for an event that the browser need not know.
    async fn next_or_nothing(&mut self) -> Option<Piece> {
        let ping_at = self.sent + self.ping_after;
        let piece = tokio::select! {
            biased;
            // No goodbye after half an event, which it would complete.
            () = self.gateway.shutdown.reached(self.moment) => if self.tail.ends_event() { Piece::Last(ByeReason::Shutdown) } else { Piece::End(ByeReason::Shutdown.name()) },
            () = self.stop.cancelled(), if self.tail.ends_event() => Piece::Last(ByeReason::Stop),
            event = self.lease.next() => return self.lease_event(event),
            () = until(self.end_of_age), if self.tail.ends_event() => Piece::Last(ByeReason::Rotation),
            // Before the deadline: bytes that arrived while the browser was slow show that upstream
            // is alive.
            piece = self.bytes.next() => self.pass(piece),
            () = sleep_until(self.heard + self.idle) => {
                self.gateway.hub.metrics().note_upstream(StatusCode::GATEWAY_TIMEOUT);
                tracing::warn!("upstream was silent for {} s; closing its stream", self.idle.as_secs_f64());
                Piece::End(BACKEND)
            }
            () = self.half_close.noticed(), if self.tail.ends_line() => self.ping(),
            () = sleep_until(ping_at), if self.tail.ends_line() => self.ping(),
        };
        Some(piece)
    }

    /// Inside an event of upstream, there is no place for an announcement, nor for a goodbye.
    fn lease_event(&self, event: LeaseEvent) -> Option<Piece> {
        match (event, self.tail.ends_event()) {
            (LeaseEvent::Ends(left), true) => Some(Piece::Of(Ok(events::auth_expiring(left)))),
            (LeaseEvent::Ends(_), false) => None,
            (LeaseEvent::Ended, true) => Some(Piece::Last(ByeReason::Expired)),
            (LeaseEvent::Ended, false) => Some(Piece::End(ByeReason::Expired.name())),
        }
    }

    fn note_written(&mut self, piece: &reqwest::Result<Bytes>) {
        match piece {
            Ok(bytes) => {
                self.gateway.hub.metrics().stream_bytes.inc_by(bytes.len() as u64);
                self.audit.wrote(bytes.len());
            }
            Err(_) => self.audit.ends(BACKEND),
        }
    }

    fn ping(&mut self) -> Piece {
        self.sent = Instant::now();
        self.ping_after = self.half_close.next_check().unwrap_or(self.gateway.timing.ping);
        // A blank line would end an event that is half sent.
        let ping: &'static [u8] = if self.tail.ends_event() { b":ping\n\n" } else { b":ping\n" };
        Piece::Of(Ok(Bytes::from_static(ping)))
    }

    fn pass(&mut self, piece: Option<reqwest::Result<Bytes>>) -> Piece {
        let Some(piece) = piece else { return Piece::End(BACKEND) };
        self.heard = Instant::now();
        self.sent = self.heard;
        piece.iter().for_each(|bytes| self.tail.push(bytes));
        Piece::Of(piece)
    }
}

/// The last bytes of a stream, which tell whether it is inside a line or an event. Lines end with
/// CR, LF or both.
#[derive(Clone, Copy, Debug)]
struct Tail([u8; 3]);

impl Tail {
    const START: Self = Self([b'\n'; 3]);

    fn push(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(self.0.len())..];
        self.0.rotate_left(last.len());
        let start = self.0.len() - last.len();
        self.0[start..].copy_from_slice(last);
    }

    /// Returns whether the next byte begins a line. After a lone CR that is unknown: an LF may
    /// follow.
    fn ends_line(self) -> bool {
        self.0[2] == b'\n'
    }

    /// Returns whether the last line is blank.
    fn ends_event(self) -> bool {
        matches!(
            self.0,
            [_, b'\n', b'\n']
                | [_, b'\r', b'\r']
                | [_, b'\n', b'\r']
                | [b'\n' | b'\r', b'\r', b'\n']
        )
    }
}

/// Why a stream ended that the backend no longer sends.
const BACKEND: &str = "backend";

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether the stream ends a line, and an event, however it is split.
    fn ends(text: &str) -> (bool, bool) {
        let found = (0..=text.len()).map(|cut| {
            let mut tail = Tail::START;
            tail.push(&text.as_bytes()[..cut]);
            tail.push(&text.as_bytes()[cut..]);
            (tail.ends_line(), tail.ends_event())
        });
        let found: Vec<_> = found.collect();
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{text:?}: {found:?}");
        found[0]
    }

    #[test]
    fn a_blank_line_of_any_kind_ends_an_event() {
        for text in ["", "data: a\n\n", "data: a\r\n\r\n", "data: a\n\r\n", "\n", "\r\n"] {
            assert_eq!(ends(text), (true, true), "{text:?}");
        }
        for text in ["data: a\r\r", "data: a\r\n\r", "data: a\n\r"] {
            assert_eq!(ends(text), (false, true), "{text:?}");
        }
        for text in ["data: a\n", "data: a\r\n", "data: a\n\ndata: b\n"] {
            assert_eq!(ends(text), (true, false), "{text:?}");
        }
        for text in ["data: a", "d", "data: a\r", "data: a\n\ndata: b"] {
            assert_eq!(ends(text), (false, false), "{text:?}");
        }
    }
}
