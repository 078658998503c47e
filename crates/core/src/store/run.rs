//! Rows whose bytes lie one behind another, so that a search looks through many lines at once.
//! Searches nothing itself.

use std::ops::Range;

use crate::store::Store;
use crate::store::slot::Slot;
use logs_sse_wire::message::Raw;

/// Some rows of the usual kind, and their bytes: ids and texts.
#[derive(Clone, Debug)]
pub(crate) struct Run<'a> {
    store: &'a Store,
    numbers: Range<u64>,
    bytes: &'a [u8],
    /// Where in the chunk the bytes begin.
    base: usize,
}

/// How long a stretch may be. One row is always in it, however long that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) rows: u64,
    pub(crate) bytes: usize,
}

impl Limit {
    /// What lies in a chunk. Of lines that are almost empty it holds many, and a search must stop
    /// in between.
    pub(crate) const CHUNK: Self = Self { rows: 4_096, bytes: usize::MAX };
}

/// One of the rows of a stretch.
#[derive(Clone, Debug)]
pub(crate) struct RunRow<'a> {
    pub(crate) number: u64,
    pub(crate) slot: &'a Slot,
    /// Where in the stretch's bytes its text is.
    pub(crate) text: Range<usize>,
}

impl Store {
    /// The rows just before `end` that are searched in one go; `None` where no row of the usual
    /// kind is.
    pub(crate) fn stretch_before(&self, end: u64, bound: Limit) -> Option<Run<'_>> {
        let last = self.slot(end.checked_sub(1)?).filter(|slot| !slot.is_odd())?;
        let in_chunk = self.first
            + self.slots.partition_point(|slot| self.order(slot) < self.order(last)) as u64;
        let odd = self.odd.partition_point(|(number, _)| *number < end);
        let behind_odd = odd
            .checked_sub(1)
            .and_then(|index| self.odd.get(index))
            .map_or(0, |(number, _)| number + 1);
        let mut start = in_chunk.max(behind_odd).max(end.saturating_sub(bound.rows));
        while start + 1 < end && self.span(start..end) > bound.bytes {
            start += 1;
        }
        self.stretch(start..end)
    }

    /// The rows from `start` on that are searched in one go; `None` where no row of the usual kind
    /// is.
    pub(crate) fn stretch_from(&self, start: u64, bound: Limit) -> Option<Run<'_>> {
        let first = self.slot(start).filter(|slot| !slot.is_odd())?;
        let in_chunk = self.first
            + self.slots.partition_point(|slot| self.order(slot) <= self.order(first)) as u64;
        let odd = self.odd.partition_point(|(number, _)| *number < start);
        let before_odd = self.odd.get(odd).map_or(u64::MAX, |(number, _)| *number);
        let mut end = in_chunk.min(before_odd).min(start + bound.rows);
        while start + 1 < end && self.span(start..end) > bound.bytes {
            end -= 1;
        }
        self.stretch(start..end)
    }

    fn stretch(&self, numbers: Range<u64>) -> Option<Run<'_>> {
        let (first, last) = (self.slot(numbers.start)?, self.slot(numbers.end.checked_sub(1)?)?);
        let base = first.place.at as usize;
        let bytes = self.ring.bytes(first.place, last.text().end - base);
        Some(Run { store: self, numbers, bytes, base })
    }

    /// How many bytes the rows have that lie in one chunk.
    fn span(&self, numbers: Range<u64>) -> usize {
        let last = numbers.end.checked_sub(1).and_then(|last| self.slot(last));
        self.slot(numbers.start)
            .zip(last)
            .map_or(0, |(first, last)| last.text().end - first.place.at as usize)
    }

    /// How many chunks after that of the oldest row a row lies. The numbers of chunks wrap around;
    /// their distances do not.
    fn order(&self, slot: &Slot) -> u32 {
        self.slots.front().map_or(0, |oldest| slot.place.chunk.wrapping_sub(oldest.place.chunk))
    }
}

impl<'a> Run<'a> {
    /// The rows.
    pub(crate) fn numbers(&self) -> Range<u64> {
        self.numbers.clone()
    }

    /// Those whose text may hold escape sequences.
    pub(crate) fn escaped(&self) -> impl Iterator<Item = RunRow<'a>> {
        let numbers = if self.store.has_escapes() { self.numbers() } else { 0..0 };
        let stretch = self.clone();
        numbers.filter_map(move |number| stretch.row(number)).filter(|row| row.slot.has_escape)
    }

    /// Their bytes.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The row with this number.
    pub(crate) fn row(&self, number: u64) -> Option<RunRow<'a>> {
        let slot = self.store.slot(number)?;
        let text = slot.text();
        Some(RunRow { number, slot, text: text.start - self.base..text.end - self.base })
    }

    /// One of its rows as it came.
    pub(crate) fn raw(&self, row: &RunRow<'_>) -> Option<Raw<'a>> {
        self.store.raw(row.slot)
    }

    /// The row to which the byte at `offset` belongs; it is `from` or one after it.
    ///
    /// A search meets rows in their order, mostly near to each other: so it looks in steps that
    /// double, and then between the last two.
    pub(crate) fn row_at(&self, offset: usize, from: u64) -> Option<RunRow<'a>> {
        let is_before = |number: u64| {
            self.store.slot(number).is_some_and(|slot| slot.place.at as usize - self.base <= offset)
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
