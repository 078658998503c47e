//! The drawn rows, as elements that are reused: under load a line costs eight texts, and no element
//! is created or discarded.
//!
//! Drawn by hand rather than by Leptos' `<For>`, which creates a row for each line, with
//! bookkeeping that all pages would load.

mod focus;

use std::collections::VecDeque;

use leptos::web_sys::{Document, Element, Event, HtmlElement, MouseEvent};
use wasm_bindgen::JsCast;

use crate::browser::{Resize, Selected, layout, local_time};
use crate::ui::hit::{self, Hit};
use crate::ui::pieces;
pub(crate) use crate::ui::rows::focus::{Due, focus};
use logs_sse_core::copy::{self, Picked};
use logs_sse_core::session::Session;
use logs_sse_core::styled::label;
use logs_sse_core::summary::RowText;
use logs_sse_core::viewport::Window;
use logs_sse_wire::entry::EntryTime;

/// What determines how a row looks, besides the line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowContext {
    /// The locale for times that arrived as numbers.
    pub(crate) locale: String,
    /// The line whose whole entry is shown.
    pub(crate) opened: Option<u64>,
    /// The row that is the tab stop of the list, if there is one.
    pub(crate) current: Option<u64>,
    /// The line of the match that the reader is at.
    pub(crate) matched: Option<u64>,
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

    /// Draws the lines of `window` into `list`, newest first, and positions them. Returns the
    /// element that is to be focused then, if there is one.
    pub(crate) fn draw(
        &mut self,
        list: &HtmlElement,
        session: &Session,
        window: Window,
        context: &RowContext,
    ) -> Option<Due> {
        let had_focus = self.has_focus(list);
        let count = usize::try_from(window.end - window.start).unwrap_or_default();
        self.rotate(list, window.end, count);
        if self.context.locale != context.locale || self.context.version != context.version {
            self.rows.iter_mut().for_each(RowElement::invalidate);
        }
        if self.context.matched != context.matched {
            // One of them is no longer the current match, another one is.
            let changed = [self.context.matched, context.matched];
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
            self.resize.iter().for_each(|resize| resize.watch(&row.element));
            self.rows.push_back(row);
        }
        for (ordinal, row) in (window.start..window.end).rev().zip(&mut self.rows) {
            row.show(session.row_number(ordinal), session, context);
        }
        self.place(list, window);
        self.show_hits();
        self.due(list, had_focus)
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

    /// Returns what to copy for the rows in which the reader selected something, or `None` to leave
    /// that to the browser, as when the selection extends beyond `list`.
    pub(crate) fn copied(&self, list: &Element, session: &Session) -> Option<String> {
        let selected = Selected::within(list)?;
        let picked: Vec<_> = self.rows.iter().filter_map(|row| row.picked(&selected)).collect();
        copy::text(session.store(), &picked)
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
        let is_selecting = || is_repeated || Selected::is_any(&element);
        row.number.filter(|_| is_button || !is_selecting())
    }

    /// Scrolls new messages to their matches: all are read before the first one is written.
    fn show_hits(&mut self) {
        let wraps = self.placed.layout.is_some();
        let rows = self.rows.iter_mut();
        let mut new: Vec<_> = rows
            .filter_map(|row| (std::mem::take(&mut row.is_new_hit) && !wraps).then_some(row))
            .collect();
        let hits: Vec<_> = new.iter().map(|row| Hit::beyond_edge(&row.parts[MESSAGE])).collect();
        for (row, hit) in new.iter_mut().zip(hits) {
            row.is_scrolled = hit.inspect(Hit::show).is_some();
        }
    }

    /// Writes what has changed since it was last written.
    fn place(&mut self, list: &HtmlElement, window: Window) {
        let last = std::mem::replace(&mut self.placed, window);
        if last.layout != window.layout {
            list.set_class_name(if window.layout.is_some() {
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
            // The row that counts dropped lines follows the rows.
            if let Some(footer) = list.next_element_sibling() {
                write(footer.unchecked_ref(), "transform", at.clone());
            }
            write(list, "transform", at);
        }
    }

    /// Moves rows that left at one end to the other, so that the remaining ones are not touched:
    /// what a reader has selected in them stays selected.
    fn rotate(&mut self, list: &Element, end: u64, count: usize) {
        let (up, down) = (end.saturating_sub(self.end), self.end.saturating_sub(end));
        if up.max(down) as usize >= self.rows.len().min(count) {
            return;
        }
        for _ in 0..up {
            let Some(row) = self.rows.pop_back() else { return };
            // This fails only for an element of another document.
            let _ = list.prepend_with_node_1(&row.element);
            self.rows.push_front(row);
        }
        for _ in 0..down {
            let Some(row) = self.rows.pop_front() else { return };
            let _ = list.append_child(&row.element);
            self.rows.push_back(row);
        }
    }
}

/// One row's element and its parts.
#[derive(Debug)]
struct RowElement {
    element: Element,
    open: Element,
    /// Time, level, pipeline, channel, message, size of its omitted rest, duration.
    parts: [Element; PARTS.len()],
    /// The text of each part; writing the same text again would be work for the browser.
    texts: [String; PARTS.len()],
    class: String,
    exact_time: String,
    /// The line that it shows.
    number: Option<u64>,
    is_open: bool,
    /// Whether its message is drawn in styled pieces.
    is_rich: bool,
    /// Whether its message has matches, of which the first may be beyond the edge.
    is_new_hit: bool,
    /// Whether its message is scrolled to a match.
    is_scrolled: bool,
    /// Whether its height was not measured since it last changed.
    is_fresh: bool,
    /// Its height at the last measurement.
    height: f64,
}

impl RowElement {
    fn new(list: &Element) -> Option<Self> {
        let document = list.owner_document()?;
        let element = create(&document, "li", "dsl-row")?;
        let open = create(&document, "button", "dsl-open")?;
        for (name, value) in [("type", "button"), ("tabindex", "-1"), ("aria-expanded", "false")] {
            open.set_attribute(name, value).ok()?;
        }
        element.append_child(&open).ok()?;
        let mut parts = Vec::with_capacity(PARTS.len());
        for class in PARTS {
            let part = create(&document, "span", class)?;
            element.append_child(&part).ok()?;
            parts.push(part);
        }
        list.append_child(&element).ok()?;
        let (texts, class, exact_time) = Default::default();
        Some(Self {
            element,
            open,
            parts: parts.try_into().ok()?,
            texts,
            class,
            exact_time,
            number: None,
            is_open: false,
            is_rich: false,
            is_new_hit: false,
            is_scrolled: false,
            is_fresh: true,
            height: 0.0,
        })
    }

    fn measure(&mut self) -> f64 {
        self.is_fresh = false;
        self.height = layout::height(&self.element);
        self.height
    }

    fn height_changed(&self) -> bool {
        !self.is_fresh && (layout::height(&self.element) - self.height).abs() >= HEIGHT_TOLERANCE
    }

    fn picked(&self, selected: &Selected) -> Option<Picked> {
        let cells = self.parts.iter().filter(|part| selected.has_text_of(part)).count();
        Some(Picked {
            number: self.number.filter(|_| cells > 0)?,
            cells,
            time: self.texts[0].clone(),
        })
    }

    /// Invalidates the row, so that whatever it shows next is written.
    fn invalidate(&mut self) {
        self.number = None;
        self.invalidate_message();
    }

    /// Invalidates the message, so that the next one is written. Should it be this very text, it is
    /// drawn as a piece, and so written too.
    fn invalidate_message(&mut self) {
        self.texts[MESSAGE] = "\0".to_owned();
    }

    fn show(&mut self, number: Option<u64>, session: &Session, context: &RowContext) {
        let is_open = number.is_some() && context.opened == number;
        if self.is_open != is_open {
            self.is_open = is_open;
            // This fails only for an invalid attribute name.
            let _ =
                self.open.set_attribute("aria-expanded", if is_open { "true" } else { "false" });
        }
        if self.number == number && number.is_some() {
            return;
        }
        self.number = number;
        self.is_fresh = true;
        // The line is in the store, or it would not be in the window. If it was evicted in the
        // meantime, an empty row takes its place until the next frame.
        let (text, time) = number.and_then(|number| session.row_text(number)).unwrap_or_default();
        // This fails only for an invalid attribute name.
        let _ = self.open.set_attribute("aria-label", &text.button_name());
        let RowText { class, exact_time, level, pipeline, channel, message, looks, more, status } =
            text;
        if self.is_rich {
            // The same text may be styled differently now.
            self.invalidate_message();
        }
        if self.class != class {
            self.element.set_class_name(&class);
            self.class = class;
        }
        if self.exact_time != exact_time {
            let _ = self.parts[0].set_attribute("title", &exact_time);
            self.exact_time = exact_time;
        }
        let time = time.map(|time| shown_time(&time, &context.locale)).unwrap_or_default();
        for (index, text) in
            [time, level, pipeline, channel, message, more, status].into_iter().enumerate()
        {
            if self.texts[index] != text {
                self.parts[index].set_text_content(Some(&text));
                self.texts[index] = text;
            }
        }
        if std::mem::take(&mut self.is_scrolled) {
            hit::scroll_back(&self.parts[MESSAGE]);
        }
        let message = &self.texts[MESSAGE];
        let marks = session.marks(message);
        self.is_new_hit = !marks.is_empty();
        let pieces = looks.pieces(message, &mut marks.into_iter());
        self.is_rich = pieces::draw(&self.parts[MESSAGE], &pieces);
        if context.matched == number {
            pieces::mark_current(&self.parts[MESSAGE]);
        }
    }
}

fn create(document: &Document, name: &str, class: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    Some(element)
}

/// Returns a time as it is shown in `locale`.
pub(crate) fn shown_time(time: &EntryTime, locale: &str) -> String {
    match time {
        EntryTime::Text(text) => label(text),
        EntryTime::Millis(millis) => {
            local_time(*millis, locale).unwrap_or_else(|| millis.to_string())
        }
    }
}

const MESSAGE: usize = 4;

/// Smaller differences between two heights come from rounding.
const HEIGHT_TOLERANCE: f64 = 0.01;

const PARTS: [&str; 7] = [
    "dsl-time",
    "dsl-level",
    "dsl-pipeline",
    "dsl-chip",
    "dsl-message",
    "dsl-chip",
    "dsl-duration",
];
