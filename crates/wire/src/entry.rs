//! The entry: one log as a producer wrote it. FieldSlices what a row shows and keeps the whole text.
//! Knows nothing of frames.

use std::borrow::Cow;

use crate::fields::Fields;
use crate::json;
pub use crate::level::Level;
use crate::moment;
use crate::pretty;

/// One log.
///
/// A producer may send any JSON, or text that is no JSON; neither is an error.
/// What a row needs is picked out; the text itself is kept as it came, so that no field, order or
/// digit is lost.
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
            Some(b'{') => Fields::of(text)
                .map_or_else(|| Self::plain(text, text), |fields| Self::from_fields(&fields, text)),
            Some(b'"') => {
                Self::plain(&json::unquoted(text.trim()).unwrap_or(Cow::Borrowed(text)), text)
            }
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

    /// The same entry, with the moment at which the gateway took it as the time, if its producer
    /// gave it none.
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
        [
            &self.level_text,
            &self.pipeline,
            &self.status,
            &self.message,
            &self.exact_time,
            &self.text,
        ]
        .iter()
        .map(|text| text.len())
        .sum::<usize>()
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
        Self {
            level: fields.picks().level().unwrap_or(Level::Other),
            level_text: fields.picks().level_text().into(),
            pipeline: fields.picks().pipeline().into(),
            status: fields.status().into(),
            message: fields.message().unwrap_or(Cow::Borrowed(text)).into(),
            time: fields.time(),
            exact_time: fields.exact_time().into(),
            text: text.into(),
        }
    }
}

/// When an entry was written.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryTime {
    /// As its producer wrote it for people, or in a form that is not known.
    Text(Box<str>),
    /// Milliseconds since 1970 (UTC), to be shown in the zone of the whole log.
    Millis(i64),
}

impl EntryTime {
    /// Reads a time: a number of any unit, ISO date and time of any offset, or text for people.
    #[must_use]
    pub fn read(text: &str) -> Self {
        moment::read(text).map_or_else(|| Self::Text(text.into()), Self::Millis)
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
    fn takes_the_second_name_of_a_field_when_the_first_says_nothing() {
        let entry = Entry::read(
            r#"{"message":"","description":"d","pipeline":null,"stageName":"s","logLevel":"warn","duration":"45 sec"}"#,
        );
        assert_eq!(
            (entry.message(), entry.pipeline(), entry.level(), entry.status()),
            ("d", "s", Level::Warn, "45 sec")
        );
    }

    #[test]
    fn shows_an_object_without_a_message_whole() {
        let text = r#"{"rows":12,"table":"t"}"#;
        assert_eq!(Entry::read(text).message(), text);
    }

    #[test]
    fn takes_fields_of_any_type() {
        let entry = Entry::read(
            r#"{"level":3,"message":{"a":[1]},"pipeline":["p"],"timestamp":1795472914244,"meta":"none"}"#,
        );
        assert_eq!(
            (entry.level(), entry.level_text(), entry.message(), entry.pipeline()),
            (Level::Error, "3", r#"{"a":[1]}"#, r#"["p"]"#)
        );
        assert_eq!(entry.time(), Some(&EntryTime::Millis(1_795_472_914_244)));
    }

    #[test]
    fn prefers_the_time_that_is_already_for_people_and_keeps_the_exact_one() {
        let entry = Entry::read(
            r#"{"date":"Nov 23 2026 at 10:28 PM","isoTime":"2026-11-23T22:28:34.244195000","timestamp":5}"#,
        );
        assert_eq!(entry.time(), Some(&EntryTime::Text("Nov 23 2026 at 10:28 PM".into())));
        assert_eq!(entry.exact_time(), "2026-11-23T22:28:34.244195000");
    }

    #[test]
    fn times_of_all_producers_are_one_moment() {
        for text in [
            r#"{"timestamp":1795472914244}"#,
            r#"{"timestamp":"1795472914.244195"}"#,
            r#"{"ts":1.795472914244e9}"#,
            r#"{"time":1795472914244195123}"#,
            r#"{"time":"2026-11-24T03:58:34.244+05:30"}"#,
            r#"{"date":1795472914.244}"#,
            r#"{"@timestamp":"2026-11-23T22:28:34.244Z"}"#,
            r#"{"isoTime":"2026-11-23T22:28:34.244195000"}"#,
            r#"{"timeUnixNano":"0","observedTimeUnixNano":"1795472914244195000"}"#,
            r#"{"timestamp":0,"meta":{"timestamp":1795472914244}}"#,
        ] {
            assert_eq!(
                Entry::read(text).time(),
                Some(&EntryTime::Millis(1_795_472_914_244)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_time_that_is_no_date_is_shown_as_it_came() {
        for (text, time) in [
            (r#"{"time":"1:02:03 PM"}"#, "1:02:03 PM"),
            (r#"{"ts":12.345}"#, "12.345"),
            (r#"{"timestamp":1e300}"#, "1e300"),
        ] {
            assert_eq!(Entry::read(text).time(), Some(&EntryTime::Text(time.into())), "{text}");
        }
        assert_eq!(
            Entry::read(r#"{"timestamp":0}"#).or_time(Some(5)).time(),
            Some(&EntryTime::Millis(5))
        );
    }

    #[test]
    fn the_exact_time_is_kept_as_it_came() {
        let exact = |text| Entry::read(text).exact_time().to_owned();
        assert_eq!(
            exact(r#"{"time":"2026-11-24T03:58:34.244195+05:30"}"#),
            "2026-11-24T03:58:34.244195+05:30"
        );
        assert_eq!(exact(r#"{"ts":1795472914.244195,"date":"Nov 23"}"#), "1795472914.244195");
        assert_eq!(exact(r#"{"date":"Nov 23"}"#), "");
    }

    #[test]
    fn keeps_every_digit_and_every_field_in_its_order() {
        let text = r#"{"z":123456789012345678901234567890,"a":1.10,"message":"m"}"#;
        let entry = Entry::read(text);
        assert_eq!(entry.text(), text);
        assert_eq!(
            entry.detail(),
            "{\n  \"z\": 123456789012345678901234567890,\n  \"a\": 1.10,\n  \"message\": \"m\"\n}"
        );
    }

    #[test]
    fn shows_as_it_came_what_is_no_object() {
        for (text, message) in [
            ("12", "12"),
            ("null", "null"),
            ("[1, 2]", "[1, 2]"),
            ("\"a\\nb\"", "a\nb"),
            ("{broken", "{broken"),
            ("", ""),
            ("\"open", "\"open"),
        ] {
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
