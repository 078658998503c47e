//! The drawn rows, as elements that are reused: under load a line costs eight texts, and no element
//! is created or discarded.
//!
//! Drawn by hand rather than by Leptos' `<For>`, which creates a row for each line, with
//! bookkeeping that all pages would load.

mod element;
mod focus;

use std::collections::VecDeque;

use leptos::web_sys::{Element, Event, HtmlElement, MouseEvent};
use wasm_bindgen::JsCast;

use crate::browser::selection::{self, SelectedRanges};
use crate::browser::{Resize, Zone, layout};
use crate::ui::hit::Hit;
pub(crate) use crate::ui::rows::element::draw_mark;
use crate::ui::rows::element::{MESSAGE, MORE, RowElement};
pub(crate) use crate::ui::rows::focus::{Due, focus};
use logs_sse_core::copy::Selected;
use logs_sse_core::line_time::{SentTime, TimeCell, TimeContext, TimeDisplay};
use logs_sse_core::session::Session;
use logs_sse_core::viewport::{Order, Window};
use logs_sse_core::words::Words;

/// What determines how a row looks, besides the line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowContext {
    /// The locale of times; empty for the viewer's own format.
    pub(crate) locale: String,
    /// How times are shown.
    pub(crate) display: TimeDisplay,
    /// The current time, in milliseconds since 1970 (UTC).
    pub(crate) now: i64,
    /// The line whose whole entry is shown.
    pub(crate) opened: Option<u64>,
    /// The rows that show all their lines.
    pub(crate) unfolded: Vec<u64>,
    /// The row that is the tab stop of the list, if there is one.
    pub(crate) current: Option<u64>,
    /// The line of the match that the reader is at.
    pub(crate) current_match: Option<u64>,
    /// From [`Session::rows_version`]: a row that was drawn under another version may be out of
    /// date.
    pub(crate) version: u64,
}

/// The rows of one list.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: VecDeque<RowElement>,
    /// One above the ordinal of the first row.
    end: u64,
    context: RowContext,
    zone: Zone,
    words: Words,
    /// The time of the line before the rows, after the first row, the first of the list and the
    /// version for which it holds.
    before: (Option<(u64, u64, u64)>, Option<i64>),
    /// The position of the rows as it was last written.
    placed: Window,
    /// Observes the list and each row.
    resize: Option<Resize>,
    /// The number of the line that is focused as soon as it is drawn.
    to_focus: Option<u64>,
    /// The one element of the list that the Tab key reaches.
    tab_stop: Option<Element>,
}

impl Rows {
    /// Observes the list and each row with the observer that `watch` returns, unless they are
    /// already observed in the window of `list`.
    pub(crate) fn watch(&mut self, list: &Element, watch: impl FnOnce() -> Resize) {
        if self.resize.as_ref().is_some_and(|resize| resize.is_at(list)) {
            return;
        }
        let resize = watch();
        self.rows.iter().for_each(|row| resize.watch(&row.element));
        self.resize = Some(resize);
    }

    /// Draws the lines of `window` into `list`, in its order, and positions them. Returns the
    /// element that is to be focused then, if there is one.
    pub(crate) fn draw(
        &mut self,
        list: &HtmlElement,
        session: &Session,
        window: Window,
        context: &RowContext,
    ) -> Option<Due> {
        let had_focus = self.has_focus(list);
        if self.words != *session.words() {
            self.words = session.words().clone();
        }
        if self.placed.order != window.order {
            for row in self.rows.drain(..) {
                self.resize.iter().for_each(|resize| resize.unwatch(&row.element));
                row.element.remove();
            }
        }
        let count = usize::try_from(window.end - window.start).unwrap_or_default();
        self.rotate(list, &window, count);
        if self.context.locale != context.locale {
            self.zone = Zone::new(context.locale.clone());
            self.rows.iter_mut().for_each(RowElement::invalidate);
        }
        if self.context.version != context.version {
            self.rows.iter_mut().for_each(RowElement::invalidate);
        }
        if self.context.current_match != context.current_match {
            // One of them is no longer the current match, another one is.
            let changed = [self.context.current_match, context.current_match];
            let is_changed = |row: &&mut RowElement| changed.contains(&row.number);
            self.rows.iter_mut().filter(is_changed).for_each(RowElement::invalidate);
        }
        self.context.clone_from(context);
        self.end = window.end;
        while self.rows.len() > count {
            if let Some(row) = self.rows.pop_back() {
                self.resize.iter().for_each(|resize| resize.unwatch(&row.element));
                row.element.remove();
            }
        }
        while self.rows.len() < count {
            let Some(row) = RowElement::new(list) else { break };
            put(list, &row, window.order == Order::NewestFirst);
            self.resize.iter().for_each(|resize| resize.watch(&row.element));
            self.rows.push_back(row);
        }
        for (ordinal, row) in (window.start..window.end).rev().zip(&mut self.rows) {
            row.show(session.row_number(ordinal), session, context);
        }
        // An entry may be large, and its time is read from the whole of it.
        let key = Some((window.start, window.held.0, context.version));
        if self.before.0 != key {
            self.before = (key, session.moment_before(window.start));
        }
        self.show_times(self.before.1);
        self.place(list, window);
        self.show_hits();
        self.due(list, had_focus)
    }

