//! Limits the number of connections, and counts refusals. Knows no socket.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::reader::timing::millis;

/// The limits of a listener's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of connections that may send any request. Above it, readers are refused and the
    /// [`reserve`](Self::reserve) begins.
    pub max_connections: usize,
    /// The number of further connections for short requests: health checks, publishers, operators.
    pub reserve: usize,
    /// The number of requests that HTTP/2 connections may carry at a time, all together. They need
    /// memory as connections do, but no descriptors. The reserve begins above it, too.
    pub max_http2_requests: usize,
    /// How long a client may accept no byte while some are due.
    pub write_timeout: Duration,
    /// How long a client may take to send the head of a request.
    pub head_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::within(open_files(), 1)
    }
}

impl Limits {
    /// Returns the limits for `files` descriptors, of which each connection needs `each`.
    #[must_use]
    pub fn within(files: usize, each: usize) -> Self {
        let free = files.saturating_sub(OWN_FILES).max(2);
        let reserve = (free / 8).clamp(1, MAX_RESERVE);
        let max_connections = ((free - reserve) / each.max(1)).clamp(1, MAX_CONNECTIONS);
        Self {
            max_connections,
            reserve,
            max_http2_requests: MAX_CONNECTIONS,
            write_timeout: WRITE_TIMEOUT,
            head_timeout: HEAD_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
        }
    }
}

/// The connections of one listener.
#[derive(Debug)]
pub struct Door {
    limits: Limits,
    places: Arc<Semaphore>,
    open: AtomicUsize,
    http2_requests: AtomicUsize,
    refused: AtomicU64,
    timed_out: AtomicU64,
    /// In milliseconds, since it can change.
    head_timeout: AtomicU64,
    heads_timed_out: AtomicU64,
    handshakes_failed: AtomicU64,
    http2_cut: AtomicU64,
}

/// The place of an open connection. Dropping it admits the next one.
#[derive(Debug)]
pub(crate) struct Place {
    door: Arc<Door>,
    is_reserve: bool,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(crate) fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Returns whether the connection was accepted above the limit, for a short request.
    pub(crate) fn is_reserve(&self) -> bool {
        self.is_reserve
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The place of a request of an HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct RequestPlace {
    door: Arc<Door>,
    is_reserve: bool,
}

impl RequestPlace {
    /// Returns whether the request was accepted above the limit, where only short ones are served.
    pub(crate) fn is_reserve(&self) -> bool {
        self.is_reserve
    }
}

impl Drop for RequestPlace {
    fn drop(&mut self) {
        self.door.http2_requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counters of the connections of one listener.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoorStats {
    /// Connections open now, including those without a stream.
    pub(crate) open_connections: usize,
    pub(crate) max_connections: usize,
    /// Requests refused with 503 because all connections were in use.
    pub(crate) connections_refused: u64,
    /// Connections and HTTP/2 streams closed because their client accepted nothing for too long.
    pub(crate) write_timeouts: u64,
    /// Connections closed because their client did not send the head of a request in time.
    #[serde(skip)]
    pub(crate) head_timeouts: u64,
    /// Requests that HTTP/2 connections carry now, including open streams.
    pub(crate) http2_requests: usize,
    /// TLS handshakes that failed, took too long, or were too many at a time.
    pub(crate) tls_handshakes_failed: u64,
    /// HTTP/2 connections closed because their client cancelled too many requests.
    pub(crate) http2_connections_cut: u64,
}

impl Door {
    /// Returns a door without connections.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(
            limits.max_connections.saturating_add(limits.reserve).min(Semaphore::MAX_PERMITS),
        ));
        Arc::new(Self {
            limits,
            places,
            open: AtomicUsize::default(),
            refused: AtomicU64::default(),
            http2_requests: AtomicUsize::default(),
            timed_out: AtomicU64::default(),
            head_timeout: AtomicU64::new(millis(limits.head_timeout)),
            heads_timed_out: AtomicU64::default(),
            handshakes_failed: AtomicU64::default(),
            http2_cut: AtomicU64::default(),
        })
    }

    /// Waits until a connection may be accepted.
    pub(crate) async fn wait(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Counts the connection as open until the place is dropped.
    pub(crate) fn enter(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        Place {
            is_reserve: before >= self.limits.max_connections,
            door: Arc::clone(self),
            _permit: permit,
        }
    }

    /// Counts a request of an HTTP/2 connection until its place is dropped; `None` if the reserve
    /// is in use, too.
    pub(crate) fn enter_request(self: &Arc<Self>) -> Option<RequestPlace> {
        let before = self.http2_requests.fetch_add(1, Ordering::Relaxed);
        let is_reserve = before >= self.limits.max_http2_requests;
        let place = RequestPlace { door: Arc::clone(self), is_reserve };
        let most = self.limits.max_http2_requests.saturating_add(self.limits.reserve);
        (before < most).then_some(place)
    }

    /// Returns whether readers are refused now.
    pub(crate) fn is_full(&self) -> bool {
        self.open.load(Ordering::Relaxed) >= self.limits.max_connections
            || self.http2_requests.load(Ordering::Relaxed) >= self.limits.max_http2_requests
    }

    /// Returns how many TLS handshakes may be in progress: strangers can hold no more places.
    pub(crate) fn max_handshakes(&self) -> usize {
        self.limits.max_connections.div_ceil(2)
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        self.limits.write_timeout
    }

    /// Changes the time that new connections have to send the head of a request.
    pub fn set_head_timeout(&self, timeout: Duration) {
        self.head_timeout.store(millis(timeout), Ordering::Relaxed);
    }

    pub(crate) fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout.load(Ordering::Relaxed))
    }

