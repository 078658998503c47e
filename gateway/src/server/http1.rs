//! An HTTP/1.1 connection: hyper serves its requests, and hands event streams over once their heads
//! are written.
//!
//! An open stream would otherwise hold hyper's buffers, which also keep the head of its request, and
//! each delivery would pass through hyper's state.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1::{Builder, Parts};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::server::MAX_HEAD;
use crate::server::chunks::write_chunks;
use crate::server::front::{Front, Tracked};
use crate::server::handover::EventStream;
use crate::server::link::{Exchange, Link};
use crate::server::socket::Socket;

/// Serves a connection to its end. `closing` lets an open request end, and accepts no more.
pub(crate) async fn serve<S>(stream: S, app: Router, link: Link, closing: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut socket = Socket::new(stream, link.clone());
    let mut front = Front::new(app, link.clone());
    loop {
        // Boxed, since an open stream needs none of it.
        let served = Box::pin(serve_requests(socket, front, &link, &closing));
        let Some((next_socket, next_front, stream)) = served.await else { return };
        (socket, front) = (next_socket, next_front);
        let EventStream { body, keeps_connection } = stream;
        let exchange = Tracked::stream(&link);
        if write_chunks(&mut socket, body).await.is_err() {
            return;
        }
        drop(exchange);
        if !keeps_connection || closing.is_cancelled() || !socket.is_at_request() {
            // A client that has left need not be told.
            _ = end(&mut socket).await;
            return;
        }
    }
}

/// Serves requests until the connection ends, or until an event stream begins, which is returned.
async fn serve_requests<S>(
    socket: Socket<S>,
    front: Front,
    link: &Link,
    closing: &CancellationToken,
) -> Option<(Socket<S>, Front, EventStream)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handover = front.handover().clone();
    let mut connection = settings(link).serve_connection(TokioIo::new(socket), front);
    let mut is_closing = false;
    let stream = loop {
        let served = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            // hyper has nothing left to write.
            Poll::Pending if link.exchange() == Exchange::Streaming && handover.is_waiting() => {
                Poll::Ready(handover.take())
            }
            Poll::Pending => Poll::Pending,
        });
        tokio::select! {
            biased;
            stream = served => break stream?,
            () = closing.cancelled(), if !is_closing => {
                is_closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let Parts { io, read_buf, service, .. } = connection.into_parts();
    let mut socket = io.into_inner();
    socket.note_discarded(read_buf.len());
    Some((socket, service, stream))
}

fn settings(link: &Link) -> Builder {
    let mut settings = Builder::new();
    // The socket notices the client's end instead, and knows which streams survive a half-close.
    settings.timer(TokioTimer::new()).half_close(true).max_buf_size(MAX_HEAD);
    if link.is_reserve() {
        settings.keep_alive(false).header_read_timeout(RESERVE_HEAD_TIME);
    } else {
        settings.header_read_timeout(link.door().idle_timeout());
    }
    settings
}

async fn end<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut *socket).poll_shutdown(cx)).await
}

/// How long a connection of the reserve may take for its handshake, and to send its head.
pub(crate) const RESERVE_HEAD_TIME: Duration = Duration::from_secs(2);
