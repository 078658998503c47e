//! Maps the field names that producers use to their meanings, in one table.

#[cfg(feature = "view")]
mod shown;
#[cfg(not(feature = "view"))]
#[path = "fields/not_shown.rs"]
mod shown;

use std::borrow::Cow;

use self::shown::Shown;
use crate::json::{display_text, each_field, ends_at};
use crate::level::{Level, Scale, is_number};

/// The meaning of a field. The number ranks the names for one meaning: the non-empty field with the
/// lowest rank is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A level; if it is a number, on this scale.
    Level(u8, Scale),
    /// An object that may contain a level.
    Log,
    /// A field that only Python's `logging` writes next to a level.
    Python,
    Pipeline(u8),
    Status(u8),
    Message(u8),
    /// A time, with its rank for the time column and its rank as the most exact time.
    Time {
        shown: u8,
        exact: u8,
    },
    /// An object that may contain a time.
    Meta,
    Unknown,
}

/// The table, shortest names first, so that a name is compared only with those of its length.
const NAMES: [(&str, Meaning); 54] = {
    use Meaning::{Level, Log, Message, Meta, Pipeline, Python, Status, Time};
    use Scale::{Common, OpenTelemetry, Severity};
    [
        ("@l", Level(6, Common)),
        ("ts", Time { shown: 5, exact: 3 }),
        ("@t", Time { shown: 7, exact: 5 }),
        ("lvl", Level(6, Common)),
        ("log", Log),
        ("msg", Message(2)),
        ("date", Time { shown: 0, exact: 10 }),
        ("time", Time { shown: 1, exact: 9 }),
        ("meta", Meta),
        ("level", Level(0, Common)),
        ("Level", Level(6, Common)),
        ("LEVEL", Level(6, Common)),
        ("lineno", Python),
        ("status", Status(0)),
        ("levelno", Level(9, Scale::Python)),
        ("message", Message(0)),
        ("isoTime", Time { shown: 3, exact: 0 }),
        ("asctime", Time { shown: 8, exact: 6 }),
        ("logLevel", Level(1, Common)),
        ("loglevel", Level(2, Common)),
        ("LogLevel", Level(2, Common)),
        ("severity", Level(4, Severity)),
        ("Severity", Level(4, Severity)),
        ("SEVERITY", Level(4, Severity)),
        ("level_no", Level(9, Scale::Python)),
        // From journald: a syslog number. In lower case it is the priority of a task.
        ("PRIORITY", Level(10, Common)),
        ("funcName", Python),
        ("pipeline", Pipeline(0)),
        ("duration", Status(1)),
        ("datetime", Time { shown: 8, exact: 6 }),
        ("log_level", Level(2, Common)),
        ("log.level", Level(LEVEL_IN_LOG, Common)),
        ("levelname", Level(5, Common)),
        ("levelName", Level(5, Common)),
        ("stageName", Pipeline(1)),
        ("timestamp", Time { shown: 2, exact: 1 }),
        ("Timestamp", Time { shown: 7, exact: 5 }),
        ("level_name", Level(5, Common)),
        ("threadName", Python),
        ("@timestamp", Time { shown: 4, exact: 2 }),
        ("processName", Python),
        ("description", Message(1)),
        ("severityText", Level(7, OpenTelemetry)),
        ("SeverityText", Level(7, OpenTelemetry)),
        ("level_number", Level(9, Scale::Python)),
        ("timeUnixNano", Time { shown: 6, exact: 4 }),
        ("severity_text", Level(7, OpenTelemetry)),
        ("severityNumber", Level(8, OpenTelemetry)),
        ("SeverityNumber", Level(8, OpenTelemetry)),
        ("time_unix_nano", Time { shown: 6, exact: 4 }),
        ("severity_number", Level(8, OpenTelemetry)),
        ("observedTimeUnixNano", Time { shown: 9, exact: 7 }),
        ("__REALTIME_TIMESTAMP", Time { shown: 10, exact: 8 }),
        ("observed_time_unix_nano", Time { shown: 9, exact: 7 }),
    ]
};

