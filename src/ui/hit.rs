//! Scrolls the message of a row that is cut off to its first match. Decides nothing.

use leptos::web_sys::{Element, HtmlElement};
use wasm_bindgen::JsCast;

/// A message, and how far it must be scrolled.
#[derive(Debug)]
pub(crate) struct Hit {
    message: Element,
    by: i32,
}

impl Hit {
    /// Returns the first match of a drawn message if it is beyond the edge. Reads the layout.
    pub(crate) fn beyond_edge(message: &Element) -> Option<Self> {
        let mark: HtmlElement = message.query_selector("mark").ok()??.unchecked_into();
        let cell: &HtmlElement = message.unchecked_ref();
        let is_inside = mark.offset_parent().as_ref() == Some(message);
        let left = mark.offset_left() - if is_inside { 0 } else { cell.offset_left() };
        let width = cell.client_width();
        // A third of the room shows what is before the match.
        (left + mark.offset_width() > width)
            .then_some(Self { message: message.clone(), by: left - width / 3 })
    }

    /// Scrolls to the match.
    pub(crate) fn show(&self) {
        // An ellipsis is at the edge of what is not scrolled.
        self.message.set_class_name("dsl-message dsl-message-scrolled");
        self.message.set_scroll_left(self.by);
    }
}

/// Undoes [`Hit::show`], for a row that shows another line.
pub(crate) fn scroll_back(message: &Element) {
    message.set_scroll_left(0);
    message.set_class_name("dsl-message");
}
