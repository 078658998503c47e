//! What the index knows of an entry: enough to filter lines without reading them. Keeps no text.

use std::borrow::Cow;

use crate::ansi::may_say_escape;
use crate::entry::Level;
use crate::fields::FieldSlices;
use crate::json::{self, ends_at};
use crate::message::Raw;

/// What is picked from an entry when it comes. Level and pipeline are those that [`Raw::read`]
/// finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFields<'a> {
    /// How grave it is.
    pub level: Level,
    /// The pipeline or stage; empty when there is none.
    pub pipeline: Cow<'a, str>,
    /// Whether the text is a JSON object or string, and so may write a character as an escape.
    /// Anything else is shown as it came.
    pub is_json: bool,
    /// Whether the text may hold terminal escape sequences, which are not shown.
    pub has_escape: bool,
}

impl<'a> IndexedFields<'a> {
    /// Looks at an entry that nobody has read yet.
    #[must_use]
    pub fn of(raw: &'a Raw<'_>) -> Self {
        let text: &'a str = &raw.text;
        let picks = raw.picks.or_else(|| match text.trim_start().as_bytes().first() {
            Some(b'{') => FieldSlices::read(text, 0)
                .filter(|(_, end)| ends_at(text, *end))
                .map(|(picks, _)| picks),
            _ => None,
        });
        match picks {
            Some(picks) => Self {
                has_escape: may_say_escape(text, true),
                level: picks.level().unwrap_or_else(|| raw.default_level()),
                pipeline: picks.pipeline(),
                is_json: true,
            },
            None => Self::bare(
                raw,
                text.trim_start().starts_with('"') && json::unquoted(text.trim()).is_some(),
            ),
        }
    }

    fn bare(raw: &Raw<'_>, is_json: bool) -> Self {
        Self {
            level: raw.default_level(),
            pipeline: Cow::Borrowed(""),
            is_json,
            has_escape: may_say_escape(&raw.text, is_json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_the_level_and_the_pipeline_that_a_reader_finds() {
        let texts = [
            r#"{"level":"WARN","pipeline":"INGEST"}"#,
            r#"{"logLevel":"debug","stageName":"S","pipeline":null}"#,
            r#" {"level":"","logLevel":"error","pipeline":["p"],"level":null}"#,
            r#"{"level":3,"pipeline":"\u00e9\n"}"#,
            r#"{"level":"a\ud800","pipeline":"a\ud800"}"#,
            r#"{"pipeline":"p""#,
            r#"["level","error"]"#,
            r#""error""#,
            "ERROR",
            "",
        ];
        for (text, is_error) in texts.iter().flat_map(|text| [(text, true), (text, false)]) {
            let raw = Raw {
                id: "".into(),
                channel: None,
                seq: None,
                stamp: None,
                text: (*text).into(),
                is_error,
                picks: None,
            };
            let (glance, line) = (IndexedFields::of(&raw), raw.read());
            assert_eq!(
                (glance.level, &*glance.pipeline),
                (line.entry.level(), line.entry.pipeline()),
                "{text}"
            );
        }
    }

    #[test]
    fn knows_what_is_shown_otherwise_than_it_came() {
        let is_json = |text: &str| {
            IndexedFields::of(&Raw {
                id: "".into(),
                channel: None,
                seq: None,
                stamp: None,
                text: text.into(),
                is_error: false,
                picks: None,
            })
            .is_json
        };
        assert!([r#"{"a":1}"#, " {} ", r#""a\nb""#].iter().all(|text| is_json(text)));
        assert!(
            ["{broken", r#""a\ud800b""#, r#"["a"]"#, "12", "plain", ""]
                .iter()
                .all(|text| !is_json(text))
        );
    }
}
