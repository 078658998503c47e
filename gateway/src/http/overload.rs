//! Refuses readers while all connections are in use. Short requests, with which services publish
//! and operators check, are still served.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::rejection::Rejection;
use crate::limits::kind::Limit;
use crate::server::link::Link;

/// Refuses a reader on a connection of the reserve.
pub(crate) async fn refuse(request: Request, next: Next) -> Response {
    match request.extensions().get::<Link>() {
        Some(link) if link.is_reserve() && !is_short(request.method(), request.uri().path()) => {
            link.door().note_refused();
            full(link.door().stats().max_connections)
        }
        _ => next.run(request).await,
    }
}

fn is_short(method: &Method, path: &str) -> bool {
    matches!(*method, Method::POST | Method::OPTIONS)
        || matches!(path, "/health" | "/ready" | "/admin/logs/stats")
}

/// Random delays, so that readers do not all return at once.
fn full(max_connections: usize) -> Response {
    let error =
        "all places are taken: the gateway is at its limit of connections (--max-connections)";
    let refused = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = Rejection::limited(refused, Limit::Connections, max_connections)
        .with_error(error)
        .with_retry_after(Duration::from_secs(fastrand::u64(5..=15)))
        .into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_for_health_publishers_and_operators() {
        let short = [
            (Method::GET, "/health"),
            (Method::GET, "/ready"),
            (Method::POST, "/logs/stream"),
            (Method::POST, "/admin/logs/stop"),
        ];
        assert!(short.iter().all(|(method, path)| is_short(method, path)));
        assert!(!is_short(&Method::GET, "/logs/stream") && !is_short(&Method::GET, "/"));
    }
}
