//! How high rows are: all alike, but for those that were measured and differ. Arithmetic only, in
//! CSS pixels.

use std::ops::Range;

/// The heights of rows, which are known by their numbers; the newest has the greatest and stands on
/// top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heights {
    default: f64,
    /// Rows of another height than the default one, by rising number. So few that a sum over all of
    /// them costs nothing in a frame.
    overrides: Vec<(u64, f64)>,
}

impl Heights {
    /// Rows that are all `default` high.
    pub(crate) fn of_rows(default: f64) -> Self {
        Self { default, overrides: Vec::new() }
    }

    /// Takes the height of one row. Gives whether that is news; nonsense is none.
    pub(crate) fn set(&mut self, row: u64, height: f64) -> bool {
        // An element that is not laid out is 0 high.
        if !(height.is_finite() && height >= 1.0) || (height - self.of(row)).abs() < SAME {
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

    /// Lets rows below `start` go.
    pub(crate) fn forget_below(&mut self, start: u64) {
        let gone = self.overrides.partition_point(|&(row, _)| row < start);
        self.overrides.drain(..gone);
    }

    /// The height that rows have which were not measured.
    pub(crate) fn default(&self) -> f64 {
        self.default
    }

    /// The height of one row.
    pub(crate) fn of(&self, row: u64) -> f64 {
        self.overrides
            .binary_search_by_key(&row, |&(row, _)| row)
            .map_or(self.default, |at| self.overrides[at].1)
    }

    /// The height of `rows` together.
    pub(crate) fn sum(&self, rows: &Range<u64>) -> f64 {
        let from = self.overrides.partition_point(|&(row, _)| row < rows.start);
        let more: f64 = self.overrides[from..]
            .iter()
            .take_while(|&&(row, _)| row < rows.end)
            .map(|&(_, height)| height - self.default)
            .sum();
        rows.end.saturating_sub(rows.start) as f64 * self.default + more
    }

    /// The row of `list` that stands `depth` below the list's top, and how much of it is above that
    /// place.
    pub(crate) fn at(&self, list: &Range<u64>, depth: f64) -> (u64, f64) {
        // Rows from `end` on are above the place, and they are `above` high.
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

    /// Keeps to the bound: the half that is farther from the row at `at` counts as default again.
    fn keep_near(&mut self, at: usize) {
        if self.overrides.len() > MOST {
            let half = MOST / 2;
            if at < half {
                self.overrides.truncate(half);
            } else {
                self.overrides.drain(..half);
            }
        }
    }
}

/// Less of a difference than this comes from rounding.
const SAME: f64 = 0.01;

/// How many rows are known at most: 64 kB, and more than anybody scrolls through before the
/// estimate of the rest matters.
const MOST: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn heights() -> Heights {
        let mut heights = Heights::of_rows(20.0);
        assert!(heights.set(7, 50.0) && heights.set(3, 100.0));
        heights
    }

    #[test]
    fn rows_that_were_never_seen_count_as_usual() {
        assert_eq!((heights().of(7), heights().of(8)), (50.0, 20.0));
        assert_eq!(heights().sum(&(0..10)), 8.0 * 20.0 + 150.0);
        assert_eq!(heights().sum(&(4..7)), 60.0);
    }

    #[test]
    fn every_place_of_a_list_is_in_one_row() {
        let (heights, list) = (heights(), 1..10);
        let mut depth = 0.0;
        for row in list.clone().rev() {
            assert_eq!(heights.at(&list, depth), (row, 0.0));
            assert_eq!(
                heights.at(&list, depth + heights.of(row) - 1.0),
                (row, heights.of(row) - 1.0)
            );
            depth += heights.of(row);
        }
        assert_eq!(depth, heights.sum(&list));
    }

    #[test]
    fn a_place_below_the_list_is_below_its_last_row() {
        assert_eq!(heights().at(&(5..10), 1_000.0), (5, 1_000.0 - 110.0));
        assert_eq!(heights().at(&(3..4), 1_000.0), (3, 1_000.0));
    }

    #[test]
    fn what_is_no_height_is_not_believed() {
        let mut heights = heights();
        for nonsense in [0.0, f64::NAN, f64::INFINITY, -1.0, 100.001] {
            assert!(!heights.set(3, nonsense));
        }
        assert_eq!(heights.of(3), 100.0);
    }

    #[test]
    fn forgets_what_is_far_away_or_gone() {
        let mut heights = Heights::of_rows(20.0);
        (0..10_000).for_each(|row| assert!(heights.set(row, 40.0)));
        assert_eq!((heights.of(9_999), heights.of(0)), (40.0, 20.0));
        heights.forget_below(9_000);
        assert_eq!((heights.of(9_000), heights.of(8_999)), (40.0, 20.0));
    }
}
