//! Which rows are on screen: the newest at an edge, and the row a reader looks at stays in place.
//! Arithmetic only, in CSS pixels.
//!
//! The reader's position is a row and its distance from the window's edge, not a distance from the
//! top, because rows arrive above, estimated heights may be corrected, and rows may be evicted. The
//! browser's scroll position follows from it, not the other way round.
//!
//! `docs/viewer.md` has the table of states.

mod anchor;
mod cursor;
mod layout;
mod moving;
mod order;
mod reading;
mod reveal;

use std::ops::Range;

use crate::viewport::anchor::{Anchor, Mode, Motion};
pub use crate::viewport::cursor::Step;
pub use crate::viewport::layout::Measures;
pub use crate::viewport::order::Order;
pub use crate::viewport::reading::Place;
use crate::viewport::reading::Reading;

use crate::heights::Heights;
use crate::scale::Scale;

/// The window onto a list of rows: all rows of a range of numbers, either end of which may move.
///
/// The newest line is at the top, where the view follows the log. Away from the top it is held, and
/// it can be paused anywhere: then one row, the anchor, keeps its place in the window, whatever
/// arrives above it or is evicted below it, for as long as it exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewport {
    heights: Heights,
    width: f64,
    height: f64,
    /// The browser's scroll position, as last reported.
    scroll_top: f64,
    mode: Mode,
    order: Order,
    wraps: bool,
    /// Whether some rows show all their lines although lines do not wrap.
    unfolds: bool,
    /// How often all heights were discarded.
    layout: u32,
    /// The rows whose heights were measured since. Others count as one line high.
    measured: Range<u64>,
    reading: Reading,
}

/// The rows to draw, and where to draw them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the newest line to draw, plus one.
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
    /// Whether the row after the oldest one is drawn, which counts the lines that were dropped
    /// while the view was held.
    pub has_footer: bool,
    /// The range of all line numbers when this was drawn; the element's scroll position is relative
    /// to it.
    pub held: (u64, u64),
    /// Whether long lines wrap.
    pub wraps: bool,
    /// Set if rows must be measured, which is while lines wrap or rows are unfolded. A new value
    /// makes all earlier heights void.
    pub layout: Option<u32>,
    /// The order of the rows.
    pub order: Order,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            heights: Heights::new(28.0),
            width: 0.0,
            height: 400.0,
            scroll_top: 0.0,
            mode: Mode::Following,
            order: Order::default(),
            wraps: false,
            unfolds: false,
            layout: 0,
            measured: 0..0,
            reading: Reading::default(),
        }
    }
}

