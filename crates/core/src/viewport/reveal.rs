//! Brings a row into view, such as the next match.

use std::ops::Range;

use super::{Anchor, Viewport};

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

    /// Holds the view with the row on screen. A row that already is stays where it is; another one
    /// gets a third of the window above it, so that the reader sees what came after it.
    pub fn reveal_in_context(&mut self, row: u64, list: &Range<u64>) {
        if self.shows(row, list) {
            return self.hold_at(self.view(list).depth, list);
        }
        let free = (self.height - self.heights.height(row)).max(0.0);
        let above = self.heights.sum(&(row.saturating_add(1)..list.end));
        self.mode.hold(Anchor::at(row, (free / 3.0).floor().min(above), list));
        self.moved();
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
            viewport.reveal_in_context(row, &list);
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
