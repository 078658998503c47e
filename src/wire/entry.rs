//! The entry: one log as a producer wrote it. Picks what a row shows and keeps the whole text. Knows nothing of frames.

use std::borrow::Cow;

use crate::fields::Fields;
use crate::json;
use crate::pretty;

/// One log.
///
/// A producer may send any JSON, or text that is no JSON; neither is an error.
/// What a row needs is picked out; the text itself is kept as it came, so that no field, order or digit is lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    level: Level,
    level_text: Box<str>,
    pipeline: Box<str>,
    status: Box<str>,
    message: Box<str>,
    time: Option<EntryTime>,
    exact_time: Box<str>,
    text: Box<str>,
}

impl Entry {
    /// Reads an entry from its JSON, or from a text that is shown as it came.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text.trim_start().as_bytes().first() {
            Some(b'{') => Fields::of(text).map_or_else(|| Self::plain(text, text), |fields| Self::from_fields(&fields, text)),
            Some(b'"') => Self::plain(&json::unquoted(text.trim()).unwrap_or(Cow::Borrowed(text)), text),
            _ => Self::plain(text, text),
        }
    }

    /// The same entry at `level`, if its producer gave it none. [`Level::Other`] is no level.
    #[must_use]
    pub fn or_level(mut self, level: Level) -> Self {
        if self.level_text.is_empty() && level != Level::Other {
            self.level = level;
            self.level_text = level.name().into();
        }
        self
    }

    /// The same entry, with the moment at which the gateway took it as the time, if its producer gave it none.
    #[must_use]
    pub fn or_time(mut self, millis: Option<i64>) -> Self {
        self.time = self.time.or(millis.map(EntryTime::Millis));
        self
    }

    /// The same entry with its message and its text cut to at most `bytes` each.
    #[must_use]
    pub fn cut_to(mut self, bytes: usize) -> Self {
        self.message = head(&self.message, bytes).into();
        self.text = head(&self.text, bytes).into();
        self
    }

    /// The level, for colour and filters.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The level as its producer wrote it; empty when there was none.
    #[must_use]
    pub fn level_text(&self) -> &str {
        &self.level_text
    }

    /// The pipeline or stage; empty when there was none.
    #[must_use]
    pub fn pipeline(&self) -> &str {
        &self.pipeline
    }

    /// The status or duration, such as `1m 23s` or `failed`; empty when there was none.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.status
    }

    /// The message; for an entry without one, its whole text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// When it was written, for the time column.
    #[must_use]
    pub fn time(&self) -> Option<&EntryTime> {
        self.time.as_ref()
    }

    /// The most exact time that its producer gave, as it came; empty when there was none.
    #[must_use]
    pub fn exact_time(&self) -> &str {
        &self.exact_time
    }

    /// The whole entry as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole entry for a person: JSON with one field a line, anything else as it came.
    #[must_use]
    pub fn detail(&self) -> String {
        pretty::json(&self.text)
    }

    /// Bytes that this entry holds, for bounding a store.
    #[must_use]
    pub fn bytes(&self) -> usize {
        [&self.level_text, &self.pipeline, &self.status, &self.message, &self.exact_time, &self.text].iter().map(|text| text.len()).sum::<usize>()
            + std::mem::size_of::<Self>()
    }

    fn plain(message: &str, text: &str) -> Self {
        Self {
            level: Level::Other,
            level_text: "".into(),
            pipeline: "".into(),
            status: "".into(),
            message: message.into(),
            time: None,
            exact_time: "".into(),
            text: text.into(),
        }
    }

    fn from_fields(fields: &Fields<'_>, text: &str) -> Self {
        let level_text = fields.picks().level().unwrap_or_default();
        Self {
            level: Level::read(&level_text),
            level_text: level_text.into(),
            pipeline: fields.picks().pipeline().into(),
            status: fields.status().into(),
            message: fields.message().unwrap_or(Cow::Borrowed(text)).into(),
            time: fields.time(),
            exact_time: fields.exact_time().into(),
            text: text.into(),
        }
    }
}

/// How grave an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is odd.
    Warn,
    /// What happens in good order.
    Info,
    /// For those who look for a fault.
    Debug,
    /// Every step.
    Trace,
    /// A level of the producer's own, or none.
    Other,
}

