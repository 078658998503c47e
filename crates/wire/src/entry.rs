//! The entry: one log as its producer sent it. Extracts what a row shows and keeps the whole text.
//! Independent of the stream's framing.

#[cfg(feature = "view")]
mod shown;

#[cfg(feature = "view")]
use std::borrow::Cow;

#[cfg(feature = "view")]
pub use self::shown::EntryTime;
#[cfg(feature = "view")]
use self::shown::Shown;
use crate::fields::Fields;
pub use crate::level::Level;

/// One log.
///
/// A producer may send any JSON, or text that is not JSON; neither is an error. What a row needs is
/// extracted; the raw text is kept, so that no field, order or digit is lost. Without the feature
/// `view`, only the level is extracted.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    level: Level,
    level_text: Box<str>,
    text: Box<str>,
    #[cfg(feature = "view")]
    shown: Shown,
}

impl Entry {
    /// Parses an entry from a JSON object or string. Any other text becomes the message as it is.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match text.trim_start().as_bytes().first() {
            Some(b'{') => Fields::of(text)
                .map_or_else(|| Self::plain(text), |fields| Self::from_fields(&fields, text)),
            #[cfg(feature = "view")]
            Some(b'"') => Self {
                shown: Shown::plain(
                    &crate::json::unquoted(text.trim()).unwrap_or(Cow::Borrowed(text)),
                ),
                ..Self::plain(text)
            },
            _ => Self::plain(text),
        }
    }

    /// Returns the entry with `level` if its producer sent none. [`Level::Other`] changes nothing.
    #[must_use]
    pub fn or_level(mut self, level: Level) -> Self {
        if self.level_text.is_empty() && level != Level::Other {
            self.level = level;
            self.level_text = level.name().into();
        }
        self
    }

    /// Returns the entry with its message and its text cut to at most `bytes` each.
    #[must_use]
    pub fn cut_to(mut self, bytes: usize) -> Self {
        #[cfg(feature = "view")]
        self.shown.cut_to(bytes);
        self.text = head(&self.text, bytes).into();
        self
    }

    /// Returns the level, for colour and filters.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns the level as its producer wrote it, or an empty string if there was none.
    #[must_use]
    pub fn level_text(&self) -> &str {
        &self.level_text
    }

    /// Returns the whole entry, unchanged.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the length in bytes of the text or of the message, if that is longer.
    #[must_use]
    pub fn longest(&self) -> usize {
        #[cfg(feature = "view")]
        let message = self.message().len();
        #[cfg(not(feature = "view"))]
        let message = 0;
        self.text.len().max(message)
    }

    fn plain(text: &str) -> Self {
        Self {
            level: Level::Other,
            level_text: "".into(),
            text: text.into(),
            #[cfg(feature = "view")]
            shown: Shown::plain(text),
        }
    }

    fn from_fields(fields: &Fields<'_>, text: &str) -> Self {
        Self {
            level: fields.picks().level().unwrap_or(Level::Other),
            level_text: fields.picks().level_text().into(),
            text: text.into(),
            #[cfg(feature = "view")]
            shown: Shown::of(fields, text),
        }
    }
}

/// Returns at most the first `bytes` bytes of `text`, cut at a character boundary.
#[must_use]
pub fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_the_second_name_of_a_field_if_the_first_is_empty() {
        let entry = Entry::read(
            r#"{"message":"","description":"d","pipeline":null,"stageName":"s","logLevel":"warn","duration":"45 sec"}"#,
        );
        assert_eq!(
            (entry.message(), entry.pipeline(), entry.level(), entry.status()),
            ("d", "s", Level::Warn, "45 sec")
        );
    }

    #[test]
    fn shows_the_whole_of_an_object_without_a_message() {
        let text = r#"{"rows":12,"table":"t"}"#;
        assert_eq!(Entry::read(text).message(), text);
    }

    #[test]
    fn accepts_fields_of_any_type() {
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
    fn prefers_a_human_readable_time_and_keeps_the_exact_one() {
        let entry = Entry::read(
            r#"{"date":"Nov 23 2026 at 10:28 PM","isoTime":"2026-11-23T22:28:34.244195000","timestamp":5}"#,
        );
        assert_eq!(entry.time(), Some(&EntryTime::Text("Nov 23 2026 at 10:28 PM".into())));
        assert_eq!(entry.exact_time(), "2026-11-23T22:28:34.244195000");
    }

    #[test]
    fn parses_the_times_of_all_producers() {
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
    fn shows_a_time_that_is_not_a_date_unchanged() {
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
    fn keeps_the_exact_time_unchanged() {
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
    fn shows_text_that_is_not_an_object_unchanged() {
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
    fn keeps_the_text_around_half_a_surrogate_pair() {
        assert_eq!(Entry::read(r#"{"message":"a\ud800b"}"#).message(), r"a\ud800b");
    }

    #[test]
    fn cuts_at_character_boundaries() {
        assert_eq!(head("aéb", 2), "a");
        assert_eq!(Entry::read("ééé").cut_to(3).message(), "é");
    }
}
