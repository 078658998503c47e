//! The framing of Server-Sent Events (WHATWG HTML 9.2): bytes to frames, and frames to bytes. Knows nothing of logs.

/// One event of a stream, as an `EventSource` would dispatch it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The event's name; `message` when the stream gave none.
    pub event: String,
    /// The last event id, which stands until the stream sends another.
    pub id: String,
    /// The data lines, joined by line feeds.
    pub data: String,
}

/// Takes a stream in pieces of any size and gives out its frames.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    after_carriage_return: bool,
    after_first_line: bool,
    event: String,
    data: Option<String>,
    id: String,
    retry_ms: Option<u64>,
}

impl Parser {
    /// Takes the next bytes and gives the frames that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for &byte in bytes {
            // CRLF, LF and CR each end a line; the LF of a CRLF may come in the next piece.
            let ends_crlf = byte == b'\n' && self.after_carriage_return;
            self.after_carriage_return = byte == b'\r';
            match byte {
                b'\n' if ends_crlf => {}
                b'\n' | b'\r' => frames.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        frames
    }

    /// The reconnection time that the stream asked for with `retry:`.
    #[must_use]
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    fn end_line(&mut self) -> Option<Frame> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let is_first = !std::mem::replace(&mut self.after_first_line, true);
        let line = if is_first { text.strip_prefix('\u{feff}').unwrap_or(&text) } else { &text };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        self.field(field, value.strip_prefix(' ').unwrap_or(value));
        None
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => self.event = value.into(),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.into()),
            },
            "id" if !value.contains('\0') => self.id = value.into(),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                self.retry_ms = value.parse().ok().or(self.retry_ms);
            }
            // A comment (empty field name) or a field of the future: the standard says to ignore both.
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Frame> {
        let event = std::mem::take(&mut self.event);
        let data = self.data.take()?;
        let event = if event.is_empty() { "message".into() } else { event };
        Some(Frame { event, id: self.id.clone(), data })
    }
}

/// Writes one event: fields in, bytes for the wire out.
///
/// Whatever the texts hold, they cannot forge a field or an event: line breaks start a new `data:` line,
/// and are left out of `event` and `id`, where no line break can be written.
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

    fn parse(wire: &str) -> Vec<Frame> {
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
        let wire = "\u{feff}id: 1\r\nevent: x\r\ndata: näïve\r\n\r\n:ping\r\n\r\ndata\r\ndata\r\n\r\n";
        let whole = parse(wire);
        for size in 1..wire.len() {
            let mut parser = Parser::default();
            let pieces: Vec<_> = wire.as_bytes().chunks(size).flat_map(|piece| parser.feed(piece)).collect();
            assert_eq!(pieces, whole, "pieces of {size} bytes");
        }
        assert_eq!(whole[0], Frame { event: "x".into(), id: "1".into(), data: "näïve".into() });
        assert_eq!(whole[1], Frame { event: "message".into(), id: "1".into(), data: "\n".into() });
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

    #[test]
    fn text_cannot_forge_a_field() {
        let wire = encode(Some("log\ndata: forged"), Some("1\r\nid: 2\0"), "a\r\n\r\nid: 3\rdata: b\n");
        assert_eq!(parse(&wire), [Frame { event: "logdata: forged".into(), id: "1id: 2".into(), data: "a\n\nid: 3\ndata: b\n".into() }]);
    }
}
