//! A proxy that breaks streams on purpose, for tests and for experiments by hand.
//!
//! It forwards bytes between a page and its gateway, so it can cut a stream at any byte.
//!
//! ```text
#![doc = include_str!("language.txt")]
//! ```
//!
//! [`FaultProxy`] is the proxy for use in tests; the program of this crate serves one.

mod answer;
mod body;
mod close;
mod connection;
mod control;
mod head;
mod log;
mod origin;
mod parse;
mod payload;
mod plan;
mod state;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use self::origin::Origin;
pub use self::plan::Plan;

use self::log::log;
use self::state::State;

/// The plan language and the control routes, as `--help` shows them.
pub const LANGUAGE: &str = include_str!("language.txt");

/// A proxy in front of one server.
#[derive(Clone, Debug)]
pub struct FaultProxy(Arc<State>);

impl FaultProxy {
    /// Returns a proxy in front of `to` that breaks streams as `plan` says.
    #[must_use]
    pub fn new(to: Origin, plan: Plan) -> Self {
        Self(Arc::new(State::new(to, plan)))
    }

    /// Serves until the future is dropped, which closes every connection.
    pub async fn serve(self, listener: TcpListener) -> Infallible {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = connections.join_next() => {}
                accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((client, _)) => {
                        connections.spawn(connection::serve(Arc::clone(&self.0), client));
                    }
                    Err(error) => {
                        // The client left already, or no file handle is free: the next attempt may
                        // succeed.
                        log(format_args!("accept: {error}"));
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }
}

/// Parses the address to listen on, which must be a loopback one: the control routes have no access
/// control.
///
/// # Errors
/// When `text` is not an address with a port, or one that other machines can reach.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| format!("{text:?} is not an address with a port: expected one such as 127.0.0.1:8081, or 127.0.0.1:0"))?;
    if !address.ip().is_loopback() {
        return Err(format!(
            "{address} is reachable from other machines, which could change the plan: expected an address such as 127.0.0.1:8081"
        ));
    }
    Ok(address)
}

/// Further connections wait in the listener's queue. Each stream needs two of usually 1024 file
/// handles.
const CONNECTIONS: usize = 500;

/// Short compared with any test, long compared with a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The most bytes of one read.
pub(crate) const BUFFER: usize = 16 * 1024;
