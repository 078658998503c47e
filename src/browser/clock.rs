//! The current time, from the two clocks of the browser.

use std::cell::Cell;

use js_sys::Date;
use web_sys::Performance;

use logs_sse_core::time::Instant;

thread_local! {
    /// Looked up once: it is read for each event, and reaching it takes three calls into the
    /// browser.
    static PERFORMANCE: Option<Performance> =
        web_sys::window().and_then(|window| window.performance());
    static CLOCK: Cell<ClockSample> =
        const { Cell::new(ClockSample { now: 0.0, monotonic: 0.0, wall: 0.0 }) };
}

/// The last values of the browser's two clocks, and the time derived from them.
#[derive(Clone, Copy)]
struct ClockSample {
    now: f64,
    monotonic: f64,
    wall: f64,
}

/// Returns the current time. It never goes back, and includes time in which the machine slept.
///
/// `performance.now()` stops during sleep (Chromium on Linux and macOS), and the wall clock may be
/// set back, so the larger advance of the two counts. A wall clock that is set forward looks like
/// sleep, which does no harm.
pub(crate) fn now() -> Instant {
    let wall = Date::now();
    let monotonic =
        PERFORMANCE.with(|performance| performance.as_ref().map_or(wall, Performance::now));
    CLOCK.with(|clock| {
        let last = clock.get();
        // The first sample starts at the wall clock, so that it can be compared with a server's
        // time.
        let now = if last.now == 0.0 {
            wall
        } else {
            last.now + (monotonic - last.monotonic).max(wall - last.wall).max(0.0)
        };
        clock.set(ClockSample { now, monotonic, wall });
        Instant::from_millis(now)
    })
}
