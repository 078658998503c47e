//! A reader as operators see it, and as channels reach it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::hub::wake::Wake;

/// A reader as operators see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInfo {
    /// The gateway's name for this stream.
    pub connection_id: String,
    /// The user, as named by the proxy in front.
    pub user_id: String,
    /// When the stream was opened, in milliseconds since 1970 (UTC).
    pub connected_at: u64,
    /// The address of the client, which only operators may see.
    #[serde(skip)]
    pub client: Option<IpAddr>,
    /// Whether the reader is the gateway's own canary, which operators do not see.
    #[serde(skip)]
    pub is_canary: bool,
}

impl ConnectionInfo {
    /// Returns a new connection of `user_id`.
    #[must_use]
    pub fn new(user_id: &str) -> Self {
        let connected_at = now_millis();
        Self {
            connection_id: format!("{user_id}_{connected_at}_{}", random_word()),
            user_id: user_id.into(),
            connected_at,
            client: None,
            is_canary: false,
        }
    }

    /// Marks the connection as the canary's. The name of a user never does, since users choose it.
    #[must_use]
    pub(crate) fn of_canary(self) -> Self {
        Self { is_canary: true, ..self }
    }

    /// Sets the address of the client.
    #[must_use]
    pub fn from(self, client: IpAddr) -> Self {
        Self { client: Some(client), ..self }
    }
}

/// What the hub and its channels know of a reader.
#[derive(Debug)]
pub(crate) struct ReaderHandle {
    pub(crate) connection: Arc<ConnectionInfo>,
    /// Whether upstream sends its logs. Those published here do not reach it then.
    pub(crate) is_forwarded: bool,
    /// Whether it still receives logs from before it came.
    pub(crate) is_replaying: AtomicBool,
    /// Wakes it when logs arrive.
    pub(crate) wake: Wake,
    pub(crate) stop: CancellationToken,
}

impl ReaderHandle {
    pub(crate) fn state(&self) -> StreamState {
        if self.is_forwarded {
            StreamState::Forwarded
        } else if self.is_replaying.load(Ordering::Relaxed) {
            StreamState::Replaying
        } else {
            StreamState::Live
        }
    }
}

/// What a stream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// It sends logs that were published before the reader came.
    Replaying,
    /// It sends each log as it is published.
    Live,
    /// It sends what a backend sends.
    Forwarded,
}

impl StreamState {
    /// All states, for a metric with each.
    pub const ALL: [Self; 3] = [Self::Replaying, Self::Live, Self::Forwarded];

    /// Returns the name in metrics and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaying => "replaying",
            Self::Live => "live",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Returns the time in milliseconds since 1970 (UTC).
#[must_use]
pub fn now_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Returns nine random letters and digits, the format of ids in the field.
pub(crate) fn random_word() -> String {
    std::iter::repeat_with(|| fastrand::digit(36)).take(9).collect()
}
