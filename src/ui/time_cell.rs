//! The time of a drawn row, as an element that is reused. Decides nothing.

use leptos::web_sys::Element;

use crate::ui::pieces::set_or_remove;
use logs_sse_core::line_time::{SentTime, TimeCell, TimeContext, TimeDisplay};

/// The element of a time, and what it shows.
#[derive(Debug)]
pub(crate) struct TimeElement {
    element: Element,
    time: SentTime,
    /// The most exact time, as it was sent.
    exact: String,
    shown: TimeCell,
    /// What `shown` was made from, besides the line; `None` for another line.
    made_from: Option<MadeFrom>,
}

/// The time of the line before, how times are shown, and the current time as far as it matters.
type MadeFrom = (Option<i64>, TimeDisplay, i64);

impl TimeElement {
    pub(crate) fn new(element: Element) -> Self {
        let (time, exact, shown) = Default::default();
        Self { element, time, exact, shown, made_from: None }
    }

    /// Sets the time of the line, which [`show`](Self::show) writes.
    pub(crate) fn set(&mut self, time: SentTime, exact: String) {
        (self.time, self.exact, self.made_from) = (time, exact, None);
    }

    /// Writes the time of a line that follows one of `previous`, and returns the day if the line is
    /// now the first of another day, or of none.
    pub(crate) fn show(
        &mut self,
        previous: Option<i64>,
        context: &TimeContext<'_>,
    ) -> Option<String> {
        // Relative times change each second, the name of the zone at a quarter of an hour.
        let unit = if context.display == TimeDisplay::Ago { 1_000 } else { 900_000 };
        let made_from = Some((previous, context.display, context.now / unit));
        if self.made_from == made_from {
            return None;
        }
        self.made_from = made_from;
        let cell = TimeCell::new(&self.time, &self.exact, previous, context);
        let last = std::mem::replace(&mut self.shown, cell);
        let now = &self.shown;
        for (name, now, last) in
            [("title", &now.title, &last.title), ("datetime", &now.datetime, &last.datetime)]
        {
            if now != last {
                set_or_remove(&self.element, name, now);
            }
        }
        if now.text != last.text {
            self.element.set_text_content(Some(&now.text));
        }
        (now.day != last.day).then(|| now.day.clone())
    }

    /// Returns when the line was written, in milliseconds since 1970 (UTC), if that can be read.
    pub(crate) fn millis(&self) -> Option<i64> {
        self.time.millis
    }
}
