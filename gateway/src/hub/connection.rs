//! Who reads: what is shown of a reader, and how others reach it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::hub::wake::Wake;

/// Who reads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInfo {
    /// The gateway's name for this stream.
    pub connection_id: String,
    /// The user, as the proxy in front said.
    pub user_id: String,
    /// Since when, in milliseconds since 1970 (UTC).
    pub connected_at: u64,
}

impl ConnectionInfo {
    /// A new stream of `user_id`.
    #[must_use]
    pub fn new(user_id: &str) -> Self {
        let connected_at = now_millis();
        Self {
            connection_id: format!("{user_id}_{connected_at}_{}", random_word()),
            user_id: user_id.into(),
            connected_at,
        }
    }
}

/// What others know of a reader.
#[derive(Debug)]
pub(crate) struct ReaderHandle {
    pub(crate) connection: Arc<ConnectionInfo>,
    /// Tells it that something came.
    pub(crate) wake: Wake,
    /// Ends the stream.
    pub(crate) stop: CancellationToken,
}

/// Milliseconds since 1970 (UTC).
#[must_use]
pub fn now_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Nine letters and digits, as the ids in the field have them.
pub(crate) fn random_word() -> String {
    std::iter::repeat_with(|| fastrand::digit(36)).take(9).collect()
}
