//! A proxy that breaks streams on purpose, for tests and for trying by hand. No part of serving.
//!
//! It stands between a page and its gateway on the level of bytes, so that it can cut anywhere.
//!
//! ```text
#![doc = include_str!("language.txt")]
//! ```

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

    /// Serves until it is dropped, which closes every connection.
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
                        // A client that left already, or no file handles left: the next may go well.
                        log(format_args!("accept: {error}"));
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }
}

/// An address to listen on. A proxy that breaks things and obeys everybody is for this machine
/// only.
///
/// # Errors
/// When `text` is no address with a port, or one that other machines can reach.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| format!("{text:?} is no address with a port: expected one such as 127.0.0.1:8081, or 127.0.0.1:0"))?;
    if !address.ip().is_loopback() {
        return Err(format!(
            "{address} is seen by other machines, and anybody may change the plan: expected an address such as 127.0.0.1:8081"
        ));
    }
    Ok(address)
}

/// Open at the same time; the next wait in the listener's queue. Each stream takes two of usually
/// 1024 file handles.
const CONNECTIONS: usize = 500;

/// Short beside any test, long beside a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What is read at once.
pub(crate) const BUFFER: usize = 16 * 1024;
