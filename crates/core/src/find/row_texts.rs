//! The texts that a row shows by itself, without escape sequences, for a regular expression. Those
//! that `Raw::read` finds, without making an entry of them.

use std::borrow::Cow;

use crate::styled::row_text;
use logs_sse_wire::ansi::plain;
use logs_sse_wire::entry::{Entry, EntryTime, Level};
use logs_sse_wire::fields::Fields;
use logs_sse_wire::json::unquoted;
use logs_sse_wire::message::Raw;

/// Whether `is_it` agrees to a text that the row of `raw` shows. A message may be empty, any other
/// text that is empty is not there.
///
/// A time counts as its producer wrote it, and as a number not at all: how it is shown depends on
/// the reader's zone.
pub(super) fn any_of_raw(
    raw: &Raw<'_>,
    is_json: bool,
    mut is_it: impl FnMut(&str) -> bool,
) -> bool {
    let text = &*raw.text;
    let default_level = raw.default_level();
    let unsaid_level = if default_level == Level::Other { "" } else { default_level.name() };
    if !is_json {
        return is_it(&row_text(text)) || is_there(unsaid_level, is_it);
    }
    if !text.trim_start().starts_with('{') {
        return is_it(&row_text(&unquoted(text.trim()).unwrap_or(Cow::Borrowed(text))))
            || is_there(unsaid_level, is_it);
    }
    let fields = Fields::of(text).unwrap_or_default();
    is_it(&row_text(&fields.message().unwrap_or(Cow::Borrowed(text))))
        || [fields.picks().pipeline(), fields.status()]
            .iter()
            .any(|text| is_there(text, &mut is_it))
        || is_there(&said_or(fields.picks().level_text(), unsaid_level), &mut is_it)
        || is_there(text_of(fields.time().as_ref(), &fields.exact_time()), is_it)
}

/// The same for an entry that rests read.
pub(super) fn any_of_entry(entry: &Entry, mut is_it: impl FnMut(&str) -> bool) -> bool {
    let time = text_of(entry.time(), entry.exact_time());
    is_it(&row_text(entry.message()))
        || [entry.pipeline(), entry.status(), entry.level_text(), time]
            .iter()
            .any(|text| is_there(text, &mut is_it))
}

/// A time as its producer wrote it; empty for a number, which is shown otherwise.
fn text_of<'a>(time: Option<&'a EntryTime>, exact: &'a str) -> &'a str {
    match time {
        Some(EntryTime::Text(text)) => text,
        Some(EntryTime::Millis(_)) if exact.contains(':') => exact,
        _ => "",
    }
}

fn said_or<'a>(said: Cow<'a, str>, default: &'a str) -> Cow<'a, str> {
    if said.is_empty() { Cow::Borrowed(default) } else { said }
}

fn is_there(text: &str, mut is_it: impl FnMut(&str) -> bool) -> bool {
    !text.is_empty() && is_it(&plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use logs_sse_wire::indexed_fields::IndexedFields;

    #[test]
    fn shows_what_a_reader_finds() {
        let texts = [
            r#"{"message":"a\nb","pipeline":"P","status":"ok","level":"WARN","date":"Nov 23","timestamp":"2026"}"#,
            r#"{"description":"d","stageName":"s","duration":12,"logLevel":"info","time":"10:28","message":null}"#,
            r#" {"rows":1,"isoTime":"2026-11-23","pipeline":""} "#,
            r#"{"message":"","timestamp":"","isoTime":"i","meta":{"timestamp":"m"}}"#,
            r#"{"message":"m","meta":{"timestamp":"2026"}}"#,
            r#"{"msg":"m","time":"2026-11-24T03:58:34+05:30","severity":"ERROR","lvl":3}"#,
            r#"{"message":"\u001b[31ma\u001b[0mb\r50%\r100%","level":"\u001b[32minfo\u001b[39m","pipeline":"\u001b[1mP"}"#,
            "\u{1b}[31mred\u{1b}[0m",
            r#"{"log":{"level":50},"timestamp":"1795472914.5"}"#,
            r#"{"message":"m","meta":{"timestamp":7},"message":{"b":1},"level":["x"]}"#,
            r#"{"message":"a\ud800","timestamp":1795472914244,"meta":"none"}"#,
            r#" "a\tb" "#,
            r#""open"#,
            r#"{"message":"m""#,
            "plain",
            "",
        ];
        for (text, is_error) in texts.iter().flat_map(|text| [(text, true), (text, false)]) {
            let raw = Raw {
                id: "".into(),
                channel: None,
                seq: None,
                stamp: Some(1),
                text: (*text).into(),
                is_error,
                picks: None,
            };
            let (mut of_raw, mut of_entry) = (Vec::new(), Vec::new());
            any_of_raw(&raw, IndexedFields::of(&raw).is_json, |text| {
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
