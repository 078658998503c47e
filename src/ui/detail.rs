//! One whole entry, below the list: it stands still while lines come, and outlives its line's leaving the store.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::core::summary;
use crate::core::wire::Line;
use crate::ui::live::Live;

/// The entry that the reader opened, if any.
#[component]
pub(crate) fn Detail(live: Live) -> impl IntoView {
    // Read once when opened, so that neither new lines nor the line's end in the store change what is read.
    let shown = Memo::new(move |_| {
        let number = live.opened.get()?;
        live.with(|client| client.with_session(|session| session.store().line(number).map(Shown::of)))
    });
    let close = move || live.opened.set(None);
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    move || {
        shown.get().map(|shown| {
            view! { class="dsl",
                <section class="dsl-detail" aria-label="The whole entry" on:keydown=on_key>
                    <div class="dsl-head">
                        <strong class="dsl-title">"Entry"</strong>
                        <span class="dsl-count">{shown.about}</span>
                        <button type="button" class="dsl-button dsl-small" on:click=move |_| close()>"Close"</button>
                    </div>
                    <p class="dsl-full">{shown.message}</p>
                    <pre class="dsl-json" tabindex="0" aria-label="All fields">{shown.fields}</pre>
                </section>
            }
        })
    }
}

#[derive(Clone, PartialEq)]
struct Shown {
    about: String,
    message: String,
    fields: String,
}

impl Shown {
    fn of(line: &Line) -> Self {
        let cut = (line.cut_bytes > 0).then(|| format!("cut, {} more were sent", summary::size(line.cut_bytes)));
        let parts = [line.channel.as_deref(), Some(&*line.id), Some(line.entry.exact_time()), cut.as_deref()];
        Self {
            about: parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            message: line.entry.message().to_owned(),
            fields: line.entry.detail(),
        }
    }
}
