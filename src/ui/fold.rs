//! Folded rows: what is folded, and rows that show all their lines. The core decides which lines
//! belong together.

use leptos::prelude::*;

use crate::ui::built::{Built, view};
use crate::ui::live::{Live, click, text};
use logs_sse_core::fold::Folding;

/// Renders the buttons that decide what is folded.
pub(crate) fn buttons(live: Live) -> Built {
    let view_model = live.view_model;
    view! { class="dsl",
        <span class="dsl-folding" role="group" aria-label="Folding">
            <button
                type="button"
                class="dsl-button dsl-small"
                title="Show a trace that was sent line by line as one row"
                aria-pressed=text(view_model, |model| model.folding.traces.to_string())
                on:click=click(live, |live| change(live, |folding| folding.traces = !folding.traces))
            >
                "Fold stack traces"
            </button>
            <button
                type="button"
                class="dsl-button dsl-small"
                title="Show equal lines in a row as one"
                aria-pressed=text(view_model, |model| model.folding.repeats.to_string())
                on:click=click(live, |live| change(live, |folding| folding.repeats = !folding.repeats))
            >
                "Group repeats"
            </button>
        </span>
    }
}

fn change(live: Live, change: fn(&mut Folding)) {
    let mut folding = live.read(|session| session.store().folding());
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
