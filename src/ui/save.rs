//! The button "Save…" and its dialog: which lines, and in which format. The core writes the file.

use leptos::html::{Button, Dialog, Select};
use leptos::prelude::*;

use crate::ui::built::{Built, NodeRef, view};
use crate::ui::live::{Live, effect, flag};
use logs_sse_core::save::Format;
use logs_sse_core::words::Word;

/// Renders the button, and the dialog that it opens.
pub(crate) fn save_button(live: Live) -> Built {
    let (dialog, rows, format) =
        (NodeRef::<Dialog>::new(), NodeRef::<Select>::new(), NodeRef::<Select>::new());
    let is_saving = RwSignal::new(false);
    let button = NodeRef::<Button>::new();
    effect(move || {
        if let Some(button) = button.get() {
            let word = if is_saving.get() { Word::Saving } else { Word::SaveButton };
            button.set_text_content(Some(&live.word(word)));
        }
    });
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked()
            && !is_saving.get_untracked()
        {
            // This fails only for a dialog that is open already, or in no document.
            let _ = dialog.show_modal();
        }
    };
    let close = move || dialog.get_untracked().into_iter().for_each(|dialog| dialog.close());
    let start = move |_| {
        let value = |select: NodeRef<Select>| {
            select.get_untracked().map(|select| select.value()).unwrap_or_default()
        };
        let (format, only_shown) = (Format::named(&value(format)), value(rows) == "shown");
        close();
        is_saving.set(true);
        live.with(|client| client.save(format, only_shown, move || is_saving.set(false)));
    };
    let view_model = live.view_model;
    view! { class="dsl",
        <div class="dsl-save">
            <button type="button" class="dsl-button dsl-small" node_ref=button on:click=open></button>
            <dialog class="dsl-dialog" aria-label=live.word(Word::SaveLog) node_ref=dialog>
                <strong class="dsl-title">{live.word(Word::SaveLog)}</strong>
                <label class="dsl-field" hidden=flag(view_model, |view_model| !view_model.is_filtered)>
                    {live.word(Word::LinesToSave)}
                    <select class="dsl-input" aria-label=live.word(Word::LinesToSave) node_ref=rows>
                        <option value="shown">{live.word(Word::MatchingLines)}</option>
                        <option value="held">{live.word(Word::AllLines)}</option>
                    </select>
                </label>
                <label class="dsl-field">
                    {live.word(Word::Format)}
                    <select class="dsl-input" aria-label=live.word(Word::Format) node_ref=format>
                        <option value="text">{live.word(Word::FormatText)}</option>
                        <option value="ndjson">{live.word(Word::FormatNdjson)}</option>
                    </select>
                </label>
                <div class="dsl-buttons">
                    <button type="button" class="dsl-button dsl-primary" on:click=start>{live.word(Word::Save)}</button>
                    <button type="button" class="dsl-button" on:click=move |_| close()>{live.word(Word::Cancel)}</button>
                </div>
            </dialog>
        </div>
    }
}
