//! Numbers from JavaScript to a configuration. What is no number means: as usual.

use std::time::Duration;

use js_sys::Function;

use crate::browser::{Console, Opener, Options};
use logs_sse_core::connection::{Config, Hidden};
use logs_sse_core::store::Capacity;

/// How a client behaves, from `[console, max attempts, connect timeout, silence, hidden, with
/// credentials]`, times in milliseconds; `NaN` where the page said nothing.
pub(crate) fn options(capacity: Capacity, encoded_options: &[f64]) -> Options {
    let usual = Config::default();
    let said =
        |index: usize| encoded_options.get(index).copied().filter(|number| number.is_finite());
    let millis =
        |index| said(index).and_then(|number| Duration::try_from_secs_f64(number / 1_000.0).ok());
    let connection = Config {
        max_attempts: said(1).map(|attempts| attempts as u32),
        connect_timeout: millis(2).unwrap_or(usual.connect_timeout),
        silence: millis(3),
        hidden: millis(4).map_or(usual.hidden, Hidden::CloseAfter),
        ..usual
    };
    let console = match said(0) {
        Some(0.0) => Console::Off,
        Some(2.0) => Console::Lines,
        _ => Console::Changes,
    };
    Options { connection, capacity, console, with_credentials: said(5) == Some(1.0) }
}

/// How streams are opened.
pub(crate) fn opener(open: Option<Function>) -> Opener {
    open.map_or(Opener::EventSource, Opener::Function)
}
