//! The status bar: the status in words, and the buttons.

use leptos::prelude::*;

use crate::browser::Client;
use crate::ui::built::{Built, view};
use crate::ui::live::{Live, click, flag, signal_text, text};
use logs_sse_core::status::MainAction;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::words::Word;

/// Renders the bar above the lines.
pub(crate) fn status_bar(live: Live) -> Built {
    let view_model = live.view_model;
    view! { class="dsl",
        <div class="dsl-bar">
            <div class=text(view_model, |shown| format!("dsl-status dsl-is-{}", shown.status.badge.name()))>
                <span class="dsl-dot" aria-hidden="true"></span>
                <strong class="dsl-word" prop:textContent=text(view_model, |shown| shown.badge.clone())></strong>
                <span class=text(view_model, live_class) hidden=flag(view_model, |shown| !shown.status.is_live())>
                    <span class="dsl-pulse" aria-hidden="true">"🔴"</span>
                    " "
                    {live.word(Word::Live)}
                </span>
                <span
                    class="dsl-held"
                    hidden=flag(view_model, |shown| shown.held_view.is_empty())
                    prop:textContent=text(view_model, |shown| shown.held_view.clone())
                ></span>
                <span class="dsl-progress" prop:textContent=text(view_model, |shown| shown.status.progress.clone())></span>
                <span class="dsl-vitals" prop:textContent=text(view_model, |shown| shown.status.stats.clone())></span>
                <span class="dsl-reason" prop:textContent=text(view_model, |shown| shown.status.reason.clone())></span>
            </div>
            <div class="dsl-buttons">
                <button
                    type="button"
                    class="dsl-button"
                    hidden=flag(view_model, |shown| !shown.status.can_retry_now)
                    on:click=click(live, |live| live.with(Client::retry_now))
                >
                    {live.word(Word::RetryNow)}
                </button>
                <button
                    type="button"
                    class=text(view_model, main_class)
                    on:click=click(live, act)
                    prop:textContent=text(view_model, |shown| shown.main_action.clone())
                ></button>
            </div>
            <p class="dsl-hidden" role="status" prop:textContent=signal_text(live.announcement)></p>
        </div>
    }
}

fn act(live: Live) {
    match live.view_model.read_untracked().status.main_action {
        MainAction::Connect => live.with(Client::connect),
        MainAction::Disconnect => live.with(Client::disconnect),
    }
}

/// The mark stands still while the lines do.
fn live_class(shown: &ViewModel) -> String {
    if shown.is_held { "dsl-live dsl-still".into() } else { "dsl-live".into() }
}

fn main_class(shown: &ViewModel) -> String {
    match shown.status.main_action {
        MainAction::Connect => "dsl-button dsl-primary".into(),
        MainAction::Disconnect => "dsl-button".into(),
    }
}
