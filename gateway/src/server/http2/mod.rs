//! An HTTP/2 connection: accepts its requests, limits them, and finds out whether its client is
//! still there.
//!
//! Uses h2 directly. hyper's server neither says how long a stream has been waiting for its client,
//! nor can it reset one that waits.

mod answer;
mod request;

use std::future::poll_fn;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Ping, PingPong, Reason, RecvStream};
use hyper::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;

use crate::server::http2::answer::{Ended, Patience, answer};
use crate::server::link::Link;

/// Serves a connection to its end. `closing` lets its open requests end and accepts no more.
pub(crate) async fn serve<S>(socket: S, app: Router, link: Link, closing: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(Ok(connection)) = timeout(PREFACE_TIME, settings().handshake(socket)).await else {
        return;
    };
    Http2::new(connection, app, link, closing).run().await;
}

fn settings() -> Builder {
    let mut settings = Builder::new();
    settings
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .max_send_buffer_size(SEND_BUFFER)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    settings
}

struct Http2<S> {
    connection: Connection<S, Bytes>,
    app: Router,
    link: Link,
    closing: CancellationToken,
    requests: JoinSet<Ended>,
    state: State,
    pings: Option<PingPong>,
    awaits_pong: bool,
    cancelled: Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It accepts requests and has some.
    Open,
    /// It has been without requests at each look since then.
    Idle(Instant),
    /// The client received a GOAWAY, and uses another connection.
    Closing,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2<S> {
    fn new(
        mut connection: Connection<S, Bytes>,
        app: Router,
        link: Link,
        closing: CancellationToken,
    ) -> Self {
        Self {
            pings: connection.ping_pong(),
            connection,
            app,
            link,
            closing,
            requests: JoinSet::new(),
            state: State::Open,
            awaits_pong: false,
            cancelled: Cancelled::default(),
        }
    }

    async fn run(mut self) {
        let closing = self.closing.clone();
        let mut looks = every(BETWEEN_LOOKS);
        loop {
            tokio::select! {
                accepted = self.connection.accept() => match accepted {
                    Some(Ok((request, respond))) => self.begin(request, respond),
                    Some(Err(error)) => return self.note_failed(&error),
                    None => return,
                },
                Some(ended) = self.requests.join_next() => self.note_ended(ended.ok()),
                () = pong(&mut self.pings), if self.awaits_pong => self.awaits_pong = false,
                () = closing.cancelled(), if self.state != State::Closing => self.close(),
                _ = looks.tick() => if !self.look() { return },
            }
        }
    }

    fn begin(&mut self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let Some(place) = self.link.door().enter_request() else {
            self.link.door().note_refused();
            // The client may repeat such a request without risk.
            respond.send_reset(Reason::REFUSED_STREAM);
            return;
        };
        if matches!(self.state, State::Idle(_)) {
            self.state = State::Open;
        }
        let link = self.link.of_request(place.is_reserve());
        let patience = Patience { link, closing: self.closing.clone() };
        let app = self.app.clone();
        self.requests.spawn(async move {
            let _place = place;
            answer(app, request, respond, patience).await
        });
    }

    /// Closes a connection whose client cancels one request after the other: each costs the client
    /// nothing (CVE-2023-44487).
    fn note_ended(&mut self, ended: Option<Ended>) {
        if ended == Some(Ended::Cancelled) && self.cancelled.are_too_many(Instant::now()) {
            if self.state != State::Closing {
                self.link.door().note_http2_cut();
            }
            self.state = State::Closing;
            self.connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        }
    }

    /// Counts a connection that h2 closed since its client cancelled requests too fast.
    fn note_failed(&self, error: &h2::Error) {
        if error.reason() == Some(Reason::ENHANCE_YOUR_CALM) && self.state != State::Closing {
            self.link.door().note_http2_cut();
        }
    }

    fn close(&mut self) {
        self.state = State::Closing;
        self.connection.graceful_shutdown();
    }

    /// Returns whether the client is still there. Closes a connection without requests.
    fn look(&mut self) -> bool {
        let is_idle = self.requests.is_empty();
        match self.state {
            State::Open if is_idle => self.state = State::Idle(Instant::now()),
            State::Idle(since) if since.elapsed() >= self.link.door().idle_timeout() => {
                self.close();
            }
            State::Closing if is_idle => return false,
            State::Open | State::Idle(_) | State::Closing => {}
        }
        if self.awaits_pong {
            return false;
        }
        let sent = self.pings.as_mut().map(|pings| pings.send_ping(Ping::opaque()));
        self.awaits_pong = matches!(sent, Some(Ok(())));
        true
    }
}

/// Waits for the answer to a ping.
async fn pong(pings: &mut Option<PingPong>) {
    let answered = match pings {
        Some(pings) => poll_fn(|cx| pings.poll_pong(cx)).await.is_ok(),
        None => false,
    };
    if !answered {
        // The connection has ended, which it reports itself.
        std::future::pending::<()>().await;
    }
}

/// Counts the requests that a client cancelled lately.
#[derive(Debug, Default)]
struct Cancelled {
    since: Option<Instant>,
    count: usize,
}

impl Cancelled {
    fn are_too_many(&mut self, now: Instant) -> bool {
        if self.since.is_none_or(|since| now - since >= CANCELLED_PERIOD) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        self.count > MAX_CANCELLED
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// All tabs of a browser share one connection. The requests of all connections have a limit of
/// their own.
const MAX_STREAMS: u32 = 512;

/// A head has at most 64 channels, a cursor and a credential. The client may send many at once.
const MAX_HEADER_LIST: u32 = 32 * 1_024;

/// What may be in flight to the socket for each stream, as for the socket of an HTTP/1.1 stream.
const SEND_BUFFER: usize = 64 * 1_024;

/// The bytes of a request's body that a client may send before they are read.
const STREAM_WINDOW: u32 = 256 * 1_024;

/// The same for all requests of a connection: one log of the maximum size.
const CONNECTION_WINDOW: u32 = 1_024 * 1_024;

/// How long a client may take for its first frame.
const PREFACE_TIME: Duration = Duration::from_secs(10);

/// The interval of pings, after which an unanswered one ends the connection.
const BETWEEN_LOOKS: Duration = Duration::from_secs(20);

/// A browser may close many pages at once, but not all streams of a connection several times.
const MAX_CANCELLED: usize = 2 * MAX_STREAMS as usize;
const CANCELLED_PERIOD: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_cancelled_requests_in_a_short_time_are_too_many() {
        let (mut cancelled, start) = (Cancelled::default(), Instant::now());
        assert!((0..MAX_CANCELLED).all(|_| !cancelled.are_too_many(start)));
        assert!(cancelled.are_too_many(start));
        let later = start + CANCELLED_PERIOD;
        assert!(!cancelled.are_too_many(later), "a new period");
    }
}
