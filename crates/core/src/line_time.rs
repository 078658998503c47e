//! The time column: when a line was written, as the reader chose to see it. Knows neither a clock
//! nor a time zone database: the caller supplies both.

use std::fmt;
use std::ops::Range;

use crate::civil::Civil;
use crate::settings::Setting;
use crate::styled::label;
use crate::words::{Word, Words};
use logs_sse_wire::entry::{Entry, EntryTime};

/// How the time column shows a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeDisplay {
    /// The time of day in the reader's time zone.
    #[default]
    Local,
    /// The time of day in UTC.
    Utc,
    /// How long ago it was.
    Ago,
    /// The time since the line before.
    SincePrevious,
}

impl TimeDisplay {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Local, Self::Utc, Self::Ago, Self::SincePrevious];

    /// Returns the heading of the column, which names the time zone.
    #[must_use]
    pub fn heading(self, zone: &str, words: &Words) -> String {
        match self {
            Self::Local => words.fill(Word::TimeIn, &[("zone", zone)]),
            Self::Utc => words.fill(Word::TimeIn, &[("zone", "UTC")]),
            Self::Ago => words.text(Word::TimeAgo).to_owned(),
            Self::SincePrevious => words.text(Word::SincePrevious).to_owned(),
        }
    }
}

impl Setting for TimeDisplay {
    const NAME: &'static str = "time";

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|display| display.stored() == text)
    }

    fn stored(&self) -> String {
        match self {
            Self::Local => "local",
            Self::Utc => "utc",
            Self::Ago => "ago",
            Self::SincePrevious => "since-previous",
        }
        .into()
    }
}

/// The reader's time zone and language, which only the browser knows.
// Without `Debug`: every zone would link its formatting, which nothing prints.
pub trait TimeZone {
    /// Returns how many milliseconds local time is ahead of UTC at `millis` since 1970 (UTC).
    fn offset(&self, millis: i64) -> i64;

    /// Returns the name of the zone at that time, such as `EST`; `None` if it has none.
    fn name(&self, millis: i64) -> Option<String>;

    /// Returns the local time of day as the page's locale writes it; `None` if the page has none.
    fn localized(&self, millis: i64) -> Option<String>;
}

/// What determines how times look, besides the lines.
#[derive(Clone, Copy)]
pub struct TimeContext<'a> {
    /// How the reader wants times to be shown.
    pub display: TimeDisplay,
    /// The reader's time zone.
    pub zone: &'a dyn TimeZone,
    /// The current time, in milliseconds since 1970 (UTC).
    pub now: i64,
    /// The words of the viewer.
    pub words: &'a Words,
}

impl fmt::Debug for TimeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeContext").field("display", &self.display).finish_non_exhaustive()
    }
}

impl TimeContext<'_> {
    /// Returns the name of the time zone at `millis`: its abbreviation, otherwise its offset.
    #[must_use]
    pub fn zone_name(&self, millis: i64) -> String {
        self.zone.name(millis).map_or_else(
            || {
                let minutes = self.zone.offset(millis) / 60_000;
                let sign = if minutes < 0 { "−" } else { "+" };
                let (hours, minutes) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
                let zero = if minutes < 10 { "0" } else { "" };
                format!("UTC{sign}{hours}:{zero}{minutes}")
            },
            |name| label(&name),
        )
    }

    /// Returns the day of `millis`: `Thu 26 Nov 2026`.
    #[must_use]
    pub fn day(&self, millis: i64) -> String {
        self.civil(millis).day_name(self.words)
    }

    /// Returns a time of the reader's clock, to the second: `02:13:07`.
    #[must_use]
    pub fn clock(&self, millis: i64) -> String {
        self.bar(millis, 1)
    }

    /// Returns the span of time from one second since 1970 to the end of another, with the date if
    /// that changes within it: `02:13:00 to 02:14:30`.
    #[must_use]
    pub fn span(&self, seconds: &Range<i64>) -> String {
        let [start, end] = [seconds.start, seconds.end].map(|second| second * 1_000);
        let is_one_day = self.civil(start).is_same_day(&self.civil(end - 1));
        let text = |millis| {
            let date = if is_one_day { String::new() } else { self.civil(millis).date() + " " };
            date + &self.clock(millis)
        };
        self.words.fill(Word::SpanOf, &[("start", &text(start)), ("end", &text(end))])
    }

    /// Returns the time of a bar of the histogram that is `width` seconds wide: `02:13`, with seconds
    /// or the date if the bar is as narrow or as wide.
    pub(crate) fn bar(&self, millis: i64, width: i64) -> String {
        let civil = self.civil(millis);
        let mut text = civil.time();
        text.truncate(if width < 60 { 8 } else { 5 });
        if self.display == TimeDisplay::Utc {
            text.push('Z');
        }
        if width < 3_600 { text } else { civil.date() + " " + &text }
    }

    fn civil(&self, millis: i64) -> Civil {
        let offset = match self.display {
            TimeDisplay::Utc => 0,
            _ => self.zone.offset(millis),
        };
        Civil::from_millis(millis.saturating_add(offset))
    }

    fn time_of_day(&self, millis: i64) -> String {
        if self.display == TimeDisplay::Utc {
            return self.civil(millis).time() + "Z";
        }
        let time = self
            .zone
            .localized(millis)
            .map_or_else(|| self.civil(millis).time(), |text| label(&text));
        let zone = self.zone_name(millis);
        // The heading names the zone of now. A line that was written in another one names its own,
        // and so do all lines of an hour that the clocks repeat.
        if self.is_repeated(millis) || zone != self.zone_name(self.now) {
            format!("{time} {zone}")
        } else {
            time
        }
    }

    /// Returns whether the clocks showed the local time of `millis` twice.
    fn is_repeated(&self, millis: i64) -> bool {
        let offset = self.zone.offset(millis);
        SHIFTS.iter().any(|shift| {
            self.zone.offset(millis.saturating_add(*shift)) == offset - shift
                || self.zone.offset(millis.saturating_sub(*shift)) == offset + shift
        })
    }
}

