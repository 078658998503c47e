//! The panel of an opened entry: message, then fields, with nested values that are created when the
//! reader opens them. Drawn by hand, like the rows.

use std::ops::Range;

use leptos::web_sys::{Document, Element, Event};
use wasm_bindgen::JsCast;

use crate::ui::elements::{add, create, set};
use crate::ui::pieces;
use crate::ui::rows::{draw_mark, focus};
use logs_sse_core::channel_mark::ChannelMark;
use logs_sse_core::find::Find;
use logs_sse_core::link::LineId;
use logs_sse_core::opened::Opened;
use logs_sse_core::opened::tree::{self, Kind, PAGE, Value};
use logs_sse_core::words::{Word, Words};

/// The panel of one entry.
#[derive(Debug)]
pub(crate) struct EntryView {
    opened: Opened,
    document: Document,
    message: Element,
    /// What identifies the line in a link, if there can be one.
    link: Option<LineId>,
    /// How its channel is marked, if it is one of several.
    mark: ChannelMark,
    /// The button that pins the line or unpins it.
    pin: Element,
    words: Words,
}

/// What a press in the panel requests of the viewer.
#[derive(Debug)]
pub(crate) enum Request {
    /// To close the panel.
    Close,
    /// To pin the line, or to unpin it.
    Pin,
    /// To copy a link to this line.
    Link(LineId),
    /// To copy a text.
    Copy {
        /// What is copied, in words.
        what: Word,
        /// The text to copy.
        text: String,
    },
    /// To show only lines whose field has a value, or only others.
    Filter {
        /// The name of the field.
        name: String,
        /// The value to find.
        value: String,
        /// Whether lines with the value are left out.
        is_excluded: bool,
    },
}

impl EntryView {
    /// Draws `opened` into `place`, with the matches of `find` marked in its message. `link` is what
    /// identifies it in a link, and `mark` how its channel is marked.
    pub(crate) fn new(
        place: &Element,
        opened: Opened,
        find: Option<&Find>,
        link: Option<LineId>,
        mark: ChannelMark,
        words: &Words,
    ) -> Option<Self> {
        let document = place.owner_document()?;
        let message = create(&document, "div", "dsl-full", "")?;
        let pin = button(&document, words.text(Word::Pin), "pin")?;
        let view = Self { opened, document, message, link, mark, pin, words: words.clone() };
        let panel = view.panel()?;
        view.draw_message(false, find);
        add(place, &panel)?;
        Some(view)
    }

    /// Shows whether the line is pinned.
    pub(crate) fn show_pin(&self, is_pinned: bool) {
        let word = if is_pinned { Word::Unpin } else { Word::Pin };
        self.pin.set_text_content(Some(self.words.text(word)));
    }

    /// Handles a click in the panel, and returns what it requests of the viewer.
    pub(crate) fn pressed(&self, event: &Event) -> Option<Request> {
        // Not `dyn_into`: an element of another window is an instance of that window's classes.
        let target: Element = event.target()?.unchecked_into();
        let pressed = target.closest("button, summary").ok()??;
        let at = range_of(&pressed);
        match pressed.get_attribute("data-do")?.as_str() {
            "close" => return Some(Request::Close),
            "pin" => return Some(Request::Pin),
            "link" => return self.link.clone().map(Request::Link),
            "message" => return Some(copy(Word::WhatMessage, self.opened.message_to_copy())),
            "json" => return Some(copy(Word::WhatJson, self.opened.json_to_copy())),
            "value" => return Some(copy(Word::WhatValue, self.opened.value_to_copy(at?))),
            kind @ ("only" | "not") => return self.filter(at?, &pressed, kind == "not"),
            "all-message" => {
                self.draw_message(true, None);
                pressed.remove();
                focus(&self.message);
            }
            "all" => self.show_all(&pressed, at?),
            "more" => self.show_more(&pressed, at.as_ref())?,
            "open" => self.open(&pressed, at?),
            _ => {}
        }
        None
    }

    /// Returns the request to filter by the value at `at`, in the row of a button.
    fn filter(&self, at: Range<usize>, button: &Element, is_excluded: bool) -> Option<Request> {
        let row = button.closest(".dsl-field").ok()??;
        let name = row.query_selector(".dsl-key").ok()??.text_content()?;
        Some(Request::Filter { name, value: self.opened.value_to_copy(at), is_excluded })
    }

