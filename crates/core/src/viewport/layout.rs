//! The sizes of the window and of its rows, as the browser measures them. Until then, rows count as
//! one line high; what the reader looks at stays in place when they turn out to be higher.

use std::ops::Range;

use super::{Anchor, Mode, NEAR_TOP, View, Viewport};
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
        if row != before.0 || (self.wraps && self.width != before.1) {
            self.reset_heights(row);
        }
        (row, self.width, self.height) != before
    }

    /// Sets whether rows are as high as their lines need, or one line each.
    pub fn wrap(&mut self, wraps: bool) {
        self.wraps = wraps;
        self.reset_heights(self.heights.default());
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
        let View { list, depth, .. } = self.view(held);
        let fixed = self.fixed_row(rows, &list, depth);
        // Estimated heights may have left too little room above the anchor.
        let below_edge = match (self.scrolled_from, self.mode.anchor()) {
            (Some((row, y)), _) if row == fixed => y,
            (_, Some(anchor)) if anchor.row == fixed => anchor.y,
            _ => self.heights.sum(&(fixed + 1..list.end)) - depth,
        };
        self.is_estimated = false;
        let before = depth;
        let is_at_end = (self.last_depth(held) - depth).abs() < 1.0;
        let mut has_changed = false;
        for &(row, height) in rows {
            has_changed |= self.heights.set(row, height);
        }
        self.heights.remove_below(held.start);
        let has_arrived = !has_changed && self.scrolled_from.take().is_some() && depth <= NEAR_TOP;
        if has_arrived && matches!(self.mode, Mode::Held(_)) {
            // The reader scrolled to the top, whose rows are measured now.
            self.follow();
            return true;
        }
        if let Some(anchor) = self.mode.anchor().filter(|_| has_changed) {
            // A reader who went to the end looks at the last row, whatever its height.
            let depth = if is_at_end && anchor.is_at_end {
                self.last_depth(held)
            } else {
                let y = match self.scrolled_from {
                    Some(_) => below_edge,
                    // An anchor that is less high than estimated stays visible.
                    None if anchor.row == fixed => below_edge.max(self.least_y(fixed)),
                    None => below_edge,
                };
                let depth = self.heights.sum(&(fixed + 1..list.end)) - y;
                // A scroll stops at the end of the list.
                let most = self.last_depth(held).max(before);
                let is_scroll = self.scrolled_from.is_some();
                depth.min(if is_scroll { most } else { f64::INFINITY }).max(0.0)
            };
            if self.scrolled_from.is_some() {
                let Anchor { row, y, .. } = self.anchor_of(depth, &list);
                self.mode.hold(Anchor { row, y, ..anchor });
            } else {
                self.reanchor(anchor, depth, &list);
            }
        }
        has_changed
    }

    /// Discards all row heights, because something outside the viewport, such as a font, changed
    /// the layout.
    pub fn relayout(&mut self) {
        self.reset_heights(self.heights.default());
    }

    pub(super) fn reset_heights(&mut self, default: f64) {
        self.heights = Heights::new(default);
        self.layout += 1;
        self.is_estimated = self.wraps;
        self.scrolled_from = None;
        if let Some(anchor) = self.mode.anchor_mut() {
            anchor.is_at_end = false;
        }
    }

    /// Returns the row that must not move when `rows` turn out to have other heights: the row from
    /// which the reader scrolled, otherwise the anchor if it was there before, otherwise the first
    /// row on screen that was, otherwise the anchor.
    fn fixed_row(&self, rows: &[(u64, f64)], list: &Range<u64>, depth: f64) -> u64 {
        if let Some((row, _)) = self.scrolled_from.filter(|(row, _)| list.contains(row)) {
            return row;
        }
        let (first, above) = self.heights.row_at(list, depth);
        let seen = self.rows_in(&(list.start..first + 1), self.height + above);
        let on_screen = first + 1 - seen..=first;
        let anchor = self.mode.anchor().map(|anchor| anchor.row);
        let anchor = anchor.filter(|row| on_screen.contains(row));
        let was_there = |row: &u64| rows.iter().all(|(other, _)| other != row);
        let mut rows = anchor.into_iter().chain(on_screen.rev());
        rows.find(was_there).or(anchor).unwrap_or(first)
    }

    /// Places the anchor where it is in a view at `depth`. One that left the window is replaced.
    fn reanchor(&mut self, anchor: Anchor, depth: f64, list: &Range<u64>) {
        let y = self.heights.sum(&(anchor.row + 1..list.end)) - depth;
        let is_in_window = self.least_y(anchor.row) <= y && y < self.height;
        if is_in_window && list.contains(&anchor.row) {
            self.mode.hold(Anchor { y, ..anchor });
        } else if list.start <= anchor.row && !list.is_empty() {
            let Anchor { row, y, .. } = self.anchor_of(depth, list);
            self.mode.hold(Anchor { row, y, ..anchor });
        }
    }
}
