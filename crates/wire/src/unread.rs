//! Guesses the format of a stream of which nothing was understood, for an error message. Decides
//! nothing.

/// What arrived instead of events, judging by the first bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unread {
    /// Nothing, nothing that was observed, or what may be the beginning of an event.
    #[default]
    Nothing,
    /// Bytes compressed with this algorithm.
    Compressed(&'static str),
    /// Text in units of two bytes.
    Utf16,
    /// Bytes that are not text.
    Binary,
    /// A web page, since it begins with `<`.
    WebPage,
    /// JSON without the framing of events.
    Json,
    /// Text that is none of the above.
    Text,
}

impl Unread {
    /// Guesses from the first bytes of a stream; [`HEAD`] of them are enough.
    #[must_use]
    pub fn guess(head: &[u8]) -> Self {
        if !is_text(head) {
            let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
            let is_utf16 = head.starts_with(b"\xff\xfe")
                || head.starts_with(b"\xfe\xff")
                || has_zeros_of_utf16(head);
            return match magic {
                Some((_, how)) => Self::Compressed(how),
                None if is_utf16 => Self::Utf16,
                None => Self::Binary,
            };
        }
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        match head.first() {
            None => Self::Nothing,
            Some(b'<') => Self::WebPage,
            Some(b'{' | b'[') => Self::Json,
            Some(_) if begins_a_field(head) => Self::Nothing,
            Some(_) => Self::Text,
        }
    }
}

/// In UTF-16, letters of European languages have a zero in every second byte.
fn has_zeros_of_utf16(head: &[u8]) -> bool {
    let (even, odd) = (0..head.len()).partition::<Vec<_>, _>(|index| index % 2 == 0);
    let is_zero =
        |indices: &[usize]| !indices.is_empty() && indices.iter().all(|index| head[*index] == 0);
    is_zero(&even) != is_zero(&odd)
}

/// Returns whether `head` is UTF-8 without control characters. Its last character may be
/// incomplete.
fn is_text(head: &[u8]) -> bool {
    let is_control =
        |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | b'\x1b');
    let is_utf8 =
        std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && !head.iter().any(is_control)
}

/// Returns whether the first line is a comment or a field of an event stream, or may become one.
fn begins_a_field(head: &[u8]) -> bool {
    let name = head.split(|byte| matches!(byte, b':' | b'\n' | b'\r')).next().unwrap_or_default();
    let is_whole = name.len() < head.len();
    FIELDS.iter().any(|field| if is_whole { *field == name } else { field.starts_with(name) })
}

/// The field names of an event stream; that of a comment is empty.
const FIELDS: [&[u8]; 5] = [b"", b"data", b"event", b"id", b"retry"];

/// The first bytes of each compression format. Brotli has no such mark.
const MAGIC: [(&[u8], &str); 6] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x78\x01", "deflate"),
    (b"\x78\x5e", "deflate"),
    (b"\x78\x9c", "deflate"),
    (b"\x78\xda", "deflate"),
];

/// The number of bytes that a guess needs.
pub const HEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_what_arrived_instead_of_events() {
        for (head, what) in [
            (&b"\x1f\x8b\x08\x00\x00"[..], Unread::Compressed("gzip")),
            (b"\x28\xb5\x2f\xfd\x04", Unread::Compressed("zstd")),
            (b"\x78\x9c\xab\x56", Unread::Compressed("deflate")),
            (b"\xff\xfed\x00a\x00", Unread::Utf16),
            (b"d\x00a\x00t\x00a\x00:\x00", Unread::Utf16),
            (b"\x00d\x00a\x00t\x00a\x00:", Unread::Utf16),
            (b"\x0b\x02\x80data", Unread::Binary),
            (b"\x00\x00\x00\x00", Unread::Binary),
            (b"\xc3\x28abc", Unread::Binary),
            (b"  <!doctype html>", Unread::WebPage),
            (b"\xef\xbb\xbf{\"level\":\"INFO\"}\n", Unread::Json),
            (b"2026-11-27 INFO started\n", Unread::Text),
            (b"database: up\n", Unread::Text),
            (b"x^2 + y^2\n", Unread::Text),
            (b"\x78\x5e\x4b\x49\x00", Unread::Compressed("deflate")),
        ] {
            assert_eq!(Unread::guess(head), what, "{head:?}");
        }
    }

    #[test]
    fn accepts_every_beginning_of_an_event_stream() {
        for head in [
            "",
            "\n",
            "d",
            "da",
            "data",
            "data:",
            "data: {",
            ":",
            ": ping\n",
            "event: x\n",
            "id\n",
            "retry: 5000\n",
            "data: caf\u{e9}",
        ] {
            assert_eq!(Unread::guess(head.as_bytes()), Unread::Nothing, "{head:?}");
        }
        assert_eq!(Unread::guess(b"data: caf\xc3"), Unread::Nothing, "cut inside a character");
    }
}
