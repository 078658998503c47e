//! Focus in the list: one of its elements is the tab stop, and the focus never falls out of the
//! list because a row is reused or removed.

use leptos::web_sys::{Element, FocusOptions, HtmlElement};
use wasm_bindgen::JsCast;

use super::{RowElement, Rows};

/// An element to focus once the rows are drawn.
#[derive(Debug)]
pub(crate) struct Due {
    /// The element to focus.
    pub(crate) element: Element,
    /// The ordinal of its row, if the focus was requested for it.
    pub(crate) row: Option<u64>,
}

impl Rows {
    /// Focuses the line with this number as soon as it is drawn.
    pub(crate) fn focus_next(&mut self, number: Option<u64>) {
        self.to_focus = number;
    }

    /// Returns the number of the line that has the focus.
    pub(crate) fn focused(&self) -> Option<u64> {
        let has_focus = |row: &&RowElement| row.stop().matches(":focus").unwrap_or(false);
        self.rows.iter().find(has_focus)?.number
    }

    /// Returns whether the row with this number is drawn.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.rows.iter().any(|row| row.number == Some(number))
    }

    /// Returns whether a row has the focus, which it loses when its element is moved or removed.
    pub(super) fn has_focus(&self, list: &Element) -> bool {
        self.context.current.is_some() && list.matches(":focus-within").unwrap_or(false)
    }

    /// Returns the element to focus now that the rows are drawn, if there is one.
    pub(super) fn due(&mut self, list: &Element, had_focus: bool) -> Option<Due> {
        self.move_tab_stop(list);
        let is_due = |row: &RowElement| row.number.is_some() && row.number == self.to_focus;
        if let Some(index) = self.rows.iter().position(is_due) {
            self.to_focus = None;
            let element = self.rows[index].stop().clone();
            return Some(Due { element, row: Some(self.end - 1 - index as u64) });
        }
        let stop = self.tab_stop.clone().filter(|_| had_focus)?;
        let has_focus = stop.matches(":focus").unwrap_or(false);
        (!has_focus).then_some(Due { element: stop, row: None })
    }

    /// Makes the current row the tab stop, or the list itself if that row is not drawn.
    fn move_tab_stop(&mut self, list: &Element) {
        let is_current =
            |row: &&RowElement| row.number.is_some() && row.number == self.context.current;
        let stop = self.rows.iter().find(is_current).map(|row| row.stop().clone());
        let Some(stop) = stop.or_else(|| list.closest(".dsl-list").ok()?) else { return };
        if self.tab_stop.as_ref() == Some(&stop) {
            return;
        }
        // This fails only for an invalid attribute name.
        let set = |element: &Element, value| drop(element.set_attribute("tabindex", value));
        set(&stop, "0");
        if let Some(last) = self.tab_stop.replace(stop) {
            set(&last, "-1");
        }
    }
}

impl RowElement {
    pub(super) fn is_notice(&self) -> bool {
        self.class.contains("dsl-notice")
    }

    /// Returns the element that has the focus while this is the current row. Notices have no entry,
    /// and so no button.
    pub(super) fn stop(&self) -> &Element {
        if self.is_notice() { &self.element } else { &self.open }
    }
}

/// Focuses an element without scrolling: rows are scrolled by arithmetic.
pub(crate) fn focus(element: &Element) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // This fails only for an element that is gone.
    let _ = element.unchecked_ref::<HtmlElement>().focus_with_options(&options);
}
