//! The socket: binds, says where, serves, and ends in bounded time even while streams are open.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::signal;
use tokio_util::sync::CancellationToken;

/// Where to listen.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The host name or address.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
    /// Whether to take the next free port when this one is busy.
    pub next_free_port: bool,
}

impl Listen {
    /// Binds.
    ///
    /// # Errors
    /// A sentence with the address and what to do: the port is busy, or the host is not of this machine.
    pub async fn bind(&self) -> Result<TcpListener, String> {
        let last = if self.next_free_port { self.port.saturating_add(PORTS_TRIED - 1) } else { self.port };
        for port in self.port..=last {
            match TcpListener::bind((self.host.as_str(), port)).await {
                Ok(listener) => return Ok(listener),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && port < last => {}
                Err(error) => return Err(format!("cannot listen on {}:{port}: {error}{}", self.host, self.advice(&error))),
            }
        }
        unreachable!("the last port either binds or returns its error")
    }

    fn advice(&self, error: &io::Error) -> &'static str {
        match error.kind() {
            io::ErrorKind::AddrInUse if !self.next_free_port => "; choose another with --port, or add --next-free-port",
            io::ErrorKind::PermissionDenied => "; ports below 1024 need rights, choose another with --port",
            _ => "",
        }
    }
}

/// Serves `app` until `shutdown`, which its streams hear too; then takes no more connections, and after a few seconds leaves whatever is left.
///
/// It answers for a moment longer, so that a balancer hears that it is not ready rather than nothing.
///
/// # Errors
/// When the socket fails.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken) -> io::Result<()> {
    let told = shutdown.clone();
    let grace = async move {
        told.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = async { take_connections(listener, app, shutdown).await.shutdown().await } => {}
        () = grace => tracing::warn!("some connections did not end within {} s; leaving them", GRACE.as_secs()),
    }
    Ok(())
}

/// Takes connections until `shutdown` and a little longer. Gives what ends them.
///
/// By hyper itself, not by `axum::serve`: of that an open stream costs three times the memory (`npm run bench -- gateway`).
async fn take_connections(listener: TcpListener, app: Router, shutdown: CancellationToken) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let linger = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LINGER).await;
    };
    tokio::pin!(linger);
    loop {
        let socket = tokio::select! {
            () = &mut linger => return connections,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    // Mostly too many open files: another end of a connection may mend it.
                    tracing::warn!("cannot take a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // Else a log waits until the reader's machine acknowledges the one before it, which may take it 40 ms. An Err says that the socket is closed.
        drop(socket.set_nodelay(true));
        let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), TowerToHyperService::new(app.clone()));
        tokio::spawn(connections.watch(connection));
    }
}

/// Ends with Ctrl-C or, where there is one, SIGTERM.
pub async fn until_told_to_stop() {
    let interrupt = async { signal::ctrl_c().await.unwrap_or_else(|_| std::process::exit(1)) };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// An address as people open it.
#[must_use]
pub fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

const PORTS_TRIED: u16 = 50;

/// Long enough for one more question, too short to be waited for.
const LINGER: Duration = Duration::from_millis(500);

/// Longer than any open stream takes to hear of it.
const GRACE: Duration = Duration::from_secs(5);
