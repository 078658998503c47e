//! The visible rows. The page contains these and a few more, however many lines the store holds.

use std::ops::Range;

use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Resize, layout};
use crate::ui::built::{Built, view};
use crate::ui::detail;
use crate::ui::histogram;
use crate::ui::later::Part;
use crate::ui::list_height;
use crate::ui::live::{Live, click, effect, flag, maybe_update, signal_text, text};
use crate::ui::row_selection::{self, Moment};
use crate::ui::rows::{RowContext, Rows, focus};
use crate::ui::save::save_button;
use crate::ui::shared::Shared;
use crate::ui::shortcuts;
use crate::ui::view_menu::view_menu;
use logs_sse_core::settings::Setting;
use logs_sse_core::viewport::Measures;
use logs_sse_core::words::Word;

/// Renders the live section: the number of lines, and the lines.
pub(crate) fn line_list(live: Live) -> Built {
    let list = live.list;
    let view_model = live.view_model;
    let rows = live.row_list;
    let drawn = live.rows;
    effect(move || {
        live.moves.track();
        let (window, version) =
            view_model.with(|view_model| (view_model.window, view_model.rows_version));
        live.ticks.track();
        let context = RowContext {
            locale: live.locale.get(),
            display: live.times.get(),
            now: live.now_millis(),
            opened: live.opened.get(),
            unfolded: live.unfolded.get(),
            current: live.current.get(),
            current_match: view_model.with(|view_model| view_model.current_match),
            version,
        };
        let (Some(list), Some(rows)) = (list.get(), rows.get()) else { return };
        live.with(|client| client.shown_in(&list));
        // Style sheets and fonts determine the layout of rows: they are measured once there is one,
        // and again whenever a size changes.
        let measured = list.clone();
        let measure = move || measure(live, &measured, drawn);
        drawn.update_value(|drawn| drawn.watch(&list, || Resize::new(&list, measure.clone())));
        row_selection::around_draw(live, &list, Moment::Before);
        let is_first = drawn.with_value(Rows::is_empty);
        let due = live.read(|session| {
            drawn.try_update_value(|drawn| drawn.draw(&rows, session, window, &context)).flatten()
        });
        row_selection::around_draw(live, &list, Moment::After);
        // Not while the rows are borrowed: it raises an event.
        due.iter().for_each(|due| focus(&due.element));
        show_day(live);
        if let Some(top) = window.scroll_to {
            list.set_scroll_top(i32::try_from(top).unwrap_or(i32::MAX));
        }
        // Everything is written; from here on it is only read, so that the browser lays out once.
        let heights = drawn.try_update_value(Rows::measure).unwrap_or_default();
        maybe_update(live.viewport, &mut |viewport| {
            if window.scroll_to.is_some() {
                viewport.scroll_top_applied(layout::scroll_top(&list));
            }
            let held = window.held.0..window.held.1;
            let has_changed = viewport.rows_measured(&heights, &held);
            // Where the focused row was sent by its estimated height, it may be cut off.
            let is_moved = due.as_ref().and_then(|due| due.row).is_some_and(|row| {
                !heights.is_empty() && viewport.reveal(row, &held, detail::cover(&list))
            });
            has_changed || is_moved || window.scroll_to.is_some()
        });
        if is_first {
            measure();
        }
    });
    list_height::restore(live);
    let shows_histogram = histogram::setting(live);
    let earlier = live.earlier;
    effect(move || {
        let is_hidden = view_model.with(|view_model| view_model.earlier.label.is_empty());
        // A keyboard user who has just pressed the button continues in the list.
        let has_focus = |button: &Element| button.matches(":focus").unwrap_or(false);
        if is_hidden
            && earlier.get_untracked().is_some_and(|button| has_focus(&button))
            && let Some(list) = list.get_untracked()
        {
            // This fails only for an element that is gone.
            let _ = list.focus();
        }
    });
    let on_error = move |_: MouseEvent| {
        let number = show_first_error(live);
        live.current.set(number);
        // It is focused when it is drawn.
        drawn.update_value(|drawn| drawn.focus_next(number));
    };
    let on_scroll = move |event: Event| {
        let top = layout::scroll_top(&event_target::<Element>(&event));
        let lines = drawn_lines(live);
        live.move_view(|viewport| {
            let has_moved = viewport.scrolled(top, &lines);
            if has_moved {
                row_selection::scrolled(live);
            }
            has_moved
        });
    };
    view! { class="dsl",
        <div class="dsl-section">
            <div class="dsl-head">
                <strong class="dsl-title" prop:textContent=signal_text(live.title)></strong>
                <span class="dsl-count" prop:textContent=text(view_model, |view_model| view_model.held.clone())></span>
                <button
                    type="button"
                    class="dsl-button dsl-small dsl-pause"
                    aria-pressed=text(view_model, |view_model| view_model.is_held.to_string())
                    on:click=click(live, pause)
                    prop:textContent=text(view_model, |view_model| view_model.pause.clone())
                ></button>
                {(Part::Tools(shows_histogram), live)}
            </div>
            {(Part::Filter, live)}
            {(Part::Histogram(shows_histogram), live)}
            {(Part::Columns, live)}
            // Rows are reused as the reader scrolls; a live region would announce each as new. The
            // status bar has the announcements instead.
            <div class="dsl-list" node_ref=list role="log" aria-live="off" data-order=text(view_model, |view_model| view_model.window.order.stored()) aria-label=text(view_model, |view_model| view_model.list_name.clone()) tabindex="0" on:scroll=on_scroll>
                // Over the rows, so that neither they nor the head move when it appears.
                <div class="dsl-new">
                    <button
                        type="button"
                        class="dsl-button dsl-small dsl-primary"
                        hidden=flag(view_model, |view_model| view_model.newest.is_empty())
                        on:click=click(live, follow)
                        prop:textContent=text(view_model, |view_model| view_model.newest.clone())
                    ></button>
                    <button
                        type="button"
                        class="dsl-button dsl-small dsl-new-errors"
                        hidden=flag(view_model, |view_model| view_model.new_errors.is_empty())
                        title=live.word(Word::GoToFirstError)
                        on:click=on_error
                        prop:textContent=text(view_model, |view_model| view_model.new_errors.clone())
                    ></button>
                </div>
                <p
                    class="dsl-empty"
                    hidden=flag(view_model, |view_model| view_model.empty.is_empty())
                    prop:textContent=text(view_model, |view_model| view_model.empty.clone())
                ></p>
                <div class="dsl-space">
                    // Logs are written from left to right, even on a page in Hebrew or Arabic.
                    <ol class="dsl-rows" dir="ltr" node_ref=rows></ol>
                    <p
                        class="dsl-dropped"
                        hidden=flag(view_model, |view_model| view_model.dropped.is_empty())
                        prop:textContent=text(view_model, |view_model| view_model.dropped.clone())
                    ></p>
                </div>
                <div class="dsl-earlier" dir="ltr">
                    <span class="dsl-earlier-failure" role="alert" prop:textContent=text(view_model, |view_model| view_model.earlier.failure.clone())></span>
                    <button
                        type="button"
                        class="dsl-button dsl-small"
                        node_ref=earlier
                        hidden=flag(view_model, |view_model| view_model.earlier.label.is_empty())
                        aria-disabled=text(view_model, |view_model| view_model.earlier.is_loading.to_string())
                        prop:textContent=text(view_model, |view_model| view_model.earlier.label.clone())
                    ></button>
                </div>
            </div>
        </div>
    }
}

