//! The time column in several zones, with a time zone whose clocks are set like New York's.

use super::*;
use logs_sse_wire::moment;
use proptest::prelude::*;

/// A zone that sets its clocks back by `shift` at `changes_at`.
#[derive(Debug)]
struct Changing {
    summer: i64,
    shift: i64,
    changes_at: i64,
}

impl TimeZone for Changing {
    fn offset(&self, millis: i64) -> i64 {
        if millis < self.changes_at { self.summer } else { self.summer - self.shift }
    }

    fn name(&self, millis: i64) -> Option<String> {
        Some(if millis < self.changes_at { "EDT" } else { "EST" }.into())
    }

    fn localized(&self, _: i64) -> Option<String> {
        None
    }
}

/// A zone with a constant offset and without a name.
#[derive(Debug)]
struct Fixed(i64);

impl TimeZone for Fixed {
    fn offset(&self, _: i64) -> i64 {
        self.0
    }

    fn name(&self, _: i64) -> Option<String> {
        None
    }

    fn localized(&self, _: i64) -> Option<String> {
        None
    }
}

const HOUR: i64 = 3_600_000;

const NEW_YORK: Changing =
    Changing { summer: -4 * HOUR, shift: HOUR, changes_at: 1_793_512_800_000 };

const KOLKATA: Fixed = Fixed(5 * HOUR + HOUR / 2);

fn millis(iso: &str) -> i64 {
    moment::read(iso).expect("an ISO time")
}

#[test]
fn a_span_names_its_days_if_there_are_several() {
    let context = context(TimeDisplay::Utc, &Fixed(0), "2026-11-26T12:00:00Z");
    let seconds = |text: &str| millis(text) / 1_000;
    let span = |start, end| context.span(&(seconds(start)..seconds(end)));
    assert_eq!(span("2026-11-26T02:13:00Z", "2026-11-26T02:14:30Z"), "02:13:00Z to 02:14:30Z");
    assert_eq!(span("2026-11-26T23:00:00Z", "2026-11-27T00:00:00Z"), "23:00:00Z to 00:00:00Z");
    assert_eq!(
        span("2026-11-26T23:59:00Z", "2026-11-27T00:01:00Z"),
        "2026-11-26 23:59:00Z to 2026-11-27 00:01:00Z"
    );
}

fn context<'a>(display: TimeDisplay, zone: &'a dyn TimeZone, now: &str) -> TimeContext<'a> {
    TimeContext { display, zone, now: millis(now), words: &Words::ENGLISH }
}

fn cell(entry: &str, previous: Option<&str>, context: &TimeContext<'_>) -> TimeCell {
    let entry = Entry::read(entry);
    TimeCell::new(&SentTime::of(&entry), entry.exact_time(), previous.map(millis), context)
}

