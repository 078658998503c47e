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
}