/// Adds the buttons beside the title.
pub(crate) fn tools(parent: &mut Built, live: Live, shows_histogram: RwSignal<bool>) {
    let view_model = live.view_model;
    parent.child(view_menu(live, shows_histogram));
    parent.child(save_button(live));
    parent.child(view! { class="dsl",
        <button
            type="button"
            class="dsl-button dsl-small"
            hidden=flag(view_model, |view_model| view_model.undo.is_empty())
            on:click=click(live, Live::undo_clear)
            prop:textContent=text(view_model, |view_model| view_model.undo.clone())
        ></button>
    });
    parent.child(view! { class="dsl", <span class="dsl-separator" aria-hidden="true"></span> });
    parent.child(view! { class="dsl",
        <button type="button" class="dsl-button dsl-small" on:click=click(live, Live::clear)>{live.word(Word::ClearView)}</button>
    });
    parent.child(view! { class="dsl",
        <button type="button" class="dsl-button dsl-small" title=live.word(Word::KeyboardShortcuts) aria-label=live.word(Word::KeyboardShortcuts) on:click=click(live, shortcuts::show)>"?"</button>
    });
}

/// Shows the day of the first line in the window.
fn show_day(live: Live) {
    let place = live.read(|session| live.viewport.read_untracked().place(session, &[]));
    let day = live.rows.with_value(|rows| rows.day(place.map(|place| place.number)));
    if *live.day.read_untracked() != day {
        live.day.set(day);
    }
}

fn follow(live: Live) {
    live.move_view(|viewport| {
        viewport.follow();
        true
    });
    // The button disappears, and the current row with it.
    live.current.set(None);
    live.focus_list();
}

/// Pauses the view, or lets it follow the log again.
pub(crate) fn pause(live: Live) {
    let lines = drawn_lines(live);
    live.move_view(|viewport| {
        if viewport.is_following() {
            viewport.pause(&lines);
        } else {
            viewport.follow();
        }
        true
    });
}

/// Shows the first error that the reader has not seen, and returns its number.
fn show_first_error(live: Live) -> Option<u64> {
    let (number, ordinal, lines) = live.read(|session| {
        let ordinal = session.first_error_from(live.viewport.read_untracked().seen())?;
        Some((session.row_number(ordinal)?, ordinal, session.shown_range()))
    })?;
    live.move_view(|viewport| {
        viewport.show(ordinal, &lines);
        true
    });
    Some(number)
}

/// Measures the list, as after each change of its size.
pub(crate) fn measure(live: Live, list: &Element, drawn: Shared<Rows>) {
    let (row, heights_changed) =
        drawn.with_value(|drawn| (drawn.row_height(), drawn.heights_changed()));
    let measures = Measures {
        row,
        width: f64::from(list.client_width()),
        height: f64::from(list.client_height()),
    };
    list_height::remember(live, list);
    // A list that was hidden may have lost its scroll position, which no event reports, and which is
    // no scroll of the reader. While it is hidden it has none.
    let top = (measures.height > 0.0).then(|| layout::scroll_top(list));
    let lines = drawn_lines(live);
    maybe_update(live.viewport, &mut |viewport| {
        let was_hidden = viewport.is_hidden();
        let is_new = viewport.measured(measures);
        if heights_changed && !is_new {
            viewport.relayout();
        }
        let has_scrolled = top.is_some_and(|top| {
            if was_hidden {
                viewport.scroll_top_applied(top);
            }
            viewport.scrolled(top, &lines)
        });
        has_scrolled || is_new || heights_changed
    });
}

/// Returns all lines that existed when the list was drawn, to which its scroll position refers.
pub(crate) fn drawn_lines(live: Live) -> Range<u64> {
    let (start, end) = live.view_model.read_untracked().window.held;
    start..end
}
