//! The rows of a log as lines of a file or of the clipboard.

use std::fmt::Write;

use crate::js_export::NoticeReport;
use crate::line_time::{SentTime, iso};
use crate::notice::Notice;
use crate::store::Row;
use crate::styled::{clipboard_text, label};
use crate::target::Target;
use logs_sse_wire::json::{is_json, quote};
use logs_sse_wire::message::Line;

/// Returns a row as text: `2026-11-26 02:13:02.110 ERROR LOAD boom`, or `# 212 lines missing: …`.
/// `time` formats milliseconds since 1970. Later lines of a message begin with `indent`. If `target`
/// has several channels, a column after the time names that of the line.
///
/// With an indent, a message cannot pass for another row: only rows about the stream begin with
/// `#`, and only later lines of a message with a space.
#[must_use]
pub fn text(
    row: &Row,
    time: &dyn Fn(i64) -> String,
    indent: &str,
    target: Option<&Target>,
) -> String {
    match row {
        Row::Notice(notice) => about_stream(&notice.text()),
        Row::Line(line) => line_text(line, time, indent, target),
    }
}

/// Returns the text of a row about the stream itself.
pub(super) fn about_stream(text: &str) -> String {
    format!("# {text}")
}

fn line_text(
    line: &Line,
    time: &dyn Fn(i64) -> String,
    indent: &str,
    target: Option<&Target>,
) -> String {
    let entry = &line.entry;
    let sent = SentTime::of(entry);
    let time = sent.millis.map_or(sent.text, time);
    let channel = line.channel.as_deref().filter(|_| target.is_some_and(Target::has_several));
    let mark = channel.and_then(|channel| target?.mark(channel));
    let channel = mark.as_ref().map_or(channel.unwrap_or_default(), |mark| &mark.name);
    let mut out = String::new();
    for column in [time.as_str(), channel, entry.level_text(), entry.pipeline()] {
        let column = in_one_line(&label(column));
        if !column.is_empty() {
            out.push_str(&column);
            out.push(' ');
        }
    }
    let message = clipboard_text(entry.message());
    for (index, part) in message.trim_end_matches(['\r', '\n']).split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
            out.push_str(indent);
        }
        out.push_str(part);
    }
    let looks_otherwise = !indent.is_empty() && out.starts_with(['#', ' ', '\t', '\n']);
    if looks_otherwise { format!("- {out}") } else { out }
}

/// Replaces characters that would end the line or align it otherwise with spaces.
fn in_one_line(text: &str) -> String {
    text.trim().replace(|character: char| character.is_control(), " ")
}

/// Returns a line as one JSON object: its time in UTC, channel, sequence number and id, and the
/// entry as its producer sent it, as an object if it is JSON.
#[must_use]
pub fn json(row: &Row) -> String {
    match row {
        Row::Notice(notice) => notice_json(notice),
        Row::Line(line) => line_json(line),
    }
}

fn line_json(line: &Line) -> String {
    let entry = &line.entry;
    let mut json = String::from("{");
    if let Some(millis) = entry.moment() {
        json.push_str("\"time\":");
        quote(&mut json, &iso(millis));
        json.push(',');
    }
    if let Some(channel) = &line.channel {
        json.push_str("\"channel\":");
        quote(&mut json, channel);
        json.push(',');
    }
    if let Some(seq) = line.seq {
        // Writing to a String cannot fail.
        let _ = write!(json, "\"seq\":{seq},");
    }
    if !line.id.is_empty() {
        json.push_str("\"id\":");
        quote(&mut json, &line.id);
        json.push(',');
    }
    if line.cut_bytes > 0 {
        let _ = write!(json, "\"truncatedBytes\":{},", line.cut_bytes);
    }
    json.push_str("\"entry\":");
    let is_object = entry.text().trim_start().starts_with('{') && is_json(entry.text());
    if is_object {
        // Without its line breaks, which are between fields only.
        entry.detail().split('\n').for_each(|part| json.push_str(part.trim_start_matches(' ')));
    } else {
        quote(&mut json, entry.text());
    }
    json.push('}');
    json
}

fn notice_json(notice: &Notice) -> String {
    let report = NoticeReport::new(notice);
    notice_object(report.notice, notice.missing(), notice.channel(), &report.text)
}

