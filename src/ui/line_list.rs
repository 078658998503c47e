//! The rows that are seen. The page holds these and a few more, however many lines the store holds.

use leptos::ev::Event;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Client, local_time};
use crate::core::entry::EntryTime;
use crate::core::summary;
use crate::core::viewport::Window;
use crate::core::wire::Line;
use crate::ui::live::Live;

/// The live section: how many lines, and the lines, newest first.
#[component]
pub(crate) fn LineList(live: Live) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let window = Memo::new(move |_| {
        let viewport = live.viewport.get();
        live.watch(|client| client.with_session(|session| viewport.window(&session.store().range())))
    });
    let held = Memo::new(move |_| live.watch(|client| client.with_session(|session| summary::held(session.store()))));
    let empty = Memo::new(move |_| live.watch(|client| client.with_session(|session| session.store().is_empty().then(|| summary::empty(session.state())))));
    // Rows have one height, which the page's fonts decide; measured after each drawing, told only when it differs.
    Effect::new(move || {
        window.track();
        if let Some(list) = list.get() {
            measure(live, &list);
        }
    });
    let on_scroll = move |event: Event| {
        let top = f64::from(event_target::<Element>(&event).scroll_top());
        let range = live.with(|client| client.with_session(|session| session.store().range()));
        live.viewport.update(|viewport| viewport.scrolled(top, &range));
    };
    let on_follow = move |_| {
        live.viewport.update(|viewport| viewport.follow());
        if let Some(list) = list.get() {
            list.set_scroll_top(0);
        }
    };
    view! { class="dsl",
        <div class="dsl-section">
            <div class="dsl-head">
                <strong class="dsl-title">"Live logs"</strong>
                <span class="dsl-count">{move || held.get()}</span>
                <button type="button" class="dsl-button dsl-small" on:click=move |_| live.with(Client::clear)>"Clear"</button>
            </div>
            <Show when=move || !live.viewport.read().is_following()>
                <button type="button" class="dsl-newest" on:click=on_follow>"↑ "{move || summary::unseen(window.read().unseen)}</button>
            </Show>
            // Rows come and go as the reader scrolls; a live region would read each as new. The status bar announces instead.
            <div class="dsl-list" node_ref=list role="log" aria-live="off" aria-label="Live log lines, newest first" tabindex="0" on:scroll=on_scroll>
                <p class="dsl-empty" hidden=move || empty.get().is_none()>{move || empty.get()}</p>
                <div class="dsl-space" style:height=move || format!("{}px", window.read().total)>
                    <ol class="dsl-rows" style:transform=move || format!("translateY({}px)", window.read().offset)>
                        <For each=move || Window::numbers(window.get()) key=|number| *number let:number>
                            <Row live=live number=number/>
                        </For>
                    </ol>
                </div>
            </div>
        </div>
    }
}

#[component]
fn Row(live: Live, number: u64) -> impl IntoView {
    live.with(|client| client.with_session(|session| session.store().line(number).map(|line| row(live, number, line))))
}

fn row(live: Live, number: u64, line: &Line) -> impl IntoView + use<> {
    let entry = &line.entry;
    let class = format!("dsl-row dsl-level-{}", entry.level().name().to_ascii_lowercase());
    let (message, more) = summary::row_text(line);
    let time = entry.time().map(shown_time).unwrap_or_default();
    let more = (more > 0).then(|| format!("+{}", summary::size(more)));
    let foreign = line.channel.as_deref().filter(|channel| !live.with(|client| client.with_session(|session| session.is_own_channel(channel))));
    let is_open = move || live.opened.get() == Some(number);
    let on_open = move |_| live.opened.update(|opened| *opened = (*opened != Some(number)).then_some(number));
    view! { class="dsl",
        <li class=class class:dsl-opened=is_open>
            <button type="button" class="dsl-open" aria-label="Show the whole entry" aria-expanded=move || is_open().to_string() on:click=on_open>
                "›"
            </button>
            <span class="dsl-time" title=entry.exact_time().to_owned()>{time}</span>
            <span class="dsl-level">{entry.level_text().to_owned()}</span>
            <span class="dsl-pipeline">{entry.pipeline().to_owned()}</span>
            {foreign.map(|channel| view! { class="dsl", <span class="dsl-chip">{channel.to_owned()}</span> })}
            <span class="dsl-message">{message.to_owned()}</span>
            {more.map(|more| view! { class="dsl", <span class="dsl-chip">{more}</span> })}
            <span class="dsl-duration">{entry.status().to_owned()}</span>
        </li>
    }
}

fn shown_time(time: &EntryTime) -> String {
    match time {
        EntryTime::Text(text) => text.to_string(),
        EntryTime::Millis(millis) => local_time(*millis).unwrap_or_else(|| millis.to_string()),
    }
}

fn measure(live: Live, list: &Element) {
    let row = list.query_selector("li").ok().flatten().map_or(f64::NAN, |row| row.get_bounding_client_rect().height());
    let height = f64::from(list.client_height());
    let mut viewport = live.viewport.get_untracked();
    viewport.measured(row, height);
    if viewport != live.viewport.get_untracked() {
        live.viewport.set(viewport);
    }
}
