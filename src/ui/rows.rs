//! The rows that are drawn, as elements that are used again: under load a line costs eight texts, and no element is made or thrown away.
//!
//! Drawn by hand rather than by Leptos' `<For>`: that makes a row anew for each line, with bookkeeping that all pages would load.

use std::collections::VecDeque;

use leptos::web_sys::{Document, Element, Event};
use wasm_bindgen::JsCast;

use crate::browser::local_time;
use crate::core::entry::EntryTime;
use crate::core::session::Session;
use crate::core::summary::RowText;
use crate::core::viewport::Window;

/// What decides how a row reads, beside the line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How times are written that came as numbers.
    pub(crate) locale: String,
    /// The line whose whole entry is shown.
    pub(crate) opened: Option<u64>,
}

/// The rows of one list.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: VecDeque<Row>,
    /// One above the number of the first row.
    end: u64,
    reading: Reading,
}

impl Rows {
    /// Draws the lines of `window` into `list`, newest first.
    pub(crate) fn draw(&mut self, list: &Element, session: &Session, window: Window, reading: &Reading) {
        let wanted = usize::try_from(window.end - window.start).unwrap_or_default();
        self.rotate(list, window.end, wanted);
        if self.reading.locale != reading.locale {
            self.rows.iter_mut().for_each(|row| row.number = None);
        }
        self.reading.clone_from(reading);
        self.end = window.end;
        while self.rows.len() > wanted {
            if let Some(row) = self.rows.pop_back() {
                row.element.remove();
            }
        }
        while self.rows.len() < wanted {
            let Some(row) = Row::new(list) else { break };
            self.rows.push_back(row);
        }
        for (number, row) in (window.start..window.end).rev().zip(&mut self.rows) {
            row.show(number, session, reading);
        }
    }

    /// The number of the line whose button was pressed.
    pub(crate) fn pressed(&self, event: &Event) -> Option<u64> {
        let target: Element = event.target()?.dyn_into().ok()?;
        let button = target.closest("button").ok()??;
        self.rows.iter().find(|row| row.open == button)?.number
    }

    /// Moves rows that left at one end to the other, so that those that stay are not touched: what a reader selects in them stays selected.
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
    /// The line that it shows.
    number: Option<u64>,
    is_open: bool,
}

impl Row {
    fn new(list: &Element) -> Option<Self> {
        let document = list.owner_document()?;
        let element = made(&document, "li", "dsl-row")?;
        let open = made(&document, "button", "dsl-open")?;
        for (name, value) in [("type", "button"), ("aria-label", "Show the whole entry"), ("aria-expanded", "false")] {
            open.set_attribute(name, value).ok()?;
        }
        open.set_text_content(Some("›"));
        element.append_child(&open).ok()?;
        let mut parts = Vec::with_capacity(PARTS.len());
        for class in PARTS {
            let part = made(&document, "span", class)?;
            element.append_child(&part).ok()?;
            parts.push(part);
        }
        list.append_child(&element).ok()?;
        Some(Self { element, open, parts: parts.try_into().ok()?, number: None, is_open: false })
    }

    fn show(&mut self, number: u64, session: &Session, reading: &Reading) {
        let is_open = reading.opened == Some(number);
        if self.is_open != is_open {
            self.is_open = is_open;
            // It fails only for a name that is none.
            let _ = self.open.set_attribute("aria-expanded", if is_open { "true" } else { "false" });
        }
        if self.number == Some(number) {
            return;
        }
        self.number = Some(number);
        // It is held, or it would not be in the window; should it be gone by now, an empty row stands for it until the next frame.
        let (text, time) = session.row_text(number).unwrap_or_default();
        self.element.set_class_name(&text.class);
        let RowText { exact_time, level, pipeline, channel, message, more, status, .. } = text;
        let _ = self.parts[0].set_attribute("title", &exact_time);
        let time = time.map(|time| shown_time(&time, &reading.locale)).unwrap_or_default();
        for (part, text) in self.parts.iter().zip([time, level, pipeline, channel, message, more, status]) {
            part.set_text_content(Some(&text));
        }
    }
}

fn made(document: &Document, name: &str, class: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    Some(element)
}

fn shown_time(time: &EntryTime, locale: &str) -> String {
    match time {
        EntryTime::Text(text) => text.to_string(),
        EntryTime::Millis(millis) => local_time(*millis, locale).unwrap_or_else(|| millis.to_string()),
    }
}

const PARTS: [&str; 7] = ["dsl-time", "dsl-level", "dsl-pipeline", "dsl-chip", "dsl-message", "dsl-chip", "dsl-duration"];
