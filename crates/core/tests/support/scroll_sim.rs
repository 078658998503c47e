//! A simulated list in a browser: draws rows, measures them and scrolls, exactly as the page does.

use std::ops::Range;

use logs_sse_core::viewport::{Measures, Order, Viewport, Window};

/// A list that is drawn after each change, as on the page.
pub struct ScrollSim {
    pub viewport: Viewport,
    /// The scroll position of the browser.
    pub top: f64,
    /// Returns the height of a row once it is drawn.
    pub heights: fn(u64) -> f64,
    held: Range<u64>,
    drawn: Window,
    row: f64,
    width: f64,
    height: f64,
}

impl ScrollSim {
    pub fn new(held: Range<u64>, row: f64, height: f64) -> Self {
        let mut viewport = Viewport::default();
        viewport.measured(Measures { row, width: 500.0, height });
        let mut sim = Self {
            viewport,
            top: 0.0,
            heights: |_| 0.0,
            held,
            drawn: Window::default(),
            row,
            width: 500.0,
            height,
        };
        sim.draw();
        sim
    }

    /// Returns the window as drawn last.
    pub fn window(&self) -> Window {
        self.drawn
    }

    /// Replaces the rows of the store.
    pub fn set_held(&mut self, held: Range<u64>) {
        self.held = held;
        self.draw();
    }

    /// Appends rows to the store without drawing.
    pub fn append_undrawn(&mut self, lines: u64) {
        self.held.end += lines;
    }

    pub fn held(&self) -> Range<u64> {
        self.held.clone()
    }

    /// Scrolls by `delta` pixels towards older rows. Returns by how many the browser did, which
    /// stops at the ends of the element.
    pub fn wheel(&mut self, delta: f64) -> f64 {
        let sign = if self.is_mirrored() { -1.0 } else { 1.0 };
        let top = self.top;
        let now = (top + sign * delta).clamp(0.0, self.last_top());
        self.drag(now);
        sign * (now - top)
    }

    /// Changes the order of the rows.
    pub fn set_order(&mut self, order: Order) {
        let held = self.held.clone();
        self.viewport.set_order(order, &held);
        self.draw();
    }

    pub fn is_mirrored(&self) -> bool {
        self.viewport.order() == Order::OldestFirst
    }

    /// Returns the distance of the newest drawn row from the edge of the window where the newest
    /// rows are: all distances are measured from there.
    fn edge(&self) -> f64 {
        let first = self.drawn.offset as f64 / 100.0 - self.top;
        if !self.is_mirrored() {
            return first;
        }
        let rows = self.drawn.start..self.drawn.end;
        self.height - first - rows.map(|row| self.height_of(row)).sum::<f64>()
    }

    /// Scrolls to a position, as the scrollbar and the Home and End keys do.
    pub fn drag(&mut self, top: f64) {
        let last = (self.drawn.total as f64 - self.height).max(0.0);
        self.top = top.clamp(0.0, last);
        self.report_scroll();
        self.draw();
    }

    /// Wraps lines, so that rows have these heights.
    pub fn wrap(&mut self, heights: fn(u64) -> f64) {
        self.heights = heights;
        self.viewport.wrap(true);
        self.draw();
    }

    pub fn widen(&mut self) {
        self.width += 100.0;
        self.viewport.measured(Measures { row: self.row, width: self.width, height: self.height });
    }

    /// Draws, measures and scrolls until nothing changes. A page converges in two or three rounds.
    pub fn draw(&mut self) {
        for _ in 0..8 {
            self.viewport.list_changed(&self.held, true);
            let last = std::mem::replace(&mut self.drawn, self.viewport.window(&self.held));
            let is_fresh = |row: &u64| {
                self.drawn.layout != last.layout || !(last.start..last.end).contains(row)
            };
            let rows: Vec<_> = (self.drawn.start..self.drawn.end)
                .rev()
                .filter(is_fresh)
                .map(|row| (row, (self.heights)(row)))
                .collect();
            let last = self.last_top();
            if last < self.top {
                // The element shrank, so the browser scrolled and reports it like any scroll.
                self.top = last;
            }
            if let Some(top) = self.drawn.scroll_to {
                self.top = f64::from(top).min(last);
                self.viewport.scroll_top_applied(self.top);
            }
            let held = self.drawn.held.0..self.drawn.held.1;
            let rows = if self.drawn.layout.is_some() { &*rows } else { &[] };
            let has_changed = self.viewport.rows_measured(rows, &held);
            self.report_scroll();
            if !has_changed && self.viewport.window(&self.held) == self.drawn {
                return;
            }
        }
        panic!("drawing does not converge: {:?} of {:?}", self.drawn, self.viewport);
    }

    /// Returns the visible rows, newest first, each with its distance below the upper edge.
    pub fn on_screen(&self) -> Vec<(u64, f64)> {
        let mut at = self.edge();
        let mut rows = Vec::new();
        for row in (self.drawn.start..self.drawn.end).rev() {
            let height = self.height_of(row);
            if at + height > 0.0 && at < self.height {
                rows.push((row, at));
            }
            at += height;
        }
        rows
    }

    /// Returns the first of the visible rows of which at least a pixel is visible.
    pub fn first_on_screen(&self) -> Option<(u64, f64)> {
        self.on_screen().into_iter().find(|&(row, at)| at + self.height_of(row) >= 1.0)
    }

    /// Returns the distance of a drawn row below the upper edge.
    pub fn position_of(&self, row: u64) -> f64 {
        assert!(
            self.drawn.start <= row && row < self.drawn.end,
            "row {row} is not drawn: {:?}",
            self.drawn
        );
        self.edge() + (row + 1..self.drawn.end).map(|row| self.height_of(row)).sum::<f64>()
    }

    /// Checks that rows fill the visible part of the list.
    pub fn assert_filled(&self) {
        let seen = self.on_screen();
        let (Some(&(_, first)), Some(&(last, at))) = (seen.first(), seen.last()) else {
            assert!(self.held.is_empty(), "no row is visible in {:?}", self.drawn);
            return;
        };
        // A list scrolled to within a few pixels of the top still follows.
        assert!(first <= 0.0, "blank space above the first row: {seen:?} {:?}", self.drawn);
        let bottom = at + self.height_of(last);
        assert!(
            bottom > self.height - 1.0 || last == self.held.start,
            "blank space below the last row: {seen:?} {:?}",
            self.drawn
        );
    }

    pub fn is_at_end(&self) -> bool {
        self.held.is_empty()
            || self.drawn.start == self.held.start
                && self.position_of(self.held.start) + self.height_of(self.held.start)
                    <= self.height + 1.0
    }

    /// Returns the scroll position of the end.
    pub fn last_top(&self) -> f64 {
        (self.drawn.total as f64 - self.height).max(0.0)
    }

    fn report_scroll(&mut self) {
        self.viewport.scrolled(self.top, &(self.drawn.held.0..self.drawn.held.1));
    }

    fn height_of(&self, row: u64) -> f64 {
        if self.drawn.layout.is_some() { (self.heights)(row) } else { self.row }
    }
}
