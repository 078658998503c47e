//! The rows that are seen. The page holds these and a few more, however many lines the store holds.

use leptos::ev::{Event, MouseEvent};
use leptos::html::Ol;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Client, Resize};
use crate::core::viewport::Viewport;
use crate::ui::live::{Live, click, effect, flag, text};
use crate::ui::rows::{Reading, Rows};

/// The live section: how many lines, and the lines, newest first.
pub(crate) fn line_list(live: Live) -> impl IntoView {
    let list = live.list;
    let picture = live.picture;
    let rows = NodeRef::<Ol>::new();
    let drawn = StoredValue::new_local(Rows::default());
    effect(move || {
        let window = picture.read().window;
        let reading = Reading { locale: live.locale.get(), opened: live.opened.get() };
        if let Some(rows) = rows.get() {
            live.look(|session| drawn.update_value(|drawn| drawn.draw(&rows, session, window, &reading)));
        }
    });
    let on_press = move |event: MouseEvent| {
        if let Some(number) = drawn.with_value(|drawn| drawn.pressed(&event)) {
            live.opened.update(|opened| *opened = (*opened != Some(number)).then_some(number));
        }
    };
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
                    <ol
                        class="dsl-rows"
                        node_ref=rows
                        style:transform=text(picture, |picture| format!("translateY({}px)", picture.window.offset))
                        on:click=on_press
                    ></ol>
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

fn measure(viewport: RwSignal<Viewport>, list: &Element) {
    let row = list.query_selector("li").ok().flatten().map_or(f64::NAN, |row| row.get_bounding_client_rect().height());
    let was = viewport.get_untracked();
    let mut is = was;
    is.measured(row, f64::from(list.client_height()));
    if is != was {
        viewport.set(is);
    }
}