impl Level {
    /// All levels, gravest first.
    pub const ALL: [Self; 6] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace, Self::Other];

    /// Reads a level in any case. Python's names for the same levels are taken too.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim_ascii();
        let is = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
        match () {
            () if is(&["error", "critical", "fatal"]) => Self::Error,
            () if is(&["warn", "warning"]) => Self::Warn,
            () if is(&["info"]) => Self::Info,
            () if is(&["debug"]) => Self::Debug,
            () if is(&["trace"]) => Self::Trace,
            () => Self::Other,
        }
    }

    /// The level's name in capitals.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
            Self::Other => "OTHER",
        }
    }

    /// The level's name in style sheets.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Other => "other",
        }
    }
}

/// When an entry was written.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryTime {
    /// As its producer wrote it for people, or a form that is not ours to change.
    Text(Box<str>),
    /// Milliseconds since 1970 (UTC), to be shown in the reader's zone.
    Millis(i64),
}

impl EntryTime {
    /// Reads a time that is not written for people.
    #[must_use]
    pub fn read(text: &str) -> Self {
        json::integer(text).map_or_else(|| Self::Text(text.into()), Self::Millis)
    }
}

/// At most the first `bytes` of `text`, ending between two characters.
#[must_use]
pub fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_levels_in_any_case() {
        let levels = ["ERROR", "Warn", "info", "debug", "TRACE", "warning", "AUDIT", ""].map(Level::read);
        assert_eq!(levels, [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace, Level::Warn, Level::Other, Level::Other]);
    }

    #[test]
    fn takes_the_second_name_of_a_field_when_the_first_says_nothing() {
        let entry = Entry::read(r#"{"message":"","description":"d","pipeline":null,"stageName":"s","logLevel":"warn","duration":"45 sec"}"#);
        assert_eq!((entry.message(), entry.pipeline(), entry.level(), entry.status()), ("d", "s", Level::Warn, "45 sec"));
    }

    #[test]
    fn shows_an_object_without_a_message_whole() {
        let text = r#"{"rows":12,"table":"t"}"#;
        assert_eq!(Entry::read(text).message(), text);
    }

    #[test]
    fn takes_fields_of_any_type() {
        let entry = Entry::read(r#"{"level":3,"message":{"a":[1]},"pipeline":["p"],"timestamp":1795472914244,"meta":"none"}"#);
        assert_eq!((entry.level(), entry.level_text(), entry.message(), entry.pipeline()), (Level::Other, "3", r#"{"a":[1]}"#, r#"["p"]"#));
        assert_eq!(entry.time(), Some(&EntryTime::Millis(1_795_472_914_244)));
    }

    #[test]
    fn prefers_the_time_that_is_already_for_people_and_keeps_the_exact_one() {
        let entry = Entry::read(r#"{"date":"Nov 23 2026 at 10:28 PM","isoTime":"2026-11-23T22:28:34.244195000","timestamp":5}"#);
        assert_eq!(entry.time(), Some(&EntryTime::Text("Nov 23 2026 at 10:28 PM".into())));
        assert_eq!(entry.exact_time(), "2026-11-23T22:28:34.244195000");
        assert_eq!(Entry::read(r#"{"meta":{"timestamp":7}}"#).time(), Some(&EntryTime::Millis(7)));
    }

    #[test]
    fn keeps_every_digit_and_every_field_in_its_order() {
        let text = r#"{"z":123456789012345678901234567890,"a":1.10,"message":"m"}"#;
        let entry = Entry::read(text);
        assert_eq!(entry.text(), text);
        assert_eq!(entry.detail(), "{\n  \"z\": 123456789012345678901234567890,\n  \"a\": 1.10,\n  \"message\": \"m\"\n}");
    }

    #[test]
    fn shows_as_it_came_what_is_no_object() {
        for (text, message) in
            [("12", "12"), ("null", "null"), ("[1, 2]", "[1, 2]"), ("\"a\\nb\"", "a\nb"), ("{broken", "{broken"), ("", ""), ("\"open", "\"open")]
        {
            assert_eq!(Entry::read(text).message(), message);
        }
    }

    #[test]
    fn half_a_surrogate_pair_loses_nothing() {
        assert_eq!(Entry::read(r#"{"message":"a\ud800b"}"#).message(), r"a\ud800b");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(head("aéb", 2), "a");
        assert_eq!(Entry::read("ééé").cut_to(3).message(), "é");
    }
}
