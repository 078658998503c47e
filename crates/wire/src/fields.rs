//! Which field of an entry says what: every name that a producer may use, in one table.

use std::borrow::Cow;

use crate::entry::EntryTime;
use crate::json::{display_text, each_field, ends_at};
use crate::level::{Level, Scale, is_number};
use crate::moment;

/// What a field of an entry says. The number ranks the names for one thing: of those that say
/// anything the lowest is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A level; where it is a number, the scale says which.
    Level(u8, Scale),
    /// An object that may hold a level.
    Log,
    /// What only Python's `logging` writes beside a level.
    Python,
    Pipeline(u8),
    Status(u8),
    Message(u8),
    /// A time: its rank for the time column, and its rank as the most exact one.
    Time {
        shown: u8,
        exact: u8,
    },
    /// An object that may hold a time.
    Meta,
    Nothing,
}

/// The table, short names first, so that a name is compared only with those of its length.
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
        // Of journald: a number of syslog. In small letters it is the priority of a task.
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

/// Where in the table the names of each length begin.
const STARTS: [usize; LONGEST + 2] = {
    let mut starts = [NAMES.len(); LONGEST + 2];
    let mut at = NAMES.len();
    while at > 0 {
        at -= 1;
        let length = NAMES[at].0.len();
        assert!(
            at + 1 == NAMES.len() || length <= NAMES[at + 1].0.len(),
            "the table is in the order of lengths"
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
        _ => return Meaning::Nothing,
    };
    names.iter().find(|(known, _)| *known == name).map_or(Meaning::Nothing, |(_, meaning)| *meaning)
}

/// The rank of `level` inside `log`.
const LEVEL_IN_LOG: u8 = 3;

/// From this rank on an exact time is a field that mostly holds text for people, unless it reads as
/// a moment.
const FOR_PEOPLE: u8 = 9;

/// The rank of `timestamp` inside `meta`, behind all others.
const TIME_IN_META: u8 = u8::MAX;

/// One thing that an entry says, by the best of its names. Of a field that is given twice, the last
/// that says anything counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pick<'a> {
    json: Option<&'a str>,
    rank: u8,
}

impl<'a> Pick<'a> {
    /// Takes the field unless a better one is known or it says nothing, and returns whether it did.
    fn offer(&mut self, rank: u8, json: &'a str) -> bool {
        let is_better =
            (self.json.is_none() || rank <= self.rank) && json != "null" && json != "\"\"";
        if is_better {
            *self = Self { json: Some(json), rank };
        }
        is_better
    }

    /// What it says, as a person would read it.
    fn display_text(self) -> Option<Cow<'a, str>> {
        self.json.map(display_text)
    }

    /// The same; empty when it says nothing.
    fn text(self) -> Cow<'a, str> {
        self.display_text().unwrap_or_default()
    }
}

/// The fields that the index wants, read in the inner loop of everything that arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSlices<'a> {
    /// A level in a word; of two fields it says more than a number.
    level: Pick<'a>,
    level_number: Pick<'a>,
    scale: Scale,
    is_python: bool,
    pipeline: Pick<'a>,
}

impl<'a> FieldSlices<'a> {
    /// Reads the object that begins at `at`, and returns the index after it; `None` when there is
    /// none.
    pub(crate) fn read(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let mut picks = Self::default();
        let end = each_field(text, at, |name, json| {
            if let Some(json) = text.get(json) {
                picks.see(meaning(&name), json);
            }
        })?;
        Some((picks, end))
    }

    /// How grave the entry is; `None` when its producer gave no level. A word that is not known
    /// leaves it to a number, if there is one.
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

    /// The level as its producer wrote it; empty when there is none.
    #[must_use]
    pub fn level_text(&self) -> Cow<'a, str> {
        self.level.display_text().unwrap_or_else(|| self.level_number.text())
    }

    /// The pipeline or stage; empty when there is none.
    #[must_use]
    pub fn pipeline(&self) -> Cow<'a, str> {
        self.pipeline.text()
    }

    fn see(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            Meaning::Level(rank, scale) => self.see_level(rank, scale, json),
            Meaning::Log => {
                if let Some(json) = field_of(json, "level") {
                    self.see_level(LEVEL_IN_LOG, Scale::Common, json);
                }
            }
            Meaning::Python => self.is_python = true,
            Meaning::Pipeline(rank) => {
                self.pipeline.offer(rank, json);
            }
            _ => {}
        }
    }

    fn see_level(&mut self, rank: u8, scale: Scale, json: &'a str) {
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
    status: Pick<'a>,
    message: Pick<'a>,
    time: Pick<'a>,
    exact_time: Pick<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of `text`, if that is a JSON object and nothing else.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let mut fields = Self::default();
        let end = see_each(text, &mut |name, json| fields.see(meaning(name), json))?;
        ends_at(text, end).then_some(fields)
    }

    /// What the index wants of them.
    #[must_use]
    pub fn picks(&self) -> &FieldSlices<'a> {
        &self.picks
    }

    /// The message; `None` when there is none.
    #[must_use]
    pub fn message(&self) -> Option<Cow<'a, str>> {
        self.message.display_text()
    }

    /// The status or duration; empty when there is none.
    #[must_use]
    pub fn status(&self) -> Cow<'a, str> {
        self.status.text()
    }

    /// The most exact time, as it came; empty when there is none.
    #[must_use]
    pub fn exact_time(&self) -> Cow<'a, str> {
        self.exact_time.text()
    }

    /// When the entry was written, for the time column.
    #[must_use]
    pub fn time(&self) -> Option<EntryTime> {
        self.time.display_text().map(|text| EntryTime::read(&text))
    }

    fn see(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            Meaning::Status(rank) => {
                self.status.offer(rank, json);
            }
            Meaning::Message(rank) => {
                self.message.offer(rank, json);
            }
            Meaning::Time { shown, exact } => self.see_time(shown, exact, json),
            Meaning::Meta => {
                if let Some(json) = field_of(json, "timestamp") {
                    self.see_time(TIME_IN_META, TIME_IN_META, json);
                }
            }
            other => self.picks.see(other, json),
        }
    }

    fn see_time(&mut self, shown: u8, exact: u8, json: &'a str) {
        let text = display_text(json);
        if moment::is_unset(&text) {
            return;
        }
        self.time.offer(shown, json);
        // A time for people is never the most exact one.
        if exact < FOR_PEOPLE || exact == TIME_IN_META || moment::read(&text).is_some() {
            self.exact_time.offer(exact, json);
        }
    }
}

/// The JSON of one field of an object; `None` when there is none.
fn field_of<'a>(json: &'a str, wanted: &str) -> Option<&'a str> {
    let mut found = None;
    see_each(json, &mut |name, json| {
        if name == wanted {
            found = Some(json);
        }
    })?;
    found
}

/// Calls `see` with the name and the JSON of each field, and returns the index after the object.
/// Not generic, so that there is one of it.
fn see_each<'a>(text: &'a str, see: &mut dyn FnMut(&str, &'a str)) -> Option<usize> {
    each_field(text, 0, |name, json| see(&name, text.get(json).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> (Level, String) {
        let fields = Fields::of(text).expect("an object");
        (fields.picks().level().unwrap_or(Level::Other), fields.picks().level_text().into_owned())
    }

    #[test]
    fn the_level_is_found_under_each_of_its_names() {
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
    fn of_several_levels_the_word_and_the_better_name_count() {
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
