//! The rows that are drawn, as elements that are used again: under load a line costs eight texts,
//! and no element is made or thrown away.
//!
//! Drawn by hand rather than by Leptos' `<For>`: that makes a row anew for each line, with
//! bookkeeping that all pages would load.

use std::collections::VecDeque;

use leptos::web_sys::{Document, Element, Event, HtmlElement};
use wasm_bindgen::JsCast;

use crate::browser::{Resize, Selected, layout, local_time};
use crate::ui::pieces;
use logs_sse_core::copy::{self, Picked};
use logs_sse_core::session::Session;
use logs_sse_core::styled::label;
use logs_sse_core::summary::RowText;
use logs_sse_core::viewport::Window;
use logs_sse_wire::entry::EntryTime;

/// What decides how a row reads, beside the line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How times are written that came as numbers.
    pub(crate) locale: String,
    /// The line whose whole entry is shown.
    pub(crate) opened: Option<u64>,
    /// By [`Session::rows_version`]: a row that was drawn under another one may say anything by
    /// now.
    pub(crate) version: u64,
}

/// The rows of one list.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: VecDeque<Row>,
    /// One above the ordinal of the first row.
    end: u64,
    reading: Reading,
    /// Where the rows stand by what was written last.
    placed: Window,
    /// Watches the list and each row.
    resize: Option<Resize>,
}

impl Rows {
    /// Watches the list and each row with what `watch` returns, unless they are watched already in
    /// the window of `list`.
    pub(crate) fn watch(&mut self, list: &Element, watch: impl FnOnce() -> Resize) {
        if self.resize.as_ref().is_some_and(|resize| resize.is_at(list)) {
            return;
        }
        let resize = watch();
        self.rows.iter().for_each(|row| resize.watch(&row.element));
        self.resize = Some(resize);
    }

    /// Draws the lines of `window` into `list`, newest first, and puts them where they belong.
    pub(crate) fn draw(
        &mut self,
        list: &HtmlElement,
        session: &Session,
        window: Window,
        reading: &Reading,
    ) {
        let wanted = usize::try_from(window.end - window.start).unwrap_or_default();
        self.rotate(list, window.end, wanted);
        if self.reading.locale != reading.locale || self.reading.version != reading.version {
            self.rows.iter_mut().for_each(Row::forget);
        }
        self.reading.clone_from(reading);
        self.end = window.end;
        while self.rows.len() > wanted {
            if let Some(row) = self.rows.pop_back() {
                self.resize.iter().for_each(|resize| resize.unwatch(&row.element));
                row.element.remove();
            }
        }
        while self.rows.len() < wanted {
            let Some(row) = Row::new(list) else { break };
            self.resize.iter().for_each(|resize| resize.watch(&row.element));
            self.rows.push_back(row);
        }
        for (ordinal, row) in (window.start..window.end).rev().zip(&mut self.rows) {
            row.show(session.row_number(ordinal), session, reading);
        }
        self.place(list, window);
    }

    /// The heights of the rows that were not measured since they show what they show; of none where
    /// all are one line high.
    pub(crate) fn measure(&mut self) -> Vec<(u64, f64)> {
        if self.placed.layout.is_none() {
            return Vec::new();
        }
        let rows = (0..self.end).rev().zip(&mut self.rows).filter(|(_, row)| row.is_fresh);
        rows.map(|(ordinal, row)| (ordinal, row.measure())).collect()
    }

    /// The height of a row of one line; no number when there are no rows.
    pub(crate) fn usual_height(&self) -> f64 {
        // Where lines wrap, any row that is drawn may have several.
        let height = if self.placed.layout.is_some() { layout::min_height } else { layout::height };
        self.rows.iter().map(|row| height(&row.element)).fold(f64::NAN, f64::min)
    }

    /// Whether rows say what they said when they were measured, and have other heights: fonts or
    /// style sheets have changed.
    pub(crate) fn has_other_heights(&self) -> bool {
        self.placed.layout.is_some() && self.rows.iter().any(Row::has_other_height)
    }

    /// What the rows copy as in which the reader selected something; `None` where the browser
    /// copies what is meant, as it does where the selection reaches out of `list`.
    pub(crate) fn copied(&self, list: &Element, session: &Session) -> Option<String> {
        let selected = Selected::within(list)?;
        let picked: Vec<_> = self.rows.iter().filter_map(|row| row.picked(&selected)).collect();
        copy::text(session.store(), &picked)
    }

    /// Whether nothing is drawn.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of the line whose button was pressed.
    pub(crate) fn pressed(&self, event: &Event) -> Option<u64> {
        // Not `dyn_into`: an element of another window is an instance of that window's classes.
        let target: Element = event.target()?.unchecked_into();
        let button = target.closest("button").ok()??;
        self.rows.iter().find(|row| row.open == button)?.number
    }

