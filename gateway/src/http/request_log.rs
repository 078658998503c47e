//! Logs each request and the head of its response.
//!
//! `TraceLayer` of tower-http does this too, and also wraps each body: a span, two looks at the clock
//! and an allocation for each open stream, which report nothing about a stream that it does not report
//! itself.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use tracing::Instrument;

/// Logs a request when it arrives and when its response begins, at level `debug`, and failures of the
/// gateway at level `error`.
///
/// No `async fn`, whose future would hold the request three times: allocators are slow above 1 kB.
pub(crate) fn log(request: Request, next: Next) -> impl Future<Output = Response> + Send {
    // Without the query, which may be confidential.
    let span = tracing::debug_span!(
        "request",
        method = %request.method(),
        path = request.uri().path()
    );
    span.in_scope(|| tracing::debug!("started processing request"));
    let start = Instant::now();
    next.run(request).inspect(move |response| note_response(response, start)).instrument(span)
}

fn note_response(response: &Response, start: Instant) {
    let (status, latency) = (response.status(), start.elapsed());
    if status.is_server_error() {
        tracing::error!(%status, ?latency, "response failed");
    } else {
        tracing::debug!(%status, ?latency, "finished processing request");
    }
}
