//! The bytes of each event that a stream sends: logs, and the messages of
//! [`logs_sse_wire::protocol`].

use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Cursor;
use logs_sse_wire::protocol::{
    AUTH_EXPIRING, AuthExpiring, BATCH, BYE, Bye, ByeReason, GAP, Gap, Greeting, HEARTBEAT,
    Heartbeat,
};
use logs_sse_wire::sse;

use crate::hub::envelope::Envelope;

/// Returns the first event.
pub(crate) fn greeting(greeting: &Greeting<'_>) -> Bytes {
    sse::encode(None, None, &greeting.to_string()).into()
}

/// Returns a heartbeat with the positions of a stream.
pub(crate) fn heartbeat<'a>(
    positions: impl Iterator<Item = (&'a ChannelName, u64)>,
    now: u64,
) -> Bytes {
    let heartbeat = Heartbeat {
        sent: positions.map(|(name, seq)| (name.to_string(), seq)).collect(),
        server_time: i64::try_from(now).ok(),
    };
    sse::encode(Some(HEARTBEAT), None, &heartbeat.to_string()).into()
}

/// Appends a gap. Without `cursor` the reader keeps the one it has.
pub(crate) fn write_gap(page: &mut Vec<u8>, cursor: Option<&Cursor>, gap: &Gap) {
    let cursor = cursor.map(ToString::to_string);
    let event = sse::encode(Some(GAP), cursor.as_deref(), &gap.to_string());
    page.extend_from_slice(event.as_bytes());
}

/// Appends a log as an event whose id is `cursor`.
pub(crate) fn write_log(page: &mut Vec<u8>, cursor: impl Display, envelope: &Envelope) {
    write!(page, "id: {cursor}\ndata: ").expect("memory accepts everything");
    page.extend_from_slice(envelope.as_bytes());
    page.extend_from_slice(b"\n\n");
}

/// Appends one event with an array of logs, each byte for byte as it would arrive alone.
///
/// An envelope is one line of JSON, so the array is one too. `cursor` is that after the last log.
pub(crate) fn write_batch<'a>(
    page: &mut Vec<u8>,
    cursor: &Cursor,
    envelopes: impl Iterator<Item = &'a Envelope>,
) {
    page.extend_from_slice(format!("event: {BATCH}\nid: {cursor}\ndata: ").as_bytes());
    for (number, envelope) in envelopes.enumerate() {
        page.push(if number == 0 { b'[' } else { b',' });
        page.extend_from_slice(envelope.as_bytes());
    }
    page.extend_from_slice(b"]\n\n");
}

/// Returns the announcement that the reader's credential expires.
pub(crate) fn auth_expiring(left: Duration) -> Bytes {
    sse::encode(Some(AUTH_EXPIRING), None, &AuthExpiring { left }.to_string()).into()
}

/// Returns the last event. Its `retry` field delays a browser's own `EventSource` as the data
/// delays our client.
pub(crate) fn bye(reason: ByeReason, retry_ms: u64) -> Bytes {
    let bye = Bye { reason, retry: Duration::from_millis(retry_ms) };
    let event = sse::encode(Some(BYE), None, &bye.to_string());
    format!("retry: {retry_ms}\n{event}").into()
}

#[cfg(test)]
mod tests;
