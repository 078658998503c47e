//! A reader at a page: a log from a gateway with history, and a list that is drawn, measured and
//! scrolled as in a browser.

use std::borrow::Cow;

use logs_sse_core::find::Query;
use logs_sse_core::session::EarlierRequest;
use logs_sse_core::store::Capacity;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::{Measures, Order, Viewport, Window};

use super::sim::Sim;

/// A row on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Its number in the store.
    pub number: u64,
    /// The distance of its upper edge below that of the window; with the oldest row first, of its
    /// lower edge above that of the window.
    pub y: f64,
}

/// A reader, and the page.
pub struct Reader {
    pub viewport: Viewport,
    sim: Sim,
    seq: u64,
    query: Query,
    opened: Option<u64>,
    /// The row that the reader looked at before the query changed, until the reader moves.
    sought: Option<Row>,
    /// The row that stays in place since: the one that took its place, one that was shown, or the
    /// first that was whole.
    kept: Option<u64>,
    /// The scroll position of the browser.
    top: f64,
    drawn: Window,
    /// The rows that were drawn last, newest first.
    rows: Vec<u64>,
    width: f64,
    height: f64,
}

impl Reader {
    /// Returns a reader who follows a log of `lines` lines.
    pub fn new(lines: usize) -> Self {
        let mut sim = Sim::connected();
        sim.session.resize(Capacity::from_lines(300));
        sim.line(&format!(
            r#"{{"type":"connection","status":"connected","channels":["{CHANNEL}"],"epoch":"aaaaaa","seqs":{{"{CHANNEL}":{{"oldest":1,"newest":{START},"start":{START}}}}},"heartbeatMs":15000,"received":["batch","tail","last_event_id"]}}"#
        ));
        let mut reader = Self {
            viewport: Viewport::default(),
            sim,
            seq: START,
            query: Query::default(),
            opened: None,
            sought: None,
            kept: None,
            top: 0.0,
            drawn: Window::default(),
            rows: Vec::new(),
            width: 500.0,
            height: 308.0,
        };
        reader.measure();
        reader.append(lines);
        reader
    }

    /// Scrolls towards older rows.
    pub fn wheel(&mut self, delta: f64) {
        let sign = if self.is_mirrored() { -1.0 } else { 1.0 };
        self.scroll_to(self.top + sign * delta);
    }

    /// Changes to the other order.
    pub fn turn(&mut self) {
        let order = if self.is_mirrored() { Order::NewestFirst } else { Order::OldestFirst };
        self.viewport.set_order(order, &self.sim.session.shown_range());
        self.moved();
        self.draw();
    }

    pub fn is_mirrored(&self) -> bool {
        self.viewport.order() == Order::OldestFirst
    }

    /// Returns the uppermost row that is whole, with its distance from the upper edge.
    pub fn topmost(&self) -> Option<Row> {
        let rows: Vec<_> = self.on_screen().iter().map(|row| self.top_distance(*row)).collect();
        let whole =
            |row: &&Row| row.y > -0.005 && row.y + self.height_of(row.number) < self.height + 0.005;
        rows.iter().filter(whole).min_by(|a, b| a.y.total_cmp(&b.y)).copied()
    }

    /// Returns a row with its distance from the upper edge.
    pub fn top_distance(&self, row: Row) -> Row {
        let mirrored = self.height - self.height_of(row.number) - row.y;
        Row { y: if self.is_mirrored() { mirrored } else { row.y }, ..row }
    }

    /// Returns whether the oldest row that matches is on the screen.
    pub fn is_at_oldest(&self) -> bool {
        self.on_screen().last().map(|row| row.number) == self.shown().last().copied()
    }

    /// Drags the scrollbar to a part of its length.
    pub fn drag(&mut self, part: f64) {
        // Browsers report whole pixels, unless the page is zoomed.
        self.scroll_to((self.last_top() * part).round());
    }

    pub fn home(&mut self) {
        self.viewport.to_newest(&self.sim.session.shown_range());
        self.moved();
        self.draw();
    }

    pub fn end(&mut self) {
        let shown = self.sim.session.shown_range();
        self.viewport.to_oldest(&shown);
        // An empty list has no end to go to.
        if !shown.is_empty() {
            self.moved();
        }
        self.draw();
    }

    pub fn pause(&mut self) {
        self.viewport.pause(&self.sim.session.shown_range());
        self.draw();
    }

    pub fn resume(&mut self) {
        self.viewport.follow();
        self.moved();
        self.draw();
    }

    /// Presses the button, which ends a hold as it ends a pause.
    pub fn press_pause(&mut self) {
        if self.viewport.is_following() {
            self.pause();
        } else {
            self.resume();
        }
    }

    /// Chooses another workflow, whose log is empty.
    pub fn choose(&mut self, workflow: &str) {
        self.sim.choose(workflow);
        self.moved();
        self.draw();
    }

    pub fn first_error(&mut self) {
        let session = &self.sim.session;
        if let Some(row) = session.first_error_from(self.viewport.seen())
            && !self.viewport.is_following()
        {
            let number = session.row_number(row);
            self.viewport.show(row, &session.shown_range());
            self.moved();
            self.kept = number;
        }
        self.draw();
    }

