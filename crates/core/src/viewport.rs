//! Which rows are on screen: the newest on top, and the row a reader looks at stays in place.
//! Arithmetic only, in CSS pixels.
//!
//! The reader's position is a row and how much of it is above the window's edge, not a distance
//! from the top, because estimated heights above may be corrected and rows may be evicted. The
//! browser's scroll position follows from it, not the other way round.

use std::ops::Range;

use crate::heights::Heights;
use crate::scale::Scale;

/// The window onto a list of rows: all rows of a range of numbers, either end of which may move.
///
/// The newest line is at the top, where the view follows the log. Away from the top it holds: the
/// list starts at the line that was newest when the reader left the top, so that neither new lines
/// (above) nor evicted ones (below) move a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewport {
    heights: Heights,
    width: f64,
    height: f64,
    /// The browser's scroll position, as last reported.
    scroll_top: f64,
    anchor: ScrollAnchor,
    wraps: bool,
    /// How often all heights were discarded.
    layout: u32,
}

/// Where the reader looks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ScrollAnchor {
    /// At the newest row, whichever that is.
    Newest,
    /// At `row`, of which `above` pixels are above the window, in a list that starts below `end`.
    Held { end: u64, row: u64, above: f64 },
}

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

/// The rows to draw, and where to draw them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the newest line to draw, plus one; rows go down from it.
    pub end: u64,
    /// The number of the oldest line to draw.
    pub start: u64,
    /// The position of the first drawn row, in hundredths of a pixel from the top of the scrolling
    /// element.
    pub offset: i64,
    /// The height of the scrolling element, in whole pixels.
    pub total: u64,
    /// The scroll position to set in the browser, if any; report the result to
    /// [`Viewport::scroll_top_applied`].
    pub scroll_to: Option<u32>,
    /// Lines that arrived while the view holds.
    pub unseen: u64,
    /// The range of all line numbers when this was drawn; the element's scroll position is relative
    /// to it.
    pub held: (u64, u64),
    /// Set if rows must be measured, which is while lines wrap. A new value makes all earlier
    /// heights void.
    pub layout: Option<u32>,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            heights: Heights::new(28.0),
            width: 0.0,
            height: 400.0,
            scroll_top: 0.0,
            anchor: ScrollAnchor::Newest,
            wraps: false,
            layout: 0,
        }
    }
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
        let View { list, depth, scale } = self.view(held);
        let fixed = self.fixed_row(rows, &list, depth);
        let below_edge = self.heights.sum(&(fixed + 1..list.end)) - depth;
        let is_at_end = scale.last_depth - depth < 1.0;
        let mut has_changed = false;
        for &(row, height) in rows {
            has_changed |= self.heights.set(row, height);
        }
        self.heights.remove_below(held.start);
        if has_changed && !self.is_following() {
            let last_depth = self.view(held).scale.last_depth;
            // A reader at the end looks at the last row, whatever its height.
            let depth = if is_at_end {
                last_depth
            } else {
                self.heights.sum(&(fixed + 1..list.end)) - below_edge
            };
            self.anchor_at(depth.min(last_depth), &list);
        }
        has_changed
    }

    /// Records that the reader scrolled to `top`, while the lines `held` were drawn. Returns
    /// whether the position changed.
    ///
    /// A short scroll moves the list by the same distance; a long one goes to the position in
    /// proportion, as the scrollbar shows it.
    pub fn scrolled(&mut self, top: f64, held: &Range<u64>) -> bool {
        let top = if top.is_finite() { top.max(0.0) } else { 0.0 };
        let delta = top - self.scroll_top;
        // The echo of a position that we set ourselves.
        if delta == 0.0 {
            return false;
        }
        let View { list, depth, scale } = self.view(held);
        self.scroll_top = top;
        let depth = if top <= NEAR_TOP {
            0.0
        } else if scale.last_top - top < 1.0 {
            scale.last_depth
        } else if delta.abs() <= SHORT_SCROLL * self.height {
            depth + delta
        } else {
            scale.depth(top)
        };
        self.anchor_at(depth.min(scale.last_depth), &list);
        true
    }

    /// Records the browser's scroll position after [`Window::scroll_to`] was applied, which is not
    /// a scroll by the reader.
    pub fn scroll_top_applied(&mut self, top: f64) {
        self.scroll_top = top;
        if top <= NEAR_TOP {
            self.anchor = ScrollAnchor::Newest;
        }
    }

    /// Discards all row heights, because something outside the viewport, such as a font, changed
    /// the layout.
    pub fn relayout(&mut self) {
        self.reset_heights(self.heights.default());
    }

    /// Goes to the newest row of a different list, in which the previous row numbers are void.
    pub fn renumber(&mut self) {
        self.follow();
        self.reset_heights(self.heights.default());
    }

    /// Returns to the newest line.
    pub fn follow(&mut self) {
        self.anchor = ScrollAnchor::Newest;
    }

    /// Returns whether the view follows the newest line.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.anchor == ScrollAnchor::Newest
    }

    /// Returns whether the reader has scrolled to within a window's height of the oldest row.
    #[must_use]
    pub fn nears_end(&self, held: &Range<u64>) -> bool {
        if self.is_following() {
            return false;
        }
        let view = self.view(held);
        view.scale.last_depth - view.depth < self.height
    }

    /// Returns whether the oldest row is in the window.
    #[must_use]
    pub fn shows_end(&self, held: &Range<u64>) -> bool {
        let view = self.view(held);
        view.scale.last_depth - view.depth < 1.0
    }

    /// Returns how many of the newest rows fill the window, as far as their heights are known.
    #[must_use]
    pub fn rows_seen(&self, held: &Range<u64>) -> u64 {
        self.rows_in(held, self.height)
    }

    /// Returns what to draw of a store that holds the lines `held`.
    #[must_use]
    pub fn window(&self, held: &Range<u64>) -> Window {
        let layout = self.wraps.then_some(self.layout);
        let view = self.view(held);
        let scroll_to = self.corrected_scroll_top(&view);
        let View { list, depth, scale } = view;
        let total = scale.element.ceil() as u64;
        if list.is_empty() {
            return Window {
                end: list.end,
                start: list.end,
                held: (held.start, held.end),
                scroll_to,
                layout,
                ..Window::default()
            };
        }
        let (row, above) = self.heights.row_at(&list, depth);
        let end = list.end.min(row + 1 + OVERSCAN);
        let seen =
            row - self.rows_in(&(list.start..row), self.height + above - self.heights.height(row));
        let top = scroll_to.map_or(self.scroll_top.min(scale.last_top), f64::from);
        Window {
            end,
            start: seen.saturating_sub(OVERSCAN).max(list.start),
            offset: ((top - above - self.heights.sum(&(row + 1..end))) * 100.0).round() as i64,
            total,
            scroll_to,
            unseen: held.end - list.end,
            held: (held.start, held.end),
            layout,
        }
    }

    fn view(&self, held: &Range<u64>) -> View {
        match self.anchor {
            // The rows the view held on to may have been evicted: then there is nothing to hold.
            ScrollAnchor::Held { end, row, above } if held.start < end && end <= held.end => {
                let list = held.start..end;
                let scale = Scale::new(self.heights.sum(&list).ceil(), self.height);
                let depth = self.heights.sum(&(row + 1..end)) + above.min(self.heights.height(row));
                // The list may have become shorter than the position scrolled to.
                View { list, depth: depth.min(scale.last_depth), scale }
            }
            _ => {
                let scale = Scale::new(self.heights.sum(held).ceil(), self.height);
                // A few pixels off the top are left as they are: setting the position would end the
                // scroll of a reader who is about to leave the top.
                let depth = if self.scroll_top <= NEAR_TOP {
                    self.scroll_top.min(scale.last_depth)
                } else {
                    0.0
                };
                View { list: held.clone(), depth, scale }
            }
        }
    }

    /// Returns the row that must not move when `rows` turn out to have other heights: the first row
    /// on screen that was there before.
    fn fixed_row(&self, rows: &[(u64, f64)], list: &Range<u64>, depth: f64) -> u64 {
        let (first, above) = self.heights.row_at(list, depth);
        let seen = self.rows_in(&(list.start..first + 1), self.height + above);
        let was_there = |row: &u64| rows.iter().all(|(other, _)| other != row);
        (first + 1 - seen..=first).rev().find(was_there).unwrap_or(first)
    }

    fn anchor_at(&mut self, depth: f64, list: &Range<u64>) {
        self.anchor = if depth <= NEAR_TOP {
            ScrollAnchor::Newest
        } else {
            let (row, above) = self.heights.row_at(list, depth);
            ScrollAnchor::Held { end: list.end, row, above }
        };
    }

    /// Returns the scroll position to set in the browser if the reader would otherwise reach an end
    /// of the element before or after that of the list.
    ///
    /// Elsewhere the two may differ: setting a position ends the momentum of a touch or wheel
    /// scroll.
    fn corrected_scroll_top(&self, view: &View) -> Option<u32> {
        let (above, below) = (view.depth, view.scale.last_depth - view.depth);
        let (up, down) = (self.scroll_top, view.scale.last_top - self.scroll_top);
        let near = SHORT_SCROLL * self.height;
        let is_early = (up < near && up + 1.0 <= above) || (down < near && down + 1.0 <= below);
        let is_late = (above <= NEAR_TOP && up > NEAR_TOP)
            || (below < 1.0 && down.abs() >= 1.0 && up > NEAR_TOP);
        (is_early || is_late).then(|| view.scale.top(above).round() as u32)
    }

    /// Returns how many of `rows`, from the newest on, fill `room`.
    fn rows_in(&self, rows: &Range<u64>, mut room: f64) -> u64 {
        let mut start = rows.end;
        while start > rows.start && room > 0.0 {
            start -= 1;
            room -= self.heights.height(start);
        }
        rows.end - start
    }

    fn reset_heights(&mut self, default: f64) {
        self.heights = Heights::new(default);
        self.layout += 1;
    }
}

/// The list as the reader sees it.
struct View {
    list: Range<u64>,
    /// How much of the list is above the window.
    depth: f64,
    scale: Scale,
}

/// Within this many pixels of the top, the reader counts as being there: at a zoom other than 100
/// %, positions are fractional.
const NEAR_TOP: f64 = 8.0;

/// Rows drawn beyond each edge, so that a quick scroll shows rows rather than blank space.
const OVERSCAN: u64 = 10;

/// Scrolls of up to this many windows are short: what a wheel, a key or a finger does between two
/// frames. A scrollbar drag goes farther.
const SHORT_SCROLL: f64 = 2.0;
