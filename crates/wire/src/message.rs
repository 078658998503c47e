//! Parses events into messages, for both generations of backend. No input makes it panic or lose a
//! line.

use std::borrow::Cow;

use crate::cursor::MAX_SEQ;
use crate::entry::{Entry, Level};
use crate::fields::FieldSlices;
use crate::json::{Object, count, each_element, each_field_from, ends_at, integer, string_of};
use crate::protocol::{self, AuthExpiring, Bye, Gap, Heartbeat, Hello};
use crate::scan::end_of_value;

/// The maximum length of a line in bytes. A longer line is cut; [`Line::cut_bytes`] reports by how
/// much.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// The name of the event by which the first backend reports its own failures, with an entry as
/// data.
pub const ERROR_EVENT: &str = "error";

/// The meaning of one event of the stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// The gateway's greeting: what it granted.
    Hello(Hello),
    /// One line of the log.
    Line(Raw<'a>),
    /// Several lines in one event.
    Batch(Vec<Raw<'a>>),
    /// A sign of life from an idle stream.
    Heartbeat(Heartbeat),
    /// Logs that will not arrive.
    Gap(Gap),
    /// The announcement that the reader's credential expires.
    AuthExpiring(AuthExpiring),
    /// The announcement that the stream ends now.
    Bye(Bye),
}

/// One line of the log as it was received; its entry is not parsed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// The stream's id for the line; empty if it sent none.
    pub id: Cow<'a, str>,
    /// The channel on which it was published; `None` from a backend that does not send it.
    pub channel: Option<Cow<'a, str>>,
    /// Its sequence number in its channel; `None` from a backend that does not number lines.
    pub seq: Option<u64>,
    /// When the gateway received it, in milliseconds since 1970.
    pub stamp: Option<i64>,
    /// The entry's text, exactly as the backend sent it.
    pub text: Cow<'a, str>,
    /// Whether the backend reports a failure of its own.
    pub is_error: bool,
    /// The fields found while scanning for the entry's end; `None` if that was not done.
    pub picks: Option<FieldSlices<'a>>,
}

impl<'a> Raw<'a> {
    /// Creates a line that consists of an entry's text alone: no id, no channel, no number.
    #[must_use]
    pub fn bare(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            id: Cow::Borrowed(""),
            channel: None,
            seq: None,
            stamp: None,
            text: text.into(),
            is_error: false,
            picks: None,
        }
    }

    /// Parses the entry, and cuts it to [`MAX_LINE_BYTES`].
    #[must_use]
    pub fn read(&self) -> Line {
        let entry = Entry::read(&self.text);
        #[cfg(feature = "view")]
        let entry = entry.or_time(self.stamp);
        let line = Line {
            id: (&*self.id).into(),
            channel: self.channel.as_deref().map(Into::into),
            seq: self.seq,
            entry: entry.or_level(self.default_level()),
            cut_bytes: 0,
        };
        cut(line)
    }

    /// Returns the level of an entry whose producer sent none.
    #[must_use]
    pub fn default_level(&self) -> Level {
        if self.is_error { Level::Error } else { Level::Other }
    }
}

/// One line of the log, parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The stream's id for the line; empty if it sent none.
    pub id: Box<str>,
    /// The channel on which it was published; `None` from a backend that does not send it.
    pub channel: Option<Box<str>>,
    /// Its sequence number in its channel; `None` from a backend that does not number lines.
    pub seq: Option<u64>,
    /// The entry, cut to [`MAX_LINE_BYTES`].
    pub entry: Entry,
    /// The number of bytes cut off, because the line was longer than [`MAX_LINE_BYTES`].
    pub cut_bytes: usize,
}

/// Parses one event as an `EventSource` dispatched it: its name, the last event id and its data.
#[must_use]
pub fn read<'a>(event: &str, id: &'a str, data: &'a str) -> Message<'a> {
    // A byte order mark indicates an encoding and is not part of the text.
    let data = data.trim_start_matches('\u{feff}');
    // An event with one of our names but other data is from another sender, and so is a line.
    let message = match event {
        protocol::HEARTBEAT => Object::read(data)
            .and_then(|fields| protocol::read_heartbeat(&fields))
            .map(Message::Heartbeat),
        protocol::GAP => {
            Object::read(data).and_then(|fields| protocol::read_gap(&fields)).map(Message::Gap)
        }
        protocol::BYE => {
            Object::read(data).and_then(|fields| protocol::read_bye(&fields)).map(Message::Bye)
        }
        protocol::AUTH_EXPIRING => Object::read(data)
            .and_then(|fields| protocol::read_auth_expiring(&fields))
            .map(Message::AuthExpiring),
        protocol::BATCH => read_batch(data).map(Message::Batch),
        _ => None,
    };
    message.unwrap_or_else(|| read_line_or_hello(event, id, data))
}

