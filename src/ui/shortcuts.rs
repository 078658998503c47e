//! The list of keyboard shortcuts, made from the table that decides what keys do.

use leptos::ev::MouseEvent;
use leptos::web_sys::{Element, HtmlDialogElement};
use wasm_bindgen::JsCast;

use crate::ui::built::{Built, view};
use crate::ui::elements::{add, create, set};
use crate::ui::live::Live;
use logs_sse_core::keyboard::{SHORTCUTS, printed};
use logs_sse_core::words::Word;

/// Renders the dialog, which is empty until it is first shown.
pub(crate) fn shortcuts(live: Live) -> Built {
    view! { class="dsl",
        <dialog class="dsl-shortcuts" aria-label=live.word(Word::KeyboardShortcuts) on:click=|event: MouseEvent| close(&event)></dialog>
    }
}

/// Shows the dialog of `live`.
pub(crate) fn show(live: Live) {
    let dialog = live.list.get_untracked().and_then(|list| {
        let root = list.closest(".dsl-root").ok()??;
        root.query_selector(".dsl-shortcuts").ok()?
    });
    if let Some(dialog) = dialog
        && (dialog.first_element_child().is_some() || fill(live, &dialog).is_some())
    {
        // This fails only for a dialog that is open.
        let _ = dialog.unchecked_into::<HtmlDialogElement>().show_modal();
    }
}

/// Closes the dialog on its button, and beside the dialog.
fn close(event: &MouseEvent) {
    let (Some(target), Some(dialog)) = (event.target(), event.current_target()) else { return };
    let is_beside = target == dialog;
    let is_button = target.unchecked_into::<Element>().closest("button").is_ok_and(|b| b.is_some());
    if is_beside || is_button {
        dialog.unchecked_into::<HtmlDialogElement>().close();
    }
}

fn fill(live: Live, dialog: &Element) -> Option<()> {
    let words = live.read(|session| session.words().clone());
    let document = dialog.owner_document()?;
    let head = create(&document, "div", "dsl-head", "")?;
    let title = create(&document, "strong", "dsl-title", words.text(Word::KeyboardShortcuts))?;
    let close = create(&document, "button", "dsl-button dsl-small", words.text(Word::Close))?;
    set(&close, &[("type", "button")])?;
    let table = create(&document, "div", "dsl-keys", "")?;
    // Not elements of tables: many pages style all of theirs.
    set(&table, &[("role", "table"), ("aria-label", words.text(Word::Keys))])?;
    for shortcut in SHORTCUTS {
        let row = create(&document, "div", "dsl-keys-row", "")?;
        let keys = create(&document, "div", "dsl-keys-names", "")?;
        let label = create(&document, "div", "dsl-keys-label", words.text(shortcut.label))?;
        for (part, role) in [(&row, "row"), (&keys, "rowheader"), (&label, "cell")] {
            set(part, &[("role", role)])?;
        }
        for key in shortcut.keys {
            add(&keys, &create(&document, "kbd", "dsl-key-name", printed(key, &words))?)?;
        }
        add(&row, &keys)?;
        add(&row, &label)?;
        add(&table, &row)?;
    }
    add(&head, &title)?;
    add(&head, &close)?;
    add(dialog, &head)?;
    add(dialog, &table)
}
