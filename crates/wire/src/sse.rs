//! The framing of Server-Sent Events (WHATWG HTML 9.2): parses bytes into events, and encodes
//! events as bytes. Independent of logs.

use std::borrow::Cow;

use crate::byte_search::{line_end, position};
use crate::unread::{HEAD, Unread};

/// One event of a stream, as an `EventSource` would dispatch it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event's name; `message` if the stream sent none.
    pub event: String,
    /// The last event id, which applies until the stream sends another.
    pub id: String,
    /// The data lines, joined by line feeds.
    pub data: String,
}

/// Parses a stream that arrives in pieces of any size.
///
/// An event that is contained in one piece is not copied. Of an event larger than
/// [`MAX_EVENT_BYTES`] the rest is dropped.
#[derive(Debug, Default)]
pub struct Parser {
    /// The beginning of a line whose end has not arrived.
    line: Vec<u8>,
    after_carriage_return: bool,
    after_first_line: bool,
    /// The fields of the unfinished event that arrived in earlier pieces.
    event: String,
    data: Option<String>,
    id: String,
    retry_ms: Option<u64>,
    /// The first bytes of the stream, to guess its format if it contains no events.
    head: Vec<u8>,
    /// Whether a line arrived that no event stream contains.
    is_foreign: bool,
    /// Whether a field or comment arrived since the last [`take_sign`](Self::take_sign).
    is_alive: bool,
}

/// The unfinished event. Its fields are borrowed if they are in the current piece.
struct Pending<'a> {
    event: Cow<'a, str>,
    data: Option<Cow<'a, str>>,
}

impl Parser {
    /// Parses the next bytes and calls `on_event` with the name, the last event id and the data of
    /// each event that they complete.
    pub fn take(&mut self, bytes: &[u8], on_event: &mut dyn FnMut(&str, &str, &str)) {
        self.head
            .extend_from_slice(&bytes[..bytes.len().min(HEAD.saturating_sub(self.head.len()))]);
        let mut pending = Pending {
            event: std::mem::take(&mut self.event).into(),
            data: self.data.take().map(Cow::Owned),
        };
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            // CRLF, LF and CR each end a line; the LF of a CRLF may arrive in the next piece.
            if std::mem::take(&mut self.after_carriage_return) && first == b'\n' {
                rest = after;
                continue;
            }
            let Some(end) = line_end(rest) else {
                self.line.extend_from_slice(within(rest, self.line.len()));
                break;
            };
            let (line, after) = rest.split_at(end);
            self.after_carriage_return = after.first() == Some(&b'\r');
            rest = &after[1..];
            if self.line.is_empty() {
                self.end_line(text(within(line, 0)), &mut pending, on_event);
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(within(line, whole.len()));
                let text = String::from_utf8(whole)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
                self.end_line(Cow::Owned(text), &mut pending, on_event);
            }
        }
        self.event = pending.event.into_owned();
        self.data = pending.data.map(Cow::into_owned);
    }

    /// Parses the next bytes and returns the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.take(bytes, &mut |event, id, data| {
            events.push(Event { event: event.into(), id: id.into(), data: data.into() });
        });
        events
    }

    /// Returns the reconnection time that the stream requested with `retry:`.
    #[must_use]
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    /// Returns whether a field or a comment arrived since the last call.
    ///
    /// That is a sign of life even if it completed no event, as with a server's pings. It does not
    /// count after a line that no event stream contains, since any bytes contain a colon somewhere.
    pub fn take_sign(&mut self) -> bool {
        std::mem::take(&mut self.is_alive)
    }

    /// Returns what the stream looks like, given that none of it was understood.
    #[must_use]
    pub fn unread(&self) -> Unread {
        match Unread::guess(&self.head) {
            Unread::Nothing if self.is_foreign => Unread::Text,
            guess => guess,
        }
    }

    fn end_line<'a>(
        &mut self,
        line: Cow<'a, str>,
        pending: &mut Pending<'a>,
        on_event: &mut dyn FnMut(&str, &str, &str),
    ) {
        let is_first = !std::mem::replace(&mut self.after_first_line, true);
        let line = if is_first && line.starts_with('\u{feff}') {
            part(line, '\u{feff}'.len_utf8())
        } else {
            line
        };
        if line.is_empty() {
            return self.dispatch(pending, on_event);
        }
        let colon = position(line.as_bytes(), b':').unwrap_or(line.len());
        let after = line.get(colon + 1..).unwrap_or_default();
        let value = line.len() - after.strip_prefix(' ').unwrap_or(after).len();
        self.is_alive |= !self.is_foreign;
        match &line[..colon] {
            "data" => add(&mut pending.data, part(line, value)),
            "event" => pending.event = part(line, value),
            "id" if !line[value..].contains('\0') => {
                self.id.clear();
                self.id.push_str(&line[value..]);
            }
            "retry" if value < line.len() && line[value..].bytes().all(|b| b.is_ascii_digit()) => {
                self.retry_ms = line[value..].parse().ok().or(self.retry_ms);
            }
            // The standard requires ignoring the rest: comments, whose field name is empty, and
            // future fields.
            "id" | "retry" => {}
            "" if is_readable(after) => {}
            _ => {
                self.is_foreign = true;
                self.is_alive = false;
            }
        }
    }

    fn dispatch(&self, pending: &mut Pending<'_>, on_event: &mut dyn FnMut(&str, &str, &str)) {
        let event = std::mem::take(&mut pending.event);
        let Some(data) = pending.data.take() else { return };
        on_event(if event.is_empty() { "message" } else { &event }, &self.id, &data);
    }
}

