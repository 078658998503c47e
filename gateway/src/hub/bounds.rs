//! Amounts of logs and ranges of their numbers.

/// How much is held or read at once: the smaller of the two counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Number of logs.
    pub lines: usize,
    /// Bytes of their envelopes, and 96 (`ENTRY_BYTES`) more for each.
    pub bytes: usize,
}

/// The sequence numbers that a channel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// That of the oldest log held; `newest + 1` when none is.
    pub oldest: u64,
    /// The highest given out.
    pub newest: u64,
}
