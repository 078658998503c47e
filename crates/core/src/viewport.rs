//! Which rows are on the screen: newest on top, and what a reader looks at stands still. Arithmetic
//! only, in CSS pixels.
//!
//! Where the reader looks is a row and how much of it is above the window's edge, not a distance
//! from the top: heights above may turn out to be others than thought, and rows may go. The
//! browser's scroll position follows from it, not the other way round.

use std::ops::Range;

use crate::heights::Heights;
use crate::scale::Scale;

/// The window through which a list of rows is seen: all rows of a range of numbers, either end of
/// which may move.
///
/// Row 0 is the newest line. At the top the view follows the log. Away from the top it holds:
/// the list begins at the line that was newest when the reader left the top, so that neither
/// new lines (above) nor dropped ones (below) move a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewport {
    heights: Heights,
    width: f64,
    height: f64,
    /// The browser's scroll position, as it was told last.
    scroll_top: f64,
    place: ScrollAnchor,
    wraps: bool,
    /// Counts how often all heights were forgotten.
    layout: u32,
}

/// Where the reader looks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ScrollAnchor {
    /// At the newest row, whichever that is.
    Newest,
    /// At `row`, of which `above` pixels are above the window, in a list that begins below `end`.
    Held { end: u64, row: u64, above: f64 },
}

/// What the browser measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The height of a row of one line.
    pub row: f64,
    /// The width of the window.
    pub width: f64,
    /// The height of the window.
    pub height: f64,
}

/// What to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the newest line to draw plus one; rows go down from it.
    pub end: u64,
    /// The number of the oldest line to draw.
    pub start: u64,
    /// Where the first drawn row stands, in hundredths of a pixel from the top of the element that
    /// scrolls.
    pub offset: i64,
    /// The height of the element that scrolls, in whole pixels.
    pub total: u64,
    /// Where the browser's scroll position has to be set, if it has to; to be answered by
    /// [`Viewport::placed`].
    pub scroll_to: Option<u32>,
    /// Lines that came while the view holds.
    pub unseen: u64,
    /// The numbers of all lines when this was drawn, from and up to: what the scroll position of
    /// the element is to be read against.
    pub held: (u64, u64),
    /// Whether rows are to be measured, which is when their lines wrap; another number than before
    /// makes all earlier heights void.
    pub layout: Option<u32>,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            heights: Heights::of_rows(28.0),
            width: 0.0,
            height: 400.0,
            scroll_top: 0.0,
            place: ScrollAnchor::Newest,
            wraps: false,
            layout: 0,
        }
    }
}

impl Viewport {
    /// Takes what the browser measured. Nonsense is ignored. Gives whether that is news.
    pub fn measured(&mut self, now: Measures) -> bool {
        let was = (self.heights.default(), self.width, self.height);
        let row = if now.row.is_finite() && now.row >= 1.0 { now.row } else { was.0 };
        if now.height.is_finite() && now.height >= 0.0 {
            self.height = now.height;
        }
        if now.width.is_finite() {
            self.width = now.width;
        }
        // In another width lines break elsewhere.
        if row != was.0 || (self.wraps && self.width != was.1) {
            self.forget_heights(row);
        }
        (row, self.width, self.height) != was
    }

    /// Whether rows are as high as their lines need, or one line each.
    pub fn wrap(&mut self, wraps: bool) {
        self.wraps = wraps;
        self.forget_heights(self.heights.default());
    }

    /// Whether lines wrap.
    #[must_use]
    pub fn is_wrapping(&self) -> bool {
        self.wraps
    }

    /// Takes how high rows of the lines `held` are that were drawn for the first time. What the
    /// reader looks at stays where it is. Gives whether there is news.
    pub fn rows_measured(&mut self, rows: &[(u64, f64)], held: &Range<u64>) -> bool {
        let View { list, depth, scale } = self.view(held);
        let fixed = self.fixed_row(rows, &list, depth);
        let below_edge = self.heights.sum(&(fixed + 1..list.end)) - depth;
        let is_at_end = scale.last_depth - depth < 1.0;
        let mut is_news = false;
        for &(row, height) in rows {
            is_news |= self.heights.set(row, height);
        }
        self.heights.forget_below(held.start);
        if is_news && !self.is_following() {
            let last_depth = self.view(held).scale.last_depth;
            // Who is at the end looks at the last row, whichever height it has.
            let depth = if is_at_end {
                last_depth
            } else {
                self.heights.sum(&(fixed + 1..list.end)) - below_edge
            };
            self.look_at(depth.min(last_depth), &list);
        }
        is_news
    }

    /// Takes where the reader scrolled to, while the lines `held` were drawn.
    ///
    /// A short move is as long in the list as in the browser; a long one goes to the place in
    /// proportion, as the scrollbar shows it. Gives whether it was a move.
    pub fn scrolled(&mut self, top: f64, held: &Range<u64>) -> bool {
        let top = if top.is_finite() { top.max(0.0) } else { 0.0 };
        let way = top - self.scroll_top;
        // The echo of what we set ourselves.
        if way == 0.0 {
            return false;
        }
        let View { list, depth, scale } = self.view(held);
        self.scroll_top = top;
        let depth = if top <= NEAR_TOP {
            0.0
        } else if scale.last_top - top < 1.0 {
            scale.last_depth
        } else if way.abs() <= SHORT * self.height {
            depth + way
        } else {
            scale.depth(top)
        };
        self.look_at(depth.min(scale.last_depth), &list);
        true
    }