/// Returns a row about the stream as a JSON object.
pub(super) fn notice_object(
    kind: &str,
    missing: Option<u64>,
    channel: Option<&str>,
    text: &str,
) -> String {
    let mut json = String::from("{\"notice\":");
    quote(&mut json, kind);
    if let Some(channel) = channel {
        json.push_str(",\"channel\":");
        quote(&mut json, channel);
    }
    let missing = missing.map_or_else(|| "null".to_owned(), |missing| missing.to_string());
    // Writing to a String cannot fail.
    let _ = write!(json, ",\"missing\":{missing},\"text\":");
    quote(&mut json, text);
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use logs_sse_wire::message::Raw;
    use proptest::prelude::*;
    use serde_json::Value;

    fn row(text: &str) -> Row {
        let mut store = Store::default();
        store.append(&Raw::bare(text));
        store.row(0).expect("a row")
    }

    fn saved(text: &str) -> String {
        super::text(&row(text), &iso, "    ", None)
    }

    /// Any text, with more of what could break a line than there is by chance.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[ -~]{0,12}",
            any::<char>().prop_map(String::from),
            prop::sample::select(vec![
                "\n",
                "\r\n",
                "\r",
                "\t",
                "\u{b}",
                "\u{c}",
                "\u{85}",
                "\u{2028}",
                "\u{2029}",
                "#",
                "# 3 lines missing",
                " ",
                "\u{1b}[31m",
                "\0",
                "\u{202e}",
            ])
            .prop_map(ToOwned::to_owned),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_entry_passes_for_another_row(
            fields in proptest::collection::vec(hostile(), 4),
            plain in hostile(),
        ) {
            let [time, level, pipeline, message] = &fields[..] else { unreachable!() };
            let entry = serde_json::json!({
                "date": time, "level": level, "pipeline": pipeline, "message": message,
            });
            for text in [entry.to_string(), plain] {
                let saved = saved(&text);
                let mut lines = saved.split('\n');
                let first = lines.next().unwrap_or_default();
                prop_assert!(!first.starts_with(['#', ' ', '\t']), "{:?}", saved);
                prop_assert!(lines.all(|line| line.starts_with("    ")), "{:?}", saved);
                // No other character ends a line, in whichever editor.
                let is_other_end = |c: char| {
                    matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
                };
                prop_assert!(!saved.contains(is_other_end), "{:?}", saved);
                prop_assert!(!saved.contains(['\0', '\u{1b}', '\u{202e}']), "{:?}", saved);
            }
        }

        #[test]
        fn ndjson_parses_back(
            message in hostile(),
            number in any::<i32>(),
            plain in hostile(),
            indent in any::<bool>(),
        ) {
            let entry = serde_json::json!({
                "message": message, "nested": { "list": [number, null, true, "\n  x"] },
            });
            let text = if indent {
                serde_json::to_string_pretty(&entry).expect("JSON")
            } else {
                entry.to_string()
            };
            let line = json(&row(&text));
            prop_assert!(!line.contains(['\n', '\r']), "{:?}", line);
            let parsed: Value = serde_json::from_str(&line).expect("JSON");
            prop_assert_eq!(&parsed["entry"], &entry);
            let line = json(&row(&plain));
            prop_assert!(!line.contains(['\n', '\r']), "{:?}", line);
            let parsed: Value = serde_json::from_str(&line).expect("JSON");
            prop_assert!(parsed["entry"] == plain || parsed["entry"].is_object(), "{:?}", line);
        }
    }

    #[test]
    fn a_line_has_its_time_level_pipeline_and_message() {
        let entry = r#"{"time":1795659182110,"level":"ERROR","pipeline":"ETL_PROCESSING","message":"Job aborted\n\tat one\n"}"#;
        assert_eq!(
            saved(entry),
            "2026-11-26T02:13:02.110Z ERROR ETL_PROCESSING Job aborted\n    \tat one"
        );
        assert_eq!(saved("# no gap"), "- # no gap");
    }

    #[test]
    fn python_numbers_become_strings_and_a_notice_says_so() {
        let line: Value =
            serde_json::from_str(&json(&row(r#"{"message":"m","ratio":NaN}"#))).expect("JSON");
        assert_eq!(line["entry"]["ratio"], "NaN");
        let gap = |channel: Option<&str>| {
            Row::Notice(Notice::Gap {
                missing: Some(212),
                reason: logs_sse_wire::protocol::GapReason::Evicted,
                channel: channel.map(Into::into),
            })
        };
        let line: Value = serde_json::from_str(&json(&gap(Some("logs:etl:a:b")))).expect("JSON");
        assert_eq!((&line["notice"], &line["missing"]), (&"gap".into(), &212.into()));
        assert_eq!(line["channel"], "logs:etl:a:b");
        assert!(text(&gap(None), &iso, "    ", None).starts_with("# 212 lines missing"));
    }

    #[test]
    fn one_of_several_channels_is_a_column() {
        let names = ["logs:etl:a:orders", "logs:etl:a:claims"];
        let line = Raw {
            channel: Some("logs:etl:a:claims".into()),
            ..Raw::bare(r#"{"time":1795659182110,"level":"ERROR","message":"boom"}"#)
        };
        let mut store = Store::default();
        store.append(&line);
        let saved = |names: &[&str]| {
            let target = Target::from_channels(names.iter().copied(), "").ok();
            super::text(&store.row(0).expect("a row"), &iso, "", target.as_ref())
        };
        assert_eq!(saved(&names), "2026-11-26T02:13:02.110Z claims ERROR boom");
        assert_eq!(saved(&names[1..]), "2026-11-26T02:13:02.110Z ERROR boom");
    }
}
