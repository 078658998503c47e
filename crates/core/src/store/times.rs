//! When the stored lines were written, as a histogram counts them.

use std::ops::Range;

use crate::histogram::Chart;
use crate::store::Store;

impl Store {
    /// Returns how many lines were written when.
    #[must_use]
    pub fn chart(&self) -> Chart {
        self.indexes.histogram.chart()
    }

    /// Returns the numbers of the rows that were written at these seconds since 1970, in order. It
    /// takes as long as there are rows.
    pub fn rows_at(&self, seconds: Range<i64>) -> impl Iterator<Item = u64> {
        self.indexes.histogram.rows_at(seconds).map(|position| self.first + position)
    }

    /// Returns which of the rows `numbers` were written at these seconds, as ascending ranges.
    pub(crate) fn rows_among(&self, numbers: &Range<u64>, seconds: &Range<i64>) -> Vec<Range<u64>> {
        let position = |number: u64| number.saturating_sub(self.first);
        let positions = position(numbers.start)..position(numbers.end);
        let mut rows = self.indexes.histogram.rows_among(positions, seconds);
        for rows in &mut rows {
            *rows = rows.start + self.first..rows.end + self.first;
        }
        rows
    }

    /// Returns the number of lines that have no time, nor a line before them that has one.
    #[must_use]
    pub fn untimed(&self) -> u64 {
        self.indexes.histogram.untimed()
    }
}