/// The index in the table at which the names of each length begin.
const STARTS: [usize; LONGEST + 2] = {
    let mut starts = [NAMES.len(); LONGEST + 2];
    let mut at = NAMES.len();
    while at > 0 {
        at -= 1;
        let length = NAMES[at].0.len();
        assert!(
            at + 1 == NAMES.len() || length <= NAMES[at + 1].0.len(),
            "the table is sorted by the length of names"
        );
        let mut shorter = 0;
        while shorter <= length {
            starts[shorter] = at;
            shorter += 1;
        }
    }
    starts
};

const LONGEST: usize = NAMES[NAMES.len() - 1].0.len();

fn meaning(name: &str) -> Meaning {
    let names = match STARTS.get(name.len()..name.len() + 2) {
        Some(&[start, end]) => &NAMES[start..end],
        _ => return Meaning::Unknown,
    };
    names.iter().find(|(known, _)| *known == name).map_or(Meaning::Unknown, |(_, meaning)| *meaning)
}

/// The rank of `level` inside `log`.
const LEVEL_IN_LOG: u8 = 3;

/// The best field found for one meaning. If a field occurs twice, the last non-empty one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Best<'a> {
    json: Option<&'a str>,
    rank: u8,
}

impl<'a> Best<'a> {
    /// Accepts the field unless a better one is known or it is empty, and returns whether it did.
    fn offer(&mut self, rank: u8, json: &'a str) -> bool {
        let is_better =
            (self.json.is_none() || rank <= self.rank) && json != "null" && json != "\"\"";
        if is_better {
            *self = Self { json: Some(json), rank };
        }
        is_better
    }

    /// Returns the value as display text.
    fn display_text(self) -> Option<Cow<'a, str>> {
        self.json.map(display_text)
    }

    /// Returns the value as display text, or an empty string if there is none.
    fn text(self) -> Cow<'a, str> {
        self.display_text().unwrap_or_default()
    }
}

/// The fields that the index needs, parsed in the inner loop for everything that arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSlices<'a> {
    /// A level given as a word, which is preferred to a number.
    level: Best<'a>,
    level_number: Best<'a>,
    scale: Scale,
    is_python: bool,
    shown: Shown<'a>,
}

impl<'a> FieldSlices<'a> {
    /// Parses the object that begins at `at` and returns the index after it, or `None` if there is
    /// none.
    pub(crate) fn read(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let mut picks = Self::default();
        let end = each_field(text, at, |name, json| {
            if let Some(json) = text.get(json) {
                picks.visit(meaning(&name), json);
            }
        })?;
        Some((picks, end))
    }

    /// Returns the severity, or `None` if the producer sent no level. An unknown word yields to a
    /// number, if there is one.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        let scale =
            if self.is_python && self.scale == Scale::Common { Scale::Python } else { self.scale };
        let by_word = self.level.display_text().map(|word| Level::read_word(&word));
        let by_number = || {
            self.level_number.display_text().and_then(|number| Level::read_number(&number, scale))
        };
        by_word.filter(|level| *level != Level::Other).or_else(by_number).or(by_word)
    }

    /// Returns the level as its producer wrote it, or an empty string if there is none.
    #[must_use]
    pub fn level_text(&self) -> Cow<'a, str> {
        self.level.display_text().unwrap_or_else(|| self.level_number.text())
    }

    fn visit(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            Meaning::Level(rank, scale) => self.visit_level(rank, scale, json),
            Meaning::Log => {
                if let Some(json) = field_of(json, "level") {
                    self.visit_level(LEVEL_IN_LOG, Scale::Common, json);
                }
            }
            Meaning::Python => self.is_python = true,
            other => self.shown.visit(other, json),
        }
    }

    fn visit_level(&mut self, rank: u8, scale: Scale, json: &'a str) {
        if !is_number(json.trim_matches('"')) {
            self.level.offer(rank, json);
        } else if self.level_number.offer(rank, json) {
            self.scale = scale;
        }
    }
}

