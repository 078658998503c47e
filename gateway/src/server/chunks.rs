//! Writes a body in the chunks of HTTP/1.1, each with one call of the socket.

use std::future::poll_fn;
use std::io;
use std::io::{Cursor, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use hyper::body::Body as _;
use tokio::io::AsyncWrite;

/// Writes `body` to its end. While the client accepts nothing, it holds one piece of the body.
///
/// # Errors
/// When the socket or the body fails. The body then has no end, by which the client notices it.
pub(crate) async fn write_chunks<S>(socket: &mut S, body: Body) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let mut chunks = Chunks { body: Some(body), chunk: None };
    poll_fn(|cx| chunks.poll_write(Pin::new(&mut *socket), cx)).await
}

struct Chunks {
    /// `None` once it has ended.
    body: Option<Body>,
    /// What the socket has not accepted yet.
    chunk: Option<Chunk>,
}

impl Chunks {
    fn poll_write<S: AsyncWrite>(
        &mut self,
        mut socket: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(chunk) = &mut self.chunk {
                ready!(poll_write_all(socket.as_mut(), chunk, cx))?;
                self.chunk = None;
            }
            let Some(body) = &mut self.body else { return socket.poll_flush(cx) };
            let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
                // Also looks whether the client is still there.
                ready!(socket.poll_flush(cx))?;
                return Poll::Pending;
            };
            match frame.transpose().map_err(io::Error::other)?.map(hyper::body::Frame::into_data) {
                Some(Ok(piece)) if !piece.is_empty() => self.chunk = Some(chunk(piece)),
                // An empty chunk is the end, and a stream has no trailers.
                Some(_) => {}
                None => {
                    self.body = None;
                    self.chunk = Some(chunk(Bytes::new()));
                }
            }
        }
    }
}

fn poll_write_all<S: AsyncWrite>(
    mut socket: Pin<&mut S>,
    chunk: &mut Chunk,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while chunk.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 3];
        let count = chunk.chunks_vectored(&mut slices);
        match ready!(socket.as_mut().poll_write_vectored(cx, &slices[..count]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => chunk.advance(written),
        }
    }
    Poll::Ready(Ok(()))
}

/// The line with the size, a piece, and the line end after it.
type Chunk = Chain<Chain<Cursor<[u8; SIZE_LINE]>, Bytes>, &'static [u8]>;

/// Returns the chunk of a piece. That of an empty one ends the body.
fn chunk(piece: Bytes) -> Chunk {
    let mut line = [0; SIZE_LINE];
    let mut at = SIZE_LINE - LINE_END.len();
    line[at..].copy_from_slice(LINE_END);
    let mut left = piece.len();
    while at == SIZE_LINE - LINE_END.len() || left > 0 {
        at -= 1;
        line[at] = b"0123456789abcdef"[left % 16];
        left /= 16;
    }
    let mut line = Cursor::new(line);
    line.set_position(at as u64);
    line.chain(piece).chain(LINE_END)
}

const LINE_END: &[u8] = b"\r\n";

/// Sixteen digits and the line end.
const SIZE_LINE: usize = 16 + LINE_END.len();

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    /// A socket that accepts a few bytes at a time, and none at each second call.
    #[derive(Default)]
    struct Narrow {
        accepts: usize,
        is_full: bool,
        written: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.is_full = !self.is_full;
            if self.is_full {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let accepted = bytes.len().min(self.accepts);
            self.written.extend_from_slice(&bytes[..accepted]);
            Poll::Ready(Ok(accepted))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    proptest! {
        #[test]
        fn a_socket_that_accepts_few_bytes_receives_each_chunk_whole(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
            accepts in 1_usize..40,
        ) {
            let each = pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::from(piece.clone())));
            let body = Body::from_stream(stream::iter(each.collect::<Vec<_>>()));
            let mut socket = Narrow { accepts, ..Narrow::default() };
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(write_chunks(&mut socket, body)).expect("it accepts all");
            let mut expected = Vec::new();
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                expected.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                expected.extend_from_slice(piece);
                expected.extend_from_slice(b"\r\n");
            }
            expected.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(socket.written, expected);
        }
    }

    #[tokio::test]
    async fn a_body_that_fails_has_no_end() {
        let pieces = [Ok("a log"), Err(io::Error::other("upstream is gone"))];
        let mut socket = Narrow { accepts: 100, ..Narrow::default() };
        let written = write_chunks(&mut socket, Body::from_stream(stream::iter(pieces))).await;
        assert!(written.is_err());
        assert_eq!(socket.written, b"5\r\na log\r\n");
    }
}