/// Returns whether `text` contains no control characters and nothing that could not be decoded.
fn is_readable(text: &str) -> bool {
    !text.chars().any(|c| c == char::REPLACEMENT_CHARACTER || (c.is_control() && c != '\t'))
}

/// Decodes bytes as UTF-8, with a replacement character for anything invalid.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Bytes are mostly valid, and checking that is faster than locating errors.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Returns as much of `bytes` as may be kept in addition to the `held` bytes.
fn within(bytes: &[u8], held: usize) -> &[u8] {
    &bytes[..bytes.len().min(MAX_EVENT_BYTES.saturating_sub(held))]
}

fn add<'a>(data: &mut Option<Cow<'a, str>>, value: Cow<'a, str>) {
    match data {
        None => *data = Some(value),
        Some(data) if data.len() < MAX_EVENT_BYTES => {
            let data = data.to_mut();
            data.push('\n');
            data.push_str(&value);
        }
        Some(_) => {}
    }
}

/// Returns `text` from `start` on.
fn part(text: Cow<'_, str>, start: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
        Cow::Owned(mut text) => {
            text.drain(..start);
            Cow::Owned(text)
        }
    }
}

/// The maximum size of an endless line, or of an event of endless lines: sixteen times what our
/// gateway accepts in one publish request.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// Encodes one event.
///
/// No text can forge a field or an event: line breaks start a new `data:` line, and are dropped
/// from `event` and `id`, which cannot contain any.
#[must_use]
pub fn encode(event: Option<&str>, id: Option<&str>, data: &str) -> String {
    let mut wire = String::with_capacity(data.len() + 64);
    for (field, value) in [("event", event), ("id", id)] {
        if let Some(value) = value {
            wire.push_str(field);
            wire.push_str(": ");
            wire.extend(value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')));
            wire.push('\n');
        }
    }
    for line in data.replace("\r\n", "\n").split(['\r', '\n']) {
        wire.push_str("data: ");
        wire.push_str(line);
        wire.push('\n');
    }
    wire.push('\n');
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(wire: &str) -> Vec<Event> {
        Parser::default().feed(wire.as_bytes())
    }

    fn data(wire: &str) -> Vec<String> {
        parse(wire).into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn ends_lines_at_cr_lf_and_crlf_alike() {
        assert_eq!(data("data:a\rdata:b\n\rdata:c\r\n\r\n"), ["a\nb", "c"]);
    }

    #[test]
    fn returns_the_same_events_however_the_bytes_are_split() {
        let wire =
            "\u{feff}id: 1\r\nevent: x\r\ndata: näïve\r\n\r\n:ping\r\n\r\ndata\r\ndata\r\n\r\n";
        let whole = parse(wire);
        for size in 1..wire.len() {
            let mut parser = Parser::default();
            let pieces: Vec<_> =
                wire.as_bytes().chunks(size).flat_map(|piece| parser.feed(piece)).collect();
            assert_eq!(pieces, whole, "pieces of {size} bytes");
        }
        assert_eq!(whole[0], Event { event: "x".into(), id: "1".into(), data: "näïve".into() });
        assert_eq!(whole[1], Event { event: "message".into(), id: "1".into(), data: "\n".into() });
    }

    #[test]
    fn drops_comments_and_unfinished_events() {
        assert_eq!(data(":ping\n\nevent: x\n\ndata: late"), Vec::<String>::new());
    }

    #[test]
    fn strips_one_leading_space_only() {
        assert_eq!(data("data:  a\n\ndata:b\n\n"), [" a", "b"]);
    }

    #[test]
    fn keeps_the_last_id_unless_it_holds_a_nul() {
        let events = parse("id: 7\ndata: a\n\nid: 8\0\ndata: b\n\nid\ndata: c\n\n");
        assert_eq!(events.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["7", "7", ""]);
    }

    #[test]
    fn accepts_retry_in_digits_only() {
        let mut parser = Parser::default();
        parser.feed(b"retry: 1000x\nretry:\nretry: -1\n");
        assert_eq!(parser.retry_ms(), None);
        parser.feed(b"retry: 5000\nretry: 99999999999999999999999\n");
        assert_eq!(parser.retry_ms(), Some(5_000));
    }

    fn is_alive(wire: &[u8]) -> bool {
        let mut parser = Parser::default();
        parser.feed(wire);
        parser.take_sign()
    }

    #[test]
    fn a_field_or_a_comment_is_a_sign_of_life() {
        for wire in [
            ":ping\n\n",
            ":\n",
            "event: ping\n\n",
            "retry: 5\n",
            "id: 7\n\n",
            "\u{feff}:ping\n",
            "data: x\n\n",
        ] {
            assert!(is_alive(wire.as_bytes()), "{wire:?}");
        }
    }

    #[test]
    fn other_formats_are_no_sign_of_life() {
        for wire in [
            &b"\n\n\n"[..],
            b":ping",
            b":p\x00i\x00n\x00g\x00\n\x00\n\x00",
            b":\xff\xfe\n",
            b"<html>\n:ping\n\n",
            b"{\"data\":1}\n\n",
            b"future: x\n:ping\n\n",
        ] {
            assert!(!is_alive(wire), "{wire:?}");
        }
    }

    #[test]
    fn text_cannot_forge_a_field() {
        let wire =
            encode(Some("log\ndata: forged"), Some("1\r\nid: 2\0"), "a\r\n\r\nid: 3\rdata: b\n");
        assert_eq!(
            parse(&wire),
            [Event {
                event: "logdata: forged".into(),
                id: "1id: 2".into(),
                data: "a\n\nid: 3\ndata: b\n".into()
            }]
        );
    }
}