    /// Appends lines, and a gap before every 23rd.
    pub fn append(&mut self, lines: usize) {
        for _ in 0..lines {
            self.seq += if self.seq.is_multiple_of(23) { 2 } else { 1 };
            self.sim.line(&log(self.seq));
        }
        self.draw();
    }

    pub fn resize_store(&mut self, lines: usize) {
        self.sim.session.resize(Capacity::from_lines(lines));
        self.draw();
    }

    /// Loads lines from before the oldest one.
    pub fn load_earlier(&mut self, lines: usize) {
        if let Some(request) = self.sim.session.request_earlier() {
            let page = history(&request, lines as u64);
            self.sim.session.handle_earlier(&request, Some((200, &page)));
        }
        self.draw();
    }

    /// Changes the query. Returns whether it is another one.
    pub fn filter(&mut self, text: &str) -> bool {
        // A phrase, since it contains spaces.
        let text = if text.is_empty() { String::new() } else { format!("\"{text}\"") };
        if self.query.text == text {
            return false;
        }
        if !self.viewport.is_following() {
            let rows = self.on_screen();
            let opened = rows.iter().find(|row| Some(row.number) == self.opened).copied();
            self.sought = opened.or(self.sought).or_else(|| self.kept());
        }
        self.query.text = text;
        let opened: Vec<_> = self.opened.into_iter().collect();
        let place = self.viewport.place(&self.sim.session, &opened);
        let near = place.map(|place| place.number);
        if self.sim.session.set_query_around(self.query.clone(), near) {
            self.viewport.renumber(&self.sim.session, place);
        }
        self.kept = self.sought.and_then(|sought| {
            self.shown().into_iter().rev().min_by_key(|row| row.abs_diff(sought.number))
        });
        self.draw();
        true
    }

    /// Records that the reader moved the view.
    fn moved(&mut self) {
        (self.sought, self.kept) = (None, None);
    }

    /// Returns the row that must be where the reader looked before the query changed.
    pub fn expected(&self) -> Option<Row> {
        Some(Row { number: self.kept?, y: self.sought?.y })
    }

    pub fn wrap(&mut self) {
        self.viewport.wrap(!self.viewport.is_wrapping());
        self.draw();
    }

    pub fn widen(&mut self) {
        self.width += 100.0;
        self.measure();
        self.draw();
    }

    pub fn resize_window(&mut self, height: f64) {
        self.height = height;
        self.measure();
        self.draw();
    }

    /// Opens the entry of one of the rows on the screen.
    pub fn open(&mut self, index: usize) {
        self.opened = self.on_screen().get(index).map(|row| row.number);
    }

    pub fn clear(&mut self) {
        self.sim.session.clear();
        self.moved();
        self.draw();
    }

    pub fn model(&self) -> ViewModel {
        ViewModel::new(&self.sim.session, &self.viewport, self.sim.now())
    }

    pub fn height(&self) -> f64 {
        self.height
    }

    /// Returns the numbers of all rows that match, newest first, by looking at each.
    pub fn shown(&self) -> Vec<u64> {
        let numbers = self.sim.session.store().range().rev();
        numbers.filter(|number| self.is_shown(*number)).collect()
    }

    pub fn newest(&self) -> u64 {
        self.sim.session.store().range().end - 1
    }

    /// Returns what was sent of a stored line.
    pub fn text(&self, number: u64) -> Option<&str> {
        match self.sim.session.store().raw_line(number)?.text {
            Cow::Borrowed(text) => Some(text),
            Cow::Owned(_) => None,
        }
    }

    /// Returns whether a stored row matches the filter. Notices always do.
    pub fn is_shown(&self, number: u64) -> bool {
        self.sim.session.store().range().contains(&number)
            && self.text(number).is_none_or(|text| text.contains(self.query.text.trim_matches('"')))
    }

    /// Returns the rows on the screen, newest first.
    pub fn on_screen(&self) -> Vec<Row> {
        let mut y = self.drawn.offset as f64 / 100.0 - self.top;
        if self.is_mirrored() {
            y = self.height - y - self.rows.iter().map(|row| self.height_of(*row)).sum::<f64>();
        }
        let mut rows = Vec::new();
        for &number in &self.rows {
            let height = self.height_of(number);
            if y + height > 0.0 && y < self.height {
                rows.push(Row { number, y });
            }
            y += height;
        }
        rows
    }

    /// Returns the row that must stay in place: the one that was found or shown,
    /// otherwise the first that was whole when the reader came here.
    pub fn kept(&mut self) -> Option<Row> {
        if self.viewport.is_following() {
            self.moved();
        }
        let rows = self.on_screen();
        let is_whole = |row: &&Row| row.y > -0.005;
        let found = rows.iter().find(|row| Some(row.number) == self.kept);
        let found = found.filter(|row| self.sought.is_some() || is_whole(row));
        let kept = found.or(rows.iter().find(is_whole)).or(rows.first()).copied();
        self.kept = kept.map(|row| row.number).filter(|_| !self.viewport.is_following());
        kept
    }

