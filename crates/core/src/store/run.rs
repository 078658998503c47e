//! Runs of rows whose bytes are contiguous, so that a search scans many lines at once. Searches
//! nothing itself.

use std::ops::Range;

use crate::store::Store;
use crate::store::slot::Slot;

/// Contiguous raw rows, and their bytes: ids and texts.
#[derive(Clone, Debug)]
pub(crate) struct Run<'a> {
    store: &'a Store,
    numbers: Range<u64>,
    bytes: &'a [u8],
    /// The position of the first byte in the chunk.
    base: usize,
}

/// Limits the length of a run. A run always holds at least one row, however long that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) rows: u64,
    pub(crate) bytes: usize,
}

impl Limit {
    /// As much as one chunk holds. It holds many lines if they are almost empty, and a search must
    /// be able to stop in between.
    pub(crate) const CHUNK: Self = Self { rows: 4_096, bytes: usize::MAX };
}

/// A row of a run.
#[derive(Clone, Debug)]
pub(crate) struct RunRow<'a> {
    pub(crate) number: u64,
    pub(crate) slot: &'a Slot,
    /// The position of the text in the bytes of the run.
    pub(crate) text: Range<usize>,
}

impl Store {
    /// Returns the run of rows just before `end` to search in one step, or `None` if the row there
    /// is not stored as raw bytes.
    pub(crate) fn run_before(&self, end: u64, limit: Limit) -> Option<Run<'_>> {
        let last = self.slot(end.checked_sub(1)?).filter(|slot| !slot.is_parsed())?;
        let in_chunk = self.first
            + self
                .slots
                .partition_point(|slot| self.chunk_distance(slot) < self.chunk_distance(last))
                as u64;
        let next_parsed = self.parsed.partition_point(|(number, _)| *number < end);
        let after_parsed = next_parsed
            .checked_sub(1)
            .and_then(|index| self.parsed.get(index))
            .map_or(0, |(number, _)| number + 1);
        let mut start = in_chunk.max(after_parsed).max(end.saturating_sub(limit.rows));
        while start + 1 < end && self.byte_span(start..end) > limit.bytes {
            start += 1;
        }
        self.run(start..end)
    }

    /// Returns the run of rows from `start` on to search in one step, or `None` if the row there is
    /// not stored as raw bytes.
    pub(crate) fn run_from(&self, start: u64, limit: Limit) -> Option<Run<'_>> {
        let first = self.slot(start).filter(|slot| !slot.is_parsed())?;
        let in_chunk = self.first
            + self
                .slots
                .partition_point(|slot| self.chunk_distance(slot) <= self.chunk_distance(first))
                as u64;
        let next_parsed = self.parsed.partition_point(|(number, _)| *number < start);
        let before_parsed = self.parsed.get(next_parsed).map_or(u64::MAX, |(number, _)| *number);
        let mut end = in_chunk.min(before_parsed).min(start + limit.rows);
        while start + 1 < end && self.byte_span(start..end) > limit.bytes {
            end -= 1;
        }
        self.run(start..end)
    }

    fn run(&self, numbers: Range<u64>) -> Option<Run<'_>> {
        let (first, last) = (self.slot(numbers.start)?, self.slot(numbers.end.checked_sub(1)?)?);
        let base = first.address.offset as usize;
        let bytes = self.ring.bytes(first.address, last.text().end - base);
        Some(Run { store: self, numbers, bytes, base })
    }

    /// Returns the number of bytes of these rows, which are in one chunk.
    fn byte_span(&self, numbers: Range<u64>) -> usize {
        let last = numbers.end.checked_sub(1).and_then(|last| self.slot(last));
        self.slot(numbers.start)
            .zip(last)
            .map_or(0, |(first, last)| last.text().end - first.address.offset as usize)
    }

    /// Returns how many chunks a row's chunk is after that of the oldest row. Chunk numbers wrap
    /// around; their distances do not.
    fn chunk_distance(&self, slot: &Slot) -> u32 {
        self.slots.front().map_or(0, |oldest| slot.address.chunk.wrapping_sub(oldest.address.chunk))
    }
}

impl<'a> Run<'a> {
    /// Returns the numbers of the rows.
    pub(crate) fn numbers(&self) -> Range<u64> {
        self.numbers.clone()
    }

    /// Returns the rows whose text may contain escape sequences.
    pub(crate) fn escaped(&self) -> impl Iterator<Item = RunRow<'a>> {
        let numbers = if self.store.has_escapes() { self.numbers() } else { 0..0 };
        let run = self.clone();
        numbers.filter_map(move |number| run.row(number)).filter(|row| row.slot.has_escape)
    }

    /// Returns the bytes of the rows.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the row with this number.
    pub(crate) fn row(&self, number: u64) -> Option<RunRow<'a>> {
        let slot = self.store.slot(number)?;
        let text = slot.text();
        Some(RunRow { number, slot, text: text.start - self.base..text.end - self.base })
    }

    /// Returns the row that contains the byte at `offset`, which is `from` or a later one.
    ///
    /// A search visits rows in order and mostly close to each other, so this gallops: it doubles
    /// the step, then bisects between the last two.
    pub(crate) fn row_at(&self, offset: usize, from: u64) -> Option<RunRow<'a>> {
        let is_before = |number: u64| {
            self.store
                .slot(number)
                .is_some_and(|slot| slot.address.offset as usize - self.base <= offset)
        };
        let (mut low, mut step) = (from, 1);
        while low + step < self.numbers.end && is_before(low + step) {
            low += step;
            step *= 2;
        }
        let mut high = self.numbers.end.min(low + step);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_before(middle) { low = middle } else { high = middle }
        }
        self.row(low)
    }
}
