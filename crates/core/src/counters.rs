//! Counts of received, duplicate and missing lines.

/// Line counts since the channel was selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lines that arrived for the first time.
    pub received: u64,
    /// Lines that arrived again and were dropped.
    pub duplicates: u64,
    /// Lines known not to have arrived.
    pub missing: u64,
    /// Places where lines are, or may be, missing.
    pub gaps: u64,
}
