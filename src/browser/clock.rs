//! What time it is, and how it reads in the reader's zone.

use std::cell::Cell;

use js_sys::{Date, Function, Reflect};
use wasm_bindgen::JsCast;
use web_sys::Performance;

use logs_sse_core::time::Instant;

thread_local! {
    /// Looked up once: it is asked with each event, and the way there is three calls into the browser.
    static PERFORMANCE: Option<Performance> = web_sys::window().and_then(|window| window.performance());
    static CLOCK: Cell<Reading> = const { Cell::new(Reading { now: 0.0, monotonic: 0.0, wall: 0.0 }) };
}

/// What the two clocks of a browser said last, and what we made of it.
#[derive(Clone, Copy)]
struct Reading {
    now: f64,
    monotonic: f64,
    wall: f64,
}

/// Now: never goes back, and counts the time in which the machine slept.
///
/// `performance.now()` stands still in a sleep (Chromium on Linux and macOS), and the wall clock
/// may be set back; so of both the one that went further is believed. A wall clock that is set
/// forward looks like a sleep, which does no harm.
pub(crate) fn now() -> Instant {
    let wall = Date::now();
    let monotonic =
        PERFORMANCE.with(|performance| performance.as_ref().map_or(wall, Performance::now));
    CLOCK.with(|clock| {
        let last = clock.get();
        // The first reading starts at the wall clock, so that a server's time can be compared with
        // it.
        let now = if last.now == 0.0 {
            wall
        } else {
            last.now + (monotonic - last.monotonic).max(wall - last.wall).max(0.0)
        };
        clock.set(Reading { now, monotonic, wall });
        Instant::from_millis(now)
    })
}

/// `millis` since 1970 (UTC) in the reader's zone: `2026-11-23 22:28:34`, or as `locale` writes it,
/// unless that is empty. `None` for what is no moment.
#[must_use]
pub fn local_time(millis: i64, locale: &str) -> Option<String> {
    let date = Date::new(&(millis as f64).into());
    (!date.get_time().is_nan()).then(|| {
        // A locale that the browser refuses decides nothing but how times look.
        if let Some(text) = (!locale.is_empty()).then(|| to_locale_string(&date, locale)).flatten()
        {
            return text;
        }
        let day = format!(
            "{:04}-{:02}-{:02}",
            date.get_full_year(),
            date.get_month() + 1,
            date.get_date()
        );
        format!("{day} {:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
    })
}

/// js-sys has it without `catch`: there a `RangeError` would pass through the program, and end it.
fn to_locale_string(date: &Date, locale: &str) -> Option<String> {
    let method: Function = Reflect::get(date, &"toLocaleString".into()).ok()?.dyn_into().ok()?;
    method.call1(date, &locale.into()).ok()?.as_string()
}
