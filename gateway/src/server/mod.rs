//! The listener: binds, serves, and stops in bounded time even while streams are open.

mod chunks;
pub(crate) mod connections;
pub mod door;
pub(crate) mod expiry;
pub(crate) mod front;
mod handover;
mod head_deadline;
mod http1;
pub(crate) mod http2;
pub(crate) mod line_ends;
pub(crate) mod link;
pub(crate) mod socket;
pub(crate) mod stall;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::drain::{Drain, Stages};
use crate::server::connections::{Connections, End};
use crate::server::door::{Door, Limits};
use crate::server::tls::Tls;

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

/// The tokens whose cancellation stops a server, and how long that takes.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Ends all streams with a goodbye, and stops once they are closed or the time is up.
    pub drain: CancellationToken,
    /// Ends a drain almost at once.
    pub hurry: CancellationToken,
    /// The time over which streams end. The server accepts connections meanwhile.
    pub window: Duration,
    /// How long after that connections may take.
    pub timeout: Duration,
}

impl Default for Stop {
    fn default() -> Self {
        Self::from(&Drain::default())
    }
}

impl From<&Drain> for Stop {
    fn from(drain: &Drain) -> Self {
        let Stages { window, timeout, .. } = drain.stages();
        Self { drain: drain.leaving().clone(), hurry: drain.hurried().clone(), window, timeout }
    }
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

/// A listener: its socket, its limits, and how it encrypts.
#[derive(Debug)]
pub struct Listener {
    /// The socket, which accepts connections already.
    pub socket: TcpListener,
    /// The limits, and the counters that others look at.
    pub door: Arc<Door>,
    /// `None` for plain HTTP/1.1. With TLS, clients choose HTTP/2 or HTTP/1.1.
    pub tls: Option<Arc<Tls>>,
}

/// Serves `app` as [`serve_within`] does, with a door that others look at too.
///
/// # Errors
/// When the socket fails.
pub async fn serve_through(
    door: Arc<Door>,
    socket: TcpListener,
    app: Router,
    stop: Stop,
) -> io::Result<()> {
    serve_on(Listener { socket, door, tls: None }, app, stop).await
}

/// Serves `app` on a listener as [`serve_within`] does.
///
/// # Errors
/// When the socket fails.
pub async fn serve_on(listener: Listener, app: Router, stop: Stop) -> io::Result<()> {
    let grace = async {
        stop.drain.cancelled().await;
        // A second signal right after the first must not close streams before their goodbye.
        let _ = timeout(stop.window + stop.timeout, async {
            tokio::join!(sleep(SHORTEST_DRAIN), stop.hurry.cancelled())
        })
        .await;
    };
    let end = End { drain: stop.drain.clone(), now: CancellationToken::new() };
    let connections = Connections::new(app, listener.tls, end.clone());
    let drained = async {
        accept(&listener.door, &listener.socket, &connections, &stop).await;
        drop(listener.socket);
        connections.shutdown().await;
    };
    tokio::pin!(drained);
    tokio::select! {
        () = &mut drained => return Ok(()),
        () = grace => tracing::warn!("some connections did not end in time; closing them"),
    }
    end.now.cancel();
    // They end at once. An error means that the machine is too busy for it, and the process ends
    // anyway.
    let _ = timeout(LAST_MOMENT, drained).await;
    Ok(())
}

/// Accepts connections until shortly after the drain has begun, and while streams end one after the
/// other.
///
/// Uses hyper directly: with `axum::serve`, an open stream needs three times the memory (`npm run
/// bench -- gateway`).
async fn accept(door: &Arc<Door>, socket: &TcpListener, connections: &Connections, stop: &Stop) {
    let linger = async {
        stop.drain.cancelled().await;
        sleep(LINGER.max(stop.window)).await;
    };
    tokio::pin!(linger);
    loop {
        let accepted = async {
            let permit = door.wait().await;
            let accepted = socket.accept().await?;
            Ok::<_, io::Error>((accepted, door.enter(permit)))
        };
        tokio::select! {
            () = &mut linger => return,
            accepted = accepted => match accepted {
                Ok((accepted, place)) => connections.start(accepted, place),
                Err(error) => {
                    // Usually too many open files: the end of another connection may help.
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Returns the URL of an address.
#[must_use]
pub fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Returns the URL of an address where TLS is served or not.
#[must_use]
pub fn url_with(has_tls: bool, address: SocketAddr) -> String {
    if has_tls { format!("https://{address}") } else { url_of(address) }
}

const PORTS_TRIED: u16 = 50;

/// The limit of connections that wait to be accepted. The system's own, often 4,096, may be lower.
const BACKLOG: u32 = 4_096;

/// Long enough for one more health check, too short to delay a restart.
const LINGER: Duration = Duration::from_millis(500);

/// How long closed connections may take to disappear.
const LAST_MOMENT: Duration = Duration::from_millis(250);

/// Long enough for a `bye` on every stream.
const SHORTEST_DRAIN: Duration = Duration::from_millis(300);

/// Short compared with any request, long compared with a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The size limit of a request head, and of the buffer for a socket besides one page. The URL alone
/// may have 64 kB.
pub(crate) const MAX_HEAD: usize = 128 * 1_024;