/// Parses an array of envelopes, or returns `None` if it contains anything else.
pub(crate) fn read_batch(data: &str) -> Option<Vec<Raw<'_>>> {
    let mut lines = Vec::new();
    let is_whole = each_element(data, |at| {
        let (outer, end) = Outer::read(data, at)?;
        lines.push(outer.envelope("")?);
        Some(end)
    });
    is_whole.then_some(lines)
}

fn read_line_or_hello<'a>(event: &str, id: &'a str, data: &'a str) -> Message<'a> {
    let outer = Outer::read(data, 0)
        .filter(|(_, end)| ends_at(data, *end))
        .map(|(outer, _)| outer)
        .unwrap_or_default();
    if outer.is_greeting() {
        return Message::Hello(protocol::read_hello(&Object::read(data).unwrap_or_default()));
    }
    let bare = || Raw { id: id.into(), ..Raw::bare(data) };
    let raw = outer.envelope(id).unwrap_or_else(bare);
    Message::Line(Raw { is_error: event == ERROR_EVENT, ..raw })
}

/// The JSON of those fields that determine what an event's data is. If a field occurs twice, the
/// last one counts.
#[derive(Debug, Default)]
struct Outer<'a> {
    channel: Option<&'a str>,
    data: Option<&'a str>,
    id: Option<&'a str>,
    seq: Option<&'a str>,
    timestamp: Option<&'a str>,
    kind: Option<&'a str>,
    status: Option<&'a str>,
    picks: Option<FieldSlices<'a>>,
}

impl<'a> Outer<'a> {
    /// Parses the object that begins at `at` and returns the index after it.
    fn read(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let mut outer = Self::default();
        let end = each_field_from(text, at, |name, start| {
            let name = name.as_bytes();
            let slot = match name {
                b"channel" => &mut outer.channel,
                b"data" => &mut outer.data,
                b"id" => &mut outer.id,
                b"seq" => &mut outer.seq,
                b"timestamp" => &mut outer.timestamp,
                b"type" => &mut outer.kind,
                b"status" => &mut outer.status,
                _ => return end_of_value(text.as_bytes(), start),
            };
            // The entry's fields are extracted while scanning for its end. If its field names
            // cannot be decoded, it still has an end.
            let is_entry = name == b"data";
            let slices = if is_entry { FieldSlices::read(text, start) } else { None };
            let end =
                slices.map(|(_, end)| end).or_else(|| end_of_value(text.as_bytes(), start))?;
            if is_entry {
                outer.picks = slices.map(|(picks, _)| picks);
            }
            *slot = text.get(start..end);
            Some(end)
        })?;
        Some((outer, end))
    }

    fn is_greeting(&self) -> bool {
        let text = |field: Option<&'a str>| field.and_then(string_of);
        self.channel.is_none()
            && text(self.kind).as_deref() == Some("connection")
            && text(self.status).is_some()
    }

