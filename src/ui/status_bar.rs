//! The status in words, and the buttons.

use leptos::prelude::*;

use crate::browser::Client;
use crate::ui::live::{Live, click, flag, text};
use logs_sse_core::status::MainAction;
use logs_sse_core::view_model::ViewModel;

/// The bar above the lines.
pub(crate) fn status_bar(live: Live) -> impl IntoView {
    let shown = live.picture;
    view! { class="dsl",
        <div class="dsl-bar">
            <div class=text(shown, |shown| format!("dsl-status dsl-is-{}", shown.status.badge.name()))>
                <span class="dsl-dot" aria-hidden="true"></span>
                <strong class="dsl-word" prop:textContent=text(shown, |shown| shown.status.badge.word().to_owned())></strong>
                <span class="dsl-live" hidden=flag(shown, |shown| !shown.status.is_live())>
                    <span class="dsl-pulse" aria-hidden="true">"🔴"</span>
                    " LIVE"
                </span>
                <span class="dsl-progress" prop:textContent=text(shown, |shown| shown.status.progress.clone())></span>
                <span class="dsl-vitals" prop:textContent=text(shown, |shown| shown.status.vitals.clone())></span>
                <span class="dsl-reason" prop:textContent=text(shown, |shown| shown.status.reason.clone())></span>
            </div>
            <div class="dsl-buttons">
                <button
                    type="button"
                    class="dsl-button"
                    hidden=flag(shown, |shown| !shown.status.can_retry_now)
                    on:click=click(live, |live| live.with(Client::retry_now))
                >
                    "Retry now"
                </button>
                <button
                    type="button"
                    class=text(shown, main_class)
                    on:click=click(live, act)
                    prop:textContent=text(shown, |shown| shown.status.main_action.label().to_owned())
                ></button>
            </div>
            <p class="dsl-hidden" role="status" prop:textContent=text(shown, |shown| shown.status.announcement())></p>
        </div>
    }
}

fn act(live: Live) {
    match live.picture.read_untracked().status.main_action {
        MainAction::Connect => live.with(Client::connect),
        MainAction::Disconnect => live.with(Client::disconnect),
    }
}

fn main_class(shown: &ViewModel) -> String {
    match shown.status.main_action {
        MainAction::Connect => "dsl-button dsl-primary".into(),
        MainAction::Disconnect => "dsl-button".into(),
    }
}
