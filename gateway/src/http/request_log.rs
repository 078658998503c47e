//! Logs each request and the head of its response.
//!
//! `TraceLayer` of tower-http does this too, and also wraps each body: a span, two looks at the clock
//! and an allocation for each open stream, which report nothing about a stream that it does not report
//! itself.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

/// Logs a request when it arrives and when its response begins, at level `debug`, and failures of the
/// gateway at level `error`.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    // Without the query, which may be confidential.
    let span = tracing::debug_span!(
        "request",
        method = %request.method(),
        path = request.uri().path()
    );
    respond(request, next).instrument(span).await
}

async fn respond(request: Request, next: Next) -> Response {
    tracing::debug!("started processing request");
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    if status.is_server_error() {
        tracing::error!(%status, latency = ?start.elapsed(), "response failed");
    } else {
        tracing::debug!(%status, latency = ?start.elapsed(), "finished processing request");
    }
    response
}
