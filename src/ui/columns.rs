//! The headings of the columns, above the list. That of the time column is a menu: how times are
//! shown.

use leptos::ev::Event;
use leptos::html::{Button, Select};
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::Timer;
use crate::ui::built::{Built, NodeRef, view};
use crate::ui::live::{Live, click, effect, flag, signal_text};
use crate::ui::rows::Rows;
use logs_sse_core::line_time::TimeDisplay;
use logs_sse_core::settings::Setting;
use logs_sse_core::words::Word;

/// Renders the row of headings. It is outside the scrolling list, whose rows it would cover.
pub(crate) fn columns(live: Live) -> Built {
    let menu = NodeRef::<Select>::new();
    let mut listed = None;
    effect(move || {
        // The name of the time zone changes with the season.
        live.view_model.track();
        let (display, now) = (live.times.get(), live.now_millis());
        let Some(menu) = menu.get() else { return };
        if listed.replace((display, now / QUARTER)) == Some((display, now / QUARTER)) {
            return;
        }
        live.rows.with_value(|rows| list_displays(&menu, rows, now));
        let index = TimeDisplay::ALL.iter().position(|other| *other == display);
        menu.set_selected_index(index.map_or(-1, |index| index as i32));
    });
    tick(live);
    let full_screen = NodeRef::<Button>::new();
    effect(move || {
        if let Some(button) = full_screen.get()
            && let Some(document) = button.owner_document()
        {
            button.set_hidden(!document.fullscreen_enabled());
        }
    });
    view! { class="dsl",
        <div class="dsl-columns" dir="ltr">
            <select class="dsl-times" aria-label=live.word(Word::Times) title=live.word(Word::HowTimesAreShown) node_ref=menu on:change=move |event| choose(live, &event)></select>
            <span
                class="dsl-column dsl-column-channel"
                title=live.word(Word::Workflow)
                hidden=flag(live.view_model, |model| !model.has_channels)
            ></span>
            <span class="dsl-column dsl-column-level">{live.word(Word::Level)}</span>
            <span class="dsl-column dsl-column-pipeline">{live.word(Word::Pipeline)}</span>
            <span class="dsl-column dsl-column-message">{live.word(Word::Message)}</span>
            <span class="dsl-date" prop:textContent=signal_text(live.day)></span>
            <button
                type="button"
                class="dsl-button dsl-small dsl-full-screen"
                title=live.word(Word::FullScreen)
                aria-label=live.word(Word::FullScreen)
                node_ref=full_screen
                on:click=click(live, fill_screen)
            ></button>
        </div>
    }
}

/// Writes the choices that differ from those in `menu`: all of them at first.
fn list_displays(menu: &Element, rows: &Rows, now: i64) {
    for (index, display) in TimeDisplay::ALL.into_iter().enumerate() {
        let label = rows.time_heading(display, now);
        let choice = menu.children().item(index as u32).or_else(|| {
            let choice = menu.owner_document()?.create_element("option").ok()?;
            choice.set_attribute("value", &display.stored()).ok()?;
            menu.append_child(&choice).ok()?;
            Some(choice)
        });
        if let Some(choice) = choice
            && choice.text_content().as_deref() != Some(&label)
        {
            choice.set_text_content(Some(&label));
        }
    }
}

fn choose(live: Live, event: &Event) {
    if let Some(display) = TimeDisplay::parse(&event_target_value(event)) {
        live.times.set(display);
        live.set_setting(&display);
    }
}

/// Redraws times each second while they say how long ago a line was written.
fn tick(live: Live) {
    let timer = StoredValue::new_local(None);
    effect(move || {
        live.ticks.track();
        let is_ago = live.times.get() == TimeDisplay::Ago;
        let window = live.list.get().and_then(|list| list.owner_document()?.default_view());
        timer.set_value(
            is_ago.then(|| {
                Timer::new(window, SECOND, move || live.ticks.update(|ticks| *ticks += 1))
            }),
        );
    });
}

fn fill_screen(live: Live) {
    let Some(list) = live.list.get_untracked() else { return };
    let Some(document) = list.owner_document() else { return };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Ok(Some(root)) = list.closest(".dsl-root") {
        // This fails where the page forbids it: the button has no effect there.
        let _ = root.request_fullscreen();
    }
}

const SECOND: u32 = 1_000;

/// Clocks are set at a quarter of an hour.
const QUARTER: i64 = 900_000;
