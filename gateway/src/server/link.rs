//! Connects the socket of a connection with the request that it carries.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use crate::reader::lag::Lag;
use crate::server::door::Door;

/// The state of a connection that its socket and its request share. One task polls both.
#[derive(Clone, Debug)]
pub(crate) struct Link(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    door: Arc<Door>,
    opened: Instant,
    /// The address at the other end of the socket, often that of a proxy.
    peer: IpAddr,
    /// Whether it was accepted above the limit, for a short request.
    is_reserve: bool,
    exchange: AtomicU8,
    /// Whether a request was received, at least its head, and is not answered yet.
    is_in_request: AtomicBool,
    /// The number of heads received.
    heads: AtomicU32,
    /// Whether the client was asked for a certificate and has none.
    lacks_certificate: AtomicBool,
    keeps_half_closed: AtomicBool,
    is_half_closed: AtomicBool,
    /// The start of a stall, in milliseconds after `opened`, plus one; 0 while the client accepts
    /// bytes.
    stalled_since: AtomicU64,
    /// Woken at the end of a stall.
    unstalled: AtomicWaker,
    /// The lag of the stream's reader, if there is one.
    lag: Mutex<Option<Arc<Lag>>>,
}

/// What the connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exchange {
    /// It waits for a request, or for a request's body.
    Receiving,
    /// It has the whole request. Further bytes are the next request.
    Answering,
    /// It answers with an event stream, after which nothing is answered.
    Streaming,
    /// It answers with an event stream that hyper hands over once the head is written.
    HandingOver,
}

impl Link {
    pub(crate) fn new(door: Arc<Door>, peer: IpAddr, is_reserve: bool) -> Self {
        Self(Arc::new(Shared {
            door,
            opened: Instant::now(),
            peer,
            is_reserve,
            exchange: AtomicU8::default(),
            is_in_request: AtomicBool::default(),
            heads: AtomicU32::default(),
            lacks_certificate: AtomicBool::default(),
            keeps_half_closed: AtomicBool::default(),
            is_half_closed: AtomicBool::default(),
            stalled_since: AtomicU64::default(),
            unstalled: AtomicWaker::default(),
            lag: Mutex::default(),
        }))
    }

    /// Returns the link of one request of this connection, for HTTP/2, where each request has its
    /// own state.
    pub(crate) fn of_request(&self, is_reserve: bool) -> Self {
        let link =
            Self::new(Arc::clone(&self.0.door), self.0.peer, self.is_reserve() || is_reserve);
        link.note_certificate(self.lacks_certificate());
        link
    }

    pub(crate) fn note_certificate(&self, is_missing: bool) {
        self.0.lacks_certificate.store(is_missing, Ordering::Relaxed);
    }

    /// Returns whether the client has no certificate although it was asked for one.
    pub(crate) fn lacks_certificate(&self) -> bool {
        self.0.lacks_certificate.load(Ordering::Relaxed)
    }

    pub(crate) fn door(&self) -> &Arc<Door> {
        &self.0.door
    }

    pub(crate) fn peer(&self) -> IpAddr {
        self.0.peer
    }

    pub(crate) fn is_reserve(&self) -> bool {
        self.0.is_reserve
    }

    pub(crate) fn exchange(&self) -> Exchange {
        match self.0.exchange.load(Ordering::Relaxed) {
            1 => Exchange::Answering,
            2 => Exchange::Streaming,
            3 => Exchange::HandingOver,
            _ => Exchange::Receiving,
        }
    }

    /// Records that the head of a request was received.
    pub(crate) fn begin_request(&self) {
        self.0.heads.fetch_add(1, Ordering::Relaxed);
        self.0.is_in_request.store(true, Ordering::Relaxed);
    }

    /// Records that the response to the last request continues.
    pub(crate) fn continue_request(&self) {
        self.0.is_in_request.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end_request(&self) {
        self.0.is_in_request.store(false, Ordering::Relaxed);
    }

    pub(crate) fn heads(&self) -> u32 {
        self.0.heads.load(Ordering::Relaxed)
    }

    pub(crate) fn is_in_request(&self) -> bool {
        self.0.is_in_request.load(Ordering::Relaxed)
    }

    pub(crate) fn enter(&self, exchange: Exchange) {
        self.0.exchange.store(exchange as u8, Ordering::Relaxed);
    }

    /// Keeps the connection when the client ends only its side. The request must then send
    /// something, to learn whether the client is still there: see
    /// [`poll_half_closed`](Self::poll_half_closed).
    pub(crate) fn keep_half_closed(&self) {
        self.0.keeps_half_closed.store(true, Ordering::Relaxed);
    }

    /// Records that the client will send nothing more. Returns whether the connection is kept.
    pub(crate) fn note_half_closed(&self) -> bool {
        self.0.is_half_closed.store(true, Ordering::Relaxed);
        self.0.keeps_half_closed.load(Ordering::Relaxed)
    }

    pub(crate) fn is_half_closed(&self) -> bool {
        self.0.is_half_closed.load(Ordering::Relaxed)
    }

    /// Becomes ready once the client will send nothing more. The socket wakes the task that polls
    /// both.
    pub(crate) fn poll_half_closed(&self) -> Poll<()> {
        if self.is_half_closed() { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(crate) fn note_stalled(&self, since: Option<Instant>) {
        let millis =
            since.map_or(0, |since| crate::reader::timing::millis(since - self.0.opened) + 1);
        self.0.stalled_since.store(millis, Ordering::Relaxed);
        if since.is_none() {
            self.0.unstalled.wake();
        }
    }

    /// Becomes ready once the client accepts bytes.
    pub(crate) fn poll_unstalled(&self, cx: &Context<'_>) -> Poll<()> {
        let is_stalled = || self.0.stalled_since.load(Ordering::Relaxed) > 0;
        if is_stalled() {
            self.0.unstalled.register(cx.waker());
            // It may have ended meanwhile.
            if is_stalled() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Returns how long the client has accepted nothing while bytes were due.
    pub(crate) fn stalled_for(&self) -> Option<Duration> {
        let since = self.0.stalled_since.load(Ordering::Relaxed);
        let now = self.0.opened.elapsed();
        (since > 0).then(|| now.saturating_sub(Duration::from_millis(since - 1)))
    }

    pub(crate) fn set_lag(&self, lag: Arc<Lag>) {
        *self.lag() = Some(lag);
    }

    /// Returns whether a reader of this connection must be judged while its socket is stalled.
    pub(crate) fn has_lag(&self) -> bool {
        self.lag().is_some()
    }

    /// Returns whether to cut off the stream's reader: it lagged too far a while ago and has
    /// fetched nothing since.
    pub(crate) fn is_cut(&self, now: Instant) -> bool {
        let lag = self.lag().clone();
        lag.is_some_and(|lag| lag.is_hopeless(now))
    }

    fn lag(&self) -> std::sync::MutexGuard<'_, Option<Arc<Lag>>> {
        self.0.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