    /// Writes what differs from what was written last.
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
            // It fails only for a style that is read-only, and those of elements are not.
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
            write(
                list,
                "transform",
                format!("translateY({sign}{}.{:02}px)", hundredths / 100, hundredths % 100),
            );
        }
    }

    /// Moves rows that left at one end to the other, so that those that stay are not touched: what
    /// a reader selects in them stays selected.
    fn rotate(&mut self, list: &Element, end: u64, wanted: usize) {
        let (up, down) = (end.saturating_sub(self.end), self.end.saturating_sub(end));
        if up.max(down) as usize >= self.rows.len().min(wanted) {
            return;
        }
        for _ in 0..up {
            let Some(row) = self.rows.pop_back() else { return };
            // It fails only for an element of another document.
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
struct Row {
    element: Element,
    open: Element,
    /// Time, level, pipeline, channel, message, how much more, duration.
    parts: [Element; PARTS.len()],
    /// What they say; writing what stands there already would be work for the browser.
    texts: [String; PARTS.len()],
    class: String,
    exact_time: String,
    /// The line that it shows.
    number: Option<u64>,
    is_open: bool,
    /// Whether its message is drawn in pieces.
    is_rich: bool,
    /// Whether its height is not known.
    is_fresh: bool,
    /// Its height when it was measured last.
    height: f64,
}

impl Row {
    fn new(list: &Element) -> Option<Self> {
        let document = list.owner_document()?;
        let element = made(&document, "li", "dsl-row")?;
        let open = made(&document, "button", "dsl-open")?;
        for (name, value) in
            [("type", "button"), ("aria-label", "Show the whole entry"), ("aria-expanded", "false")]
        {
            open.set_attribute(name, value).ok()?;
        }
        element.append_child(&open).ok()?;
        let mut parts = Vec::with_capacity(PARTS.len());
        for class in PARTS {
            let part = made(&document, "span", class)?;
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
            is_fresh: true,
            height: 0.0,
        })
    }

    fn measure(&mut self) -> f64 {
        self.is_fresh = false;
        self.height = layout::height(&self.element);
        self.height
    }

    fn has_other_height(&self) -> bool {
        !self.is_fresh && (layout::height(&self.element) - self.height).abs() >= SAME
    }

    fn picked(&self, selected: &Selected) -> Option<Picked> {
        let cells = self.parts.iter().filter(|part| selected.has_text_of(part)).count();
        Some(Picked {
            number: self.number.filter(|_| cells > 0)?,
            cells,
            time: self.texts[0].clone(),
        })
    }

    /// Shows nothing any more, so that whatever it shows next is written.
    fn forget(&mut self) {
        self.number = None;
        self.forget_message();
    }

    /// Has the message written, whatever it is. Should it be this very text, it is drawn as a
    /// piece, and so written too.
    fn forget_message(&mut self) {
        self.texts[MESSAGE] = "\0".to_owned();
    }

    fn show(&mut self, number: Option<u64>, session: &Session, reading: &Reading) {
        let is_open = number.is_some() && reading.opened == number;
        if self.is_open != is_open {
            self.is_open = is_open;
            // It fails only for a name that is none.
            let _ =
                self.open.set_attribute("aria-expanded", if is_open { "true" } else { "false" });
        }
        if self.number == number && number.is_some() {
            return;
        }
        self.number = number;
        self.is_fresh = true;
        // It is held, or it would not be in the window; should it be gone by now, an empty row
        // stands for it until the next frame.
        let (text, time) = number.and_then(|number| session.row_text(number)).unwrap_or_default();
        let RowText { class, exact_time, level, pipeline, channel, message, looks, more, status } =
            text;
        if self.is_rich {
            // The same text may look different now.
            self.forget_message();
        }
        if self.class != class {
            self.element.set_class_name(&class);
            self.class = class;
        }
        if self.exact_time != exact_time {
            let _ = self.parts[0].set_attribute("title", &exact_time);
            self.exact_time = exact_time;
        }
        let time = time.map(|time| shown_time(&time, &reading.locale)).unwrap_or_default();
        for (index, text) in
            [time, level, pipeline, channel, message, more, status].into_iter().enumerate()
        {
            if self.texts[index] != text {
                self.parts[index].set_text_content(Some(&text));
                self.texts[index] = text;
            }
        }
        let message = &self.texts[MESSAGE];
        let pieces = match session.find() {
            Some(find) => looks.pieces(message, &mut find.marks(message)),
            None => looks.pieces(message, &mut std::iter::empty()),
        };
        self.is_rich = pieces::draw(&self.parts[MESSAGE], &pieces);
    }
}

fn made(document: &Document, name: &str, class: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    Some(element)
}

fn shown_time(time: &EntryTime, locale: &str) -> String {
    match time {
        EntryTime::Text(text) => label(text),
        EntryTime::Millis(millis) => {
            local_time(*millis, locale).unwrap_or_else(|| millis.to_string())
        }
    }
}

const MESSAGE: usize = 4;

/// Less of a difference between two heights comes from rounding.
const SAME: f64 = 0.01;

const PARTS: [&str; 7] = [
    "dsl-time",
    "dsl-level",
    "dsl-pipeline",
    "dsl-chip",
    "dsl-message",
    "dsl-chip",
    "dsl-duration",
];
