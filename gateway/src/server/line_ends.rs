//! Line ends of request heads. RFC 9112 requires CR LF; hyper accepts a bare LF, which a proxy in
//! front may read differently.

/// Tracks the bytes of a connection, and makes bare line feeds in heads unacceptable to the parser
/// behind it.
///
/// It skips bodies, so it reads the two fields that delimit a body. If they are malformed, the
/// parser refuses the request anyway and the rest is irrelevant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineEnds {
    state: State,
    /// Whether the previous byte was a CR.
    after_cr: bool,
    body: Body,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Before the request line, where empty lines are skipped.
    #[default]
    Start,
    /// In a line, after this many of its bytes.
    Name { length: u8, field: Field },
    /// After the colon of a field.
    Value(Field),
    /// In a body of known length.
    Body(u64),
    /// In the line before a chunk.
    ChunkSize { size: u64, has_ended: bool },
    /// In a chunk or the line end after it.
    Chunk(u64),
    /// In the trailer, after this many bytes of a line.
    Trailer(u8),
}

/// What the head declares about the body.
#[derive(Clone, Copy, Debug, Default)]
enum Body {
    #[default]
    None,
    Length(u64),
    Chunked,
}

/// Which of the two fields a line may still turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Unread,
    Length,
    Coding,
    Other,
}

impl LineEnds {
    /// Replaces each bare line feed of a head by a NUL, which the parser refuses with 400.
    pub(crate) fn check(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(byte) = bytes.get_mut(at) {
            if let State::Body(left) | State::Chunk(left) = &mut self.state {
                let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                *left -= skipped as u64;
                at += skipped;
                if *left == 0 {
                    self.end_skipping();
                }
                continue;
            }
            if *byte == b'\n' && !self.after_cr && self.is_in_head() {
                *byte = 0;
            }
            let byte = *byte;
            self.step(byte);
            self.after_cr = byte == b'\r';
            at += 1;
        }
    }

    fn is_in_head(&self) -> bool {
        matches!(self.state, State::Start | State::Name { .. } | State::Value(_))
    }

    fn end_skipping(&mut self) {
        self.after_cr = false;
        self.state = match self.state {
            State::Chunk(_) => State::ChunkSize { size: 0, has_ended: false },
            _ => State::Start,
        };
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Start, b'\r' | b'\n') => State::Start,
            (State::Start, _) => {
                self.body = Body::None;
                // The request line has no field name.
                State::Name { length: 1, field: Field::Other }
            }
            (State::Name { length: 0, .. }, b'\n') => self.after_head(),
            (State::Name { .. } | State::Value(_), b'\n') => {
                State::Name { length: 0, field: Field::Unread }
            }
            (State::Name { length: 0, field }, b'\r') => State::Name { length: 0, field },
            (State::Name { length, field }, b':') => State::Value(field.named(length)),
            (State::Name { length, field }, byte) => {
                State::Name { length: length.saturating_add(1), field: field.read(length, byte) }
            }
            (State::Value(field), byte) => {
                self.read_value(field, byte);
                State::Value(field)
            }
            (State::ChunkSize { size: 0, .. }, b'\n') => State::Trailer(0),
            // The line end after the chunk counts as part of it.
            (State::ChunkSize { size, .. }, b'\n') => State::Chunk(size.saturating_add(2)),
            (State::ChunkSize { size, has_ended: false }, byte) => {
                match char::from(byte).to_digit(16) {
                    Some(digit) => State::ChunkSize {
                        size: size.saturating_mul(16).saturating_add(digit.into()),
                        has_ended: false,
                    },
                    None => State::ChunkSize { size, has_ended: true },
                }
            }
            (State::Trailer(0), b'\n') => State::Start,
            (State::Trailer(_), b'\n') => State::Trailer(0),
            (State::Trailer(length), b'\r') => State::Trailer(length),
            (State::Trailer(length), _) => State::Trailer(length.saturating_add(1)),
            (state, _) => state,
        };
    }

    fn read_value(&mut self, field: Field, byte: u8) {
        match (field, self.body) {
            (Field::Coding, _) => self.body = Body::Chunked,
            (Field::Length, Body::None) if byte.is_ascii_digit() => {
                self.body = Body::Length(u64::from(byte - b'0'));
            }
            (Field::Length, Body::Length(length)) if byte.is_ascii_digit() => {
                self.body =
                    Body::Length(length.saturating_mul(10).saturating_add(u64::from(byte - b'0')));
            }
            _ => {}
        }
    }

    fn after_head(&self) -> State {
        match self.body {
            Body::None | Body::Length(0) => State::Start,
            Body::Length(length) => State::Body(length),
            Body::Chunked => State::ChunkSize { size: 0, has_ended: false },
        }
    }
}

impl Field {
    /// Returns the candidate after `byte`, at `index` of the name.
    fn read(self, index: u8, byte: u8) -> Self {
        let agrees = |name: &[u8]| {
            name.get(usize::from(index)).is_some_and(|expected| byte.eq_ignore_ascii_case(expected))
        };
        match self {
            Self::Unread if index == 0 && agrees(LENGTH) => Self::Length,
            Self::Unread if index == 0 && agrees(CODING) => Self::Coding,
            Self::Length if agrees(LENGTH) => Self::Length,
            Self::Coding if agrees(CODING) => Self::Coding,
            _ => Self::Other,
        }
    }

    /// Returns the field whose name ended after `length` bytes.
    fn named(self, length: u8) -> Self {
        match self {
            Self::Length if usize::from(length) == LENGTH.len() => Self::Length,
            Self::Coding if usize::from(length) == CODING.len() => Self::Coding,
            _ => Self::Other,
        }
    }
}

const LENGTH: &[u8] = b"content-length";

const CODING: &[u8] = b"transfer-encoding";

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bytes after the check, in pieces of `size`, with each NUL as `@`.
    fn checked(text: &str, size: usize) -> String {
        let mut ends = LineEnds::default();
        let mut bytes = text.as_bytes().to_vec();
        bytes.chunks_mut(size).for_each(|piece| ends.check(piece));
        String::from_utf8(bytes).expect("text").replace('\0', "@")
    }

    #[track_caller]
    fn assert_checked(text: &str, expected: &str) {
        for size in [1, 2, 3, 7, 1_000] {
            assert_eq!(checked(text, size), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn spoils_bare_line_feeds_in_a_head() {
        assert_checked("GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1@Host: a\r\n\r\n");
        assert_checked(
            "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a@X: b\r\n\r\n",
        );
        assert_checked("GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\r\nHost: a\r\n@");
        assert_checked("\nGET / HTTP/1.1\r\n", "@GET / HTTP/1.1\r\n");
    }

    #[test]
    fn leaves_bodies_unchanged() {
        let length = "POST / HTTP/1.1\r\nHost: a\r\ncOntent-length:  4\r\n\r\n\n\n{}GET / HTTP/1.1\r\nA: b\n";
        assert_checked(length, &length.replace("b\n", "b@"));
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA;x=1\r\n123456\n\r\n0\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nA: b\n";
        assert_checked(chunked, &chunked.replace("b\n", "b@"));
        assert_checked(
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /\n",
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /@",
        );
    }

    #[test]
    fn accepts_pipelined_requests_and_empty_lines_between_them() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /b HTTP/1.1\r\nX-Content-Length: 5\r\nContent-Lengthy: 5\r\n\r\nGET /c HTTP/1.1\r\n\r\n";
        assert_checked(text, text);
    }
}
