//! The socket of an HTTP/1.1 connection below hyper, and above TLS if there is any: checks line
//! ends, and notices a client that leaves while hyper does not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::server::head_deadline::HeadDeadline;
use crate::server::line_ends::LineEnds;
use crate::server::link::{Exchange, Link};

/// A socket that notices a client that leaves.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    stream: S,
    link: Link,
    line_ends: LineEnds,
    /// The first byte of the next request, read to learn whether the client has left.
    ahead: Option<u8>,
    /// Bytes received after the request of an event stream.
    discarded: usize,
    head: HeadDeadline,
}

impl<S: AsyncRead + Unpin> Socket<S> {
    pub(crate) fn new(stream: S, link: Link) -> Self {
        let head = HeadDeadline::of_first(&link);
        Self { stream, link, line_ends: LineEnds::default(), ahead: None, discarded: 0, head }
    }

    /// Counts bytes behind the request of an event stream that were read already.
    pub(crate) fn note_discarded(&mut self, bytes: usize) {
        self.discarded += bytes;
    }

    /// Returns whether the next bytes are the start of a request, after an event stream.
    pub(crate) fn is_at_request(&self) -> bool {
        self.discarded == 0 && !self.link.is_half_closed()
    }

    /// Looks for the client's end, which hyper does not notice while it responds.
    fn watch_client(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.head.settle(&self.link);
        match self.link.exchange() {
            Exchange::Receiving => Ok(()),
            Exchange::Answering => self.look_for_end(cx),
            Exchange::Streaming | Exchange::HandingOver => self.discard(cx),
        }
    }

    /// Notices the client's end, and keeps what may be the start of its next request.
    fn look_for_end(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.ahead.is_some() {
            return Ok(());
        }
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(()),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(())) => {
                self.ahead = buffer.filled().first().copied();
                if self.ahead.is_some() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
        }
    }

    /// Reads the bytes after the request of an event stream, since the client's end may follow
    /// them.
    fn discard(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.discarded += usize::from(self.ahead.take().is_some());
        let mut bytes = [0; 1_024];
        while !self.link.is_half_closed() {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => break,
                Poll::Ready(done) => done?,
            }
            if buffer.filled().is_empty() {
                if !self.link.note_half_closed() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                // Wakes the stream, which is polled before the socket.
                cx.waker().wake_by_ref();
            }
            self.discarded += buffer.filled().len();
            if self.discarded > MAX_DISCARDED {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the client sends after its request",
                ));
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A part of the next request may have been discarded, so the connection cannot continue.
        if self.discarded > 0 || self.link.is_half_closed() {
            return Poll::Ready(Ok(()));
        }
        let start = buffer.filled().len();
        let this = &mut *self;
        match this.ahead {
            Some(byte) if buffer.remaining() > 0 => {
                this.ahead = None;
                buffer.put_slice(&[byte]);
            }
            _ => match Pin::new(&mut this.stream).poll_read(cx, buffer) {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    this.head.check(&this.link, cx)?;
                    return Poll::Pending;
                }
            },
        }
        this.head.received(&this.link);
        self.line_ends.check(&mut buffer.filled_mut()[start..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if written.is_pending() {
            self.watch_client(cx)?;
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        if written.is_pending() {
            self.watch_client(cx)?;
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper calls this at the end of each turn, once all bytes that it holds are written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch_client(cx)?;
        if self.link.exchange() == Exchange::HandingOver {
            self.link.enter(Exchange::Streaming);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Sets the options of every connection: no delay, a small send buffer, and a timeout for a client
/// whose machine is gone.
///
/// A failure means that the client has left, which shows at the first read.
pub(crate) fn prepare(stream: &TcpStream, write_timeout: Duration) {
    let socket = SockRef::from(stream);
    // Otherwise a log waits until the reader's machine acknowledges the previous one, which may
    // take 40 ms.
    drop(socket.set_tcp_nodelay(true));
    drop(socket.set_send_buffer_size(SEND_BUFFER));
    drop(socket.set_tcp_keepalive(&keepalive()));
    // Keepalive pauses while bytes are in flight; this ends a connection on which none is
    // acknowledged.
    #[cfg(target_os = "linux")]
    drop(socket.set_tcp_user_timeout(Some(write_timeout.max(SHORTEST_USER_TIMEOUT))));
    #[cfg(not(target_os = "linux"))]
    let _ = write_timeout;
}

/// Detects a vanished client within 50 s.
fn keepalive() -> TcpKeepalive {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(20))
        .with_interval(Duration::from_secs(10));
    #[cfg(unix)]
    let keepalive = keepalive.with_retries(3);
    keepalive
}

/// The kernel's send buffer, which Linux doubles. 64 kB in flight are 600 kB per second at a round
/// trip of 100 ms.
const SEND_BUFFER: usize = 64 * 1_024;

/// A lower value would end connections that a bad network only delays.
#[cfg(target_os = "linux")]
const SHORTEST_USER_TIMEOUT: Duration = Duration::from_secs(5);

/// The client of a stream sends nothing more. One that sends this much is not a stream client.
const MAX_DISCARDED: usize = 64 * 1_024;

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_ends_with_its_clients_machine_and_holds_little_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.expect("a connection");
        prepare(&stream, Duration::from_secs(30));
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("an option") && socket.tcp_nodelay().expect("an option"));
        assert!(socket.send_buffer_size().expect("an option") <= 2 * SEND_BUFFER);
        #[cfg(target_os = "linux")]
        {
            let (time, interval) = (
                socket.tcp_keepalive_time().expect("an option"),
                socket.tcp_keepalive_interval().expect("an option"),
            );
            let noticed = time + interval * socket.tcp_keepalive_retries().expect("an option");
            assert!(noticed <= Duration::from_secs(60), "{noticed:?}");
            assert_eq!(
                socket.tcp_user_timeout().expect("an option"),
                Some(Duration::from_secs(30))
            );
        }
    }
}
