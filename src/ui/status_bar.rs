//! The status in words, and the buttons.

use leptos::prelude::*;

use crate::browser::Client;
use crate::core::status::{MainAction, Status};
use crate::ui::live::Live;

/// The bar above the lines.
#[component]
pub(crate) fn StatusBar(live: Live) -> impl IntoView {
    let status = live.status;
    let main_action = Memo::new(move |_| status.read().main_action);
    let on_main = move |_| match main_action.get() {
        MainAction::Connect => live.with(Client::connect),
        MainAction::Disconnect => live.with(Client::disconnect),
    };
    view! { class="dsl",
        <div class="dsl-bar">
            <Badge status=status/>
            <div class="dsl-buttons">
                <Show when=move || status.read().can_retry_now>
                    <button type="button" class="dsl-button" on:click=move |_| live.with(Client::retry_now)>"Retry now"</button>
                </Show>
                <button
                    type="button"
                    class="dsl-button"
                    class:dsl-primary=move || main_action.get() == MainAction::Connect
                    on:click=on_main
                >
                    {move || main_action.get().label()}
                </button>
            </div>
            <p class="dsl-hidden" role="status">{move || status.read().announcement()}</p>
        </div>
    }
}

#[component]
fn Badge(status: Memo<Status>) -> impl IntoView {
    let class = move || format!("dsl-status dsl-is-{}", status.read().badge.name());
    view! { class="dsl",
        <div class=class>
            <span class="dsl-dot" aria-hidden="true"></span>
            <strong class="dsl-word">{move || status.read().badge.word()}</strong>
            <Show when=move || status.read().is_live()>
                <span class="dsl-live"><span class="dsl-pulse" aria-hidden="true">"🔴"</span>" LIVE"</span>
            </Show>
            <span class="dsl-progress">{move || status.read().progress.clone()}</span>
            <span class="dsl-reason">{move || status.read().reason.clone()}</span>
        </div>
    }
}