    pub fn position_of(&self, number: u64) -> Option<f64> {
        self.on_screen().iter().find(|row| row.number == number).map(|row| row.y)
    }

    /// Returns whether the newest row that matches is on the screen.
    pub fn is_at_top(&self) -> bool {
        self.on_screen().first().map(|row| row.number) == self.shown().first().copied()
    }

    /// Checks that the rows are those that match, in order and without a hole.
    pub fn check_drawing(&self) {
        let (rows, shown) = (self.on_screen(), self.shown());
        let Some(first) = rows.first() else {
            assert!(shown.is_empty(), "nothing is drawn of {} rows", shown.len());
            return;
        };
        let from = shown.iter().position(|number| *number == first.number).expect("it matches");
        let expected = &shown[from..from + rows.len()];
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), expected);
        assert!(first.y < 0.011, "blank space above the first row: {rows:?}");
        let last = rows[rows.len() - 1];
        assert!(
            last.y + self.height_of(last.number) > self.height - 1.0
                || shown.last() == Some(&last.number),
            "blank space below the last row: {rows:?}"
        );
    }

    fn scroll_to(&mut self, top: f64) {
        let top = top.clamp(0.0, self.last_top());
        let before = std::mem::replace(&mut self.top, top);
        if self.top != before {
            self.moved();
        }
        self.report_scroll();
        self.draw();
    }

    fn measure(&mut self) {
        self.viewport.measured(Measures { row: 28.0, width: self.width, height: self.height });
    }

    /// Draws until nothing changes, as `line_list` does.
    fn draw(&mut self) {
        for _ in 0..10 {
            while !self.sim.session.search(usize::MAX) {}
            self.viewport.settle(&self.sim.session);
            // A line that was evicted is not looked for again, even if it is loaded again.
            let oldest = self.sim.session.store().range().start;
            self.sought = self.sought.filter(|sought| oldest <= sought.number);
            let shown = self.sim.session.shown_range();
            let last = std::mem::replace(&mut self.drawn, self.viewport.window(&shown));
            let number = |ordinal| self.sim.session.row_number(ordinal).expect("a shown row");
            let old = std::mem::take(&mut self.rows);
            let ordinals = (self.drawn.start..self.drawn.end).rev();
            self.rows = ordinals.clone().map(number).collect();
            let is_fresh = |row: &u64| self.drawn.layout != last.layout || !old.contains(row);
            let heights: Vec<_> = ordinals
                .zip(&self.rows)
                .filter(|(_, number)| is_fresh(number))
                .map(|(ordinal, number)| (ordinal, self.height_of(*number)))
                .collect();
            self.top = self.top.min(self.last_top());
            if let Some(top) = self.drawn.scroll_to {
                self.top = f64::from(top).min(self.last_top());
                self.viewport.scroll_top_applied(self.top);
            }
            let held = self.drawn.held.0..self.drawn.held.1;
            let heights = if self.drawn.layout.is_some() { &*heights } else { &[] };
            let has_changed = self.viewport.rows_measured(heights, &held);
            self.report_scroll();
            if !has_changed && self.viewport.window(&shown) == self.drawn {
                return;
            }
        }
        panic!("drawing does not converge: {:?} of {:?}", self.drawn, self.viewport);
    }

    fn last_top(&self) -> f64 {
        (self.drawn.total as f64 - self.height).max(0.0)
    }

    fn report_scroll(&mut self) {
        self.viewport.scrolled(self.top, &(self.drawn.held.0..self.drawn.held.1));
    }

    fn height_of(&self, number: u64) -> f64 {
        if self.drawn.layout.is_none() {
            return 28.0;
        }
        match number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60 {
            0 => 150.0,
            1..=3 => 48.5,
            _ => 28.0,
        }
    }
}

fn log(seq: u64) -> String {
    let level = if seq.is_multiple_of(17) { "error" } else { "info" };
    let parity = if seq.is_multiple_of(2) { "even" } else { "odd" };
    format!(
        r#"{{"channel":"{CHANNEL}","data":{{"level":"{level}","message":"line {seq} {parity} {level}"}},"timestamp":1,"id":"i{seq}","seq":{seq}}}"#
    )
}

/// Returns the page of history before the line that was asked for.
fn history(request: &EarlierRequest, limit: u64) -> String {
    let before = request.url.split("before=").nth(1).and_then(|rest| rest.split('&').next());
    let before: u64 = before.and_then(|before| before.parse().ok()).expect("a number");
    let logs: Vec<_> = (before.saturating_sub(limit).max(1)..before).map(log).collect();
    format!(
        r#"{{"channel":"{CHANNEL}","epoch":"aaaaaa","oldest":1,"newest":{START},"earlier":{},"logs":[{}]}}"#,
        before.saturating_sub(limit).saturating_sub(1),
        logs.join(",")
    )
}

const CHANNEL: &str = "logs:etl:workspace123:workflow456";

/// The sequence number of the newest log when the page is opened.
const START: u64 = 5_000;
