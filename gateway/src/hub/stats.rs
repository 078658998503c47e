//! What was done since the start, in numbers.

use std::sync::atomic::AtomicU64;

use serde::Serialize;

/// What the hub holds and did, for health checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Logs taken from publishers.
    pub logs_published: u64,
    /// Logs sent to readers; one log with three readers counts three, and one that is sent again
    /// counts again.
    pub logs_delivered: u64,
    /// Logs that readers were told they missed, because they did not keep up or came back too
    /// late.
    pub logs_skipped: u64,
    /// Readers cut off because they did not keep up.
    pub readers_cut_off: u64,
    /// Bytes of all histories.
    pub history_bytes: usize,
    /// Lines of the gateway's own log that standard error did not accept.
    pub log_lines_dropped: u64,
}

/// What readers got, counted by themselves.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) delivered: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) cut: AtomicU64,
}