/// All fields that a row shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields<'a> {
    picks: FieldSlices<'a>,
    #[cfg(feature = "view")]
    status: Best<'a>,
}

impl<'a> Fields<'a> {
    /// Parses the fields of `text`, or returns `None` if it is not exactly one JSON object.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let mut fields = Self::default();
        let end = visit_each(text, &mut |name, json| fields.visit(meaning(name), json))?;
        ends_at(text, end).then_some(fields)
    }

    /// Returns the fields that the index needs.
    #[must_use]
    pub fn picks(&self) -> &FieldSlices<'a> {
        &self.picks
    }

    fn visit(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            #[cfg(feature = "view")]
            Meaning::Status(rank) => {
                self.status.offer(rank, json);
            }
            other => self.picks.visit(other, json),
        }
    }
}

/// Returns the JSON of one field of an object, or `None` if it has no such field.
fn field_of<'a>(json: &'a str, field: &str) -> Option<&'a str> {
    let mut found = None;
    visit_each(json, &mut |name, json| {
        if name == field {
            found = Some(json);
        }
    })?;
    found
}

/// Calls `visit` with the name and the JSON of each field, and returns the index after the object.
/// Not generic, so that it is compiled only once.
fn visit_each<'a>(text: &'a str, visit: &mut dyn FnMut(&str, &'a str)) -> Option<usize> {
    each_field(text, 0, |name, json| visit(&name, text.get(json).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> (Level, String) {
        let fields = Fields::of(text).expect("an object");
        (fields.picks().level().unwrap_or(Level::Other), fields.picks().level_text().into_owned())
    }

    #[test]
    fn finds_the_level_under_each_of_its_names() {
        for (text, expected) in [
            (r#"{"level":"ERR"}"#, "ERR"),
            (r#"{"logLevel":"Severe"}"#, "Severe"),
            (r#"{"severity":"CRITICAL"}"#, "CRITICAL"),
            (r#"{"levelname":"ERROR"}"#, "ERROR"),
            (r#"{"lvl":"fatal"}"#, "fatal"),
            (r#"{"log.level":"error"}"#, "error"),
            (r#"{"log":{"logger":"l","level":"error"}}"#, "error"),
            (r#"{"severityText":"ERROR3"}"#, "ERROR3"),
            (r#"{"severityNumber":17}"#, "17"),
            (r#"{"level":50,"pid":7,"hostname":"h","msg":"m"}"#, "50"),
            (r#"{"level":"50"}"#, "50"),
            (r#"{"level":3}"#, "3"),
            (r#"{"levelno":40}"#, "40"),
            (r#"{"level":40,"funcName":"f"}"#, "40"),
            (r#"{"PRIORITY":"2"}"#, "2"),
            (r#"{"Level":"Error","Timestamp":"2026-11-23T22:28:34Z"}"#, "Error"),
        ] {
            assert_eq!(level(text), (Level::Error, expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn prefers_words_and_better_ranked_names() {
        for (text, expected) in [
            (r#"{"severity":"WARNING","level":"info"}"#, (Level::Info, "info")),
            (r#"{"level":30,"levelname":"WARNING"}"#, (Level::Warn, "WARNING")),
            (r#"{"level":null,"logLevel":"","severity":"warn"}"#, (Level::Warn, "warn")),
            (r#"{"severityText":"AUDIT","severityNumber":13}"#, (Level::Warn, "AUDIT")),
            (r#"{"severityNumber":9,"level":40}"#, (Level::Warn, "40")),
            (r#"{"level":"AUDIT"}"#, (Level::Other, "AUDIT")),
            (r#"{"log":"a line","priority":"high"}"#, (Level::Other, "")),
            (r#"{"level":{"a":1}}"#, (Level::Other, r#"{"a":1}"#)),
        ] {
            assert_eq!(level(text), (expected.0, expected.1.to_owned()), "{text}");
        }
    }
}
