//! Refuses readers and strangers while all connections are in use. Short requests, with which known
//! services publish and operators check, are still served.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::identity;
use crate::http::rejection::Rejection;
use crate::http::tokens::Tokens;
use crate::limits::kind::Limit;
use crate::server::link::Link;

/// Who may use the reserve besides health checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The tokens of publishers; `None` where there is no route to publish.
    pub(crate) tokens: Option<Arc<Tokens>>,
}

/// Refuses a reader or a stranger on a connection of the reserve, before any of a body is read.
///
/// A stranger's body could otherwise hold its place for as long as a publisher's may.
pub(crate) async fn refuse(State(known): State<Known>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Link>() {
        Some(link) if link.is_reserve() && !known.may_use_reserve(&request) => {
            link.door().note_refused();
            full(link.door().stats().max_connections)
        }
        _ => next.run(request).await,
    }
}

impl Known {
    fn may_use_reserve<B>(&self, request: &hyper::Request<B>) -> bool {
        let is_publisher = || {
            let tokens = self.tokens.as_deref();
            let secret = identity::token(request.headers()).ok().flatten();
            tokens.zip(secret).is_some_and(|(tokens, secret)| !tokens.grant_of(secret).is_empty())
        };
        match (request.method(), request.uri().path()) {
            (&Method::OPTIONS, _) | (_, "/health" | "/ready" | "/admin/logs/stats") => true,
            (&Method::POST, _) => is_publisher(),
            _ => false,
        }
    }
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

    fn request(method: Method, path: &str, token: &str) -> hyper::Request<()> {
        let request = hyper::Request::builder().method(method).uri(path);
        let request =
            if token.is_empty() { request } else { request.header("X-Service-Token", token) };
        request.body(()).expect("a request")
    }

    #[test]
    fn the_reserve_is_for_health_and_known_publishers() {
        let known = Known { tokens: Some(Arc::new(Tokens::demo())) };
        let may = |method, path, token| known.may_use_reserve(&request(method, path, token));
        assert!(may(Method::GET, "/health", "") && may(Method::GET, "/ready", ""));
        assert!(may(Method::OPTIONS, "/logs/stream", ""));
        assert!(may(Method::POST, "/logs/stream", "l5-etl-token"));
        assert!(!may(Method::POST, "/logs/stream", "") && !may(Method::POST, "/", "a-guess"));
        assert!(!may(Method::GET, "/logs/stream", "l5-etl-token"));
        let none = Known::default();
        assert!(!none.may_use_reserve(&request(Method::POST, "/", "l5-etl-token")));
    }
}
