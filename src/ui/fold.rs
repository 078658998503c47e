//! Folded rows: what is folded, and rows that show all their lines. The core decides which lines
//! belong together.

use leptos::prelude::*;

use crate::ui::built::{Built, view};
use crate::ui::live::{Live, click, flag, text};
use logs_sse_core::fold::Folding;
use logs_sse_core::session::Session;
use logs_sse_core::words::Word;

/// Renders the buttons that decide what is folded.
pub(crate) fn buttons(live: Live) -> Built {
    let view_model = live.view_model;
    view! { class="dsl",
        <span class="dsl-folding" role="group" aria-label=live.word(Word::Folding)>
            <button
                type="button"
                class="dsl-button dsl-small"
                title=live.word(Word::FoldTracesTitle)
                aria-pressed=text(view_model, |model| model.folding.traces.to_string())
                on:click=click(live, |live| change(live, |folding| folding.traces = !folding.traces))
            >
                {live.word(Word::FoldTraces)}
            </button>
            <button
                type="button"
                class="dsl-button dsl-small"
                title=live.word(Word::GroupRepeatsTitle)
                aria-pressed=text(view_model, |model| model.folding.repeats.to_string())
                on:click=click(live, |live| change(live, |folding| folding.repeats = !folding.repeats))
            >
                {live.word(Word::GroupRepeats)}
            </button>
        </span>
    }
}

/// Renders the button that groups similar lines, which is there while there are too many to read.
pub(crate) fn offer(live: Live) -> Built {
    view! { class="dsl",
        <button
            type="button"
            class="dsl-button dsl-small dsl-offer"
            title=live.word(Word::GroupSimilarTitle)
            hidden=flag(live.view_model, |model| !model.offers_similar)
            on:click=click(live, |live| group_similar(live, true))
        >
            {live.word(Word::GroupSimilar)}
        </button>
    }
}

/// Renders the button that shows each line again, which is there while similar ones are grouped.
pub(crate) fn similar_button(live: Live) -> Built {
    view! { class="dsl",
        <button
            type="button"
            class="dsl-button dsl-small dsl-span"
            title=live.word(Word::UngroupTitle)
            aria-label=live.word(Word::Ungroup)
            hidden=flag(live.view_model, |model| !model.folding.similar)
            on:click=click(live, |live| group_similar(live, false))
        >
            {live.word(Word::SimilarGrouped)}
            " ✕"
        </button>
    }
}

fn group_similar(live: Live, similar: bool) {
    let folding = live.read(Session::folding);
    live.set_folding(Folding { similar, ..folding });
    // The button disappears.
    live.focus_list();
}

fn change(live: Live, change: fn(&mut Folding)) {
    let mut folding = live.read(Session::folding);
    change(&mut folding);
    live.set_folding(folding);
    live.set_setting(&folding);
}

/// Shows all lines of the row with this number, or only the first; `None` for the other of the two.
pub(crate) fn unfold(live: Live, number: u64, all: Option<bool>) {
    let (oldest, row) =
        live.read(|session| (session.store().range().start, session.ordinal_of(number)));
    // It stays where it is, whatever arrives.
    row.into_iter().for_each(|row| live.reveal(row));
    let mut unfolded = live.unfolded.get_untracked();
    let was_unfolded = unfolded.contains(&number);
    unfolded.retain(|other| *other != number && *other >= oldest);
    if all.unwrap_or(!was_unfolded) {
        unfolded.push(number);
    }
    live.unfolded.set(unfolded);
    live.update_heights();
}
