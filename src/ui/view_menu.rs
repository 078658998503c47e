//! How the lines are shown: buttons beside the title, which are a menu where there is no room.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::html::Button;
use leptos::prelude::*;

use crate::ui::built::{Built, NodeRef, view};
use crate::ui::facet_menu::has_left;
use crate::ui::fold;
use crate::ui::histogram;
use crate::ui::live::{Live, click, text};
use logs_sse_core::settings::Wrap;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Order;
use logs_sse_core::words::Word;

/// Renders the buttons. The style sheet decides whether they are a menu.
pub(crate) fn view_menu(live: Live, shows_histogram: RwSignal<bool>) -> Built {
    let view_model = live.view_model;
    let is_open = RwSignal::new(false);
    let button = NodeRef::<Button>::new();
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            is_open.set(false);
            if let Some(button) = button.get_untracked() {
                // This fails only for an element that is gone.
                let _ = button.focus();
            }
        }
    };
    let on_leave = move |event: FocusEvent| {
        if has_left(&event) {
            is_open.set(false);
        }
    };
    view! { class="dsl",
        <div class="dsl-view" on:keydown=on_key on:focusout=on_leave>
            <button
                type="button"
                class="dsl-button dsl-small dsl-view-button"
                node_ref=button
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                {live.word(Word::View)}
            </button>
            <div class="dsl-view-panel" role="group" aria-label=live.word(Word::View)>
                <button type="button" class="dsl-button dsl-small" aria-pressed=text(view_model, is_wrapping) on:click=click(live, wrap)>{live.word(Word::WrapLines)}</button>
                <button type="button" class="dsl-button dsl-small" aria-pressed=text(view_model, is_oldest_first) on:click=click(live, turn)>{live.word(Word::OldestFirst)}</button>
                {histogram::toggle(live, shows_histogram)}
                {fold::buttons(live)}
            </div>
        </div>
    }
}

/// Wraps lines, or shows each in one row.
pub(crate) fn wrap(live: Live) {
    let wraps = !live.viewport.read_untracked().is_wrapping();
    live.set_wrap(wraps);
    live.set_setting(&Wrap(wraps));
}

/// Shows the rows in the other order.
pub(crate) fn turn(live: Live) {
    let is_newest_first = live.viewport.read_untracked().order() == Order::NewestFirst;
    let order = if is_newest_first { Order::OldestFirst } else { Order::NewestFirst };
    live.set_order(order);
    live.set_setting(&order);
}

fn is_oldest_first(view_model: &ViewModel) -> String {
    (view_model.window.order == Order::OldestFirst).to_string()
}

fn is_wrapping(view_model: &ViewModel) -> String {
    view_model.window.wraps.to_string()
}
