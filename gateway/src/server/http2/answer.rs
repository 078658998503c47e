//! One request of an HTTP/2 connection, from its head to the end of its response.

use std::future::poll_fn;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, DATE, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderValue, Version};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Body as HttpBody;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::reader::lag::BETWEEN_LOOKS;
use crate::server::connections::DRAIN_STALL;
use crate::server::http2::request::normal;
use crate::server::link::Link;

/// How long a response waits for its client.
#[derive(Debug)]
pub(super) struct Patience {
    pub(super) link: Link,
    /// Cancelled when the connection closes after its last response.
    pub(super) closing: CancellationToken,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The whole response was sent, or the gateway gave up.
    Answered,
    /// The client cancelled it.
    Cancelled,
}

/// Why a response is not sent to its end.
enum Broken {
    Cancelled,
    /// The stream has ended, as the reason says.
    Reset(Reason),
}

/// Answers a request, and returns how that ended.
pub(super) async fn answer(
    app: Router,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    patience: Patience,
) -> Ended {
    // Boxed, since a stream would otherwise keep the memory of the routes.
    let response = Box::pin(respond_to(app, request, patience.link.clone()));
    let response = tokio::select! {
        biased;
        _ = poll_fn(|cx| respond.poll_reset(cx)) => return Ended::Cancelled,
        response = response => response,
    };
    let (head, body) = head_of(response);
    let is_whole = body.is_end_stream();
    // An error means that the client has left or cancelled.
    let Ok(mut stream) = respond.send_response(head, is_whole) else { return Ended::Cancelled };
    if is_whole {
        return Ended::Answered;
    }
    match send(&mut stream, body, &patience).await {
        Ok(()) => Ended::Answered,
        Err(Broken::Cancelled) => Ended::Cancelled,
        Err(Broken::Reset(reason)) => {
            stream.send_reset(reason);
            Ended::Answered
        }
    }
}

async fn respond_to(mut app: Router, request: Request<RecvStream>, link: Link) -> Response {
    match normal(request) {
        Err(rejection) => rejection.into_response(),
        Ok(mut request) => {
            request.extensions_mut().insert(link);
            match app.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    }
}

/// Returns the head without the headers that HTTP/2 forbids, and the body.
fn head_of(response: Response) -> (Response<()>, Body) {
    let (mut parts, body) = response.into_parts();
    parts.version = Version::HTTP_2;
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
        parts.headers.remove(name);
    }
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())) {
        parts.headers.entry(DATE).or_insert(date);
    }
    (Response::from_parts(parts, ()), body)
}

async fn send(
    stream: &mut SendStream<Bytes>,
    mut body: Body,
    patience: &Patience,
) -> Result<(), Broken> {
    loop {
        let frame = tokio::select! {
            biased;
            _ = poll_fn(|cx| stream.poll_reset(cx)) => return Err(Broken::Cancelled),
            frame = body.frame() => frame,
        };
        let Some(frame) = frame else { break };
        // Such a response is incomplete, which only a reset shows.
        let frame = frame.map_err(|_| Broken::Reset(Reason::INTERNAL_ERROR))?;
        if let Ok(bytes) = frame.into_data() {
            send_bytes(stream, bytes, patience).await?;
        }
    }
    stream.send_data(Bytes::new(), true).map_err(|_| Broken::Cancelled)
}

/// Sends no more than the client accepts, so that nothing waits inside h2, where it could not be
/// given up.
async fn send_bytes(
    stream: &mut SendStream<Bytes>,
    mut bytes: Bytes,
    patience: &Patience,
) -> Result<(), Broken> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let capacity = match stream.capacity() {
            // Boxed, since otherwise each open stream would hold a timer.
            0 => Box::pin(accepted(stream, patience)).await?,
            capacity => capacity,
        };
        let piece = bytes.split_to(capacity.min(bytes.len()));
        stream.send_data(piece, false).map_err(|_| Broken::Cancelled)?;
    }
    Ok(())
}

/// Waits until the client accepts bytes, and returns how many.
async fn accepted(stream: &mut SendStream<Bytes>, patience: &Patience) -> Result<usize, Broken> {
    tokio::select! {
        accepted = accepted_in_time(stream, &patience.link) => accepted,
        () = given_up(&patience.closing) => Err(Broken::Reset(Reason::CANCEL)),
    }
}

/// Ends shortly after the connection began to close: a client that does not read must not delay it.
async fn given_up(closing: &CancellationToken) {
    closing.cancelled().await;
    sleep(DRAIN_STALL).await;
}

async fn accepted_in_time(stream: &mut SendStream<Bytes>, link: &Link) -> Result<usize, Broken> {
    let (start, limit) = (Instant::now(), link.door().write_timeout());
    loop {
        let step = if link.has_lag() { BETWEEN_LOOKS.min(limit) } else { limit };
        match timeout(step, poll_fn(|cx| stream.poll_capacity(cx))).await {
            Ok(Some(Ok(0))) => {}
            Ok(Some(Ok(capacity))) => return Ok(capacity),
            Ok(Some(Err(_)) | None) => return Err(Broken::Cancelled),
            Err(_) if start.elapsed() >= limit => {
                link.door().note_timed_out();
                return Err(Broken::Reset(Reason::CANCEL));
            }
            Err(_) if link.is_cut(Instant::now()) => return Err(Broken::Reset(Reason::CANCEL)),
            Err(_) => {}
        }
    }
}
