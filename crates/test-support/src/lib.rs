//! What the tests of the gateway and of the fault proxy share: servers and clients that work on
//! bytes, and programs run as processes.

mod canned;
mod client;
mod events;
pub mod process;

use std::time::{Duration, Instant};

pub use self::canned::{Afterwards, Canned, HEAD, chunked, frames, plain};
pub use self::client::{Answer, Wire};
pub use self::events::envelopes;

/// Long enough for any machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Longer than bytes on loopback are under way.
pub const A_WHILE: Duration = Duration::from_millis(250);

/// Waits until `done` returns true.
///
/// # Panics
/// When [`PATIENCE`] passes first.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
