//! The rows that are seen. The page holds these and a few more, however many lines the store holds.

use leptos::either::Either;
use leptos::ev::Event;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Client, local_time};
use crate::core::entry::EntryTime;
use crate::core::notice::Notice;
use crate::core::store::Row;
use crate::core::summary;
use crate::core::viewport::{Viewport, Window};
use crate::core::wire::Line;
use crate::ui::live::{Live, flag, text};

/// The live section: how many lines, and the lines, newest first.
pub(crate) fn line_list(live: Live) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let picture = live.picture;
    // Rows have one height, which the page's fonts decide; measured after each drawing, told only when it differs.
    Effect::new(move || {
        picture.track();
        if let Some(list) = list.get() {
            measure(live.viewport, &list);
        }
    });
    let on_scroll = move |event: Event| {
        let top = f64::from(event_target::<Element>(&event).scroll_top());
        let range = live.look(|session| session.store().range());
        live.viewport.update(|viewport| viewport.scrolled(top, &range));
    };
    let on_newest = move |_| {
        live.viewport.update(Viewport::follow);
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
    };
    view! { class="dsl",
        <div class="dsl-section">
            <div class="dsl-head">
                <strong class="dsl-title">"Live logs"</strong>
                <span class="dsl-count">{text(picture, |picture| picture.held.clone())}</span>
                <button type="button" class="dsl-button dsl-small dsl-primary" hidden=flag(picture, |picture| picture.newest.is_empty()) on:click=on_newest>
                    {text(picture, |picture| picture.newest.clone())}
                </button>
                <button type="button" class="dsl-button dsl-small" on:click=move |_| live.with(Client::clear)>"Clear"</button>
            </div>
            // Rows come and go as the reader scrolls; a live region would read each as new. The status bar announces instead.
            <div class="dsl-list" node_ref=list role="log" aria-live="off" aria-label="Live log lines, newest first" tabindex="0" on:scroll=on_scroll>
                <p class="dsl-empty" hidden=flag(picture, |picture| picture.empty.is_empty())>
                    {text(picture, |picture| picture.empty.to_owned())}
                </p>
                <div class="dsl-space" style:height=text(picture, |picture| format!("{}px", picture.window.total))>
                    <ol class="dsl-rows" style:transform=text(picture, |picture| format!("translateY({}px)", picture.window.offset))>
                        <For
                            each=move || Window::numbers(picture.read().window)
                            key=|number| *number
                            children=move |number| live.look(|session| session.store().row(number).map(|row| row_view(live, number, row)))
                        />
                    </ol>
                </div>
            </div>
        </div>
    }
}

fn row_view(live: Live, number: u64, row: &Row) -> impl IntoView + use<> {
    match row {
        Row::Line(line) => Either::Left(line_view(live, number, line)),
        Row::Notice(notice) => Either::Right(notice_view(notice)),
    }
}

fn notice_view(notice: &Notice) -> impl IntoView + use<> {
    let class = if notice.is_loss() { "dsl-row dsl-notice dsl-loss" } else { "dsl-row dsl-notice" };
    view! { class="dsl",
        <li class=class>
            <span class="dsl-message">{notice.text()}</span>
        </li>
    }
}

fn line_view(live: Live, number: u64, line: &Line) -> impl IntoView + use<> {
    let entry = &line.entry;
    let (message, more) = summary::row_text(line);
    let more = if more > 0 { format!("+{}", summary::size(more)) } else { String::new() };
    let foreign = live.look(|session| session.foreign_channel(line).unwrap_or_default().to_owned());
    let is_open = move || live.opened.get() == Some(number);
    let on_open = move |_| live.opened.update(|opened| *opened = (*opened != Some(number)).then_some(number));
    view! { class="dsl",
        <li class=format!("dsl-row dsl-level-{}", entry.level().class())>
            <button type="button" class="dsl-open" aria-label="Show the whole entry" aria-expanded=move || is_open().to_string() on:click=on_open>
                "›"
            </button>
            <span class="dsl-time" title=entry.exact_time().to_owned()>{entry.time().map(shown_time).unwrap_or_default()}</span>
            <span class="dsl-level">{entry.level_text().to_owned()}</span>
            <span class="dsl-pipeline">{entry.pipeline().to_owned()}</span>
            {chip(foreign)}
            <span class="dsl-message">{message.to_owned()}</span>
            {chip(more)}
            <span class="dsl-duration">{entry.status().to_owned()}</span>
        </li>
    }
}

/// A short remark beside a message; nothing for an empty one.
fn chip(remark: String) -> impl IntoView + use<> {
    (!remark.is_empty()).then(|| view! { class="dsl", <span class="dsl-chip">{remark}</span> })
}

fn shown_time(time: &EntryTime) -> String {
    match time {
        EntryTime::Text(text) => text.to_string(),
        EntryTime::Millis(millis) => local_time(*millis).unwrap_or_else(|| millis.to_string()),
    }
}

fn measure(viewport: RwSignal<Viewport>, list: &Element) {
    let row = list.query_selector("li").ok().flatten().map_or(f64::NAN, |row| row.get_bounding_client_rect().height());
    let was = viewport.get_untracked();
    let mut is = was;
    is.measured(row, f64::from(list.client_height()));
    if is != was {
        viewport.set(is);
    }
}