/// When a line was written, as far as its producer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentTime {
    /// Milliseconds since 1970 (UTC), from whichever time of the entry can be read.
    pub millis: Option<i64>,
    /// The time as it was sent, if none can be read.
    pub text: String,
}

impl SentTime {
    /// Reads the time of `entry`.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        match (entry.moment(), entry.time()) {
            (None, Some(EntryTime::Text(text))) => Self { millis: None, text: label(text) },
            (millis, _) => Self { millis, text: String::new() },
        }
    }
}

/// The time column of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeCell {
    /// What the column shows.
    pub text: String,
    /// Date and time, whatever the column shows: `2026-11-26 02:13:02.004`, or the time as sent.
    pub full: String,
    /// The tooltip: date, time, zone, and the time as it was sent, to the last digit.
    pub title: String,
    /// The instant in ISO 8601, for machines. Empty if the time cannot be read.
    pub datetime: String,
    /// The day, if the line is the first of it.
    pub day: String,
}

impl TimeCell {
    /// Creates the time column of a line that was sent at `time`, after one of `previous`.
    /// `exact` is the most precise time as it was sent, or empty.
    #[must_use]
    pub fn new(
        time: &SentTime,
        exact: &str,
        previous: Option<i64>,
        context: &TimeContext<'_>,
    ) -> Self {
        let Some(millis) = time.millis else {
            let title = if time.text.is_empty() {
                String::new()
            } else {
                [&*time.text, "\n", context.words.text(Word::ShownAsSent)].concat()
            };
            let (text, full) = (time.text.clone(), time.text.clone());
            return Self { text, full, title, ..Self::default() };
        };
        let civil = context.civil(millis);
        let full = format!("{} {}", civil.date(), civil.time());
        let zone = match context.display {
            TimeDisplay::Utc => "UTC".into(),
            _ => context.zone_name(millis),
        };
        let sent = if exact.is_empty() {
            String::new()
        } else {
            "\n".to_owned() + &context.words.fill(Word::SentAs, &[("time", exact)])
        };
        let is_first_of_day =
            previous.is_some_and(|previous| !context.civil(previous).is_same_day(&civil));
        Self {
            text: match (context.display, previous) {
                (TimeDisplay::Ago, _) => ago(context.now.saturating_sub(millis), context.words),
                (TimeDisplay::SincePrevious, Some(previous)) => {
                    difference(millis.saturating_sub(previous), context.words)
                }
                _ => context.time_of_day(millis),
            },
            title: format!("{full} {zone}{sent}"),
            full,
            datetime: iso(millis),
            day: if is_first_of_day { civil.day_name(context.words) } else { String::new() },
        }
    }
}

/// Formats an instant in ISO 8601, in UTC.
#[must_use]
pub fn iso(millis: i64) -> String {
    let civil = Civil::from_millis(millis);
    format!("{}T{}Z", civil.date(), civil.time())
}

/// Formats how long ago something was: `12 s ago`; `in 12 s` if it has yet to come.
fn ago(millis: i64, words: &Words) -> String {
    let seconds = millis.unsigned_abs() / 1_000;
    let (word, unit, number) = match seconds {
        0 => return words.text(Word::Now).to_owned(),
        1..60 => (Word::Seconds, "seconds", seconds),
        60..3_600 => (Word::Minutes, "minutes", seconds / 60),
        3_600..86_400 => (Word::Hours, "hours", seconds / 3_600),
        _ => (Word::Days, "days", seconds / 86_400),
    };
    let time = words.fill(word, &[(unit, &number.to_string())]);
    words.fill(if millis < 0 { Word::In } else { Word::Ago }, &[("time", &time)])
}

/// Formats the time between two lines: `+0.760 s`, `+3 min 20 s`, `−0.200 s`.
fn difference(millis: i64, words: &Words) -> String {
    let sign = if millis < 0 { "−" } else { "+" };
    let millis = millis.unsigned_abs();
    let seconds = millis / 1_000;
    let text = match seconds {
        0..60 => {
            let seconds = words.decimal(seconds, millis % 1_000, 3);
            words.fill(Word::Seconds, &[("seconds", &seconds)])
        }
        60..3_600 => {
            words.units(Word::MinutesSeconds, ("minutes", seconds / 60), ("seconds", seconds % 60))
        }
        3_600..86_400 => words.units(
            Word::HoursMinutes,
            ("hours", seconds / 3_600),
            ("minutes", seconds / 60 % 60),
        ),
        _ => words.units(
            Word::DaysHours,
            ("days", seconds / 86_400),
            ("hours", seconds / 3_600 % 24),
        ),
    };
    [sign, &text].concat()
}

/// By how much clocks are set back: an hour, or half an hour (Lord Howe Island).
const SHIFTS: [i64; 2] = [3_600_000, 1_800_000];

#[cfg(test)]
mod tests;
