//! The head of an HTTP/1.1 message, kept as its bytes. Reads and changes only what a proxy must.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The head of a request or a response, including its blank line.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    bytes: Bytes,
}

impl Head {
    /// Reads a head, or returns `None` if the connection ends before any byte. `buffer` keeps what
    /// follows the head.
    ///
    /// # Errors
    /// `InvalidData` for a head that is too long, `UnexpectedEof` for half a head, and those of the
    /// socket.
    pub(crate) async fn read(
        from: &mut (impl AsyncRead + Unpin),
        buffer: &mut BytesMut,
    ) -> io::Result<Option<Self>> {
        let mut looked_at: usize = 0;
        loop {
            // The blank line may be split over two reads.
            let start = looked_at.saturating_sub(BLANK_LINE.len() - 1);
            if let Some(at) =
                buffer[start..].windows(BLANK_LINE.len()).position(|bytes| bytes == BLANK_LINE)
            {
                let bytes = buffer.split_to(start + at + BLANK_LINE.len()).freeze();
                return Ok(Some(Self { bytes }));
            }
            looked_at = buffer.len();
            if looked_at > LONGEST_HEAD {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("expected a head of at most {LONGEST_HEAD} bytes"),
                ));
            }
            if from.read_buf(buffer).await? == 0 {
                return if buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the method of a request.
    pub(crate) fn method(&self) -> &[u8] {
        self.first_line_word(0)
    }

    /// Returns the path of a request, without its query.
    pub(crate) fn path(&self) -> &[u8] {
        self.first_line_word(1).split(|byte| *byte == b'?').next().unwrap_or_default()
    }

    /// Returns the first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.lines().skip(1).find_map(|line| value_of(line, name))
    }

    /// Returns the head with `Connection: close`, so that each stream has a connection of its own
    /// that can be cut.
    pub(crate) fn with_connection_close(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + CLOSE.len());
        for (index, line) in self.lines().enumerate() {
            if HOP_HEADERS.iter().any(|name| value_of(line, name).is_some()) {
                continue;
            }
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
            if index == 0 {
                bytes.extend_from_slice(CLOSE);
            }
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// Returns the lines without their ends, and without the blank one.
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.bytes.strip_suffix(BLANK_LINE).unwrap_or(&self.bytes);
        lines.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn first_line_word(&self, index: usize) -> &[u8] {
        self.lines()
            .next()
            .and_then(|line| line.split(|byte| *byte == b' ').nth(index))
            .unwrap_or_default()
    }
}

fn value_of<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    line[..colon].eq_ignore_ascii_case(name.as_bytes()).then(|| line[colon + 1..].trim_ascii())
}

const BLANK_LINE: &[u8] = b"\r\n\r\n";
const CLOSE: &[u8] = b"Connection: close\r\n";

/// RFC 9110, section 7.6.1: these headers concern this connection, not the one to upstream.
const HOP_HEADERS: [&str; 3] = ["connection", "keep-alive", "proxy-connection"];

/// The limit of most servers, so that a page's many cookies fit.
pub(crate) const LONGEST_HEAD: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut text: &[u8]) -> io::Result<(Option<Head>, BytesMut)> {
        let mut buffer = BytesMut::new();
        Ok((Head::read(&mut text, &mut buffer).await?, buffer))
    }

    #[tokio::test]
    async fn ends_at_the_blank_line_and_keeps_the_rest() {
        let (head, rest) =
            read(b"POST /a?b=/c HTTP/1.1\r\nContent-Length:  3 \r\n\r\nabc").await.expect("a head");
        let head = head.expect("a head");
        assert_eq!(
            (head.method(), head.path(), head.header("content-length")),
            (&b"POST"[..], &b"/a"[..], Some(&b"3"[..]))
        );
        assert_eq!(&rest[..], b"abc");
    }

    #[tokio::test]
    async fn requests_one_exchange_and_changes_nothing_else() {
        let (head, _) = read(
            b"GET / HTTP/1.1\r\nX-Na\xefve: \xff\r\nconnection: Keep-Alive\r\nHost: h:1\r\n\r\n",
        )
        .await
        .expect("a head");
        let expected =
            b"GET / HTTP/1.1\r\nConnection: close\r\nX-Na\xefve: \xff\r\nHost: h:1\r\n\r\n";
        assert_eq!(head.expect("a head").with_connection_close(), expected);
    }

    #[tokio::test]
    async fn distinguishes_no_head_half_a_head_and_an_endless_one() {
        assert!(read(b"").await.expect("no error").0.is_none());
        assert_eq!(read(b"GET / HT").await.expect_err("half").kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(
            read(&vec![b'a'; 2 * LONGEST_HEAD]).await.expect_err("no end").kind(),
            io::ErrorKind::InvalidData
        );
    }
}