    fn panel(&self) -> Option<Element> {
        let panel = create(&self.document, "section", "dsl-detail", "")?;
        panel.set_attribute("aria-label", self.words.text(Word::LogEntry)).ok()?;
        add(&panel, &self.head()?)?;
        let body = create(&self.document, "div", "dsl-detail-body", "")?;
        if self.opened.has_message() {
            let attributes = [
                ("tabindex", "0"),
                ("role", "region"),
                ("aria-label", self.words.text(Word::Message)),
                LEFT_TO_RIGHT,
            ];
            set(&self.message, &attributes)?;
            add(&body, &self.message)?;
            let rest = self.opened.rest(&self.words);
            if !rest.is_empty() {
                add(&body, &button(&self.document, &rest, "all-message")?)?;
            }
        }
        if !self.opened.fields().is_empty() {
            add(&body, &self.table(self.opened.fields(), None)?)?;
        }
        add(&panel, &body)?;
        Some(panel)
    }

    fn head(&self) -> Option<Element> {
        let head = create(&self.document, "div", "dsl-head", "")?;
        let title = create(&self.document, "strong", "dsl-title", self.words.text(Word::LogEntry))?;
        let mark = create(&self.document, "span", "dsl-channel", "")?;
        draw_mark(&mark, &self.mark);
        let about = create(&self.document, "span", "dsl-count", &self.opened.about(&self.words))?;
        set(&about, &[LEFT_TO_RIGHT])?;
        let link = self.link.as_ref().and_then(|_| self.button(Word::CopyLink, "link"));
        let parts = [
            Some(title),
            Some(mark),
            Some(about),
            Some(self.pin.clone()),
            link,
            self.button(Word::CopyMessage, "message"),
            self.button(Word::CopyJson, "json"),
            self.button(Word::Close, "close"),
        ];
        for part in parts.iter().flatten() {
            add(&head, part)?;
        }
        Some(head)
    }

    fn draw_message(&self, all: bool, find: Option<&Find>) {
        let pieces = self.opened.message(all, find);
        if !pieces::draw(&self.message, &pieces) {
            let text: String = pieces.iter().map(|piece| &*piece.text).collect();
            self.message.set_text_content(Some(&text));
        }
    }

    /// Creates a table of the first values. `at` is the object or array that contains them, or
    /// `None` for the entry.
    fn table(&self, values: &[Value], at: Option<&Range<usize>>) -> Option<Element> {
        let table = create(&self.document, "div", "dsl-fields", "")?;
        let label = self.words.text(if at.is_some() { Word::Values } else { Word::Fields });
        set(&table, &[("role", "table"), ("aria-label", label), LEFT_TO_RIGHT])?;
        self.add_rows(&table, values, 0, at)?;
        Some(table)
    }

    /// Adds rows for a page of `values`, from index `from` on, and a button for those after it.
    fn add_rows(
        &self,
        table: &Element,
        values: &[Value],
        from: usize,
        at: Option<&Range<usize>>,
    ) -> Option<()> {
        let shown = values.get(from..)?;
        let json = at.and_then(|at| self.opened.text().get(at.clone())).unwrap_or_default();
        let has_names = Kind::of(json) != Kind::Array;
        for value in shown.iter().take(PAGE) {
            add(table, &self.row(value, has_names)?)?;
        }
        if let Some(more) = shown.len().checked_sub(PAGE).filter(|more| *more > 0) {
            let row = self.part("row", "dsl-more", "")?;
            let cell = self.part("cell", "dsl-more-cell", "")?;
            let button = button(&self.document, &tree::more(more, &self.words), "more")?;
            set(&button, &[("data-from", &(from + PAGE).to_string())])?;
            at.map_or(Some(()), |at| set_range(&button, at))?;
            add(&cell, &button)?;
            add(&row, &cell)?;
            add(table, &row)?;
        }
        Some(())
    }

    /// Creates a row for a field, or for an element of an array.
    fn row(&self, value: &Value, is_field: bool) -> Option<Element> {
        let row = self.part("row", "dsl-field", "")?;
        let name = self.part("rowheader", "dsl-key", &value.name)?;
        let cell = self.part("cell", "dsl-cell", "")?;
        self.fill(&cell, value)?;
        let end = self.part("cell", "dsl-copy", "")?;
        let copy = self.button(Word::Copy, "value")?;
        set(&copy, &[("aria-label", &self.named(Word::CopyValue, value))])?;
        set_range(&copy, &value.at)?;
        if is_field && self.opened.can_filter(value) {
            for (label, name, action) in [
                (Word::AddFilter, Word::AddFilterFor, "only"),
                (Word::Exclude, Word::ExcludeValue, "not"),
            ] {
                let button = self.button(label, action)?;
                set(&button, &[("aria-label", &self.named(name, value))])?;
                set_range(&button, &value.at)?;
                add(&end, &button)?;
            }
        }
        add(&end, &copy)?;
        for part in [name, cell, end] {
            add(&row, &part)?;
        }
        Some(row)
    }

