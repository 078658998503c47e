//! The listener: binds, serves, and stops in bounded time even while streams are open.

pub mod door;
pub(crate) mod front;
mod head_deadline;
pub(crate) mod line_ends;
pub(crate) mod link;
pub(crate) mod socket;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::server::door::{Door, Limits, Place};
use crate::server::front::Front;
use crate::server::link::Link;
use crate::server::socket::Socket;

/// The address on which a server listens.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The host name or address.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
    /// Whether to use the next free port if this one is busy.
    pub next_free_port: bool,
}

impl Listen {
    /// Binds.
    ///
    /// # Errors
    /// A sentence with the address and what to do, if the port is busy or the host is not of this
    /// machine.
    pub async fn bind(&self) -> Result<TcpListener, String> {
        let last =
            if self.next_free_port { self.port.saturating_add(PORTS_TRIED - 1) } else { self.port };
        for port in self.port..=last {
            match bind((self.host.as_str(), port)).await {
                Ok(listener) => return Ok(listener),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && port < last => {}
                Err(error) => {
                    return Err(format!(
                        "cannot listen on {}:{port}: {error}{}",
                        self.host,
                        self.advice(&error)
                    ));
                }
            }
        }
        unreachable!("the last port either binds or returns its error")
    }

    fn advice(&self, error: &io::Error) -> &'static str {
        match error.kind() {
            io::ErrorKind::AddrInUse if !self.next_free_port => {
                "; choose another with --port, or add --next-free-port"
            }
            io::ErrorKind::PermissionDenied => {
                "; ports below 1024 need rights, choose another with --port"
            }
            _ => "",
        }
    }
}

/// Listens on the first address of `host` that can be bound, with a queue for a burst of readers
/// that reconnect at once.
///
/// # Errors
/// When there is no such address, or none can be bound.
pub async fn bind(host: impl tokio::net::ToSocketAddrs) -> io::Result<TcpListener> {
    let mut failed = None;
    for address in lookup_host(host).await? {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed
        .unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the host has no address")))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As in the standard library: a restart need not wait for old connections. On other systems the
    // option would share a busy port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The tokens whose cancellation stops a server.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Ends all streams with a goodbye, and stops once they are closed or a few seconds have
    /// passed.
    pub drain: CancellationToken,
    /// Ends a drain almost at once.
    pub hurry: CancellationToken,
}

/// Serves `app` within the limits of this process until `shutdown`, as [`serve_within`] does.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    serve_within(Limits::default(), listener, app, Stop { drain: shutdown, ..Stop::default() })
        .await
}

/// Serves `app` until a stop is requested. Then it accepts no more connections, and after a few
/// seconds closes those still open.
///
/// It responds for a moment longer, so that a load balancer learns that it is not ready.
///
/// # Errors
/// When the socket fails.
pub async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    app: Router,
    stop: Stop,
) -> io::Result<()> {
    serve_through(Door::new(limits), listener, app, stop).await
}

/// Serves `app` as [`serve_within`] does, with a door that others look at too.
///
/// # Errors
/// When the socket fails.
pub async fn serve_through(
    door: Arc<Door>,
    listener: TcpListener,
    app: Router,
    stop: Stop,
) -> io::Result<()> {
    let grace = async {
        stop.drain.cancelled().await;
        // A second signal right after the first must not close streams before their goodbye.
        let _ =
            timeout(GRACE, async { tokio::join!(sleep(SHORTEST_DRAIN), stop.hurry.cancelled()) })
                .await;
    };
    let drained = async {
        let connections = take_connections(&door, &listener, &app, &stop.drain).await;
        drop(listener);
        connections.shutdown().await;
    };
    tokio::select! {
        () = drained => {}
        () = grace => tracing::warn!("some connections did not end in time; closing them"),
    }
    Ok(())
}

/// Accepts connections until shortly after `drain`, and returns the handle that ends them.
///
/// Uses hyper directly: with `axum::serve`, an open stream needs three times the memory (`npm run
/// bench -- gateway`).
async fn take_connections(
    door: &Arc<Door>,
    listener: &TcpListener,
    app: &Router,
    drain: &CancellationToken,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let linger = async {
        drain.cancelled().await;
        sleep(LINGER).await;
    };
    tokio::pin!(linger);
    loop {
        let accepted = async {
            let permit = door.wait().await;
            let (stream, peer) = listener.accept().await?;
            Ok::<_, io::Error>((stream, peer, door.enter(permit)))
        };
        tokio::select! {
            () = &mut linger => return connections,
            accepted = accepted => match accepted {
                Ok((stream, peer, place)) => {
                    start(&connections, (stream, peer), place, app, drain);
                }
                Err(error) => {
                    // Usually too many open files: the end of another connection may help.
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Starts a task that serves a connection.
fn start(
    connections: &GracefulShutdown,
    (stream, peer): (TcpStream, SocketAddr),
    place: Place,
    app: &Router,
    drain: &CancellationToken,
) {
    socket::prepare(&stream, place.door().write_timeout());
    let link = Link::new(Arc::clone(place.door()), peer.ip(), place.is_reserve());
    let front = Front::new(app.clone(), link.clone());
    let io = TokioIo::new(Socket::new(stream, link.clone()));
    let mut http = http1::Builder::new();
    // The socket notices the client's end instead, and knows which streams survive a half-close.
    http.timer(TokioTimer::new()).half_close(true).max_buf_size(MAX_HEAD);
    http.header_read_timeout(place.door().idle_timeout());
    if place.is_reserve() {
        http.keep_alive(false).header_read_timeout(RESERVE_HEAD_TIME);
        let served = connections.watch(http.serve_connection(io, front));
        tokio::spawn(async move {
            let _place = place;
            timeout(RESERVE_TIME, served).await
        });
    } else {
        let served = connections.watch(http.serve_connection(io, front));
        let drain = drain.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                _ = served => {}
                () = abandoned(&link, &drain) => {}
            }
        });
    }
}

/// Waits until the client of a draining connection turns out not to read, so that a goodbye cannot
/// reach it.
async fn abandoned(link: &Link, drain: &CancellationToken) {
    drain.cancelled().await;
    // Boxed, since otherwise each open stream would hold its timer.
    Box::pin(async {
        let start = Instant::now();
        while link
            .stalled_for()
            .is_none_or(|stalled| stalled < DRAIN_STALL || start.elapsed() < DRAIN_STALL)
        {
            sleep(DRAIN_STALL / 4).await;
        }
    })
    .await;
}

/// Returns the URL of an address.
#[must_use]
pub fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

const PORTS_TRIED: u16 = 50;

/// The limit of connections that wait to be accepted. The system's own, often 4,096, may be lower.
const BACKLOG: u32 = 4_096;

/// Long enough for one more health check, too short to delay a restart.
const LINGER: Duration = Duration::from_millis(500);

/// Longer than any open stream takes to end.
const GRACE: Duration = Duration::from_secs(5);

/// Long enough for a `bye` on every stream.
const SHORTEST_DRAIN: Duration = Duration::from_millis(300);

/// How long a drain waits for a client that accepts nothing.
const DRAIN_STALL: Duration = Duration::from_secs(1);

/// Short compared with any request, long compared with a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The size limit of a request head, and of the buffer for a socket besides one page. The URL alone
/// may have 64 kB.
pub(crate) const MAX_HEAD: usize = 128 * 1_024;

/// How long a connection of the reserve may take to send its head.
const RESERVE_HEAD_TIME: Duration = Duration::from_secs(2);

/// How long a connection of the reserve lives. A log of 1 MiB arrives within it.
const RESERVE_TIME: Duration = Duration::from_secs(10);
