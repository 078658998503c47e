//! The framing of Server-Sent Events (WHATWG HTML 9.2): bytes to frames, and frames to bytes. Knows
//! nothing of logs.

use std::borrow::Cow;

use crate::byte_search::{line_end, position};
use crate::unread::{HEAD, Unread};

/// One event of a stream, as an `EventSource` would dispatch it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event's name; `message` when the stream gave none.
    pub event: String,
    /// The last event id, which stands until the stream sends another.
    pub id: String,
    /// The data lines, joined by line feeds.
    pub data: String,
}

/// Takes a stream in pieces of any size and gives out its events.
///
/// An event that lies whole in a piece is not copied. Of one that is larger than
/// [`MAX_EVENT_BYTES`] the rest is left out.
#[derive(Debug, Default)]
pub struct Parser {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    after_carriage_return: bool,
    after_first_line: bool,
    /// What the event under way has said so far, in pieces that are gone.
    event: String,
    data: Option<String>,
    id: String,
    retry_ms: Option<u64>,
    /// The first bytes of the stream, for a guess in case that nothing follows from them.
    head: Vec<u8>,
    /// Whether a line came that no event stream has.
    is_strange: bool,
    /// Whether a field or comment came since this was last asked.
    is_alive: bool,
}

/// The event under way: what it said in the piece at hand is borrowed.
struct Pending<'a> {
    event: Cow<'a, str>,
    data: Option<Cow<'a, str>>,
}

impl Parser {
    /// Takes the next bytes and calls `on_event` with the name, the last event id and the data of
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
            // CRLF, LF and CR each end a line; the LF of a CRLF may come in the next piece.
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

    /// The same, with the events as values.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut frames = Vec::new();
        self.take(bytes, &mut |event, id, data| {
            frames.push(Event { event: event.into(), id: id.into(), data: data.into() })
        });
        frames
    }

    /// The reconnection time that the stream asked for with `retry:`.
    #[must_use]
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    /// Whether a field or a comment arrived since the last call. That is a sign of life even where
    /// no event came of it, as with a server's pings; but not after a line that no event stream
    /// has, since any bytes hold a colon somewhere.
    pub fn take_sign(&mut self) -> bool {
        std::mem::take(&mut self.is_alive)
    }

    /// What the stream looks like, given that nothing on it was understood.
    #[must_use]
    pub fn unread(&self) -> Unread {
        match Unread::guess(&self.head) {
            Unread::Nothing if self.is_strange => Unread::Text,
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
        self.is_alive |= !self.is_strange;
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
            // The standard says to ignore the rest: comments, whose field name is empty, and fields
            // of the future.
            "id" | "retry" => {}
            "" if is_readable(after) => {}
            _ => {
                self.is_strange = true;
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

/// Whether a text holds nothing but text: no control characters, and nothing that could not be
/// decoded.
fn is_readable(text: &str) -> bool {
    !text.chars().any(|c| c == char::REPLACEMENT_CHARACTER || (c.is_control() && c != '\t'))
}

/// Bytes as a text; what is no character becomes the sign for that.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Mostly all is well, and that is seen sooner than where it is not.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// As much of `bytes` as may be kept beside `held` that are there already.
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

/// A text from `start` on.
fn part(text: Cow<'_, str>, start: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
        Cow::Owned(mut text) => {
            text.drain(..start);
            Cow::Owned(text)
        }
    }
}

/// What an endless line, or an event of endless lines, may take: sixteen times what our gateway
/// lets be published in one.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// Writes one event: fields in, bytes for the wire out.
///
/// Whatever the texts hold, they cannot forge a field or an event: line breaks start a new `data:`
/// line, and are left out of `event` and `id`, where no line break can be written.
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
        parse(wire).into_iter().map(|frame| frame.data).collect()
    }

    #[test]
    fn ends_lines_at_cr_lf_and_crlf_alike() {
        assert_eq!(data("data:a\rdata:b\n\rdata:c\r\n\r\n"), ["a\nb", "c"]);
    }

    #[test]
    fn gives_the_same_frames_however_the_bytes_are_cut() {
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
    fn takes_one_leading_space_only() {
        assert_eq!(data("data:  a\n\ndata:b\n\n"), [" a", "b"]);
    }

    #[test]
    fn keeps_the_last_id_unless_it_holds_a_nul() {
        let frames = parse("id: 7\ndata: a\n\nid: 8\0\ndata: b\n\nid\ndata: c\n\n");
        assert_eq!(frames.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["7", "7", ""]);
    }

    #[test]
    fn takes_retry_in_digits_only() {
        let mut parser = Parser::default();
        parser.feed(b"retry: 1000x\nretry:\nretry: -1\n");
        assert_eq!(parser.retry_ms(), None);
        parser.feed(b"retry: 5000\nretry: 99999999999999999999999\n");
        assert_eq!(parser.retry_ms(), Some(5_000));
    }

    fn sign(wire: &[u8]) -> bool {
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
            assert!(sign(wire.as_bytes()), "{wire:?}");
        }
    }

    #[test]
    fn what_is_no_event_stream_gives_no_sign_of_life() {
        for wire in [
            &b"\n\n\n"[..],
            b":ping",
            b":p\x00i\x00n\x00g\x00\n\x00\n\x00",
            b":\xff\xfe\n",
            b"<html>\n:ping\n\n",
            b"{\"data\":1}\n\n",
            b"future: x\n:ping\n\n",
        ] {
            assert!(!sign(wire), "{wire:?}");
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