    /// Draws a value into its cell: text, or the closed fold of an object or array.
    fn fill(&self, cell: &Element, value: &Value) -> Option<()> {
        let json = self.opened.text().get(value.at.clone())?;
        if let Some(inside) = tree::inside(json, &self.words) {
            let fold = create(&self.document, "details", "dsl-fold", "")?;
            let summary = create(&self.document, "summary", "dsl-inside", &inside)?;
            set(&summary, &[("data-do", "open")])?;
            set_range(&summary, &value.at)?;
            add(&fold, &summary)?;
            return add(cell, &fold);
        }
        let shown = tree::shown_text(self.opened.text(), value.at.clone(), false, &self.words);
        let text = create(&self.document, "span", Kind::of(json).class(), &shown.text)?;
        add(cell, &text)?;
        if !shown.rest.is_empty() {
            let button = button(&self.document, &shown.rest, "all")?;
            set_range(&button, &value.at)?;
            add(cell, &button)?;
        }
        Some(())
    }

    /// Creates what is inside a fold, the first time that it is opened.
    fn open(&self, summary: &Element, at: Range<usize>) {
        if summary.next_element_sibling().is_none()
            && let Some(fold) = summary.parent_element()
            && let Some(table) = self.table(&self.opened.children(at.clone()), Some(&at))
        {
            // This fails only for an element of another document.
            let _ = add(&fold, &table);
        }
    }

    fn show_all(&self, button: &Element, at: Range<usize>) {
        if let Some(text) = button.previous_element_sibling() {
            let shown = tree::shown_text(self.opened.text(), at, true, &self.words);
            text.set_text_content(Some(&shown.text));
            button.remove();
            focus_text(&text);
        }
    }

    fn show_more(&self, button: &Element, at: Option<&Range<usize>>) -> Option<()> {
        let from = button.get_attribute("data-from")?.parse().ok()?;
        let row = button.closest(".dsl-more").ok()??;
        let (table, last) = (row.parent_element()?, row.previous_element_sibling()?);
        row.remove();
        match at {
            Some(range) => {
                self.add_rows(&table, &self.opened.children(range.clone()), from, Some(range))
            }
            None => self.add_rows(&table, self.opened.fields(), from, None),
        }?;
        last.next_element_sibling()?.first_element_child().as_ref().map(focus_text)
    }

    /// Creates a part of a table. Not elements of tables: many pages style all of theirs.
    fn part(&self, role: &str, class: &str, text: &str) -> Option<Element> {
        let part = create(&self.document, "div", class, text)?;
        set(&part, &[("role", role)])?;
        Some(part)
    }

    fn button(&self, label: Word, action: &str) -> Option<Element> {
        button(&self.document, self.words.text(label), action)
    }

    /// Returns the name of a button that does something with a value.
    fn named(&self, word: Word, value: &Value) -> String {
        self.words.fill(word, &[("value", &value.name)])
    }
}

fn button(document: &Document, label: &str, action: &str) -> Option<Element> {
    let button = create(document, "button", "dsl-button dsl-small", label)?;
    set(&button, &[("type", "button"), ("data-do", action)])?;
    Some(button)
}

fn copy(what: Word, text: String) -> Request {
    Request::Copy { what, text }
}

/// Focuses an element of text, in place of a button that is gone.
fn focus_text(element: &Element) {
    let _ = set(element, &[("tabindex", "-1")]);
    focus(element);
}

/// Notes where the JSON of a value is in the text of the entry.
fn set_range(element: &Element, at: &Range<usize>) -> Option<()> {
    set(element, &[("data-at", &format!("{}-{}", at.start, at.end))])
}

fn range_of(element: &Element) -> Option<Range<usize>> {
    let at = element.get_attribute("data-at")?;
    let (start, end) = at.split_once('-')?;
    Some(start.parse().ok()?..end.parse().ok()?)
}

/// Logs are written from left to right, even on a page in Hebrew or Arabic.
const LEFT_TO_RIGHT: (&str, &str) = ("dir", "ltr");
