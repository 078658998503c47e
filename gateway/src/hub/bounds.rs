//! Amounts of logs and ranges of their numbers.

/// An amount of logs. As a limit, whichever count is reached first applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Number of logs, whatever their size.
    pub lines: usize,
    /// Bytes of their envelopes, plus 96 (`ENTRY_BYTES`) for each.
    pub bytes: usize,
}

/// The sequence numbers in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The number of the oldest log; `newest + 1` if there is none.
    pub oldest: u64,
    /// The highest number assigned.
    pub newest: u64,
}