    /// Takes where the browser's scroll position is after it was set as [`Window::scroll_to`]
    /// wants: that is no move of the reader.
    pub fn scroll_top_applied(&mut self, top: f64) {
        self.scroll_top = top;
        if top <= NEAR_TOP {
            self.place = ScrollAnchor::Newest;
        }
    }

    /// Forgets how high rows are, since something that the viewport does not know of lays them out
    /// otherwise than before: a font, say.
    pub fn relayout(&mut self) {
        self.forget_heights(self.heights.default());
    }

    /// Goes to the newest row of another list: rows of before are not in it under the numbers that
    /// they had.
    pub fn renumber(&mut self) {
        self.follow();
        self.forget_heights(self.heights.default());
    }

    /// Goes back to the newest line.
    pub fn follow(&mut self) {
        self.place = ScrollAnchor::Newest;
    }

    /// Whether the newest line is shown as it comes.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.place == ScrollAnchor::Newest
    }

    /// How many rows fill the window, by what is known of the newest of them.
    #[must_use]
    pub fn rows_seen(&self, held: &Range<u64>) -> u64 {
        self.rows_in(held, self.height)
    }

    /// What to draw of a store that holds the lines `held`.
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
        let (row, above) = self.heights.at(&list, depth);
        let end = list.end.min(row + 1 + OVERSCAN);
        let seen =
            row - self.rows_in(&(list.start..row), self.height + above - self.heights.of(row));
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
        match self.place {
            // What was held may be gone by now: then there is nothing to hold on to.
            ScrollAnchor::Held { end, row, above } if held.start < end && end <= held.end => {
                let list = held.start..end;
                let scale = Scale::of(self.heights.sum(&list).ceil(), self.height);
                let depth = self.heights.sum(&(row + 1..end)) + above.min(self.heights.of(row));
                // The list may have become shorter than the place that was scrolled to.
                View { list, depth: depth.min(scale.last_depth), scale }
            }
            _ => {
                let scale = Scale::of(self.heights.sum(held).ceil(), self.height);
                // Some pixels off the top are left as they are: to set the position would end the
                // scroll of a reader who is about to leave.
                let depth = if self.scroll_top <= NEAR_TOP {
                    self.scroll_top.min(scale.last_depth)
                } else {
                    0.0
                };
                View { list: held.clone(), depth, scale }
            }
        }
    }

    /// The row that is not to move when `rows` turn out to have other heights: the first on the
    /// screen that was there before.
    fn fixed_row(&self, rows: &[(u64, f64)], list: &Range<u64>, depth: f64) -> u64 {
        let (first, above) = self.heights.at(list, depth);
        let seen = self.rows_in(&(list.start..first + 1), self.height + above);
        let was_there = |row: &u64| rows.iter().all(|(other, _)| other != row);
        (first + 1 - seen..=first).rev().find(was_there).unwrap_or(first)
    }

    fn look_at(&mut self, depth: f64, list: &Range<u64>) {
        self.place = if depth <= NEAR_TOP {
            ScrollAnchor::Newest
        } else {
            let (row, above) = self.heights.at(list, depth);
            ScrollAnchor::Held { end: list.end, row, above }
        };
    }

    /// Where the browser's position has to be, when the reader would otherwise come to an end of
    /// the element before that of the list, or after it.
    ///
    /// Elsewhere the two may differ: setting a position ends the glide of a touch or of a wheel.
    fn corrected_scroll_top(&self, view: &View) -> Option<u32> {
        let (above, below) = (view.depth, view.scale.last_depth - view.depth);
        let (up, down) = (self.scroll_top, view.scale.last_top - self.scroll_top);
        let near = SHORT * self.height;
        let is_early = (up < near && up + 1.0 <= above) || (down < near && down + 1.0 <= below);
        let is_late = (above <= NEAR_TOP && up > NEAR_TOP)
            || (below < 1.0 && down.abs() >= 1.0 && up > NEAR_TOP);
        (is_early || is_late).then(|| view.scale.top(above).round() as u32)
    }

    /// How many of `rows`, from the newest on, it takes to fill `room`.
    fn rows_in(&self, rows: &Range<u64>, mut room: f64) -> u64 {
        let mut start = rows.end;
        while start > rows.start && room > 0.0 {
            start -= 1;
            room -= self.heights.of(start);
        }
        rows.end - start
    }

    fn forget_heights(&mut self, default: f64) {
        self.heights = Heights::of_rows(default);
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

/// Within this many pixels of the top a reader counts as being there: at a zoom other than 100 %
/// positions are fractions.
const NEAR_TOP: f64 = 8.0;

/// Rows drawn beyond each edge, so that a quick scroll meets rows and not white.
const OVERSCAN: u64 = 10;

/// Moves of up to so many windows are short: what a wheel, a key or a finger does between two
/// frames. A scrollbar is dragged farther.
const SHORT: f64 = 2.0;
