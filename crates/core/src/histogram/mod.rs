//! How many of the held lines were written when: counts that are kept per line that is added or
//! removed, and the bars of a chart made from them. Knows no text and draws nothing.
//!
//! The times of the rows are kept as runs: rows that follow each other and were written in the same
//! second. Their counts are kept in at most a thousand cells, so that a chart costs the same
//! however many lines there are. Cells become wider when there are too many of them, and narrower
//! again when few are left.

mod chart;

use std::collections::VecDeque;
use std::ops::Range;

pub use crate::histogram::chart::Chart;
use crate::tally::Count;

/// The counts of rows by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    /// In the order of the rows, not of time.
    runs: VecDeque<Run>,
    /// In the order of time; none is empty.
    cells: Vec<Cell>,
    /// The index in [`WIDTHS`] of the width of the cells.
    scale: usize,
    untimed: Count,
    /// The rows, and how many were added or removed since all of them were last counted.
    rows: u64,
    changes: u64,
}

/// Rows that follow each other and were written in the same second.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Seconds since 1970, or [`UNTIMED`].
    second: u32,
    rows: u32,
}

/// The lines of one span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    /// The second at which it begins.
    start: u32,
    count: Count,
}

impl Histogram {
    /// Adds a row after all others. One without a time gets that of the row before it.
    pub(crate) fn push_back(&mut self, millis: Option<i64>, count: Count) {
        let last = self.runs.back_mut();
        let previous = last.as_ref().map_or(UNTIMED, |run| run.second);
        let second = millis.map_or(previous, second_of);
        match last.filter(|run| run.second == second && run.rows < u32::MAX) {
            Some(run) => run.rows += 1,
            None => self.runs.push_back(Run { second, rows: 1 }),
        }
        self.added(second, count);
    }

    /// Adds a row before all others.
    pub(crate) fn push_front(&mut self, millis: Option<i64>, count: Count) {
        let second = millis.map_or(UNTIMED, second_of);
        match self.runs.front_mut().filter(|run| run.second == second && run.rows < u32::MAX) {
            Some(run) => run.rows += 1,
            None => self.runs.push_front(Run { second, rows: 1 }),
        }
        self.added(second, count);
    }

    /// Removes the first row, which counted as `count`.
    pub(crate) fn pop_front(&mut self, count: Count) {
        let Some(run) = self.runs.front_mut() else { return };
        let second = run.second;
        run.rows -= 1;
        if run.rows == 0 {
            self.runs.pop_front();
        }
        self.rows -= 1;
        self.changes += 1;
        if second == UNTIMED {
            return subtract(&mut self.untimed, count);
        }
        if let Ok(at) = self.find(self.start_of(second)) {
            subtract(&mut self.cells[at].count, count);
            if self.cells[at].count.lines == 0 {
                self.cells.remove(at);
            }
        }
    }

    /// Forgets all rows, as when the log is cleared.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns whether the rows are worth being counted again, in narrower cells: that takes as
    /// long as there are rows, and so waits for as many changes.
    pub(crate) fn is_too_coarse(&self) -> bool {
        self.scale > 0 && self.cells.len() < FEW_CELLS && self.changes >= self.rows
    }

    /// Counts all rows again, in the narrowest cells that suffice. `counts` are those of the rows.
    pub(crate) fn recount(&mut self, mut counts: impl Iterator<Item = Count>) {
        (self.cells, self.scale, self.untimed) = Default::default();
        let runs = std::mem::take(&mut self.runs);
        for run in &runs {
            let mut sum = Count::default();
            counts.by_ref().take(run.rows as usize).for_each(|count| sum += count);
            self.count(run.second, sum);
        }
        (self.runs, self.changes) = (runs, 0);
    }

    /// Returns the chart of these counts.
    pub(crate) fn chart(&self) -> Chart {
        Chart::new(&self.cells, self.scale, self.untimed.lines)
    }

    /// Returns the positions of the rows that were written at these seconds, in order.
    pub(crate) fn rows_at(&self, seconds: Range<i64>) -> impl Iterator<Item = u64> {
        let mut end = 0;
        let runs = self.runs.iter().map(move |run| {
            end += u64::from(run.rows);
            (run.second, end - u64::from(run.rows)..end)
        });
        runs.filter(move |(second, _)| *second != UNTIMED && seconds.contains(&i64::from(*second)))
            .flat_map(|(_, rows)| rows)
    }

