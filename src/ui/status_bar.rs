//! The status in words, and the buttons.

use leptos::prelude::*;

use crate::browser::Client;
use crate::core::status::{MainAction, Status};
use crate::ui::live::{Live, flag, text};

/// The bar above the lines.
pub(crate) fn status_bar(live: Live) -> impl IntoView {
    let status = live.status;
    let on_main = move |_| match status.read_untracked().main_action {
        MainAction::Connect => live.with(Client::connect),
        MainAction::Disconnect => live.with(Client::disconnect),
    };
    view! { class="dsl",
        <div class="dsl-bar">
            <div class=text(status, |status| format!("dsl-status dsl-is-{}", status.badge.name()))>
                <span class="dsl-dot" aria-hidden="true"></span>
                <strong class="dsl-word">{text(status, |status| status.badge.word().to_owned())}</strong>
                <span class="dsl-live" hidden=flag(status, |status| !status.is_live())>
                    <span class="dsl-pulse" aria-hidden="true">"🔴"</span>
                    " LIVE"
                </span>
                <span class="dsl-progress">{text(status, |status| status.progress.clone())}</span>
                <span class="dsl-vitals">{text(status, |status| status.vitals.clone())}</span>
                <span class="dsl-reason">{text(status, |status| status.reason.clone())}</span>
            </div>
            <div class="dsl-buttons">
                <button
                    type="button"
                    class="dsl-button"
                    hidden=flag(status, |status| !status.can_retry_now)
                    on:click=move |_| live.with(Client::retry_now)
                >
                    "Retry now"
                </button>
                <button type="button" class=text(status, main_class) on:click=on_main>
                    {text(status, |status| status.main_action.label().to_owned())}
                </button>
            </div>
            <p class="dsl-hidden" role="status">{text(status, Status::announcement)}</p>
        </div>
    }
}

fn main_class(status: &Status) -> String {
    match status.main_action {
        MainAction::Connect => "dsl-button dsl-primary".into(),
        MainAction::Disconnect => "dsl-button".into(),
    }
}
