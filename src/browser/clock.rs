//! What time it is, and how it reads in the reader's zone.

use js_sys::Date;

use crate::core::time::Instant;

/// Now, on the page's monotonic clock; outside a window, on the wall clock.
pub(crate) fn now() -> Instant {
    Instant::from_millis(web_sys::window().and_then(|window| window.performance()).map_or_else(Date::now, |performance| performance.now()))
}

/// `millis` since 1970 (UTC) in the reader's zone: `2026-11-23 22:28:34`. `None` for what is no moment.
#[must_use]
pub fn local_time(millis: i64) -> Option<String> {
    let date = Date::new(&(millis as f64).into());
    (!date.get_time().is_nan()).then(|| {
        let day = format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date());
        format!("{day} {:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
    })
}