    /// Returns which of the rows at `positions` were written at these seconds, as ascending ranges.
    /// It looks at all runs from the nearer end of the rows on.
    pub(crate) fn rows_among(
        &self,
        positions: Range<u64>,
        seconds: &Range<i64>,
    ) -> Vec<Range<u64>> {
        let mut found: Vec<Range<u64>> = Vec::new();
        let mut take = |run: &Run, start: u64| {
            let end = start + u64::from(run.rows);
            let rows = start.max(positions.start)..end.min(positions.end);
            if !rows.is_empty() && run.second != UNTIMED && seconds.contains(&run.second.into()) {
                found.push(rows);
            }
        };
        if positions.end < self.rows / 2 {
            let mut at = 0;
            for run in &self.runs {
                if at >= positions.end {
                    break;
                }
                take(run, at);
                at += u64::from(run.rows);
            }
            return found;
        }
        let mut at = self.rows;
        for run in self.runs.iter().rev() {
            if at <= positions.start {
                break;
            }
            at -= u64::from(run.rows);
            take(run, at);
        }
        found.reverse();
        found
    }

    /// Returns how many lines have no time, nor a line before them that has one.
    pub(crate) fn untimed(&self) -> u64 {
        self.untimed.lines
    }

    fn added(&mut self, second: u32, count: Count) {
        self.rows += 1;
        self.changes += 1;
        self.count(second, count);
    }

    fn count(&mut self, second: u32, count: Count) {
        if count.lines == 0 {
            return;
        }
        if second == UNTIMED {
            self.untimed += count;
            return;
        }
        let start = self.start_of(second);
        match self.find(start) {
            Ok(at) => self.cells[at].count += count,
            Err(at) => self.cells.insert(at, Cell { start, count }),
        }
        while self.cells.len() > MOST_CELLS && self.scale + 1 < WIDTHS.len() {
            self.widen();
        }
    }

    /// Makes the cells wider.
    fn widen(&mut self) {
        self.scale += 1;
        for at in 0..self.cells.len() {
            self.cells[at].start = self.start_of(self.cells[at].start);
        }
        self.cells.dedup_by(|later, cell| {
            let is_same = later.start == cell.start;
            if is_same {
                cell.count += later.count;
            }
            is_same
        });
    }

    fn start_of(&self, second: u32) -> u32 {
        second - second % WIDTHS[self.scale]
    }

    /// Returns the index of the cell that begins at `start`, or where it would be.
    fn find(&self, start: u32) -> Result<usize, usize> {
        // Lines mostly arrive in the order in which they were written.
        match self.cells.last() {
            Some(last) if last.start == start => Ok(self.cells.len() - 1),
            _ => self.cells.binary_search_by_key(&start, |cell| cell.start),
        }
    }
}

fn subtract(total: &mut Count, count: Count) {
    total.lines = total.lines.saturating_sub(count.lines);
    total.errors = total.errors.saturating_sub(count.errors);
}

/// Returns the second of a time. Times before 1970 and after 2106 are at these ends, where they are
/// outliers.
fn second_of(millis: i64) -> u32 {
    u32::try_from(millis.div_euclid(1_000).clamp(0, i64::from(UNTIMED) - 1)).unwrap_or_default()
}

/// The time of a row without one.
const UNTIMED: u32 = u32::MAX;

/// The widths of cells and bars in seconds, each a multiple of the one before: with the last one,
/// all times that there are fit.
const WIDTHS: [u32; 14] = [
    1, 5, 15, 60, 300, 900, 3_600, 10_800, 43_200, 86_400, 604_800, 2_419_200, 9_676_800,
    77_414_400,
];

/// More than there are bars, so that bars of any width are made of whole cells.
const MOST_CELLS: usize = 1_024;

/// So few that eight times as many, which narrower cells may be, are far from too many.
const FEW_CELLS: usize = 64;

#[cfg(test)]
mod tests;
