//! Which rows are on the screen: newest on top, and what a reader looks at stands still. Arithmetic only, in CSS pixels.

use std::ops::Range;

/// The window through which the list of lines is seen.
///
/// Row 0 is the newest line. At the top the view follows the log. Away from the top it holds:
/// the list begins at the line that was newest when the reader left the top, so that neither
/// new lines (above) nor dropped ones (below) move a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    row_height: f64,
    height: f64,
    scroll_top: f64,
    held_at: Option<u64>,
}

/// What to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the newest line to draw plus one; rows go down from it.
    pub end: u64,
    /// The number of the oldest line to draw.
    pub start: u64,
    /// Where the first drawn row stands, in whole pixels from the top of the list.
    pub offset: u64,
    /// The height of the whole list, in whole pixels.
    pub total: u64,
    /// Lines that came while the view holds.
    pub unseen: u64,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { row_height: 28.0, height: 400.0, scroll_top: 0.0, held_at: None }
    }
}

impl Viewport {
    /// Takes what the browser measured: the height of one row and of the window. Nonsense is ignored.
    pub fn measured(&mut self, row_height: f64, height: f64) {
        if row_height.is_finite() && row_height >= 1.0 {
            self.row_height = row_height;
        }
        if height.is_finite() && height >= 0.0 {
            self.height = height;
        }
    }

    /// Takes where the reader scrolled to, while the store held the lines `held`.
    pub fn scrolled(&mut self, top: f64, held: &Range<u64>) {
        self.scroll_top = if top.is_finite() { top.max(0.0) } else { 0.0 };
        if self.scroll_top <= NEAR_TOP {
            self.held_at = None;
        } else {
            self.held_at = self.held_at.or(Some(held.end));
        }
    }

    /// Goes back to the newest line.
    pub fn follow(&mut self) {
        self.scroll_top = 0.0;
        self.held_at = None;
    }

    /// Whether the newest line is shown as it comes.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.held_at.is_none()
    }

    /// What to draw of a store that holds the lines `held`.
    #[must_use]
    pub fn window(&self, held: &Range<u64>) -> Window {
        // What was held may be gone by now: then there is nothing to hold on to.
        let end = self.held_at.filter(|&end| held.start < end && end <= held.end).unwrap_or(held.end);
        let rows = end - held.start;
        let shown = (self.height / self.row_height).ceil() as u64 + 1 + 2 * OVERSCAN;
        // The list may have become shorter than the place that was scrolled to.
        let above = ((self.scroll_top / self.row_height) as u64).saturating_sub(OVERSCAN).min(rows.saturating_sub(shown));
        let top = end - above;
        Window {
            end: top,
            start: top.saturating_sub(shown).max(held.start),
            offset: (above as f64 * self.row_height).round() as u64,
            total: (rows as f64 * self.row_height).round() as u64,
            unseen: held.end - end,
        }
    }
}

/// Within this many pixels of the top a reader counts as being there: at a zoom other than 100 % positions are fractions.
const NEAR_TOP: f64 = 8.0;

/// Rows drawn beyond each edge, so that a quick scroll meets rows and not white.
const OVERSCAN: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn viewport() -> Viewport {
        let mut viewport = Viewport::default();
        viewport.measured(20.0, 100.0);
        viewport
    }

    fn numbers(window: Window) -> (u64, u64) {
        (window.end, window.start)
    }

    #[test]
    fn draws_what_is_seen_and_a_little_more() {
        let window = viewport().window(&(0..10_000));
        assert_eq!(numbers(window), (10_000, 10_000 - 26));
        assert_eq!((window.offset, window.total), (0, 200_000));
    }

    #[test]
    fn follows_at_the_top() {
        let viewport = viewport();
        assert_eq!(viewport.window(&(0..5)).end, 5);
        assert_eq!(viewport.window(&(0..9)).end, 9);
        assert!(viewport.is_following());
    }

    #[test]
    fn what_a_reader_looks_at_stands_still_while_lines_come_and_go() {
        let mut viewport = viewport();
        viewport.scrolled(1_000.0, &(0..200));
        let before = viewport.window(&(0..200));
        let after = viewport.window(&(90..290));
        assert_eq!((before.end, before.offset), (after.end, after.offset));
        assert_eq!((after.unseen, after.total), (90, 110 * 20));
    }

    #[test]
    fn coming_back_to_the_top_follows_again() {
        let mut viewport = viewport();
        viewport.scrolled(500.0, &(0..200));
        assert!(!viewport.is_following());
        viewport.scrolled(3.4, &(0..250));
        assert_eq!((viewport.is_following(), viewport.window(&(0..250)).end), (true, 250));
    }

    #[test]
    fn lets_go_when_all_it_held_was_dropped() {
        let mut viewport = viewport();
        viewport.scrolled(500.0, &(0..200));
        let window = viewport.window(&(300..400));
        assert_eq!((window.unseen, window.total), (0, 2_000));
    }

    #[test]
    fn never_draws_a_line_that_is_not_held() {
        for top in [0.0, 19.0, 500.0, 1e9, f64::NAN, -5.0] {
            for held in [0..0, 0..1, 5..6, 100..150, 7..10_007] {
                let mut viewport = viewport();
                viewport.scrolled(top, &held);
                let window = viewport.window(&held);
                assert!(held.start <= window.start && window.start <= window.end && window.end <= held.end, "{top} {held:?} {window:?}");
            }
        }
    }
}
