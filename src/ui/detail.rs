//! The opened entry: a panel between the lines and the end of the section, which stays inside the
//! window. It does not change while lines arrive or its line is evicted, and closes when its log is
//! cleared.
//!
//! A panel rather than a row of the list: the list then has rows of the log only, and the entry
//! keeps its place when its line scrolls away or is evicted. The list becomes shorter while the
//! panel is open, and the style sheet sticks it to the lower edge of the window.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{Element, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::browser;
use crate::ui::built::{Built, NodeRef, view};
use crate::ui::entry_view::{EntryView, Request};
use crate::ui::filter_bar::filter_by_field;
use crate::ui::line_list::measure;
use crate::ui::link;
use crate::ui::live::{Live, effect};
use logs_sse_core::session::Session;
use logs_sse_core::words::Word;

/// Renders the entry that the reader opened, if there is one.
pub(crate) fn detail(live: Live) -> Built {
    let mut last_clear = None;
    effect(move || {
        let cleared_at = live.view_model.read().cleared_at;
        // Lines that were loaded later have lower numbers too.
        let is_new = last_clear.replace(cleared_at) != Some(cleared_at);
        let Some(number) = live.opened.get_untracked() else { return };
        let is_over = match live.read(|session| session.pins().is_removed(number)) {
            Some(is_removed) => is_removed,
            None => is_new && number < cleared_at,
        };
        if is_over {
            live.opened.set(None);
        }
    });
    let place = NodeRef::<Div>::new();
    let view = StoredValue::new_local(None::<EntryView>);
    effect(move || {
        let number = live.opened.get();
        let Some(place) = place.get() else { return };
        let had_focus = place.matches(":focus-within").unwrap_or(false);
        place.set_text_content(None);
        // Read once, so that neither new lines nor the eviction of this one change what is shown.
        let id = number.and_then(|number| link::id_of(live, number));
        let shown = live.read(|session| {
            let opened = session.opened(number?)?;
            let mark = session.mark(number?);
            EntryView::new(&place, opened, session.find(), id, mark, session.words())
        });
        match number.filter(|_| shown.is_some()) {
            Some(number) => {
                make_room(live, number);
                scroll_to(&place);
                // The head of the section may have become higher by then.
                request_animation_frame(move || scroll_to(&place));
            }
            None if had_focus => live.focus_list(),
            None => {}
        }
        view.set_value(shown);
    });
    effect(move || {
        live.view_model.with(|model| model.pins_version);
        if let Some(number) = live.opened.get() {
            let is_pinned = live.read(|session| session.is_pinned(number));
            view.with_value(|view| view.iter().for_each(|view| view.show_pin(is_pinned)));
        }
    });
    let said = NodeRef::<Div>::new();
    effect(move || {
        let text = live.said.get();
        said.get().iter().for_each(|said| said.set_text_content(Some(&text)));
    });
    let on_click = move |event: MouseEvent| match view
        .with_value(|view| view.as_ref()?.pressed(&event))
    {
        Some(Request::Close) => close(live),
        Some(Request::Copy { what, text }) => {
            place.get_untracked().iter().for_each(|place| copy(live, place, what, text.clone()));
        }
        Some(Request::Pin) => {
            live.opened.get_untracked().into_iter().for_each(|number| live.toggle_pin(number));
        }
        Some(Request::Link(id)) => {
            place.get_untracked().iter().for_each(|place| link::copy(live, place, id.clone()));
        }
        Some(Request::Filter { name, value, is_excluded }) => {
            filter_by_field(live, &name, &value, is_excluded);
        }
        None => {}
    };
    view! { class="dsl",
        <div class="dsl-entry">
            <div class="dsl-entry-place" node_ref=place on:click=on_click></div>
            // For the eye: the status bar has the live region.
            <div class="dsl-said" aria-hidden="true" node_ref=said></div>
        </div>
    }
}

/// Opens the entry of the line with this number, or closes it if it is open.
pub(crate) fn toggle(live: Live, number: u64) {
    if live.opened.get_untracked() == Some(number) {
        return close(live);
    }
    live.choose(Some(number));
    live.opened.set(Some(number));
    show(live, number);
}

/// Closes the entry, and returns the focus to its row, or to the list if that row is not on the
/// screen.
pub(crate) fn close(live: Live) {
    let number = live.opened.get_untracked();
    live.opened.set(None);
    let drawn = number.filter(|number| live.rows.with_value(|rows| rows.has(*number)));
    if drawn.is_some() {
        live.choose(drawn);
    } else {
        live.focus_list();
    }
}

/// Returns how much of the list the opened entry covers, in pixels.
pub(crate) fn cover(list: &Element) -> f64 {
    let entry = list.closest(".dsl-root").ok().flatten();
    let entry = entry.and_then(|root| root.query_selector(".dsl-detail").ok()?);
    entry.map_or(0.0, |entry| {
        let (list, entry) = (list.get_bounding_client_rect(), entry.get_bounding_client_rect());
        (list.bottom() - entry.top()).max(0.0)
    })
}

/// Brings the line into view beside its entry: the list is shorter now.
fn make_room(live: Live, number: u64) {
    if let Some(list) = live.list.get_untracked() {
        measure(live, &list, live.rows);
        show(live, number);
    }
}

/// Scrolls the page as little as shows the whole panel, if that is beyond the window although it
/// sticks to its edge: the part of the section above it is then higher than the window.
fn scroll_to(place: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    if let Some(panel) = place.first_element_child() {
        panel.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Brings the line with this number into view, and holds it there.
fn show(live: Live, number: u64) {
    live.find_row(number, Session::ordinal_of).into_iter().for_each(|row| live.reveal(row));
}

/// Copies `text`, and says so; `what` names it.
pub(crate) fn copy(live: Live, near: &Element, what: Word, text: String) {
    let done = move |is_copied| {
        let said = if is_copied { Word::Copied } else { Word::NotCopied };
        live.say(&live.word_with(said, "what", &live.word(what)));
    };
    browser::copy(near, text, Box::new(done));
}
