//! Selected rows: keeps the browser's selection in step with the rows that the core remembers, and
//! the view in place while there is one.

use gloo_events::EventListener;
use leptos::ev::ClipboardEvent;
use leptos::prelude::*;
use leptos::web_sys::{Document, Element};

use crate::ui::live::Live;
use logs_sse_core::copy::{Selected, Selection};
use logs_sse_core::line_time::SentTime;
use logs_sse_core::session::Session;

/// The selection of one list.
#[derive(Debug, Default)]
pub(crate) struct RowSelection {
    selection: Selection,
    /// Whether the view would follow the log if nothing were selected.
    is_holding: bool,
    listener: Option<(Document, EventListener)>,
    /// What to do around the drawing of rows, once something can be selected. A pointer to a
    /// function, as that is later.
    around_draw: Option<fn(Live, &Element, Moment)>,
}

/// A moment of the drawing of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

/// Keeps the selection in step with the rows that are about to be drawn, or that were drawn.
pub(crate) fn around_draw(live: Live, list: &Element, moment: Moment) {
    let around_draw = live.selection.with_value(|rows| rows.around_draw);
    around_draw.into_iter().for_each(|around_draw| around_draw(live, list, moment));
}

/// Begins to keep the selection in step with the rows.
pub(crate) fn start(live: Live, list: &Element) {
    live.selection.update_value(|rows| {
        rows.around_draw = Some(|live, list, moment| match moment {
            Moment::Before => {
                watch(live, list);
                before_draw(live);
            }
            Moment::After => after_draw(live, list),
        });
    });
    watch(live, list);
}

/// Listens to changes of the selection in the document of `list`.
fn watch(live: Live, list: &Element) {
    let Some(document) = list.owner_document() else { return };
    live.selection.update_value(|rows| {
        if rows.listener.as_ref().is_none_or(|(at, _)| *at != document) {
            let on_change = move |_: &leptos::web_sys::Event| changed(live);
            let listener = EventListener::new(&document, "selectionchange", on_change);
            rows.listener = Some((document, listener));
        }
    });
}

/// Takes over what the reader has selected.
fn changed(live: Live) {
    let Some(list) = live.list.get_untracked() else { return };
    let (selected, _) = live.rows.with_value(|rows| rows.selected(&list));
    live.selection.update_value(|rows| rows.selection.changed(selected));
    hold(live);
}

/// Takes over what the reader has selected before rows are drawn, which may tear it apart.
fn before_draw(live: Live) {
    if live.selection.with_value(|rows| rows.selection.is_active()) {
        changed(live);
    }
}

/// Selects again what drawing has torn apart, or what has been scrolled into view.
fn after_draw(live: Live, list: &Element) {
    if !live.selection.with_value(|rows| rows.selection.is_active()) {
        return;
    }
    let (numbers, selected) = live.rows.with_value(|rows| (rows.numbers(), rows.selected(list).0));
    let to_show = live.selection.try_update_value(|rows| rows.selection.to_show(&numbers));
    if let Some(to_show) = to_show.flatten().filter(|to_show| *to_show != selected) {
        live.rows.with_value(|rows| rows.select(to_show));
    }
}

/// The reader begins another selection.
pub(crate) fn begin(live: Live) {
    live.selection.update_value(|rows| rows.selection.begin());
}

/// The reader moved the view, which no longer follows the log for another reason.
pub(crate) fn scrolled(live: Live) {
    live.selection.update_value(|rows| rows.is_holding = false);
}

/// Selects every row that is shown.
pub(crate) fn select_all(live: Live, list: &Element) {
    let ends = live.read(|session| {
        let shown = session.shown_range();
        let newest = session.row_number(shown.end.checked_sub(1)?)?;
        Some((newest, session.row_number(shown.start)?))
    });
    if let Some((newest, oldest)) = ends {
        live.selection.update_value(|rows| rows.selection.select(newest, oldest));
        after_draw(live, list);
        hold(live);
    }
}

/// Puts the selected rows into the clipboard, unless the browser should copy the selection itself
/// because it is part of one cell, or not in the list.
pub(crate) fn copy(live: Live, list: &Element, event: &ClipboardEvent) {
    changed(live);
    let (selected, cells) = live.rows.with_value(|rows| rows.selected(list));
    let selection = live.selection.with_value(|rows| rows.selection);
    let is_in_cell =
        !selection.has_several() && cells <= 1 && matches!(selected, Selected::Rows { .. });
    let text = (!is_in_cell)
        .then(|| {
            live.read(|session: &Session| selection.text(session, &|millis| time(live, millis)))
        })
        .flatten();
    if let (Some(text), Some(clipboard)) = (text, event.clipboard_data())
        && clipboard.set_data("text/plain", &text).is_ok()
    {
        event.prevent_default();
    }
}

/// Keeps the view in place while rows are selected.
fn hold(live: Live) {
    let is_active = live.selection.with_value(|rows| rows.selection.is_active());
    let is_following = live.viewport.read_untracked().is_following();
    let set_holding = |is_holding| live.selection.update_value(|rows| rows.is_holding = is_holding);
    if is_active && is_following {
        let (start, end) = live.view_model.read_untracked().window.held;
        live.move_view(|viewport| {
            viewport.hold(&(start..end));
            true
        });
        set_holding(true);
    } else if !is_active && live.selection.with_value(|rows| rows.is_holding) {
        set_holding(false);
        if !live.viewport.read_untracked().is_paused() {
            live.move_view(|viewport| {
                viewport.follow();
                true
            });
        }
    }
}

/// Formats the time of a row as the reader's clock showed it, with the date and to the millisecond.
pub(crate) fn time(live: Live, millis: i64) -> String {
    let time = SentTime { millis: Some(millis), text: String::new() };
    live.rows.with_value(|rows| rows.full_time(&time))
}
