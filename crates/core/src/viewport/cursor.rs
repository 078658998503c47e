//! Moving through the rows one by one or by pages, as a keyboard does. The current row itself is
//! the view's: a viewport only says where a step leads.

use std::ops::Range;

use super::{Order, Viewport};

/// A step from one row to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the row below.
    Down,
    /// To the row above.
    Up,
    /// Down by the rows that fill the window, less one.
    PageDown,
    /// Up by as many rows.
    PageUp,
}

impl Viewport {
    /// Returns the row with which a reader continues whose last row was `last`: that one, or the
    /// first row on the screen if the reader has scrolled away from it. `None` if there are no rows.
    #[must_use]
    pub fn current(&self, last: Option<u64>, list: &Range<u64>) -> Option<u64> {
        if list.is_empty() {
            return None;
        }
        let seen = self.on_screen(list);
        last.filter(|row| seen.contains(row)).or_else(|| Some(self.first_whole(list).0))
    }

    /// Returns the row to which `step` leads from row `last` of `list`, or `None` if there are no
    /// rows. If `last` is not on the screen, that is the first row that is.
    #[must_use]
    pub fn step(&self, last: Option<u64>, step: Step, list: &Range<u64>) -> Option<u64> {
        let from = self.current(last, list)?;
        if last != Some(from) {
            return Some(from);
        }
        let seen = self.on_screen(list);
        let page = (seen.end - seen.start).saturating_sub(1).max(1);
        let by = if matches!(step, Step::Down | Step::Up) { 1 } else { page };
        let is_up = matches!(step, Step::Up | Step::PageUp);
        let is_newer = is_up == (self.order == Order::NewestFirst);
        let row = if is_newer { from + by } else { from.saturating_sub(by) };
        Some(row.max(list.start).min(list.end - 1))
    }
}
