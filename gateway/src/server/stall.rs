//! A TCP socket that closes on a client that accepts nothing. Below TLS, since only the socket
//! knows what the client accepts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::reader::lag::BETWEEN_LOOKS;
use crate::server::link::{Exchange, Link};

/// A socket that fails once its client has accepted nothing for too long.
#[derive(Debug)]
pub(crate) struct Stalling {
    stream: TcpStream,
    link: Link,
    /// Set only while the client accepts nothing, since it needs memory.
    stall: Option<Stall>,
}

#[derive(Debug)]
struct Stall {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Stalling {
    pub(crate) fn new(stream: TcpStream, link: Link) -> Self {
        Self { stream, link, stall: None }
    }

    /// Ends a stall, if there was one, after the socket accepted bytes.
    fn wrote(&mut self, done: io::Result<usize>) -> Poll<io::Result<usize>> {
        if self.stall.take().is_some() {
            self.link.note_stalled(None);
        }
        Poll::Ready(done.inspect_err(|error| self.note_error(error)))
    }

    /// The kernel reports a client that acknowledged nothing in time as an error of the next call.
    fn note_error(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::TimedOut {
            self.link.door().note_timed_out();
        }
    }

    /// Fails once the client has accepted nothing for too long.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let limit = self.link.door().write_timeout();
        let step = if self.link.has_lag() { BETWEEN_LOOKS.min(limit) } else { limit };
        let stall = self.stall.get_or_insert_with(|| {
            let since = Instant::now();
            self.link.note_stalled(Some(since));
            Stall { since, timer: Box::pin(sleep(step)) }
        });
        loop {
            let now = Instant::now();
            if now - stall.since >= limit {
                self.link.door().note_timed_out();
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client accepted nothing for too long",
                )));
            }
            if self.link.is_cut(now) {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the reader is too far behind",
                )));
            }
            ready!(stall.timer.as_mut().poll(cx));
            stall.timer.as_mut().reset((Instant::now() + step).min(stall.since + limit));
        }
    }
}

impl AsyncRead for Stalling {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Poll::Ready(Err(error)) = &read
            && self.link.exchange() != Exchange::Receiving
        {
            self.note_error(error);
        }
        read
    }
}

impl AsyncWrite for Stalling {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Ready(done) => self.wrote(done),
            Poll::Pending => self.poll_stalled(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, bytes) {
            Poll::Ready(done) => self.wrote(done),
            Poll::Pending => self.poll_stalled(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