    /// Returns the heading of the time column, which names the time zone.
    pub(crate) fn time_heading(&self, display: TimeDisplay, now: i64) -> String {
        let context = TimeContext { display, zone: &self.zone, now, words: &self.words };
        display.heading(&context.zone_name(now), &self.words)
    }

    /// Returns the day of the line with this number, otherwise that of the newest drawn line. If
    /// its time cannot be read, it is that of the next one.
    pub(crate) fn day(&self, number: Option<u64>) -> String {
        let is_asked = |row: &RowElement| number.is_some() && row.number == number;
        let first = self.rows.iter().position(is_asked).unwrap_or_default();
        let millis = self.rows.iter().skip(first).find_map(|row| row.time.millis());
        millis.map(|millis| self.times().day(millis)).unwrap_or_default()
    }

    /// Returns a time with its date, for copying.
    pub(crate) fn full_time(&self, time: &SentTime) -> String {
        TimeCell::new(time, "", None, &self.times()).full
    }

    /// Returns how times are shown.
    pub(crate) fn times(&self) -> TimeContext<'_> {
        let RowContext { display, now, .. } = self.context;
        TimeContext { display, zone: &self.zone, now, words: &self.words }
    }

    /// Writes the time column of all rows. The oldest follows a line of `previous`.
    fn show_times(&mut self, mut previous: Option<i64>) {
        let RowContext { display, now, .. } = self.context;
        let context = TimeContext { display, zone: &self.zone, now, words: &self.words };
        for row in self.rows.iter_mut().rev() {
            row.show_time(previous, &context);
            previous = row.time.millis().or(previous);
        }
    }

    /// Returns the heights of the rows whose content has changed since they were measured. Empty if
    /// all rows are one line high.
    pub(crate) fn measure(&mut self) -> Vec<(u64, f64)> {
        if self.placed.layout.is_none() {
            return Vec::new();
        }
        let rows = (0..self.end).rev().zip(&mut self.rows).filter(|(_, row)| row.is_fresh);
        rows.map(|(ordinal, row)| (ordinal, row.measure())).collect()
    }

    /// Returns the height of a row of one line, or NaN if there are no rows.
    pub(crate) fn row_height(&self) -> f64 {
        // If lines wrap, any row that is drawn may have several.
        let height = if self.placed.layout.is_some() { layout::min_height } else { layout::height };
        self.rows.iter().map(|row| height(&row.element)).fold(f64::NAN, f64::min)
    }

    /// Returns whether rows have other heights than when their content was measured: fonts or style
    /// sheets have changed.
    pub(crate) fn heights_changed(&self) -> bool {
        self.placed.layout.is_some() && self.rows.iter().any(RowElement::height_changed)
    }

    /// Returns what the browser has selected of the rows, and of how many cells.
    pub(crate) fn selected(&self, list: &Element) -> (Selected, usize) {
        let Some(ranges) = SelectedRanges::within(list) else { return (Selected::Elsewhere, 0) };
        let (mut cells, mut ends) = (0, None);
        for row in self.rows.iter().filter(|row| ranges.touches(&row.element)) {
            let in_row = row.parts.iter().filter(|part| ranges.has_text_of(part)).count();
            if let Some(number) = row.number.filter(|_| in_row > 0) {
                cells += in_row;
                let (first, _) = ends.unwrap_or((number, number));
                ends = Some((first, number));
            }
        }
        let selected = match ends {
            // From the newest to the oldest, which is backward in one of the orders.
            Some((first, last))
                if ranges.is_backward() == (self.placed.order == Order::NewestFirst) =>
            {
                Selected::Rows { anchor: last, focus: first }
            }
            Some((first, last)) => Selected::Rows { anchor: first, focus: last },
            None => self
                .rows
                .iter()
                .find(|row| ranges.starts_in(&row.element))
                .and_then(|row| row.number)
                .map_or(Selected::Elsewhere, Selected::Caret),
        };
        (selected, cells)
    }

    /// Makes the browser select what is in `selected`.
    pub(crate) fn select(&self, selected: Selected) {
        let element = |number| self.rows.iter().find(|row| row.number == Some(number));
        match selected {
            Selected::Elsewhere => {}
            Selected::Caret(row) => {
                element(row)
                    .into_iter()
                    .for_each(|row| selection::select(&row.element, None, false));
            }
            Selected::Rows { anchor, focus } => {
                let is_newest_first = self.placed.order == Order::NewestFirst;
                let is_backward = (anchor < focus) == is_newest_first && anchor != focus;
                let (first, last) = if is_backward { (focus, anchor) } else { (anchor, focus) };
                if let (Some(first), Some(last)) = (element(first), element(last)) {
                    selection::select(&first.element, Some(&last.element), is_backward);
                }
            }
        }
    }

    /// Returns the numbers of the drawn rows, ascending.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.rows.iter().rev().filter_map(|row| row.number).collect()
    }

    /// Returns whether nothing is drawn.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the number of the line that was pressed: its button, or all of it unless the reader
    /// has selected text.
    pub(crate) fn pressed(&self, event: &Event) -> Option<u64> {
        // Not `dyn_into`: an element of another window is an instance of that window's classes.
        let target: Element = event.target()?.unchecked_into();
        let element = target.closest("li").ok()??;
        let row = self.rows.iter().find(|row| row.element == element && !row.is_notice())?;
        let is_button = target.closest("button").is_ok_and(|button| button.is_some());
        // The second click of a double click selects a word.
        let is_repeated = event.unchecked_ref::<MouseEvent>().detail() > 1;
        let is_selecting = || is_repeated || SelectedRanges::is_any(&element);
        row.number.filter(|_| is_button || !is_selecting())
    }

    /// Returns the number of the row whose sign of further lines was pressed.
    pub(crate) fn pressed_fold(&self, event: &Event) -> Option<u64> {
        let target: Element = event.target()?.unchecked_into();
        let row = self.rows.iter().find(|row| row.parts[MORE] == target)?;
        row.number.filter(|_| row.fold_state.is_some())
    }

    /// Returns whether the row with this number has further lines.
    pub(crate) fn can_unfold(&self, number: u64) -> bool {
        self.rows.iter().any(|row| row.number == Some(number) && row.fold_state.is_some())
    }

    /// Scrolls new messages to their matches: all are read before the first one is written.
    fn show_hits(&mut self) {
        let wraps = self.placed.wraps;
        let rows = self.rows.iter_mut();
        let mut new: Vec<_> = rows
            .filter_map(|row| {
                let is_new = std::mem::take(&mut row.is_new_hit);
                (is_new && !wraps && !row.is_unfolded).then_some(row)
            })
            .collect();
        let hits: Vec<_> = new.iter().map(|row| Hit::beyond_edge(&row.parts[MESSAGE])).collect();
        for (row, hit) in new.iter_mut().zip(hits) {
            row.is_scrolled = hit.inspect(Hit::show).is_some();
        }
    }

    /// Writes what has changed since it was last written.
    fn place(&mut self, list: &HtmlElement, window: Window) {
        let last = std::mem::replace(&mut self.placed, window);
        if (last.layout, last.wraps) != (window.layout, window.wraps) {
            list.set_class_name(if window.wraps {
                "dsl dsl-rows dsl-wrap"
            } else {
                "dsl dsl-rows"
            });
            self.rows.iter_mut().for_each(|row| row.is_fresh = true);
        }
        let write = |element: &HtmlElement, name, value: String| {
            // This fails only for a read-only style, and those of elements are not.
            let _ = element.style().set_property(name, &value);
        };
        if last.total != window.total
            && let Some(space) = list.parent_element()
        {
            write(space.unchecked_ref(), "height", format!("{}px", window.total));
        }
        if last.offset != window.offset {
            let sign = if window.offset < 0 { "-" } else { "" };
            let hundredths = window.offset.unsigned_abs();
            let at = format!("translateY({sign}{}.{:02}px)", hundredths / 100, hundredths % 100);
            // The row that counts dropped lines is beside the oldest one.
            if let Some(footer) = list.next_element_sibling() {
                write(footer.unchecked_ref(), "transform", at.clone());
            }
            write(list, "transform", at);
        }
    }

    /// Moves rows that left at one end to the other, so that the remaining ones are not touched:
    /// what a reader has selected in them stays selected.
    fn rotate(&mut self, list: &Element, window: &Window, count: usize) {
        let (end, is_newest_first) = (window.end, window.order == Order::NewestFirst);
        let (up, down) = (end.saturating_sub(self.end), self.end.saturating_sub(end));
        if up.max(down) as usize >= self.rows.len().min(count) {
            return;
        }
        for _ in 0..up {
            let Some(row) = self.rows.pop_back() else { return };
            put(list, &row, !is_newest_first);
            self.rows.push_front(row);
        }
        for _ in 0..down {
            let Some(row) = self.rows.pop_front() else { return };
            put(list, &row, is_newest_first);
            self.rows.push_back(row);
        }
    }
}

/// Puts a row after all others, or before them.
fn put(list: &Element, row: &RowElement, is_last: bool) {
    // This fails only for an element of another document.
    if is_last {
        let _ = list.append_child(&row.element);
    } else {
        let _ = list.prepend_with_node_1(&row.element);
    }
}
