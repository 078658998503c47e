//! The rows that are seen. The page holds these and a few more, however many lines the store holds.

use std::ops::Range;

use leptos::ev::{ClipboardEvent, Event, MouseEvent};
use leptos::html::Ol;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Client, Resize, layout};
use crate::ui::filter_bar::filter_bar;
use crate::ui::live::{Live, click, effect, flag, text};
use crate::ui::rows::{Reading, Rows};
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::{Measures, Viewport};

/// The live section: how many lines, and the lines, newest first.
pub(crate) fn line_list(live: Live) -> impl IntoView {
    let list = live.list;
    let picture = live.picture;
    let rows = NodeRef::<Ol>::new();
    let drawn = StoredValue::new_local(Rows::default());
    effect(move || {
        live.moves.track();
        let (window, version) = picture.with(|picture| (picture.window, picture.rows_version));
        let reading = Reading { locale: live.locale.get(), opened: live.opened.get(), version };
        let (Some(list), Some(rows)) = (list.get(), rows.get()) else { return };
        live.with(|client| client.shown_in(&list));
        // How rows are laid out, style sheets and fonts decide: measured when there is one, and
        // whenever a size changes.
        let measured = list.clone();
        let measure = move || measure(live, &measured, drawn);
        drawn.update_value(|drawn| drawn.watch(&list, || Resize::of(&list, measure.clone())));
        let is_first = drawn.with_value(Rows::is_empty);
        live.look(|session| {
            drawn.update_value(|drawn| drawn.draw(&rows, session, window, &reading))
        });
        if let Some(top) = window.scroll_to {
            list.set_scroll_top(i32::try_from(top).unwrap_or(i32::MAX));
        }
        // All is written; from here on it is read, so that the browser lays out once.
        let heights = drawn.try_update_value(Rows::measure).unwrap_or_default();
        live.viewport.maybe_update(|viewport| {
            if window.scroll_to.is_some() {
                viewport.scroll_top_applied(layout::scroll_top(&list));
            }
            viewport.rows_measured(&heights, &(window.held.0..window.held.1))
                || window.scroll_to.is_some()
        });
        if is_first {
            measure();
        }
    });
    let on_press = move |event: MouseEvent| {
        if let Some(number) = drawn.with_value(|drawn| drawn.pressed(&event)) {
            live.opened.update(|opened| *opened = (*opened != Some(number)).then_some(number));
        }
    };
    let on_copy = move |event: ClipboardEvent| {
        let Some(list) = list.get_untracked() else { return };
        let text = live.look(|session| drawn.with_value(|drawn| drawn.copied(&list, session)));
        if let (Some(text), Some(clipboard)) = (text, event.clipboard_data())
            && clipboard.set_data("text/plain", &text).is_ok()
        {
            event.prevent_default();
        }
    };
    let on_scroll = move |event: Event| {
        let top = layout::scroll_top(&event_target::<Element>(&event));
        let lines = drawn_lines(live);
        live.viewport.maybe_update(|viewport| viewport.scrolled(top, &lines));
    };
    view! { class="dsl",
        <div class="dsl-section">
            <div class="dsl-head">
                <strong class="dsl-title" prop:textContent=move || live.title.get()></strong>
                <span class="dsl-count" prop:textContent=text(picture, |picture| picture.held.clone())></span>
                <button
                    type="button"
                    class="dsl-button dsl-small dsl-primary"
                    hidden=flag(picture, |picture| picture.newest.is_empty())
                    on:click=click(live, to_newest)
                    prop:textContent=text(picture, |picture| picture.newest.clone())
                ></button>
                <button type="button" class="dsl-button dsl-small" aria-pressed=text(picture, is_wrapping) on:click=click(live, wrap)>"Wrap lines"</button>
                <button type="button" class="dsl-button dsl-small" on:click=click(live, |live| live.with(Client::clear))>"Clear"</button>
            </div>
            {filter_bar(live)}
            // Rows come and go as the reader scrolls; a live region would read each as new. The status bar announces instead.
            <div class="dsl-list" node_ref=list role="log" aria-live="off" aria-label="Live log lines, newest first" tabindex="0" on:scroll=on_scroll on:copy=on_copy>
                <p
                    class="dsl-empty"
                    hidden=flag(picture, |picture| picture.empty.is_empty())
                    prop:textContent=text(picture, |picture| picture.empty.to_owned())
                ></p>
                <div class="dsl-space">
                    // Logs read from left to right, on a page in Hebrew or Arabic too.
                    <ol class="dsl-rows" dir="ltr" node_ref=rows on:click=on_press></ol>
                </div>
            </div>
        </div>
    }
}

fn to_newest(live: Live) {
    live.viewport.update(Viewport::follow);
}

fn wrap(live: Live) {
    live.viewport.update(|viewport| viewport.wrap(!viewport.is_wrapping()));
}

fn is_wrapping(picture: &ViewModel) -> String {
    picture.window.layout.is_some().to_string()
}

fn measure(live: Live, list: &Element, drawn: StoredValue<Rows, LocalStorage>) {
    let (row, has_other_heights) =
        drawn.with_value(|drawn| (drawn.usual_height(), drawn.has_other_heights()));
    let measures = Measures {
        row,
        width: f64::from(list.client_width()),
        height: f64::from(list.client_height()),
    };
    // A list that was hidden may have lost its position, and no event tells that; while it is
    // hidden it has none.
    let top = (measures.height > 0.0).then(|| layout::scroll_top(list));
    let lines = drawn_lines(live);
    live.viewport.maybe_update(|viewport| {
        let is_news = viewport.measured(measures);
        if has_other_heights && !is_news {
            viewport.relayout();
        }
        top.is_some_and(|top| viewport.scrolled(top, &lines)) || is_news || has_other_heights
    });
}

/// All lines that there were when the list was drawn, by which its scroll position is to be read.
fn drawn_lines(live: Live) -> Range<u64> {
    let (start, end) = live.picture.read_untracked().window.held;
    start..end
}
