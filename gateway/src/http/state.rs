//! What every route may use.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::http::tokens::Tokens;
use crate::http::upstream::Upstream;
use crate::hub::Hub;
use crate::reader::timing::StreamTiming;

/// What every route may use.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The channels.
    pub hub: Arc<Hub>,
    /// Who may publish.
    pub tokens: Arc<Tokens>,
    /// Where the proxy route forwards to; `None` for this gateway itself.
    pub upstream: Option<Arc<Upstream>>,
    /// The times of each stream.
    pub timing: StreamTiming,
    /// Sends the readers of all open streams away.
    pub shutdown: CancellationToken,
}
