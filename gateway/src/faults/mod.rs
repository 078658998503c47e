//! A proxy that breaks streams on purpose, for tests and for trying by hand. No part of serving.
//!
//! It stands between a page and its gateway on the level of bytes, so that it can cut anywhere.
//!
//! ```text
#![doc = include_str!("language.txt")]
//! ```

mod answer;
mod body;
mod connection;
mod control;
mod head;
mod origin;
mod parse;
mod payload;
mod plan;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

pub use self::origin::Origin;
pub use self::plan::Plan;

use self::plan::{Ending, Step};

/// The plan language and the control routes, as `--help` shows them.
pub const LANGUAGE: &str = include_str!("language.txt");

/// A running proxy: where it forwards to, whose turn it is, and what it has done.
#[derive(Debug)]
pub struct Faults {
    to: Origin,
    turns: Mutex<Turns>,
    /// Each open stream holds one receiver, so the count of receivers is the count of open
    /// streams.
    endings: broadcast::Sender<Ending>,
    streams: AtomicU64,
    cut: AtomicU64,
}

#[derive(Debug)]
struct Turns {
    plan: Arc<Plan>,
    taken: usize,
}

impl Faults {
    /// A proxy in front of `to` that breaks streams as `plan` says.
    #[must_use]
    pub fn new(to: Origin, plan: Plan) -> Arc<Self> {
        let turns = Mutex::new(Turns { plan: Arc::new(plan), taken: 0 });
        Arc::new(Self {
            to,
            turns,
            endings: broadcast::Sender::new(ENDINGS),
            streams: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        })
    }

    /// Serves until it is dropped, which closes every connection.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> Infallible {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = connections.join_next() => {}
                accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((client, _)) => {
                        connections.spawn(connection::serve(Arc::clone(&self), client));
                    }
                    Err(error) => {
                        // A client that left already, or no file handles left: the next may go well.
                        tracing::warn!("accept: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    /// Notes a new stream, and gives its number and its step.
    fn begin(&self) -> (u64, Step) {
        let number = self.streams.fetch_add(1, Ordering::Relaxed) + 1;
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let step = turns.plan.step(turns.taken).clone();
        turns.taken = turns.taken.wrapping_add(1);
        (number, step)
    }

    fn replace_plan(&self, plan: Plan) {
        *self.turns.lock().unwrap_or_else(PoisonError::into_inner) =
            Turns { plan: Arc::new(plan), taken: 0 };
    }

    /// Ends all open streams, and gives how many were told.
    fn end_all(&self, ending: Ending) -> usize {
        // It fails when nobody listens: then no stream is open.
        self.endings.send(ending).unwrap_or(0)
    }

    fn note_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
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

/// A stream that misses more than this many endings is to end anyway.
const ENDINGS: usize = 4;

/// Short beside any test, long beside a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
