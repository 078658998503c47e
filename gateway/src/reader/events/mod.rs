//! The bytes of each event that a stream sends. What they hold is decided elsewhere.

use bytes::Bytes;
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::sse;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::hub::bounds::Extent;
use crate::hub::connection::ConnectionInfo;
use crate::hub::envelope::Envelope;

/// What the first event says beside who reads.
#[derive(Debug)]
pub(crate) struct Greeting<'a> {
    pub(crate) connection: &'a ConnectionInfo,
    pub(crate) epoch: &'a Epoch,
    pub(crate) granted: Vec<(&'a ChannelName, Extent)>,
    pub(crate) refused: &'a [ChannelName],
    pub(crate) heartbeat_ms: u64,
    pub(crate) now: u64,
}

impl Greeting<'_> {
    pub(crate) fn to_bytes(&self) -> Bytes {
        let seqs = self.granted.iter().map(|(name, extent)| {
            (name.to_string(), json!({ "oldest": extent.oldest, "newest": extent.newest }))
        });
        let greeting = json!({
            "type": "connection",
            "status": "connected",
            "channels": self.granted.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>(),
            "userId": self.connection.user_id,
            "connectionId": self.connection.connection_id,
            "timestamp": self.connection.connected_at,
            "epoch": self.epoch.to_string(),
            "seqs": seqs.collect::<Map<_, _>>(),
            "heartbeatMs": self.heartbeat_ms,
            "refused": self.refused.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "serverTime": self.now,
        });
        sse::encode(None, None, &greeting.to_string()).into()
    }
}

/// Where a stream stands, at regular times.
pub(crate) fn heartbeat<'a>(
    positions: impl Iterator<Item = (&'a ChannelName, u64)>,
    now: u64,
) -> Bytes {
    let seqs: Map<_, _> =
        positions.map(|(name, seq)| (name.to_string(), Value::from(seq))).collect();
    sse::encode(Some("heartbeat"), None, &json!({ "seqs": seqs, "serverTime": now }).to_string())
        .into()
}

/// Logs that will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The first and the last of them; `None` where the numbers are unknown.
    pub(crate) seqs: Option<(u64, u64)>,
    pub(crate) reason: Reason,
}

/// Why logs will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reason {
    /// Older than the history.
    Evicted,
    /// The cursor counts in another epoch.
    Restarted,
    /// The cursor is malformed, of other channels, or from the future.
    Unknown,
    /// The reader did not keep up.
    Slow,
}

impl Gap {
    /// Appends the event. Without `cursor` the reader keeps the one it came with.
    pub(crate) fn write(&self, page: &mut Vec<u8>, cursor: Option<&Cursor>, channel: &ChannelName) {
        let (from, to) = self.seqs.unzip();
        let gap = json!({ "channel": channel.to_string(), "from": from, "to": to, "reason": self.reason });
        let cursor = cursor.map(ToString::to_string);
        page.extend_from_slice(
            sse::encode(Some("gap"), cursor.as_deref(), &gap.to_string()).as_bytes(),
        );
    }
}

/// Appends the event of a log.
pub(crate) fn write_log(page: &mut Vec<u8>, cursor: &str, envelope: &Envelope) {
    page.extend_from_slice(b"id: ");
    page.extend_from_slice(cursor.as_bytes());
    page.extend_from_slice(b"\ndata: ");
    page.extend_from_slice(envelope.as_bytes());
    page.extend_from_slice(b"\n\n");
}

/// Appends one event with several logs: their envelopes, byte for byte as each would come alone, in
/// an array.
///
/// Each is one line of JSON, so the array is one too. `cursor` is that after the last of them.
pub(crate) fn write_batch<'a>(
    page: &mut Vec<u8>,
    cursor: &Cursor,
    envelopes: impl Iterator<Item = &'a Envelope>,
) {
    page.extend_from_slice(b"event: batch\nid: ");
    page.extend_from_slice(cursor.to_string().as_bytes());
    page.extend_from_slice(b"\ndata: ");
    for (number, envelope) in envelopes.enumerate() {
        page.push(if number == 0 { b'[' } else { b',' });
        page.extend_from_slice(envelope.as_bytes());
    }
    page.extend_from_slice(b"]\n\n");
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Bye {
    /// The gateway stops.
    Shutdown,
    /// The stream is old enough.
    Rotation,
    /// The reader did not keep up.
    Slow,
    /// An operator ended it.
    Stop,
}

/// The last event. Its `retry` field tells a browser's own EventSource the same as the data tells
/// our client.
pub(crate) fn bye(reason: Bye, retry_ms: u64) -> Bytes {
    let event = sse::encode(
        Some("bye"),
        None,
        &json!({ "reason": reason, "retryMs": retry_ms }).to_string(),
    );
    format!("retry: {retry_ms}\n{event}").into()
}

#[cfg(test)]
mod tests;
