//! Counts the bytes of the body itself among the bytes on the wire. Changes none of them.
//!
//! A plan counts what a reader receives, and chunked coding (RFC 9112, section 7.1) adds sizes and
//! line ends.

use crate::head::Head;

/// A counter of a body's own bytes.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    coding: Coding,
    passed: u64,
}

#[derive(Clone, Copy, Debug)]
enum Coding {
    /// The bytes on the wire are the body.
    Plain,
    /// In a chunk's size; `size` is the value of the digits so far.
    Size { size: u64 },
    /// Between a chunk's size and the end of its line.
    Extension { size: u64 },
    /// In a chunk with `left` bytes to come.
    Data { left: u64 },
    /// Between a chunk and the end of its line.
    DataEnd,
    /// After the last chunk.
    Trailer,
}

impl Payload {
    /// Returns the counter for the body after a response's `head`.
    pub(crate) fn following(head: &Head) -> Self {
        let is_chunked = head
            .header("transfer-encoding")
            .is_some_and(|coding| coding.to_ascii_lowercase().ends_with(b"chunked"));
        Self {
            coding: if is_chunked { Coding::Size { size: 0 } } else { Coding::Plain },
            passed: 0,
        }
    }

    /// Returns how many bytes of the body have passed.
    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    /// Counts `wire` until `passed` would exceed `limit`, and returns how many bytes of `wire` that
    /// covers.
    pub(crate) fn pass(&mut self, wire: &[u8], limit: u64) -> usize {
        let mut at = 0;
        while let Some(byte) = wire.get(at)
            && self.passed < limit
        {
            let most = (limit - self.passed).min((wire.len() - at) as u64);
            at += match self.coding {
                Coding::Plain => self.count(most),
                Coding::Data { left } => {
                    let count = most.min(left);
                    self.coding = if count == left {
                        Coding::DataEnd
                    } else {
                        Coding::Data { left: left - count }
                    };
                    self.count(count)
                }
                between => {
                    self.coding = between.after(*byte);
                    1
                }
            };
        }
        at
    }

    fn count(&mut self, bytes: u64) -> usize {
        self.passed += bytes;
        // At most the length of a slice.
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

impl Coding {
    /// Returns the state after `byte`, which belongs to the coding and not to the body.
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Size { size } | Self::Extension { size }, b'\n') => match size {
                0 => Self::Trailer,
                left => Self::Data { left },
            },
            (Self::Size { size }, digit) => match char::from(digit).to_digit(16) {
                Some(digit) => {
                    Self::Size { size: size.saturating_mul(16).saturating_add(digit.into()) }
                }
                None => Self::Extension { size },
            },
            (Self::DataEnd, b'\n') => Self::Size { size: 0 },
            (same, _) => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    async fn following(headers: &str) -> Payload {
        let text = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
        let head = Head::read(&mut text.as_bytes(), &mut BytesMut::new())
            .await
            .expect("a head")
            .expect("a head");
        Payload::following(&head)
    }

    const CHUNKED: &[u8] = b"3\r\nabc\r\nA;x=\"1\"\r\n0123456789\r\n0\r\n\r\n";

    #[tokio::test]
    async fn counts_only_the_bodys_own_bytes() {
        let mut payload = following("Transfer-Encoding: Chunked\r\n").await;
        assert_eq!((payload.pass(CHUNKED, u64::MAX), payload.passed()), (CHUNKED.len(), 13));
        let mut payload = following("Content-Length: 9\r\n").await;
        assert_eq!(
            (payload.pass(CHUNKED, u64::MAX), payload.passed()),
            (CHUNKED.len(), CHUNKED.len() as u64)
        );
    }

    #[tokio::test]
    async fn stops_right_after_the_last_wanted_byte() {
        for (limit, last) in
            [(0, &b""[..]), (1, b"3\r\na"), (3, b"3\r\nabc"), (4, b"3\r\nabc\r\nA;x=\"1\"\r\n0")]
        {
            let mut payload = following("Transfer-Encoding: gzip, chunked\r\n").await;
            let passed = payload.pass(CHUNKED, limit);
            assert_eq!(&CHUNKED[..passed], last, "{limit}");
            assert_eq!(payload.passed(), limit);
        }
    }

    #[tokio::test]
    async fn does_not_depend_on_how_the_wire_is_split() {
        for size in 1..CHUNKED.len() {
            let mut payload = following("transfer-encoding: chunked\r\n").await;
            let passed: usize = CHUNKED.chunks(size).map(|piece| payload.pass(piece, 7)).sum();
            assert_eq!(&CHUNKED[..passed], b"3\r\nabc\r\nA;x=\"1\"\r\n0123", "pieces of {size}");
        }
    }
}
