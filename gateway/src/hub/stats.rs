//! Counters since the start.

use std::sync::atomic::AtomicU64;

use serde::Serialize;

/// The state and history of the hub in numbers, for health checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Logs accepted from publishers.
    pub logs_published: u64,
    /// Logs sent to readers. A log with three readers counts three times, and each replay counts
    /// again.
    pub logs_delivered: u64,
    /// Logs that were reported to readers as gaps, because they did not keep up or returned too
    /// late.
    pub logs_skipped: u64,
    /// Readers cut off because they did not keep up.
    pub readers_cut_off: u64,
    /// Bytes of all channels in memory, with their histories.
    pub history_bytes: usize,
    /// Channels in memory, also those without readers.
    pub channels_in_memory: usize,
    /// Lines of the gateway's own log that standard error did not accept.
    pub log_lines_dropped: u64,
}

/// Counters that readers update themselves.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) delivered: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) cut: AtomicU64,
}
