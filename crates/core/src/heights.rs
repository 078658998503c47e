//! Row heights: all equal, except those that were measured and differ. Arithmetic only, in CSS
//! pixels.

use std::ops::Range;

/// The heights of rows, by row number. The newest row has the highest number. Depths are
/// measured from its outer edge, as if it were at the top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heights {
    default: f64,
    /// Rows that differ from the default height, by ascending number. Few enough that summing all
    /// of them in every frame costs nothing.
    overrides: Vec<(u64, f64)>,
}

impl Heights {
    /// Creates heights of rows that are all `default` high.
    pub(crate) fn new(default: f64) -> Self {
        Self { default, overrides: Vec::new() }
    }

    /// Sets the height of one row. Returns whether it changed; an invalid height is ignored.
    pub(crate) fn set(&mut self, row: u64, height: f64) -> bool {
        // An element without layout has height 0.
        if !(height.is_finite() && height >= 1.0) || (height - self.height(row)).abs() < TOLERANCE {
            return false;
        }
        match self.overrides.binary_search_by_key(&row, |&(row, _)| row) {
            Ok(at) => self.overrides[at].1 = height,
            Err(at) => {
                self.overrides.insert(at, (row, height));
                self.keep_near(at);
            }
        }
        true
    }

    /// Removes the rows below `start`.
    pub(crate) fn remove_below(&mut self, start: u64) {
        let end = self.overrides.partition_point(|&(row, _)| row < start);
        self.overrides.drain(..end);
    }

    /// Returns the height of rows that were not measured.
    pub(crate) fn default(&self) -> f64 {
        self.default
    }

    /// Returns the height of one row.
    pub(crate) fn height(&self, row: u64) -> f64 {
        self.overrides
            .binary_search_by_key(&row, |&(row, _)| row)
            .map_or(self.default, |at| self.overrides[at].1)
    }

    /// Returns the total height of `rows`.
    pub(crate) fn sum(&self, rows: &Range<u64>) -> f64 {
        let from = self.overrides.partition_point(|&(row, _)| row < rows.start);
        let more: f64 = self.overrides[from..]
            .iter()
            .take_while(|&&(row, _)| row < rows.end)
            .map(|&(_, height)| height - self.default)
            .sum();
        rows.end.saturating_sub(rows.start) as f64 * self.default + more
    }

    /// Returns the row of `list` at `depth` below the list's top, and how much of it is above that
    /// position.
    pub(crate) fn row_at(&self, list: &Range<u64>, depth: f64) -> (u64, f64) {
        // Rows from `end` on are above the position and `above` high in total.
        let (mut end, mut above) = (list.end, 0.0);
        for &(row, height) in self.overrides.iter().rev() {
            if row >= list.end {
                continue;
            }
            let top = above + (end - 1 - row) as f64 * self.default;
            if row < list.start || depth < top {
                break;
            }
            (end, above) = (row, top + height);
            if depth < above {
                return (row, depth - top);
            }
        }
        let row = end
            .saturating_sub(1)
            .saturating_sub(((depth - above) / self.default) as u64)
            .max(list.start);
        (row, depth - self.sum(&(row + 1..list.end)))
    }

    /// Enforces the limit: the half that is farther from the row at `at` reverts to the default
    /// height.
    fn keep_near(&mut self, at: usize) {
        if self.overrides.len() > MAX_OVERRIDES {
            let half = MAX_OVERRIDES / 2;
            let from = at.saturating_sub(half / 2).min(self.overrides.len() - half);
            self.overrides.truncate(from + half);
            self.overrides.drain(..from);
        }
    }
}

/// Smaller differences come from rounding.
const TOLERANCE: f64 = 0.01;

/// The most rows with their own height: 64 kB, and more than anyone scrolls through before the
/// estimate for the rest matters.
const MAX_OVERRIDES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn heights() -> Heights {
        let mut heights = Heights::new(20.0);
        assert!(heights.set(7, 50.0) && heights.set(3, 100.0));
        heights
    }

    #[test]
    fn unmeasured_rows_have_the_default_height() {
        assert_eq!((heights().height(7), heights().height(8)), (50.0, 20.0));
        assert_eq!(heights().sum(&(0..10)), 8.0 * 20.0 + 150.0);
        assert_eq!(heights().sum(&(4..7)), 60.0);
    }

    #[test]
    fn every_position_belongs_to_one_row() {
        let (heights, list) = (heights(), 1..10);
        let mut depth = 0.0;
        for row in list.clone().rev() {
            assert_eq!(heights.row_at(&list, depth), (row, 0.0));
            assert_eq!(
                heights.row_at(&list, depth + heights.height(row) - 1.0),
                (row, heights.height(row) - 1.0)
            );
            depth += heights.height(row);
        }
        assert_eq!(depth, heights.sum(&list));
    }

    #[test]
    fn a_position_below_the_list_belongs_to_its_last_row() {
        assert_eq!(heights().row_at(&(5..10), 1_000.0), (5, 1_000.0 - 110.0));
        assert_eq!(heights().row_at(&(3..4), 1_000.0), (3, 1_000.0));
    }

    #[test]
    fn ignores_invalid_heights() {
        let mut heights = heights();
        for invalid in [0.0, f64::NAN, f64::INFINITY, -1.0, 100.001] {
            assert!(!heights.set(3, invalid));
        }
        assert_eq!(heights.height(3), 100.0);
    }

    #[test]
    fn discards_heights_of_distant_and_evicted_rows() {
        let mut heights = Heights::new(20.0);
        (0..10_000).for_each(|row| assert!(heights.set(row, 40.0)));
        assert_eq!((heights.height(9_999), heights.height(0)), (40.0, 20.0));
        heights.remove_below(9_000);
        assert_eq!((heights.height(9_000), heights.height(8_999)), (40.0, 20.0));
    }
}
