//! One whole entry, below the list. It does not move while lines arrive or its line is evicted, and
//! closes when its log is cleared.

use std::sync::Arc;

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;

use crate::ui::built::{Built, Child, view};
use crate::ui::live::{Live, click, effect};
use crate::ui::pieces;
use logs_sse_core::summary::Whole;

/// Renders the entry that the reader opened, if there is one.
pub(crate) fn detail(live: Live) -> impl Child {
    effect(move || {
        let cleared_at = live.view_model.read().cleared_at;
        if live.opened.get_untracked().is_some_and(|number| number < cleared_at) {
            live.opened.set(None);
        }
    });
    // Read once when opened, so that neither new lines nor the eviction of this one change what is
    // shown.
    move || {
        let number = live.opened.get()?;
        let whole =
            live.read(|session| session.store().row(number)?.line().map(Whole::from_line))?;
        Some(entry(live, whole))
    }
}

fn entry(live: Live, whole: Whole) -> Built {
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            live.opened.set(None);
        }
    };
    let (all, whole) = (RwSignal::new(false), Arc::new(whole));
    // One closure type for all of them, as in `live`.
    let text = |pick: fn(&Whole, bool) -> String| {
        let whole = Arc::clone(&whole);
        move || pick(&whole, all.get())
    };
    let message = NodeRef::<Div>::new();
    let drawn = Arc::clone(&whole);
    effect(move || {
        if let Some(message) = message.get()
            && !pieces::draw(&message, &drawn.message_pieces(all.get()))
        {
            message.set_text_content(Some(drawn.shown_message(all.get())));
        }
    });
    view! { class="dsl",
        <section class="dsl-detail" aria-label="The whole entry" on:keydown=on_key>
            <div class="dsl-head">
                <strong class="dsl-title">"Entry"</strong>
                <span class="dsl-count" dir="ltr">{whole.about.clone()}</span>
                <button type="button" class="dsl-button dsl-small" on:click=move |_| all.set(true) prop:textContent=text(Whole::rest)></button>
                <button type="button" class="dsl-button dsl-small" on:click=click(live, |live| live.opened.set(None))>"Close"</button>
            </div>
            // Logs are written from left to right, even on a page in Hebrew or Arabic.
            <div class="dsl-full" dir="ltr" node_ref=message></div>
            <pre class="dsl-json" dir="ltr" tabindex="0" aria-label="All fields" prop:textContent=text(Whole::shown_fields)></pre>
        </section>
    }
}
