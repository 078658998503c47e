//! The open connections of a listener: starts a task for each, and ends them together.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server::door::Place;
use crate::server::http1::RESERVE_HEAD_TIME;
use crate::server::link::Link;
use crate::server::stall::Stalling;
use crate::server::tls::{HTTP2, Tls};
use crate::server::{http1, http2, socket};

/// The open connections of a listener.
pub(crate) struct Connections {
    app: Router,
    tls: Option<Arc<Tls>>,
    end: End,
    open: TaskTracker,
    /// Ends connections without a request, and each other after its last response.
    closing: CancellationToken,
}

impl Connections {
    pub(crate) fn new(app: Router, tls: Option<Arc<Tls>>, end: End) -> Self {
        Self { app, tls, end, open: TaskTracker::new(), closing: CancellationToken::new() }
    }

    /// Starts a task that serves a connection.
    pub(crate) fn start(&self, (stream, peer): (TcpStream, SocketAddr), place: Place) {
        socket::prepare(&stream, place.door().write_timeout());
        let link = Link::new(Arc::clone(place.door()), peer.ip(), place.is_reserve());
        let stream = Stalling::new(stream, link.clone());
        let one = One { app: self.app.clone(), link, place, end: self.end.clone() };
        let closing = self.closing.clone();
        match &self.tls {
            None => _ = self.open.spawn(one.serve_http1(stream, closing)),
            Some(tls) => _ = self.open.spawn(one.serve_tls(stream, Arc::clone(tls), closing)),
        }
    }

    /// Waits until each connection has ended, after the responses that are due.
    pub(crate) async fn shutdown(self) {
        self.closing.cancel();
        self.open.close();
        self.open.wait().await;
    }
}

/// A connection, before its protocol is known.
struct One {
    app: Router,
    link: Link,
    place: Place,
    end: End,
}

/// The tokens whose cancellation ends connections.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// Streams send what is due, and a goodbye.
    pub(crate) drain: CancellationToken,
    /// Ends everything, after `drain`.
    pub(crate) now: CancellationToken,
}

impl One {
    async fn serve_tls(self, stream: Stalling, tls: Arc<Tls>, closing: CancellationToken) {
        let time = if self.place.is_reserve() { RESERVE_HEAD_TIME } else { HANDSHAKE_TIME };
        // Boxed, since open streams would otherwise keep the memory of handshakes.
        let handshake = Box::pin(tls.accept(stream, self.place.door(), time));
        let accepted = tokio::select! {
            accepted = handshake => accepted,
            () = closing.cancelled() => None,
        };
        let Some(stream) = accepted else { return };
        let session = stream.get_ref().1;
        self.link.note_certificate(tls.asks_clients() && session.peer_certificates().is_none());
        drop(tls);
        if stream.get_ref().1.alpn_protocol() == Some(HTTP2) {
            Box::pin(self.serve_http2(stream, closing)).await;
        } else {
            Box::pin(self.serve_http1(stream, closing)).await;
        }
    }

    async fn serve_http2<S>(self, stream: S, closing: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Self { app, link, place, end } = self;
        let served = http2::serve(stream, app, link.clone(), closing);
        if place.is_reserve() {
            _ = timeout(RESERVE_TIME, served).await;
        } else {
            tokio::select! {
                () = served => {}
                () = abandoned(&link, &end) => {}
            }
        }
    }

    async fn serve_http1<S>(self, stream: S, closing: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { app, link, place, end } = self;
        if place.is_reserve() {
            let served = http1::serve(stream, app, link, closing);
            _ = Box::pin(timeout(RESERVE_TIME, served)).await;
        } else {
            let served = pin!(http1::serve(stream, app, link.clone(), closing));
            unless_abandoned(served, &link, &end).await;
        }
    }
}

/// Waits for `served`, or until its client is abandoned.
///
/// Looks for the drain only once it has begun: registering for it again with each delivery cost a
/// hundredth of it. The task has the same waker all the time.
async fn unless_abandoned(mut served: Pin<&mut impl Future<Output = ()>>, link: &Link, end: &End) {
    let mut abandoned = pin!(abandoned(link, end));
    let mut is_registered = false;
    poll_fn(|cx| {
        if served.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if is_registered && !end.drain.is_cancelled() {
            return Poll::Pending;
        }
        is_registered = true;
        abandoned.as_mut().poll(cx)
    })
    .await;
}

/// Waits until the client of a draining connection turns out not to read, so that a goodbye cannot
/// reach it, or until time is up.
async fn abandoned(link: &Link, end: &End) {
    end.drain.cancelled().await;
    // Boxed, since otherwise each open stream would hold its timer.
    Box::pin(async {
        let start = Instant::now();
        while link
            .stalled_for()
            .is_none_or(|stalled| stalled < DRAIN_STALL || start.elapsed() < DRAIN_STALL)
        {
            if timeout(DRAIN_STALL / 4, end.now.cancelled()).await.is_ok() {
                return;
            }
        }
    })
    .await;
}

/// How long a drain waits for a client that accepts nothing.
pub(crate) const DRAIN_STALL: Duration = Duration::from_secs(1);

/// Long enough for a phone on a bad network: two round trips and a signature.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How long a connection of the reserve lives. A log of 1 MiB arrives within it.
const RESERVE_TIME: Duration = Duration::from_secs(10);
