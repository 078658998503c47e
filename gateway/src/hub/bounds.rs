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

impl Extent {
    /// Returns how many of these logs have a number after `position`.
    pub(crate) fn count_after(self, position: u64) -> u64 {
        self.newest.saturating_sub(position.max(self.oldest.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_logs_after_a_position() {
        let held = Extent { oldest: 5, newest: 9 };
        let counts = [0, 4, 5, 8, 9, u64::MAX].map(|position| held.count_after(position));
        assert_eq!(counts, [5, 5, 4, 1, 0, 0]);
        for none in [Extent { oldest: 1, newest: 0 }, Extent { oldest: 8, newest: 7 }] {
            assert_eq!([0, 7].map(|position| none.count_after(position)), [0, 0]);
        }
    }
}
