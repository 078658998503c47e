//! The fields that the index keeps of an entry: enough to filter lines without parsing them again.
//! Stores no text.

#[cfg(feature = "view")]
use std::borrow::Cow;

#[cfg(feature = "view")]
use crate::ansi::may_encode_escape;
use crate::entry::Level;
use crate::fields::FieldSlices;
#[cfg(feature = "view")]
use crate::json;
use crate::json::ends_at;
use crate::message::Raw;

/// Returns the severity of an unparsed entry, or [`Raw::default_level`] if the producer sent none.
#[must_use]
pub fn level_of(raw: &Raw<'_>) -> Level {
    picks_of(raw).and_then(|picks| picks.level()).unwrap_or_else(|| raw.default_level())
}

/// The fields that are extracted when an entry arrives. They are those
/// that [`Raw::read`] finds.
#[cfg(feature = "view")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFields<'a> {
    /// The severity, or [`Raw::default_level`] if the producer sent none.
    pub level: Level,
    /// The pipeline or stage; empty if there is none.
    pub pipeline: Cow<'a, str>,
    /// The message, even if it is empty, or the whole text of an entry without one.
    pub message: Cow<'a, str>,
    /// When the entry was written, in milliseconds since 1970 (UTC), if that can be read.
    pub moment: Option<i64>,
    /// Whether the text is a JSON object or string, and so may encode characters as escapes. Any
    /// other text is shown unchanged.
    pub is_json: bool,
    /// Whether the text may contain terminal escape sequences, which are not shown.
    pub has_escape: bool,
}

#[cfg(feature = "view")]
impl<'a> IndexedFields<'a> {
    /// Extracts the fields from an unparsed entry.
    #[must_use]
    pub fn of(raw: &'a Raw<'_>) -> Self {
        let text: &'a str = &raw.text;
        match picks_of(raw) {
            Some(picks) => Self {
                has_escape: may_encode_escape(text, true),
                level: picks.level().unwrap_or_else(|| raw.default_level()),
                pipeline: picks.pipeline(),
                message: match picks.message() {
                    Some(message) => message,
                    None if picks.is_blank() => Cow::Borrowed(""),
                    None => Cow::Borrowed(text.trim_start()),
                },
                moment: picks.moment(raw.stamp),
                is_json: true,
            },
            None => Self::bare(raw, text),
        }
    }

    fn bare(raw: &Raw<'_>, text: &'a str) -> Self {
        let is_quoted = text.trim_start().starts_with('"');
        let unquoted = is_quoted.then(|| json::unquoted(text.trim())).flatten();
        let is_json = unquoted.is_some();
        Self {
            level: raw.default_level(),
            pipeline: Cow::Borrowed(""),
            message: unquoted.unwrap_or(Cow::Borrowed(text)),
            moment: raw.stamp,
            is_json,
            has_escape: may_encode_escape(&raw.text, is_json),
        }
    }
}

fn picks_of<'a>(raw: &'a Raw<'_>) -> Option<FieldSlices<'a>> {
    let text: &'a str = &raw.text;
    raw.picks.or_else(|| match text.trim_start().as_bytes().first() {
        Some(b'{') => FieldSlices::read(text, 0)
            .filter(|(_, end)| ends_at(text, *end))
            .map(|(picks, _)| picks),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_fields_that_a_full_parse_finds() {
        let texts = [
            r#"{"level":"WARN","pipeline":"INGEST"}"#,
            r#"{"logLevel":"debug","stageName":"S","pipeline":null}"#,
            r#" {"level":"","logLevel":"error","pipeline":["p"],"level":null}"#,
            r#"{"level":3,"pipeline":"\u00e9\n"}"#,
            r#"{"level":"a\ud800","pipeline":"a\ud800"}"#,
            r#"{"pipeline":"p""#,
            r#"{"description":"d","msg":"m","message":"\tat"}"#,
            r#"["level","error"]"#,
            r#""error""#,
            r#"{"timestamp":1795472914244,"isoTime":"2026-11-23T22:28:34.250Z"}"#,
            r#"{"time":"10:28 PM"}"#,
            r#"{"time":"10:28 PM","timestamp":0,"meta":{"timestamp":"1795472914"}}"#,
            r#"{"isoTime":"soon","ts":1795472914}"#,
            r#"{"timestamp":0}"#,
            "ERROR",
            "",
        ];
        for (text, is_error) in texts.iter().flat_map(|text| [(text, true), (text, false)]) {
            let stamp = is_error.then_some(5);
            let raw = Raw { is_error, stamp, ..Raw::bare(*text) };
            let (fields, line) = (IndexedFields::of(&raw), raw.read());
            assert_eq!(
                (fields.level, &*fields.pipeline, fields.message.trim_start(), fields.moment),
                (
                    line.entry.level(),
                    line.entry.pipeline(),
                    line.entry.message().trim_start(),
                    line.entry.moment(),
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn an_empty_message_is_not_a_missing_one() {
        let message = |text: &str| IndexedFields::of(&Raw::bare(text)).message.into_owned();
        assert_eq!(message(r#"{"message":"","rows":3}"#), "");
        assert_eq!(message(r#"{"message":"","msg":"m"}"#), "m");
        assert_eq!(message(r#" {"rows":3}"#), r#"{"rows":3}"#);
    }

    #[test]
    fn knows_which_texts_are_not_shown_unchanged() {
        let is_json = |text: &str| IndexedFields::of(&Raw::bare(text)).is_json;
        assert!([r#"{"a":1}"#, " {} ", r#""a\nb""#].iter().all(|text| is_json(text)));
        assert!(
            ["{broken", r#""a\ud800b""#, r#"["a"]"#, "12", "plain", ""]
                .iter()
                .all(|text| !is_json(text))
        );
    }
}
