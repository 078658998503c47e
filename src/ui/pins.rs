//! Pinned lines and marked places: the buttons "Mark here" and "Pins (3)", and the dialog that lists
//! them. The core keeps them, and decides what can be pinned.

use leptos::ev::MouseEvent;
use leptos::html::{Button, Dialog, Div};
use leptos::prelude::*;
use leptos::web_sys::Element;
use wasm_bindgen::JsCast;

use crate::ui::built::{Built, NodeRef, view};
use crate::ui::elements::{add, create, set};
use crate::ui::live::{Live, click, effect, text};
use crate::ui::row_selection;
use crate::ui::rows::focus;
use logs_sse_core::session::Session;
use logs_sse_core::words::Word;

/// Renders the button that marks a place.
pub(crate) fn mark_button(live: Live) -> Built {
    view! { class="dsl",
        <button type="button" class="dsl-button dsl-small" title=live.word(Word::MarkHereTitle) on:click=click(live, Live::toggle_mark)>{live.word(Word::MarkHere)}</button>
    }
}

/// Renders the button, which is there while there are pins, and the dialog that it opens.
pub(crate) fn pins_button(live: Live) -> Built {
    let view_model = live.view_model;
    let (button, dialog) = (NodeRef::<Button>::new(), NodeRef::<Dialog>::new());
    let list = NodeRef::<Div>::new();
    let mut last = None;
    effect(move || {
        let version = view_model.with(|model| model.pins_version);
        if last.replace(version) != Some(version)
            && let (Some(button), Some(dialog), Some(list)) =
                (button.get(), dialog.get(), list.get())
        {
            live.update_heights();
            let label = view_model.with_untracked(|model| model.pins.clone());
            let had_focus = button.matches(":focus").unwrap_or(false);
            button.set_hidden(label.is_empty());
            if label.is_empty() && (dialog.open() || had_focus) {
                dialog.close();
                live.focus_list();
            } else if dialog.open() {
                draw(live, &list);
            }
        }
    });
    let open = move |_: MouseEvent| {
        if let (Some(dialog), Some(list)) = (dialog.get_untracked(), list.get_untracked()) {
            draw(live, &list);
            // This fails only for a dialog that is open already, or in no document.
            let _ = dialog.show_modal();
        }
    };
    let close = move || dialog.get_untracked().into_iter().for_each(|dialog| dialog.close());
    let on_click = move |event: MouseEvent| match pressed(&event) {
        Some((key, true)) => live.toggle_pin(key),
        Some((key, false)) => {
            close();
            go_to(live, key);
        }
        None => {}
    };
    view! { class="dsl",
        <div class="dsl-save">
            <button
                type="button"
                class="dsl-button dsl-small"
                hidden="true"
                node_ref=button
                on:click=open
                prop:textContent=text(view_model, |model| model.pins.clone())
            ></button>
            <dialog class="dsl-dialog dsl-pins" aria-label=live.word(Word::Pins) node_ref=dialog>
                <strong class="dsl-title">{live.word(Word::Pins)}</strong>
                <div class="dsl-pins-list" role="list" node_ref=list on:click=on_click></div>
                <div class="dsl-buttons">
                    <button type="button" class="dsl-button" on:click=move |_| close()>{live.word(Word::Close)}</button>
                </div>
            </dialog>
        </div>
    }
}

/// Draws the list. The focus stays at its place, although one of the pins may be gone.
fn draw(live: Live, list: &Element) {
    let pins: Vec<_> = live.read(|session| {
        let time = |millis| row_selection::time(live, millis);
        let (target, words) = (session.target(), session.words());
        let pins = session.pins().all().iter();
        pins.map(|pin| (pin.key(), pin.label(&time, target, words), pin.is_mark())).collect()
    });
    let focused = (0..list.child_element_count()).find(|index| {
        let row = list.children().item(*index);
        row.is_some_and(|row| row.matches(":focus-within").unwrap_or(false))
    });
    list.set_text_content(None);
    for (key, label, is_mark) in &pins {
        // This fails only for an element of another document.
        let _ = add_row(live, list, *key, label, *is_mark);
    }
    let last = list.child_element_count().saturating_sub(1);
    let row = focused.and_then(|index| list.children().item(index.min(last)));
    row.and_then(|row| row.last_element_child()).iter().for_each(focus);
}

fn add_row(live: Live, list: &Element, key: u64, label: &str, is_mark: bool) -> Option<()> {
    let (word, word_of) = if is_mark {
        (Word::RemoveMark, Word::RemoveMarkOf)
    } else {
        (Word::Unpin, Word::UnpinLine)
    };
    let document = list.owner_document()?;
    let row = create(&document, "div", "dsl-pin", "")?;
    let go = create(&document, "button", "dsl-facet-only dsl-pin-line", label)?;
    let remove = create(&document, "button", "dsl-button dsl-small", &live.word(word))?;
    set(&row, &[("role", "listitem")])?;
    set(
        &go,
        &[("type", "button"), ("title", label), ("dir", "ltr"), ("data-pin", &key.to_string())],
    )?;
    set(&remove, &[("type", "button"), ("aria-label", &live.word_with(word_of, "line", label))])?;
    add(&row, &go)?;
    add(&row, &remove)?;
    add(list, &row)
}

/// Returns the key of the pin that was pressed, and whether it is to be removed.
fn pressed(event: &MouseEvent) -> Option<(u64, bool)> {
    // Not `dyn_into`: an element of another window is an instance of that window's classes.
    let target: Element = event.target()?.unchecked_into();
    let button = target.closest("button").ok()??;
    let go = button.parent_element()?.first_element_child()?;
    Some((go.get_attribute("data-pin")?.parse().ok()?, go != button))
}

/// Shows a pinned line in the list, where it becomes the current row. If it is not there, because
/// it was evicted or does not match the filter, its kept entry opens.
fn go_to(live: Live, key: u64) {
    let Some(number) = live.find_row(key, Session::row_of_pin) else {
        live.opened.set(Some(key));
        return live.say_word(Word::KeptEntryOnly);
    };
    live.choose(Some(number));
    live.find_row(number, Session::ordinal_of).into_iter().for_each(|row| live.reveal(row));
}
