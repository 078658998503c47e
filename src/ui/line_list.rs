//! The rows that are seen. The page holds these and a few more, however many lines the store holds.

use leptos::ev::Event;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Client, Resize, local_time};
use crate::core::entry::EntryTime;
use crate::core::viewport::{Viewport, Window};
use crate::ui::live::{Live, click, effect, flag, text};

/// The live section: how many lines, and the lines, newest first.
pub(crate) fn line_list(live: Live) -> impl IntoView {
    let list = live.list;
    let picture = live.picture;
    let mut resize = None;
    effect(move || {
        picture.track();
        let Some(list) = list.get() else { return };
        // Rows have one height, which the page's fonts decide; measured after each drawing, told only when it differs.
        measure(live.viewport, &list);
        // A log that stands still is drawn anew when its window grows: a rotated phone, a wider pane.
        resize.get_or_insert_with(|| Resize::of(&list.clone(), move || measure(live.viewport, &list)));
    });
    let on_scroll = move |event: Event| {
        let top = f64::from(event_target::<Element>(&event).scroll_top());
        let range = live.look(|session| session.store().range());
        live.viewport.update(|viewport| viewport.scrolled(top, &range));
    };
    view! { class="dsl",
        <div class="dsl-section">
            <div class="dsl-head">
                <strong class="dsl-title">{move || live.title.get()}</strong>
                <span class="dsl-count">{text(picture, |picture| picture.held.clone())}</span>
                <button type="button" class="dsl-button dsl-small dsl-primary" hidden=flag(picture, |picture| picture.newest.is_empty()) on:click=click(live, to_newest)>
                    {text(picture, |picture| picture.newest.clone())}
                </button>
                <button type="button" class="dsl-button dsl-small" on:click=click(live, |live| live.with(Client::clear))>"Clear"</button>
            </div>
            // Rows come and go as the reader scrolls; a live region would read each as new. The status bar announces instead.
            <div class="dsl-list" node_ref=list role="log" aria-live="off" aria-label="Live log lines, newest first" tabindex="0" on:scroll=on_scroll>
                <p class="dsl-empty" hidden=flag(picture, |picture| picture.empty.is_empty())>
                    {text(picture, |picture| picture.empty.to_owned())}
                </p>
                <div class="dsl-space" style:height=text(picture, |picture| format!("{}px", picture.window.total))>
                    <ol class="dsl-rows" style:transform=text(picture, |picture| format!("translateY({}px)", picture.window.offset))>
                        <For
                            each=move || {
                                let changes = live.locale.read().0;
                                Window::numbers(picture.read().window).map(move |number| (number, changes))
                            }
                            key=|known_by| *known_by
                            children=move |(number, _)| row(live, number)
                        />
                    </ol>
                </div>
            </div>
        </div>
    }
}

/// The list follows: with the viewport at the top, the scroll position is what a person would have to do by hand.
fn to_newest(live: Live) {
    live.viewport.update(Viewport::follow);
    if let Some(list) = live.list.get_untracked() {
        list.set_scroll_top(0);
    }
}

fn row(live: Live, number: u64) -> impl IntoView + use<> {
    // It is held, or it would not be in the window; should it be gone by now, an empty row stands for it until the next frame.
    let row = live.look(|session| session.row_text(number)).unwrap_or_default();
    let locale = live.locale.read_untracked();
    let time = live.look(|session| session.store().row(number)?.line()?.entry.time().map(|time| shown_time(time, &locale.1)));
    let is_open = move || (live.opened.get() == Some(number)).to_string();
    let on_open = move |_| live.opened.update(|opened| *opened = (*opened != Some(number)).then_some(number));
    view! { class="dsl",
        <li class=row.class>
            <button type="button" class="dsl-open" aria-label="Show the whole entry" aria-expanded=is_open on:click=on_open>
                "›"
            </button>
            <span class="dsl-time" title=row.exact_time>{time.unwrap_or_default()}</span>
            <span class="dsl-level">{row.level}</span>
            <span class="dsl-pipeline">{row.pipeline}</span>
            <span class="dsl-chip">{row.channel}</span>
            <span class="dsl-message">{row.message}</span>
            <span class="dsl-chip">{row.more}</span>
            <span class="dsl-duration">{row.status}</span>
        </li>
    }
}

fn shown_time(time: &EntryTime, locale: &str) -> String {
    match time {
        EntryTime::Text(text) => text.to_string(),
        EntryTime::Millis(millis) => local_time(*millis, locale).unwrap_or_else(|| millis.to_string()),
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
