//! The sizes of the window and of its rows, as the browser measures them. Until then, rows count as
//! one line high; what the reader looks at stays in place when they turn out to be higher.

use std::ops::Range;

use super::Viewport;
use crate::heights::Heights;

/// What the browser measured, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The height of a row with a single line.
    pub row: f64,
    /// The width of the window.
    pub width: f64,
    /// The height of the window.
    pub height: f64,
}

impl Viewport {
    /// Updates the measurements; invalid ones are ignored. Returns whether anything changed.
    pub fn measured(&mut self, now: Measures) -> bool {
        let before = (self.heights.default(), self.width, self.height);
        let row = if now.row.is_finite() && now.row >= 1.0 { now.row } else { before.0 };
        if now.height.is_finite() && now.height >= 0.0 {
            self.height = now.height;
        }
        if now.width.is_finite() {
            self.width = now.width;
        }
        // At another width, lines break elsewhere.
        if row != before.0 || (self.is_measuring() && self.width != before.1) {
            self.reset_heights(row);
        }
        (row, self.width, self.height) != before
    }

    /// Returns whether the list was not displayed when it was last measured.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.height < 1.0
    }

    /// Sets whether rows are as high as their lines need, or one line each.
    pub fn wrap(&mut self, wraps: bool) {
        self.wraps = wraps;
        self.reset_heights(self.heights.default());
    }

    /// Sets whether some rows show all their lines although lines do not wrap.
    pub fn unfold(&mut self, unfolds: bool) {
        if self.unfolds != unfolds {
            self.unfolds = unfolds;
            self.reset_heights(self.heights.default());
        }
    }

    /// Returns whether rows are as high as their content needs.
    pub(super) fn is_measuring(&self) -> bool {
        self.wraps || self.unfolds
    }

    /// Returns whether lines wrap.
    #[must_use]
    pub fn is_wrapping(&self) -> bool {
        self.wraps
    }

    /// Updates the heights of rows that were drawn for the first time, while the lines `held` are
    /// stored. Returns whether anything changed.
    ///
    /// The row that the reader looks at stays in place.
    pub fn rows_measured(&mut self, rows: &[(u64, f64)], held: &Range<u64>) -> bool {
        let was_following = self.is_following();
        let mut has_changed = false;
        for &(row, height) in rows {
            has_changed |= self.heights.set(row, height);
        }
        self.extend_measured(rows);
        self.forget_below(held.start);
        self.arrive(held);
        has_changed || self.is_following() != was_following
    }

    /// Discards all row heights, because something outside the viewport, such as a font, changed
    /// the layout.
    pub fn relayout(&mut self) {
        self.reset_heights(self.heights.default());
    }

    pub(super) fn reset_heights(&mut self, default: f64) {
        self.heights = Heights::new(default);
        self.layout += 1;
        self.measured = 0..0;
    }

    /// Returns whether the heights of these rows are known.
    pub(super) fn is_measured(&self, rows: &Range<u64>) -> bool {
        !self.is_measuring()
            || rows.is_empty()
            || (self.measured.start <= rows.start && rows.end <= self.measured.end)
    }

    /// Forgets the heights of rows that were evicted, which may be loaded again.
    fn forget_below(&mut self, start: u64) {
        self.heights.remove_below(start);
        let known = &self.measured;
        self.measured = known.start.max(start)..known.end.max(start);
    }

    fn extend_measured(&mut self, rows: &[(u64, f64)]) {
        // An element without layout has height 0.
        let numbers = || rows.iter().filter(|(_, height)| *height >= 1.0).map(|(row, _)| *row);
        let (Some(start), Some(last)) = (numbers().min(), numbers().max()) else { return };
        let (known, end) = (self.measured.clone(), last + 1);
        let is_next = start <= known.end && known.start <= end;
        // Rows between those that came into view were drawn, and so measured, before.
        self.measured = if is_next && known.end - known.start <= MAX_MEASURED {
            start.min(known.start)..end.max(known.end)
        } else {
            start..end
        };
    }
}

/// How many measured rows are known as such. Far less than the number of heights that are kept.
const MAX_MEASURED: u64 = 1_000;
