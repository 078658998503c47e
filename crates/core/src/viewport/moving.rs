//! How a reader moves the view, and where it comes to rest: across rows that are not measured yet,
//! a scroll is exact, and an end is the one that the list turns out to have.

use std::ops::Range;

use super::{Anchor, Mode, Motion, Order, SHORT_SCROLL, View, Viewport};

impl Viewport {
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
        if held.is_empty() {
            self.scroll_top = top;
            return true;
        }
        let scale = self.view(held).scale;
        let is_up = (delta < 0.0) == (self.order == Order::NewestFirst);
        let by = if is_up { -delta.abs() } else { delta.abs() };
        let off = self.newest_distance(top, &scale);
        let anchor = if delta.abs() <= SHORT_SCROLL * self.height {
            self.anchor_by(by, held)
        } else if scale.last_top - off < 1.0 {
            Anchor::at_end(Motion::Older, held)
        } else {
            self.anchor_of(scale.depth(off), held)
        };
        self.scroll_top = top;
        if -1.0 < delta && delta < 0.0 && scale.last_top - top < 1.0 {
            // The element shrank by a fraction of a pixel, and the browser followed.
            return true;
        }
        let motion = if is_up { Motion::Newer } else { Motion::Older };
        self.move_to(Anchor { motion, ..anchor }, held);
        true
    }

    /// Records the browser's scroll position after [`scroll_to`](super::Window::scroll_to) was
    /// applied, which is not a scroll by the reader.
    pub fn scroll_top_applied(&mut self, top: f64) {
        self.scroll_top = top;
    }

    /// Goes to the newest of the rows `held`. A view that is not paused follows the log again.
    pub fn to_newest(&mut self, held: &Range<u64>) {
        if self.is_paused() {
            self.hold_at(0.0, held);
        } else {
            self.follow();
        }
    }

    /// Goes to the oldest of the rows `held`.
    pub fn to_oldest(&mut self, held: &Range<u64>) {
        if !held.is_empty() {
            self.move_to(Anchor::at_end(Motion::Older, held), held);
        }
    }

    /// Puts a row at the top of the window, or as near as the end of the list allows, and holds it
    /// there.
    pub fn show(&mut self, row: u64, held: &Range<u64>) {
        let depth = self.heights.sum(&(row + 1..held.end));
        let y = match self.order {
            Order::NewestFirst => (depth - self.last_depth(held)).max(0.0),
            Order::OldestFirst => self.mirrored(row, 0.0).min(depth),
        };
        self.mode.hold(Anchor::at(row, y, held));
        self.moved();
    }

    /// Stops at the rows that are on screen, until the reader returns to the newest one.
    pub fn hold(&mut self, held: &Range<u64>) {
        self.hold_at(self.view(held).depth, held);
    }

    /// Stops at the rows that are on screen, until [`follow`](Self::follow).
    pub fn pause(&mut self, held: &Range<u64>) {
        self.mode = Mode::Paused(
            self.mode.anchor().unwrap_or_else(|| self.anchor_of(self.view(held).depth, held)),
        );
    }

    /// Returns to the newest line, and follows the log.
    pub fn follow(&mut self) {
        self.mode = Mode::Following;
        self.moved();
    }

    /// Records that the reader moved the view.
    pub(super) fn moved(&mut self) {
        self.reading.moved();
    }

    /// Holds the view at a depth that is certain.
    pub(super) fn hold_at(&mut self, depth: f64, list: &Range<u64>) {
        self.mode.hold(self.anchor_of(depth, list));
        self.moved();
    }

    /// Moves as the reader wants.
    fn move_to(&mut self, anchor: Anchor, list: &Range<u64>) {
        self.mode.hold(anchor);
        self.moved();
        self.arrive(list);
    }

    /// Settles the anchor on what is on the screen, once all rows there are measured.
    ///
    /// A reader who came near the top follows the log. An anchor that is no longer visible is
    /// replaced by a row that is, and one that the top of the list stopped is where it stopped, so
    /// that rows which arrive above do not move it.
    pub(super) fn arrive(&mut self, list: &Range<u64>) {
        let Some(anchor) = self.anchor_in(list).filter(|_| !list.is_empty()) else { return };
        if !self.is_measured(&self.on_screen(list)) {
            return;
        }
        let View { depth, scale, .. } = self.view(list);
        if anchor.motion == Motion::Settled {
            return self.pin(anchor, list);
        }
        if depth <= self.near() && anchor.motion != Motion::Placed && !self.is_paused() {
            return self.follow();
        }
        let is_end = scale.last_top - self.newest_distance(self.scroll_top, &scale) < 1.0
            && scale.last_depth - depth < 1.0;
        let depth = if is_end { scale.last_depth } else { depth };
        let Anchor { row, y, .. } = self.anchor_of(depth, list);
        self.mode.hold(Anchor { row, y, motion: Motion::Settled, ..anchor });
    }

    /// Places the anchor where it is on the screen, unless rows that are still searched for may put
    /// it elsewhere.
    fn pin(&mut self, anchor: Anchor, list: &Range<u64>) {
        if !self.reading.is_complete {
            return;
        }
        let y = self.position_of(anchor.row, list);
        // A pause in an empty list waits for a row that is yet to come.
        let is_there = list.contains(&anchor.row);
        let is_visible = is_there && self.least_y(anchor.row) <= y && y < self.height;
        // The upper edge of a row that the reader looks for may be above that of the window.
        let is_kept = is_visible && (y > -0.01 || self.reading.sought.is_some());
        let (row, y) = if is_kept { (anchor.row, y) } else { self.first_whole(list) };
        self.mode.hold(Anchor { row, y, ..anchor });
    }

    /// Returns the anchor of a view that moves down the list by `delta`: a row that was on the
    /// screen, the nearest to those that come into view, however high these are.
    fn anchor_by(&self, delta: f64, list: &Range<u64>) -> Anchor {
        let seen = self.on_screen(list);
        let nearest = if delta < 0.0 { seen.clone().next_back() } else { seen.clone().next() };
        let row = nearest.unwrap_or(list.end);
        Anchor::at(row, self.position_of(row, list) - delta, list)
    }
}