fn at(iso: &str) -> String {
    format!(r#"{{"isoTime":"{iso}"}}"#)
}

#[test]
fn shows_one_instant_from_any_form() {
    let context = context(TimeDisplay::Local, &KOLKATA, "2026-11-26T20:00:00Z");
    for entry in [
        r#"{"timestamp":1795717799870}"#,
        r#"{"isoTime":"2026-11-26T18:29:59.870"}"#,
        r#"{"timestamp":"2026-11-26T13:29:59.870-05:00"}"#,
        r#"{"date":"Nov 26 2026 at 06:29 PM","isoTime":"2026-11-26T18:29:59.870195123"}"#,
        r#"{"ts":1795717799.87}"#,
        r#"{"timeUnixNano":"1795717799870000001"}"#,
        r#"{"date":"Nov 26 2026 at 06:29 PM","meta":{"timestamp":1795717799870}}"#,
    ] {
        let cell = cell(entry, None, &context);
        assert_eq!(
            (cell.text.as_str(), cell.datetime.as_str()),
            ("23:59:59.870", "2026-11-26T18:29:59.870Z"),
            "{entry}"
        );
    }
    let seconds = cell(r#"{"time":1795717799}"#, None, &context);
    assert_eq!(seconds.text, "23:59:59.000");
}

#[test]
fn the_tooltip_keeps_every_digit_that_was_sent() {
    let context = context(TimeDisplay::Local, &KOLKATA, "2026-11-26T20:00:00Z");
    assert_eq!(
        cell(&at("2026-11-26T18:29:59.870195123"), None, &context).title,
        "2026-11-26 23:59:59.870 UTC+5:30\nsent as 2026-11-26T18:29:59.870195123"
    );
}

#[test]
fn a_time_that_cannot_be_read_is_shown_as_sent() {
    let context = context(TimeDisplay::Utc, &KOLKATA, "2026-11-26T20:00:00Z");
    for text in ["Sep 25 2025 at 01:30 PM", "18:29:59,870"] {
        let cell = cell(&format!(r#"{{"time":"{text}"}}"#), Some("2026-11-26T18:00Z"), &context);
        assert_eq!((cell.text.as_str(), cell.datetime.as_str()), (text, ""));
        assert!(cell.title.contains("Shown as sent"), "{}", cell.title);
    }
    assert_eq!(cell("plain text", None, &context), TimeCell::default());
}

#[test]
fn an_hour_that_the_clocks_repeat_names_its_zone() {
    let context = context(TimeDisplay::Local, &NEW_YORK, "2026-11-26T12:00:00Z");
    let shown = |iso| cell(&at(iso), None, &context).text;
    assert_eq!(
        [
            shown("2026-11-01T05:30:00Z"),
            shown("2026-11-01T06:30:00Z"),
            shown("2026-11-01T04:59:59.999Z"),
            shown("2026-11-01T07:00:00Z"),
        ],
        ["01:30:00.000 EDT", "01:30:00.000 EST", "00:59:59.999 EDT", "02:00:00.000"]
    );
}

#[test]
fn utc_says_so_in_each_time() {
    let context = context(TimeDisplay::Utc, &NEW_YORK, "2026-11-26T12:00:00Z");
    assert_eq!(cell(&at("2026-11-26T07:13:02.004Z"), None, &context).text, "07:13:02.004Z");
}

#[test]
fn shows_the_time_since_the_line_before() {
    let context = context(TimeDisplay::SincePrevious, &NEW_YORK, "2026-11-26T12:00:00Z");
    let since = |previous| cell(&at("2026-11-26T07:13:02.870Z"), previous, &context).text;
    assert_eq!(
        [
            since(Some("2026-11-26T07:13:02.110Z")),
            since(Some("2026-11-26T07:13:03.070Z")),
            since(Some("2026-11-26T07:09:41Z")),
            since(Some("2026-11-26T04:08:02Z")),
            since(Some("2026-11-20T04:08:02Z")),
            since(None),
        ],
        ["+0.760 s", "−0.200 s", "+3 min 21 s", "+3 h 5 min", "+6 d 3 h", "02:13:02.870"]
    );
}

#[test]
fn shows_how_long_ago_it_was() {
    let context = context(TimeDisplay::Ago, &NEW_YORK, "2026-11-26T12:00:00Z");
    let shown = |iso| cell(&at(iso), None, &context).text;
    assert_eq!(
        [
            shown("2026-11-26T11:59:59.5Z"),
            shown("2026-11-26T11:59:48Z"),
            shown("2026-11-26T11:57:10Z"),
            shown("2026-11-26T07:13:02Z"),
            shown("2026-11-23T07:13:02Z"),
            shown("2026-11-26T12:00:07Z"),
        ],
        ["now", "12 s ago", "2 min ago", "4 h ago", "3 d ago", "in 7 s"]
    );
}

#[test]
fn the_first_line_of_a_day_names_it() {
    let local = context(TimeDisplay::Local, &KOLKATA, "2026-11-26T20:00:00Z");
    let day = |iso, previous, context: &TimeContext<'_>| cell(&at(iso), previous, context).day;
    let (before, after) = ("2026-11-26T18:29:59.870Z", "2026-11-26T18:30:00.070Z");
    assert_eq!(day(after, Some(before), &local), "Fri 27 Nov 2026");
    assert_eq!(day(after, None, &local), "");
    let utc = context(TimeDisplay::Utc, &KOLKATA, "2026-11-26T20:00:00Z");
    assert_eq!(day(after, Some(before), &utc), "");
    assert_eq!(local.day(millis(before)), "Thu 26 Nov 2026");
}

#[test]
fn the_heading_names_the_zone() {
    let heading = |display: TimeDisplay| display.heading("EST", &Words::ENGLISH);
    assert_eq!(
        TimeDisplay::ALL.map(heading),
        ["Time (EST)", "Time (UTC)", "Time ago", "Since previous"]
    );
    let name =
        |zone: &dyn TimeZone| context(TimeDisplay::Local, zone, "2026-11-26T00:00Z").zone_name(0);
    assert_eq!(
        [name(&KOLKATA), name(&Fixed(-8 * HOUR)), name(&Fixed(0))],
        ["UTC+5:30", "UTC−8:00", "UTC+0:00"]
    );
}

#[test]
fn a_choice_survives_storing() {
    for display in TimeDisplay::ALL {
        assert_eq!(TimeDisplay::parse(&display.stored()), Some(display));
    }
    assert_eq!([TimeDisplay::parse(""), TimeDisplay::parse("Local")], [None, None]);
}

proptest! {
    #[test]
    fn two_instants_of_one_zone_never_look_alike_on_one_day(
        changes_at in 1_700_000_000_000..1_900_000_000_000_i64,
        offset in -14_i64..15,
        half in any::<bool>(),
        from in -3 * HOUR..3 * HOUR,
        distance in 1..6 * HOUR,
    ) {
        let changes_at = changes_at / HOUR * HOUR;
        let shift = if half { HOUR / 2 } else { HOUR };
        let zone = Changing { summer: offset * HOUR, shift, changes_at };
        let context = TimeContext { display: TimeDisplay::Local, zone: &zone, now: changes_at, words: &Words::ENGLISH };
        let shown = |millis| {
            let time = SentTime { millis: Some(millis), text: String::new() };
            TimeCell::new(&time, "", None, &context).text
        };
        let (one, other) = (changes_at + from, changes_at + from + distance);
        prop_assert_ne!(shown(one), shown(other));
    }

    #[test]
    fn no_time_panics(
        millis in any::<i64>(),
        previous in any::<Option<i64>>(),
        now in any::<i64>(),
        offset in -20 * HOUR..20 * HOUR,
        display in 0..4_usize,
    ) {
        let zone = Fixed(offset);
        let context = TimeContext { display: TimeDisplay::ALL[display], zone: &zone, now, words: &Words::ENGLISH };
        let time = SentTime { millis: Some(millis), text: String::new() };
        let cell = TimeCell::new(&time, "x", previous, &context);
        prop_assert!(!cell.text.is_empty() && !cell.datetime.is_empty());
    }
}

#[test]
fn an_instant_in_iso_8601_knows_leap_years_and_the_time_before_1970() {
    assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
    assert_eq!(iso(-1), "1969-12-31T23:59:59.999Z");
    assert!([i64::MIN, i64::MAX].iter().all(|millis| iso(*millis).ends_with('Z')));
}
