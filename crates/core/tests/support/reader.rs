//! A reader before a browser's list: scrolls, and sees where rows stand. The browser's part is as
//! dumb as the real one.

use std::ops::Range;

use logs_sse_core::viewport::{Measures, Viewport, Window};

/// One list, drawn after each thing that happens, as the page does it.
pub struct Reader {
    pub viewport: Viewport,
    /// The browser's own scroll position.
    pub top: f64,
    /// How high each row becomes when it is drawn.
    pub heights: fn(u64) -> f64,
    held: Range<u64>,
    drawn: Window,
    row: f64,
    width: f64,
    height: f64,
}

impl Reader {
    pub fn of(held: Range<u64>, row: f64, height: f64) -> Self {
        let mut viewport = Viewport::default();
        viewport.measured(Measures { row, width: 500.0, height });
        let mut reader = Self {
            viewport,
            top: 0.0,
            heights: |_| 0.0,
            held,
            drawn: Window::default(),
            row,
            width: 500.0,
            height,
        };
        reader.draw();
        reader
    }

    /// What is drawn.
    pub fn window(&self) -> Window {
        self.drawn
    }

    /// The store holds other lines from now on.
    pub fn held(&mut self, held: Range<u64>) {
        self.held = held;
        self.draw();
    }

    /// The store got more lines at the end, which are not drawn yet.
    pub fn grow_unseen(&mut self, lines: u64) {
        self.held.end += lines;
    }

    pub fn held_lines(&self) -> Range<u64> {
        self.held.clone()
    }

    /// Scrolls by `way` pixels.
    pub fn wheel(&mut self, way: f64) {
        self.drag(self.top + way);
    }

    /// Scrolls to a position, as the scrollbar and the keys Home and End do.
    pub fn drag(&mut self, top: f64) {
        let last = (self.drawn.total as f64 - self.height).max(0.0);
        self.top = top.clamp(0.0, last);
        self.tell_scroll();
        self.draw();
    }

    /// Lines wrap from now on, and rows become as high as that.
    pub fn wrap(&mut self, heights: fn(u64) -> f64) {
        self.heights = heights;
        self.viewport.wrap(true);
        self.draw();
    }

    pub fn widen(&mut self) {
        self.width += 100.0;
        self.viewport.measured(Measures { row: self.row, width: self.width, height: self.height });
    }

    /// Draws, measures and places until nothing changes any more; twice or three times is what a
    /// page can do within a frame.
    pub fn draw(&mut self) {
        for _ in 0..8 {
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
                // The element became lower, so the browser moved, and tells it like any scroll.
                self.top = last;
            }
            if let Some(top) = self.drawn.scroll_to {
                self.top = f64::from(top).min(last);
                self.viewport.scroll_top_applied(self.top);
            }
            let held = self.drawn.held.0..self.drawn.held.1;
            let is_news = self.drawn.layout.is_some() && self.viewport.rows_measured(&rows, &held);
            self.tell_scroll();
            if !is_news && self.viewport.window(&self.held) == self.drawn {
                return;
            }
        }
        panic!("drawing does not come to rest: {:?} of {:?}", self.drawn, self.viewport);
    }

    /// The rows that are seen, newest first, and how far below the upper edge each stands.
    pub fn on_screen(&self) -> Vec<(u64, f64)> {
        let mut at = self.drawn.offset as f64 / 100.0 - self.top;
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

    /// How far below the upper edge a drawn row stands.
    pub fn position_of(&self, row: u64) -> f64 {
        assert!(
            self.drawn.start <= row && row < self.drawn.end,
            "row {row} is not drawn: {:?}",
            self.drawn
        );
        self.drawn.offset as f64 / 100.0 - self.top
            + (row + 1..self.drawn.end).map(|row| self.height_of(row)).sum::<f64>()
    }

    /// Fails where the window is not filled with rows, though there are some.
    pub fn assert_whole(&self) {
        let seen = self.on_screen();
        let (Some(&(_, first)), Some(&(last, at))) = (seen.first(), seen.last()) else {
            assert!(self.held.is_empty(), "nothing is seen of {:?}", self.drawn);
            return;
        };
        // At the top the newest line may be some pixels off, as a reader is there who is near it.
        assert!(first <= 0.0, "white above the first row: {seen:?} {:?}", self.drawn);
        let bottom = at + self.height_of(last);
        assert!(
            bottom > self.height - 1.0 || last == self.held.start,
            "white below the last row: {seen:?} {:?}",
            self.drawn
        );
    }

    pub fn is_at_end(&self) -> bool {
        self.held.is_empty()
            || self.drawn.start == self.held.start
                && self.position_of(self.held.start) + self.height_of(self.held.start)
                    <= self.height + 1.0
    }

    /// Where the scrollbar ends.
    pub fn last_top(&self) -> f64 {
        (self.drawn.total as f64 - self.height).max(0.0)
    }

    fn tell_scroll(&mut self) {
        self.viewport.scrolled(self.top, &(self.drawn.held.0..self.drawn.held.1));
    }

    fn height_of(&self, row: u64) -> f64 {
        if self.drawn.layout.is_some() { (self.heights)(row) } else { self.row }
    }
}
