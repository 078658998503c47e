//! The texts that a row shows by itself, for a regular expression. Those that `Raw::read` finds, without making an entry of them.

use std::borrow::Cow;

use crate::entry::{Entry, EntryTime, Level};
use crate::json::{Object, each_field, first_said, integer, unquoted};
use crate::wire::Raw;

/// Whether `is_it` agrees to a text that the row of `raw` shows. A message may be empty, any other text that is empty is not there.
///
/// A time in milliseconds is no text: how it is shown depends on the reader.
pub(super) fn any_of_raw(raw: &Raw<'_>, is_json: bool, mut is_it: impl FnMut(&str) -> bool) -> bool {
    let text = &*raw.text;
    let unsaid_level = if raw.is_error { Level::Error.name() } else { "" };
    if !is_json {
        return is_it(text) || is_there(unsaid_level, is_it);
    }
    if !text.trim_start().starts_with('{') {
        return is_it(&unquoted(text.trim()).unwrap_or(Cow::Borrowed(text))) || is_there(unsaid_level, is_it);
    }
    let fields = Fields::read(text);
    let said = |names: [usize; 2]| first_said(names.map(|name| fields.0[name]));
    is_it(&said([MESSAGE, DESCRIPTION]).unwrap_or(Cow::Borrowed(text)))
        || [[PIPELINE, STAGE], [STATUS, DURATION]].into_iter().any(|names| is_there(&said(names).unwrap_or_default(), &mut is_it))
        || is_there(&said([LEVEL, LOG_LEVEL]).unwrap_or(Cow::Borrowed(unsaid_level)), &mut is_it)
        || is_there(&fields.time(), is_it)
}

/// The same for an entry that rests read.
pub(super) fn any_of_entry(entry: &Entry, mut is_it: impl FnMut(&str) -> bool) -> bool {
    let time = match entry.time() {
        Some(EntryTime::Text(text)) => text,
        _ => "",
    };
    is_it(entry.message()) || [entry.pipeline(), entry.status(), entry.level_text(), time].iter().any(|text| is_there(text, &mut is_it))
}

fn is_there(text: &str, mut is_it: impl FnMut(&str) -> bool) -> bool {
    !text.is_empty() && is_it(text)
}

/// The JSON of the fields that are shown, by their places among [`NAMES`].
struct Fields<'a>([Option<&'a str>; NAMES.len()]);

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Self {
        let mut fields = Self([None; NAMES.len()]);
        each_field(text, 0, |name, json| {
            if let Some(place) = NAMES.iter().position(|known| *known == name) {
                fields.0[place] = text.get(json);
            }
        });
        fields
    }

    /// The time for people; of others one that is no number.
    fn time(&self) -> Cow<'a, str> {
        let said = |names: [usize; 2]| first_said(names.map(|name| self.0[name]));
        let of_meta = || Object::read(self.0[META]?)?.first_said(&["timestamp"]);
        let exact = || said([TIMESTAMP, ISO_TIME]).or_else(of_meta).filter(|text| integer(text).is_none());
        said([DATE, TIME]).or_else(exact).unwrap_or_default()
    }
}

const NAMES: [&str; 13] =
    ["message", "description", "pipeline", "stageName", "status", "duration", "level", "logLevel", "date", "time", "timestamp", "isoTime", "meta"];
const MESSAGE: usize = 0;
const DESCRIPTION: usize = 1;
const PIPELINE: usize = 2;
const STAGE: usize = 3;
const STATUS: usize = 4;
const DURATION: usize = 5;
const LEVEL: usize = 6;
const LOG_LEVEL: usize = 7;
const DATE: usize = 8;
const TIME: usize = 9;
const TIMESTAMP: usize = 10;
const ISO_TIME: usize = 11;
const META: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glance::Glance;

    #[test]
    fn shows_what_a_reader_finds() {
        let texts = [
            r#"{"message":"a\nb","pipeline":"P","status":"ok","level":"WARN","date":"Nov 23","timestamp":"2026"}"#,
            r#"{"description":"d","stageName":"s","duration":12,"logLevel":"info","time":"10:28","message":null}"#,
            r#" {"rows":1,"isoTime":"2026-11-23","pipeline":""} "#,
            r#"{"message":"","timestamp":"","isoTime":"i","meta":{"timestamp":"m"}}"#,
            r#"{"message":"m","meta":{"timestamp":"2026"}}"#,
            r#"{"message":"m","meta":{"timestamp":7},"message":{"b":1},"level":["x"]}"#,
            r#"{"message":"a\ud800","timestamp":1795472914244,"meta":"none"}"#,
            r#" "a\tb" "#,
            r#""open"#,
            r#"{"message":"m""#,
            "plain",
            "",
        ];
        for (text, is_error) in texts.iter().flat_map(|text| [(text, true), (text, false)]) {
            let raw = Raw { id: "".into(), channel: None, seq: None, stamp: Some(1), text: (*text).into(), is_error, picks: None };
            let (mut of_raw, mut of_entry) = (Vec::new(), Vec::new());
            any_of_raw(&raw, Glance::of(&raw).is_json, |text| {
                of_raw.push(text.to_owned());
                false
            });
            any_of_entry(&raw.read().entry, |text| {
                of_entry.push(text.to_owned());
                false
            });
            assert_eq!(of_raw, of_entry, "{text}");
        }
    }
}
