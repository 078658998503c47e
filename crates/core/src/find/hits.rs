//! The rows found so far, each under an ordinal that always denotes the same row. Searches nothing.

use std::collections::VecDeque;
use std::ops::Range;

use crate::fold::Folds;
use crate::tally::{Count, Tally};

/// Rows that were found, oldest first.
///
/// The newest has the highest ordinal. Older rows that are found later get lower ones. Those that
/// are folded into one are shown under a single ordinal, of which [`Folds`] has the numbers.
#[derive(Clone, Debug)]
pub(super) struct Hits {
    numbers: VecDeque<u64>,
    /// The numbers that belong to notices.
    notices: VecDeque<u64>,
    /// The ordinal of the oldest.
    start: u64,
    /// The ordinals below this one are of rows up to the one where the search began.
    origin: u64,
    tally: Tally,
    folds: Folds,
}

/// What the store knows of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) count: Count,
    /// The first of the rows that are folded into one with it.
    pub(super) head: u64,
}

impl Hits {
    pub(super) fn new() -> Self {
        Self {
            numbers: VecDeque::new(),
            notices: VecDeque::new(),
            start: FIRST,
            origin: FIRST,
            tally: Tally::default(),
            folds: Folds::default(),
        }
    }

    /// Returns the ordinal above those of the rows up to the one where the search began.
    pub(super) fn origin(&self) -> u64 {
        self.origin
    }

    /// Returns which of the rows are shown as one.
    pub(super) fn folds(&self) -> &Folds {
        &self.folds
    }

    /// Returns the counts of the rows, by ordinal.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Returns the ordinals of the rows from number `oldest` on.
    pub(super) fn range(&self, oldest: u64) -> Range<u64> {
        let evicted = self.numbers.partition_point(|number| *number < oldest);
        self.start + evicted as u64..self.start + self.numbers.len() as u64
    }

    /// Returns the number of the row with this ordinal.
    pub(super) fn number_at(&self, ordinal: u64) -> Option<u64> {
        let index = usize::try_from(ordinal.checked_sub(self.start)?).ok()?;
        self.numbers.get(index).copied()
    }

    /// Returns the numbers of the rows before `number`, newest first.
    pub(super) fn numbers_before(&self, number: u64) -> impl Iterator<Item = u64> {
        let end = self.numbers.partition_point(|found| *found < number);
        self.numbers.range(..end).rev().copied()
    }

    /// Returns the numbers of the rows from `number` on, oldest first.
    pub(super) fn numbers_from(&self, number: u64) -> impl Iterator<Item = u64> {
        let start = self.numbers.partition_point(|found| *found < number);
        self.numbers.range(start..).copied()
    }

    /// Returns how many of the rows from number `oldest` on are lines.
    pub(super) fn lines(&self, oldest: u64) -> u64 {
        let count = |numbers: &VecDeque<u64>| {
            (numbers.len() - numbers.partition_point(|number| *number < oldest)) as u64
        };
        count(&self.numbers) - count(&self.notices)
    }

    /// Adds rows that are newer than all others, oldest first.
    pub(super) fn add_newer(&mut self, numbers: &[u64], look: impl Fn(u64) -> Known) {
        for number in numbers {
            let (ordinal, known) = (self.start + self.numbers.len() as u64, look(*number));
            self.tally.add(ordinal, known.count);
            let joins = self.numbers.back().is_some_and(|last| known.head <= *last);
            self.folds.add_newer(ordinal, joins);
            self.numbers.push_back(*number);
        }
    }

    /// Adds rows that are older than all others, oldest first.
    pub(super) fn add_older(&mut self, numbers: &[u64], look: impl Fn(u64) -> Known) {
        for number in numbers.iter().rev() {
            self.start -= 1;
            self.tally.add(self.start, look(*number).count);
            let takes = self.numbers.front().is_some_and(|next| look(*next).head <= *number);
            self.folds.add_older(self.start, takes);
            self.numbers.push_front(*number);
        }
    }

    /// Marks a row as a notice. Like the rows, notices are added at either end.
    pub(super) fn note(&mut self, number: u64) {
        if self.notices.back().is_none_or(|newest| *newest < number) {
            self.notices.push_back(number);
        } else {
            self.notices.push_front(number);
        }
    }

    /// Removes the rows before number `oldest`.
    pub(super) fn release_before(&mut self, oldest: u64) {
        let release = |numbers: &mut VecDeque<u64>| {
            let evicted = numbers.partition_point(|number| *number < oldest);
            numbers.drain(..evicted);
            evicted as u64
        };
        self.start += release(&mut self.numbers);
        release(&mut self.notices);
        self.tally.release_before(self.start);
        self.folds.release_before(self.start);
    }

    /// Removes all rows. Ordinals continue after the last one assigned, with room for `older` rows
    /// below, and for more that may be added at the front of the store.
    pub(super) fn start_over(&mut self, older: u64) {
        let end = self.start + self.numbers.len() as u64;
        self.numbers.clear();
        self.notices.clear();
        self.start = end + older + ROOM;
        self.origin = self.start;
        self.tally.clear();
        self.folds.clear();
    }
}

/// In the middle, so that there is room on both sides, and far below 2^53, above which JavaScript
/// numbers have gaps.
const FIRST: u64 = 1 << 40;

/// More rows than a store can hold.
const ROOM: u64 = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn line(head: u64) -> Known {
        Known { count: Count { lines: 1, errors: 0 }, head }
    }

    #[test]
    fn an_ordinal_always_denotes_the_same_row() {
        let mut hits = Hits::new();
        hits.add_older(&[7, 9], line);
        let end = hits.range(0).end;
        assert_eq!(
            (hits.number_at(end - 1), hits.number_at(end - 2), hits.number_at(end)),
            (Some(9), Some(7), None)
        );
        hits.add_newer(&[12], line);
        hits.add_older(&[2, 3], line);
        hits.release_before(3);
        assert_eq!(
            [end + 1, end, end - 1, end - 3, end - 4].map(|at| hits.number_at(at)),
            [None, Some(12), Some(9), Some(3), None]
        );
        assert_eq!((hits.range(0), hits.range(9)), (end - 3..end + 1, end - 1..end + 1));
    }

    #[test]
    fn ordinals_are_not_reused() {
        let mut hits = Hits::new();
        hits.add_newer(&[1, 2, 3], line);
        let before = hits.range(0);
        hits.start_over(2);
        hits.add_older(&[50, 51], line);
        assert!(before.end <= hits.range(0).start);
    }

    #[test]
    fn counts_lines_without_notices() {
        let mut hits = Hits::new();
        hits.add_older(&[5, 6], line);
        hits.note(5);
        hits.add_older(&[3], line);
        hits.note(3);
        assert_eq!((hits.lines(0), hits.lines(4), hits.lines(6)), (1, 1, 1));
        hits.release_before(4);
        assert_eq!((hits.lines(0), hits.range(0).count()), (1, 2));
    }
}
