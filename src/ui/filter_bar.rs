//! What the reader searches for and filters by: a text, levels, pipelines. The core searches, the
//! list shows the result.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::ev::{Event, KeyboardEvent};
use leptos::html::Input;
use leptos::prelude::*;

use crate::ui::built::{Built, NodeRef, view};
use crate::ui::detail;
use crate::ui::facet_menu::facet_menu;
use crate::ui::fold;
use crate::ui::histogram::span_button;
use crate::ui::live::{Live, click, effect, flag, text};
use crate::ui::pins::pins_button;
use logs_sse_core::facets::Facet;
use logs_sse_core::find::{Case, Query};
use logs_sse_core::session::Direction;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Order;
use logs_sse_core::words::Word;

/// Renders the fields above the lines.
pub(crate) fn filter_bar(live: Live) -> Built {
    let view_model = live.view_model;
    // The reader has changed what to highlight, and sees the first match as soon as it is found.
    let is_seeking = StoredValue::new_local(false);
    effect(move || {
        let current = view_model.with(|model| model.current_match.filter(|_| model.highlights));
        if let Some(number) = current
            && is_seeking.get_value()
        {
            is_seeking.set_value(false);
            show_match(live, number, false);
        }
    });
    let change = move |change: fn(&mut Query, &str), text: &str| {
        is_seeking.set_value(true);
        live.update_query(|query| change(query, text));
    };
    let on_input = move |event: Event| {
        let edit = |query: &mut Query, text: &str| {
            (query.text, query.case) = (text.to_owned(), Case::Smart);
        };
        change(edit, &event_target_value(&event));
    };
    let id = format!("dsl-matches-{}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
    view! { class="dsl",
        <div class="dsl-filter" role="search">
            <div class="dsl-search">
                <input
                    type="search"
                    class="dsl-input"
                    node_ref=live.search
                    placeholder=live.word(Word::SearchPlaceholder)
                    aria-label=live.word(Word::SearchLabel)
                    aria-describedby=id.clone()
                    aria-invalid=text(view_model, |model| (!model.regex_error.is_empty()).to_string())
                    dir="ltr"
                    autocomplete="off"
                    spellcheck="false"
                    on:input=on_input
                    on:keydown=move |event: KeyboardEvent| on_key(live, &event)
                />
                // Either the position or what is wrong, in one place, so that no key moves the list.
                <span
                    class="dsl-matches"
                    id=id
                    title=text(view_model, |model| model.regex_error.clone())
                    prop:textContent=text(view_model, position)
                ></span>
                <button type="button" class="dsl-button dsl-small" title=live.word(Word::NewerMatchTitle) aria-label=live.word(Word::NewerMatch) disabled=flag(view_model, has_no_match) on:click=click(live, |live| { go_to_match(live, Direction::Newer); }) prop:textContent=text(view_model, |model| arrow(model, Order::NewestFirst))></button>
                <button type="button" class="dsl-button dsl-small" title=live.word(Word::OlderMatchTitle) aria-label=live.word(Word::OlderMatch) disabled=flag(view_model, has_no_match) on:click=click(live, |live| { go_to_match(live, Direction::Older); }) prop:textContent=text(view_model, |model| arrow(model, Order::OldestFirst))></button>
                <button
                    type="button"
                    class="dsl-button dsl-small dsl-ignore-case"
                    hidden=flag(view_model, |model| model.ignore_case.is_empty())
                    on:click=move |_| change(|query, _| query.case = Case::Ignore, "")
                    prop:textContent=text(view_model, |model| model.ignore_case.clone())
                ></button>
                <button
                    type="button"
                    class="dsl-button dsl-small"
                    title=live.word(Word::RegularExpression)
                    aria-label=live.word(Word::RegularExpression)
                    aria-pressed=text(view_model, |model| model.is_regex.to_string())
                    on:click=move |_| change(|query, _| query.is_regex = !query.is_regex, "")
                >
                    ".*"
                </button>
                <button
                    type="button"
                    class="dsl-button dsl-small"
                    title=live.word(Word::HighlightTitle)
                    aria-pressed=text(view_model, |model| model.highlights.to_string())
                    on:click=move |_| change(|query, _| query.highlights = !query.highlights, "")
                >
                    {live.word(Word::Highlight)}
                </button>
            </div>
            {facet_menu(live, Facet::Levels)}
            {facet_menu(live, Facet::Pipelines)}
            {facet_menu(live, Facet::Channels)}
            {span_button(live)}
            {fold::similar_button(live)}
            {pins_button(live)}
        </div>
    }
}

/// Returns an arrow that points up in `order`, otherwise down.
fn arrow(model: &ViewModel, order: Order) -> String {
    (if model.window.order == order { "↑" } else { "↓" }).to_owned()
}

/// Goes to another match, and shows it where it stays, whatever arrives. Returns the number of its
/// row, if there is one.
pub(crate) fn go_to_match(live: Live, direction: Direction) -> Option<u64> {
    let number = live.with(|client| client.go_to_match(direction))?;
    show_match(live, number, true);
    Some(number)
}

/// Adds the condition that a field has this value, or has another one, to the search.
pub(crate) fn filter_by_field(live: Live, name: &str, value: &str, is_excluded: bool) {
    live.update_query(|query| {
        *query = std::mem::take(query).with_field(name, value, is_excluded);
        if let Some(search) = live.search.get_untracked() {
            search.set_value(&query.text);
        }
    });
}

/// Handles Ctrl+F, or ⌘F: searches the lines instead of the page, which has only those on screen.
/// Pressed again, it is left to the browser.
pub(crate) fn on_find_key(live: Live, event: &KeyboardEvent) {
    let is_find = event.key().eq_ignore_ascii_case("f")
        && (event.ctrl_key() != event.meta_key())
        && !(event.shift_key() || event.alt_key());
    if is_find && focus_search(live) {
        event.prevent_default();
    }
}

/// Focuses the search field and selects its text. Returns whether it was not focused already.
pub(crate) fn focus_search(live: Live) -> bool {
    let Some(search) = live.search.get_untracked() else { return false };
    if search.matches(":focus").unwrap_or(false) {
        return false;
    }
    // This fails only for an element that is gone.
    let _ = search.focus();
    search.select();
    true
}

/// Scrolls to a match. If it may stay where it is, a view that follows the log still does.
fn show_match(live: Live, number: u64, is_held: bool) {
    let place = live.read(|session| Some((session.ordinal_of(number)?, session.shown_range())));
    let (Some((row, lines)), Some(list)) = (place, live.list.get_untracked()) else { return };
    let cover = detail::cover(&list);
    live.move_view(|viewport| {
        (is_held || !viewport.shows(row, &lines)) && viewport.reveal(row, &lines, cover)
    });
}

fn on_key(live: Live, event: &KeyboardEvent) {
    let is_step = matches!(event.key().as_str(), "Enter" | "F3");
    if is_step && !(event.ctrl_key() || event.alt_key() || event.meta_key()) {
        event.prevent_default();
        go_to_match(live, if event.shift_key() { Direction::Newer } else { Direction::Older });
    }
}

fn position(model: &ViewModel) -> String {
    if model.regex_error.is_empty() { model.matches.clone() } else { model.regex_error.clone() }
}

fn has_no_match(model: &ViewModel) -> bool {
    model.current_match.is_none()
}

/// The search field of a viewer.
pub(crate) type SearchField = NodeRef<Input>;

/// Several viewers may be on one page.
static NEXT_ID: AtomicU32 = AtomicU32::new(0);
