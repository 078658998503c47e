//! Counts of lines and errors in any range of rows, without an index entry per row. Knows nothing
//! of what a row contains.

use std::collections::VecDeque;
use std::ops::{AddAssign, Range};

/// How many of some rows are lines, and how many of these are errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// The rows that are lines.
    pub lines: u64,
    /// The lines whose level is an error.
    pub errors: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.errors += other.errors;
    }
}

/// The counts of blocks of consecutive rows.
///
/// A range is counted by the blocks inside it and by the rows at its two edges, which the caller
/// looks up. A row that is evicted or cleared needs no update: its block is at an edge, or gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    blocks: VecDeque<Count>,
    /// The number of the first block.
    first: u64,
}

impl Tally {
    /// Adds the count of the row at `at`, which is next to the rows that were added before.
    pub(crate) fn add(&mut self, at: u64, count: Count) {
        let block = at / BLOCK;
        if self.blocks.is_empty() {
            self.first = block;
        }
        while block < self.first {
            self.blocks.push_front(Count::default());
            self.first -= 1;
        }
        while self.first + self.blocks.len() as u64 <= block {
            self.blocks.push_back(Count::default());
        }
        if let Some(sum) = self.blocks.get_mut((block - self.first) as usize) {
            *sum += count;
        }
    }

    /// Forgets the rows before `start`.
    pub(crate) fn release_before(&mut self, start: u64) {
        let released = (start / BLOCK).saturating_sub(self.first).min(self.blocks.len() as u64);
        self.blocks.drain(..released as usize);
        self.first += released;
    }

    /// Forgets all rows, after which the next one may have any number.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Returns the count of `rows`. `look` returns that of a single row.
    pub(crate) fn sum(&self, rows: Range<u64>, look: impl Fn(u64) -> Count) -> Count {
        let mut sum = Count::default();
        self.visit(rows, |part, block| {
            match block {
                Some(count) => sum += count,
                None => part.for_each(|row| sum += look(row)),
            }
            false
        });
        sum
    }

    /// Returns the first of `rows` that is an error. `look` returns the count of a single row.
    pub(crate) fn first_error(&self, rows: Range<u64>, look: impl Fn(u64) -> Count) -> Option<u64> {
        let mut first = None;
        self.visit(rows, |mut part, block| {
            if block.is_none_or(|count| count.errors > 0) {
                first = part.find(|row| look(*row).errors > 0);
            }
            first.is_some()
        });
        first
    }

    /// Returns the last of `rows` that is an error. `look` returns the count of a single row.
    pub(crate) fn last_error(&self, rows: Range<u64>, look: impl Fn(u64) -> Count) -> Option<u64> {
        let mut end = rows.end;
        while rows.start < end {
            let start = rows.start.max((end - 1) / BLOCK * BLOCK);
            // A block is counted as long as any of its rows is stored: without errors in all of it,
            // there is none in this part.
            let block = ((end - 1) / BLOCK).checked_sub(self.first);
            let block = block.and_then(|index| self.blocks.get(usize::try_from(index).ok()?));
            if block.is_none_or(|count| count.errors > 0)
                && let Some(row) = (start..end).rev().find(|row| look(*row).errors > 0)
            {
                return Some(row);
            }
            end = start;
        }
        None
    }

    /// Calls `visit` with each part of `rows` that lies in one block, and with the block's count if
    /// that is the whole block, until it returns `true`.
    fn visit(&self, rows: Range<u64>, mut visit: impl FnMut(Range<u64>, Option<Count>) -> bool) {
        let mut at = rows.start;
        while at < rows.end {
            let end = rows.end.min((at / BLOCK + 1) * BLOCK);
            let index = (at / BLOCK).checked_sub(self.first);
            let block = index.filter(|_| end - at == BLOCK).and_then(|index| {
                usize::try_from(index).ok().and_then(|index| self.blocks.get(index)).copied()
            });
            if visit(at..end, block) {
                return;
            }
            at = end;
        }
    }
}

/// Few enough rows to look at in a frame, and so many that the counts of a million rows take 16 kB.
const BLOCK: u64 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every fifth row is no line, every seventh an error.
    fn look(row: u64) -> Count {
        let lines = u64::from(!row.is_multiple_of(5));
        Count { lines, errors: lines * u64::from(row.is_multiple_of(7)) }
    }

    fn naive(rows: Range<u64>) -> Count {
        rows.fold(Count::default(), |mut sum, row| {
            sum += look(row);
            sum
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_range_counts_as_row_by_row(
            older in 0..3_000_u64,
            newer in 1..5_000_u64,
            released in 0..4_000_u64,
            from in 0..9_000_u64,
            length in 0..9_000_u64,
        ) {
            let (mut tally, middle) = (Tally::default(), 10_000);
            (middle..middle + newer).for_each(|row| tally.add(row, look(row)));
            (middle - older..middle).rev().for_each(|row| tally.add(row, look(row)));
            let start = (middle - older + released).min(middle + newer);
            tally.release_before(start);
            let from = start + from.min(middle + newer - start);
            let rows = from..(from + length).min(middle + newer);
            prop_assert_eq!(tally.sum(rows.clone(), look), naive(rows.clone()));
            prop_assert_eq!(
                tally.first_error(rows.clone(), look),
                rows.clone().find(|row| look(*row).errors > 0)
            );
            prop_assert_eq!(
                tally.last_error(rows.clone(), look),
                rows.clone().rev().find(|row| look(*row).errors > 0)
            );
            tally.clear();
            prop_assert_eq!(tally.sum(rows.clone(), look), naive(rows));
        }
    }

    #[test]
    fn whole_blocks_are_counted_without_looking_at_their_rows() {
        let mut tally = Tally::default();
        (0..10 * BLOCK).for_each(|row| tally.add(row, look(row)));
        let looked = std::cell::Cell::new(0);
        tally.sum(5..10 * BLOCK - 5, |row| {
            looked.set(looked.get() + 1);
            look(row)
        });
        assert_eq!(looked.get(), 2 * (BLOCK - 5));
    }
}
