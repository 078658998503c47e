//! What a backend says: frames to messages, for both generations of backend. Nothing it is given
//! makes it panic or lose a line.

use std::borrow::Cow;

use crate::cursor::MAX_SEQ;
use crate::entry::{Entry, Level};
use crate::fields::FieldSlices;
use crate::json::{Object, count, each_element, each_field_from, ends_at, integer, string_of};
use crate::protocol::{self, Bye, Gap, Heartbeat, Hello};
use crate::scan::end_of_value;

/// The most bytes of one line that are kept; what is longer is cut, and says so.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// The name under which the first backend sends a failure of its own, with an entry as data.
pub const ERROR_EVENT: &str = "error";

/// What one event of the stream means.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// The gateway greets: what it granted.
    Hello(Hello),
    /// A line of the log.
    Line(Raw<'a>),
    /// Several, in one event.
    Batch(Vec<Raw<'a>>),
    /// A sign of life.
    Heartbeat(Heartbeat),
    /// Logs that will not come.
    Gap(Gap),
    /// The stream ends now.
    Bye(Bye),
}

/// One line of the log as it came: its entry is text that nobody has read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// The stream's id for it; empty when it gave none.
    pub id: Cow<'a, str>,
    /// The channel it was published on; `None` from a backend that does not say.
    pub channel: Option<Cow<'a, str>>,
    /// Its number in its channel; `None` from a backend that does not count.
    pub seq: Option<u64>,
    /// When the gateway took it, in milliseconds since 1970.
    pub stamp: Option<i64>,
    /// The entry's text.
    pub text: Cow<'a, str>,
    /// Whether the backend sent it as a failure of its own.
    pub is_error: bool,
    /// What was seen of the entry while its end was looked for; `None` where nobody looked.
    pub picks: Option<FieldSlices<'a>>,
}

impl Raw<'_> {
    /// Reads the entry.
    #[must_use]
    pub fn read(&self) -> Line {
        let entry = Entry::read(&self.text).or_time(self.stamp);
        let line = Line {
            id: (&*self.id).into(),
            channel: self.channel.as_deref().map(Into::into),
            seq: self.seq,
            entry: entry.or_level(self.default_level()),
            cut_bytes: 0,
        };
        cut(line)
    }

    /// The level of an entry whose producer gave it none.
    #[must_use]
    pub fn default_level(&self) -> Level {
        if self.is_error { Level::Error } else { Level::Other }
    }
}

/// One line of the log, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The stream's id for it; empty when it gave none.
    pub id: Box<str>,
    /// The channel it was published on; `None` from a backend that does not say.
    pub channel: Option<Box<str>>,
    /// Its number in its channel; `None` from a backend that does not count.
    pub seq: Option<u64>,
    /// The entry.
    pub entry: Entry,
    /// How many bytes were cut off, because it was longer than [`MAX_LINE_BYTES`].
    pub cut_bytes: usize,
}

/// Reads one event, as an `EventSource` dispatched it: its name, the last event id, its data.
#[must_use]
pub fn read<'a>(event: &str, id: &'a str, data: &'a str) -> Message<'a> {
    // A byte order mark says how bytes are read, and is no part of the text.
    let data = data.trim_start_matches('\u{feff}');
    // A name of ours with other data is somebody else's event, and so a line.
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
        protocol::BATCH => read_batch(data).map(Message::Batch),
        _ => None,
    };
    message.unwrap_or_else(|| read_line_or_hello(event, id, data))
}

/// The envelopes of an array, if there is nothing else in it.
fn read_batch(data: &str) -> Option<Vec<Raw<'_>>> {
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
    if outer.greets() {
        return Message::Hello(protocol::read_hello(&Object::read(data).unwrap_or_default()));
    }
    let bare = || Raw {
        id: id.into(),
        channel: None,
        seq: None,
        stamp: None,
        text: data.into(),
        is_error: false,
        picks: None,
    };
    let raw = outer.envelope(id).unwrap_or_else(bare);
    Message::Line(Raw { is_error: event == ERROR_EVENT, ..raw })
}

/// The JSON of those fields that say what an event's data is. Of one that is given twice the last
/// counts.
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
    /// Reads the object that begins at `at`, and gives the index after it.
    fn read(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let mut outer = Self::default();
        let end = each_field_from(text, at, |name, start| {
            let name = name.as_bytes();
            let place = match name {
                b"channel" => &mut outer.channel,
                b"data" => &mut outer.data,
                b"id" => &mut outer.id,
                b"seq" => &mut outer.seq,
                b"timestamp" => &mut outer.timestamp,
                b"type" => &mut outer.kind,
                b"status" => &mut outer.status,
                _ => return end_of_value(text.as_bytes(), start),
            };
            // What an entry says is picked out on the way to its end; one whose names are no texts
            // has an end all the same.
            let is_entry = name == b"data";
            let seen = if is_entry { FieldSlices::read(text, start) } else { None };
            let end = seen.map(|(_, end)| end).or_else(|| end_of_value(text.as_bytes(), start))?;
            if is_entry {
                outer.picks = seen.map(|(picks, _)| picks);
            }
            *place = text.get(start..end);
            Some(end)
        })?;
        Some((outer, end))
    }

    fn greets(&self) -> bool {
        let says = |field: Option<&'a str>| field.and_then(string_of);
        self.channel.is_none()
            && says(self.kind).as_deref() == Some("connection")
            && says(self.status).is_some()
    }

    /// The log in an envelope. A bare entry may have a field `channel` of its own, so the name must
    /// look like one of ours.
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
    let longest = line.entry.text().len().max(line.entry.message().len());
    match longest.saturating_sub(MAX_LINE_BYTES) {
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
    fn a_greeting_that_does_not_say_what_it_grants_is_taken() {
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
    fn what_is_not_json_is_a_line_as_it_came() {
        for text in ["plain text", "{\"open\":", "{]", "\u{0}\u{1b}[31mred", ""] {
            assert_eq!(
                (line("message", text).entry.message(), line("message", text).entry.text()),
                (text, text)
            );
        }
    }

    #[test]
    fn numbers_that_are_no_json_cost_a_line_neither_level_nor_envelope() {
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
    fn a_byte_order_mark_before_the_data_does_not_count() {
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
    fn what_follows_the_json_makes_it_a_text_that_is_shown_as_it_came() {
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
    fn a_line_over_the_limit_is_cut_and_says_so() {
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
