//! The state that all handlers share.

use std::sync::Arc;

use crate::auth::Mode;
use crate::drain::Drain;
use crate::http::tokens::Tokens;
use crate::http::upstream::Upstream;
use crate::hub::Hub;
use crate::limits::Limits;
use crate::observers::Observers;
use crate::reader::timing::StreamTiming;
use crate::redaction::Redaction;

/// The state that all handlers share.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Who may use the gateway.
    pub mode: Mode,
    /// The channels with their histories and readers.
    pub hub: Arc<Hub>,
    /// The tokens with which services publish.
    pub tokens: Arc<Tokens>,
    /// The target of the proxy route; `None` for this gateway itself.
    pub upstream: Option<Arc<Upstream>>,
    /// The intervals and ages of each stream.
    pub timing: StreamTiming,
    /// What each user, address, token, channel and workspace may use.
    pub limits: Arc<Limits>,
    /// Replaces confidential parts of logs before they are stored.
    pub redaction: Arc<Redaction>,
    /// Ends all open streams when it begins.
    pub shutdown: Drain,
    /// The audit log, traces, and the checks of readiness.
    pub observers: Observers,
}