    pub(crate) fn note_head_timed_out(&self) {
        self.heads_timed_out.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        self.limits.idle_timeout
    }

    pub(crate) fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_timed_out(&self) {
        self.timed_out.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_handshake_failed(&self) {
        self.handshakes_failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_http2_cut(&self) {
        self.http2_cut.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> DoorStats {
        DoorStats {
            open_connections: self.open.load(Ordering::Relaxed),
            max_connections: self.limits.max_connections,
            connections_refused: self.refused.load(Ordering::Relaxed),
            write_timeouts: self.timed_out.load(Ordering::Relaxed),
            head_timeouts: self.heads_timed_out.load(Ordering::Relaxed),
            http2_requests: self.http2_requests.load(Ordering::Relaxed),
            tls_handshakes_failed: self.handshakes_failed.load(Ordering::Relaxed),
            http2_connections_cut: self.http2_cut.load(Ordering::Relaxed),
        }
    }
}

/// Returns how many files this process may have open, or the usual limit if the system does not
/// report it.
#[must_use]
pub fn open_files() -> usize {
    fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(soft_limit).unwrap_or(1_024)
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

/// Descriptors other than connections: standard streams, the listener, polling, files being read.
const OWN_FILES: usize = 32;

/// Enough for many short requests at a time.
const MAX_RESERVE: usize = 256;

/// With enough descriptors, memory is the limit: an open stream needs about 7 kB.
const MAX_CONNECTIONS: usize = 65_536;

/// Longer than any network's hiccup that a stream survives.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than proxies keep a connection (nginx and load balancers, 60 s), so that it is they who close
/// it, and no request arrives at a connection that is being closed.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// A head arrives in one packet, or in a few.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_leave_descriptors_for_a_reserve_and_for_the_process() {
        let numbers = |files, each| {
            (Limits::within(files, each).max_connections, Limits::within(files, each).reserve)
        };
        assert_eq!(numbers(256, 1), (196, 28));
        assert_eq!(numbers(1_024, 1), (868, 124));
        assert_eq!(numbers(1_024, 2), (434, 124));
        assert_eq!(numbers(1_048_576, 1), (65_536, 256));
        assert_eq!(numbers(usize::MAX, 1), (65_536, 256));
        assert_eq!(numbers(0, 1), (1, 1));
    }

    #[test]
    fn reads_the_soft_limit() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\nMax open files            256                  1048576              files\n";
        assert_eq!(soft_limit(limits), Some(256));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files"),
            Some(usize::MAX)
        );
        assert_eq!(soft_limit("nothing"), None);
    }
}