impl Viewport {
    /// Returns whether the view follows the newest line.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.mode == Mode::Following
    }

    /// Returns whether the reader paused the view.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        matches!(self.mode, Mode::Paused(_))
    }

    /// Returns whether the reader has scrolled to within a window's height of the oldest row. Not
    /// if eviction brought that row near.
    #[must_use]
    pub fn nears_end(&self, held: &Range<u64>) -> bool {
        if self.mode.anchor().is_none_or(|anchor| anchor.oldest < held.start) {
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
        let layout = self.is_measuring().then_some(self.layout);
        let view = self.view(held);
        let scroll_to = self.corrected_scroll_top(&view);
        let View { list, depth, scale } = view;
        let element = self.element(&scale);
        let total = element.ceil() as u64;
        let empty = Window {
            end: list.end,
            start: list.end,
            held: (held.start, held.end),
            total,
            scroll_to,
            layout,
            order: self.order,
            wraps: self.wraps,
            ..Window::default()
        };
        if list.is_empty() {
            return Window { total: 0, ..empty };
        }
        let (row, above) = self.heights.row_at(&list, depth);
        // The rows above the window arrived while the reader looks elsewhere: drawing them would
        // only change the page.
        let ceiling = self.mode.anchor().map_or(list.end, |anchor| anchor.ceiling.max(row + 1));
        let end = list.end.min(row + 1 + OVERSCAN).min(ceiling);
        let last =
            row - self.rows_in(&(list.start..row), self.height + above - self.heights.height(row));
        let start = last.saturating_sub(OVERSCAN).max(list.start);
        let top = scroll_to.map_or(self.scroll_top.min(scale.last_top), f64::from);
        let edge = self.newest_distance(top, &scale) - above - self.heights.sum(&(row + 1..end));
        let first = match self.order {
            Order::NewestFirst => edge,
            Order::OldestFirst => element - edge - self.heights.sum(&(start..end)),
        };
        Window {
            end,
            start,
            offset: (first * 100.0).round() as i64,
            has_footer: self.reading.has_footer && start == list.start,
            ..empty
        }
    }

    fn view(&self, held: &Range<u64>) -> View {
        let list = held.clone();
        let total = self.total(held).ceil();
        let scale = Scale::new(total, self.height);
        let Some(anchor) = self.anchor_in(held) else {
            // A few pixels off the top are left as they are: setting the position would end the
            // scroll of a reader who is about to leave the top.
            let off = self.newest_distance(self.scroll_top, &scale);
            let depth = if off <= self.near() { off.min(scale.last_depth).max(0.0) } else { 0.0 };
            return View { list, depth, scale };
        };
        let above = self.heights.sum(&(anchor.row + 1..list.end));
        if matches!(anchor.motion, Motion::Older | Motion::Placed) {
            let depth = (above - anchor.y).min(scale.last_depth).max(0.0);
            return View { list, depth, scale };
        }
        // Some of a settled row stays in the window, even if it is less high than it was.
        let is_settled = anchor.motion == Motion::Settled;
        let y = if is_settled { anchor.y.max(self.least_y(anchor.row)) } else { anchor.y };
        let depth = (above - y).max(0.0);
        // The rows below the anchor may no longer fill the window. Then it ends blank, rather than
        // move the anchor.
        let scale = Scale::new(total.max((depth + self.height).ceil()), self.height);
        View { list, depth: depth.min(scale.last_depth), scale }
    }

    /// Returns the distance of a row's upper edge from that of the window while the last pixel of
    /// the row is visible.
    fn least_y(&self, row: u64) -> f64 {
        1.0 - self.heights.height(row)
    }

    /// Returns the depth at which the list ends at the window's lower edge.
    fn last_depth(&self, held: &Range<u64>) -> f64 {
        (self.total(held).ceil() - self.height).max(0.0)
    }

    /// Returns the height of the rows and the footer.
    fn total(&self, held: &Range<u64>) -> f64 {
        let footer = if self.reading.has_footer { self.heights.default() } else { 0.0 };
        self.heights.sum(held) + footer
    }

    /// Returns the anchor as far as it is in `list`. If it was evicted, a newer row on the screen
    /// takes its place; if there is none, the end of the list is shown.
    fn anchor_in(&self, list: &Range<u64>) -> Option<Anchor> {
        let anchor = self.mode.anchor()?;
        if list.start <= anchor.row || list.is_empty() {
            return Some(anchor);
        }
        let (mut y, mut kept) = (anchor.y, None);
        for row in anchor.row + 1..list.end {
            if y <= 0.0 {
                break;
            }
            y -= self.heights.height(row);
            if list.contains(&row) && self.least_y(row) <= y && y < self.height {
                kept = Some(Anchor { row, y, ..anchor });
            }
        }
        let Anchor { ceiling, oldest, .. } = anchor;
        kept.or(Some(Anchor { ceiling, oldest, ..Anchor::at_end(Motion::Placed, list) }))
    }

    /// Returns the anchor of a view at `depth`: the first row that is whole, otherwise the first.
    fn anchor_of(&self, depth: f64, list: &Range<u64>) -> Anchor {
        let (mut row, above) = self.heights.row_at(list, depth);
        let mut y = -above;
        let next = y + self.heights.height(row);
        if y < 0.0 && list.start < row && next < self.height {
            (row, y) = (row - 1, next);
        }
        Anchor::at(row, y, list)
    }

    /// Returns the scroll position to set in the browser if the reader would otherwise reach an end
    /// of the element before or after that of the list.
    ///
    /// Elsewhere the two may differ: setting a position ends the momentum of a touch or wheel
    /// scroll.
    fn corrected_scroll_top(&self, view: &View) -> Option<u32> {
        let (above, below) = (view.depth, view.scale.last_depth - view.depth);
        let up = self.newest_distance(self.scroll_top, &view.scale);
        let down = view.scale.last_top - up;
        let near = SHORT_SCROLL * self.height;
        let is_early = (up < KEPT_ABOVE * self.height && up + 1.0 <= above)
            || (down < near && down + 1.0 <= below);
        let near_top = self.near();
        let is_late = (above <= near_top && up > near_top)
            || (below < 1.0 && down.abs() >= 1.0 && up > near_top);
        let top = || self.newest_distance(view.scale.top(above), &view.scale).round() as u32;
        (is_early || is_late).then(top)
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

/// How many windows of the element stay above the position of a reader who does not scroll, so that
/// a scroll upwards does not end where the element does.
const KEPT_ABOVE: f64 = 8.0;
