//! Brings a row into view, such as the next match or the current row.

use std::ops::Range;

use super::{Anchor, Order, Viewport};

impl Viewport {
    /// Returns whether the whole row is on screen.
    #[must_use]
    pub fn shows(&self, row: u64, list: &Range<u64>) -> bool {
        if !list.contains(&row) {
            return false;
        }
        let y = self.heights.sum(&(row + 1..list.end)) - self.view(list).depth;
        0.0 <= y && y + self.heights.height(row) <= self.height
    }

    /// Brings row `row` of `list` into the window, and holds it there. Returns whether the view
    /// moved, or stopped following.
    ///
    /// The lowest `cover` pixels of the window are covered. A row on the screen stays where it is,
    /// and one that is near moves the view as little as possible. One that is further away than the
    /// window is high gets a third of it above, so that the reader sees what came after it. A row
    /// that is higher than the window is shown from its start.
    pub fn reveal(&mut self, row: u64, list: &Range<u64>, cover: f64) -> bool {
        if !list.contains(&row) {
            return false;
        }
        let lowest = (self.height - cover.max(0.0) - self.heights.height(row)).max(0.0);
        let before = self.position_of(row, list);
        let at = self.top_distance(row, before);
        let nearest = at.min(lowest).max(0.0);
        let top = if (at - nearest).abs() > self.height {
            let above = match self.order {
                Order::NewestFirst => row + 1..list.end,
                Order::OldestFirst => list.start..row,
            };
            (lowest / 3.0).floor().min(self.heights.sum(&above))
        } else {
            nearest
        };
        let y = self.top_distance(row, top);
        let has_changed = self.is_following() || y != before;
        self.mode.hold(Anchor::at(row, y, list));
        self.moved();
        has_changed
    }
}

#[cfg(test)]
mod tests {
    use super::super::Measures;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_revealed_row_is_on_screen_and_stays_there(
            rows in 1..500_u64,
            seen in 0..500_u64,
            row in 0..500_u64,
            height in 30..600_u32,
            newer in 0..300_u64,
        ) {
            let list = 1_000..1_000 + rows;
            let mut viewport = Viewport::default();
            viewport.measured(Measures { row: 24.0, width: 800.0, height: height.into() });
            if seen > 0 {
                viewport.show(list.start + seen % rows, &list);
            }
            let row = list.start + row % rows;
            let y = |viewport: &Viewport, list: &Range<u64>| {
                viewport.heights.sum(&(row + 1..list.end)) - viewport.view(list).depth
            };
            let (was_shown, before) = (viewport.shows(row, &list), y(&viewport, &list));
            viewport.reveal(row, &list, 0.0);
            let now = y(&viewport, &list);
            prop_assert!(viewport.shows(row, &list), "at {}", now);
            prop_assert!(!viewport.is_following());
            if was_shown {
                prop_assert!((now - before).abs() < 0.01);
            }
            let longer = list.start..list.end + newer;
            viewport.list_changed(&list, true);
            viewport.list_changed(&longer, true);
            prop_assert!((y(&viewport, &longer) - now).abs() < 0.01);
        }
    }
}