    /// Returns the log in an envelope. A bare entry may have its own field `channel`, so the name
    /// must look like one of ours.
    fn envelope(&self, id: &'a str) -> Option<Raw<'a>> {
        let channel = string_of(self.channel?).filter(|name| name.starts_with("logs:"))?;
        Some(Raw {
            text: self.data?.into(),
            id: self.id.and_then(string_of).unwrap_or(Cow::Borrowed(id)),
            channel: Some(channel),
            seq: self.seq.and_then(count).filter(|seq| (1..=MAX_SEQ).contains(seq)),
            stamp: self.timestamp.and_then(integer),
            is_error: false,
            picks: self.picks,
        })
    }
}

fn cut(line: Line) -> Line {
    match line.entry.longest().saturating_sub(MAX_LINE_BYTES) {
        0 => line,
        cut_bytes => Line { cut_bytes, entry: line.entry.cut_to(MAX_LINE_BYTES), ..line },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event: &str, data: &str) -> Line {
        match read(event, "7", data) {
            Message::Line(raw) => raw.read(),
            other => panic!("expected a line, got {other:?}"),
        }
    }

    #[test]
    fn reads_a_greeting() {
        let greeting = r#"{"type":"connection","status":"connected","channels":["logs:etl:a:b"],"userId":"u","connectionId":"c"}"#;
        let hello = Hello {
            granted: Some(vec!["logs:etl:a:b".into()]),
            connection_id: Some("c".into()),
            ..Hello::default()
        };
        assert_eq!(read("message", "", greeting), Message::Hello(hello));
    }

    #[test]
    fn accepts_a_greeting_without_granted_channels() {
        let Message::Hello(hello) =
            read("message", "", r#"{"type":"connection","status":"connected","channels":{}}"#)
        else {
            panic!("expected a greeting");
        };
        assert_eq!(hello.granted, None);
    }

    #[test]
    fn an_entry_of_type_connection_is_a_line() {
        assert_eq!(
            line("message", r#"{"type":"connection","message":"db pool"}"#).entry.message(),
            "db pool"
        );
    }

    #[test]
    fn opens_envelopes_around_data_of_any_shape() {
        for (data, message) in [
            ("null", "null"),
            ("\"text\"", "text"),
            ("12.50", "12.50"),
            ("[1]", "[1]"),
            (r#"{"message":"m"}"#, "m"),
        ] {
            let line = line(
                "message",
                &format!(
                    r#"{{"channel":"logs:etl:a:b","data":{data},"timestamp":5,"id":"log-1"}}"#
                ),
            );
            assert_eq!(
                (line.entry.message(), &*line.id, line.channel.as_deref()),
                (message, "log-1", Some("logs:etl:a:b"))
            );
        }
    }

    #[test]
    fn a_position_in_a_trace_is_not_part_of_the_entry() {
        let data = r#"{"channel":"logs:etl:a:b","data":{"message":"m"},"timestamp":1,"id":"log-1","seq":7,"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;
        let Message::Line(raw) = read("message", "", data) else { panic!("expected a line") };
        assert_eq!((&*raw.text, raw.seq), (r#"{"message":"m"}"#, Some(7)));
        let batch = format!("[{data},{data}]");
        let Message::Batch(raws) = read("batch", "", &batch) else { panic!("expected a batch") };
        assert!(raws.iter().all(|raw| raw.text == r#"{"message":"m"}"#), "{raws:?}");
    }

    #[test]
    fn a_bare_entry_with_a_channel_and_data_of_its_own_stays_whole() {
        let text = r#"{"channel":"stable","data":{"message":"inner"},"message":"outer"}"#;
        assert_eq!(
            (line("message", text).entry.message(), line("message", text).entry.text()),
            ("outer", text)
        );
    }

    #[test]
    fn a_failure_inside_the_backend_is_a_line_of_level_error() {
        assert_eq!(line("error", r#"{"message":"stream failed"}"#).entry.level(), Level::Error);
        assert_eq!(line("error", r#"{"message":"m","level":"WARN"}"#).entry.level(), Level::Warn);
        assert_eq!(line("error", "not json").entry.level(), Level::Error);
    }

    #[test]
    fn text_that_is_not_json_is_a_line_of_its_own() {
        for text in ["plain text", "{\"open\":", "{]", "\u{0}\u{1b}[31mred", ""] {
            assert_eq!(
                (line("message", text).entry.message(), line("message", text).entry.text()),
                (text, text)
            );
        }
    }

    #[test]
    fn numbers_of_python_keep_level_and_envelope() {
        let text = r#"{"level":"ERROR","pipeline":"P","message":"m","loss":NaN,"range":[-Infinity,Infinity]}"#;
        for data in
            [text.to_owned(), format!(r#"{{"channel":"logs:etl:a:b","data":{text},"id":"7"}}"#)]
        {
            let line = line("message", &data);
            assert_eq!(
                (
                    line.entry.level(),
                    line.entry.pipeline(),
                    line.entry.message(),
                    line.entry.text()
                ),
                (Level::Error, "P", "m", text)
            );
        }
        assert_eq!(line("message", r#"{"message":NaN}"#).entry.message(), "NaN");
    }

    #[test]
    fn ignores_a_byte_order_mark_before_the_data() {
        for data in [
            "\u{feff}{\"level\":\"ERROR\",\"message\":\"m\"}",
            "\u{feff}{\"channel\":\"logs:etl:a:b\",\"data\":{\"level\":\"ERROR\",\"message\":\"m\"}}",
        ] {
            assert_eq!(
                (line("message", data).entry.level(), line("message", data).entry.message()),
                (Level::Error, "m")
            );
        }
        assert!(matches!(
            read("heartbeat", "", "\u{feff}{\"seqs\":{},\"serverTime\":1}"),
            Message::Heartbeat(_)
        ));
    }

    #[test]
    fn shows_json_with_trailing_text_unchanged() {
        for text in [
            r#"{"level":"ERROR"} trailing"#,
            "{\"level\":\"ERROR\"}\0",
            r#"{"a":1}{"b":2}"#,
            r#"{"channel":"logs:etl:a:b","data":{}},"#,
        ] {
            assert_eq!(
                (line("message", text).entry.message(), line("message", text).entry.text()),
                (text, text)
            );
        }
    }

    #[test]
    fn cuts_a_line_over_the_limit_and_reports_it() {
        let long = "x".repeat(MAX_LINE_BYTES + 10);
        let plain = line("message", &long);
        assert_eq!((plain.entry.message().len(), plain.cut_bytes), (MAX_LINE_BYTES, 10));
        let envelope = line(
            "message",
            &format!(
                r#"{{"channel":"logs:etl:a:b","data":{{"level":"ERROR","message":"{long}"}}}}"#
            ),
        );
        assert_eq!(
            (envelope.entry.level(), envelope.entry.message().len()),
            (Level::Error, MAX_LINE_BYTES)
        );
        assert!(envelope.cut_bytes > 10);
    }

    #[test]
    fn a_hostile_nest_does_not_overflow_the_stack() {
        let deep = format!(
            r#"{{"channel":"logs:etl:a:b","data":{}{}}}"#,
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        assert!(line("message", &deep).entry.text().starts_with("[[["));
    }
}
