//! Traces the requests of publishers, and of readers that open a stream.

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::proxy;
use crate::http::state::Gateway;
use crate::traces::traceparent::{TRACEPARENT, TraceParent};

/// Traces a request, and leaves its position in the trace to the handler.
pub(crate) async fn trace(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let traces = &gateway.observers.traces;
    let named = name_and_route(request.method(), request.uri().path());
    let has_parent = request.headers().contains_key(TRACEPARENT);
    let Some((name, route)) = named.filter(|_| has_parent || traces.is_on()) else {
        return next.run(request).await;
    };
    let traced = traces.start(name, TraceParent::of_headers(request.headers()));
    if let Some(position) = traced.position() {
        request.extensions_mut().insert(position);
    }
    let response = next.run(request).await;
    traced.end(route, response.status().as_u16());
    response
}

/// Returns the position in its trace that a log carries to its readers.
pub(crate) fn position(extensions: &Extensions, headers: &HeaderMap) -> Option<TraceParent> {
    extensions.get().copied().or_else(|| TraceParent::of_headers(headers))
}

fn name_and_route(method: &Method, path: &str) -> Option<(&'static str, &'static str)> {
    const ROUTES: [&str; 5] =
        ["/logs/publish", "/api/logs/publish", "/logs/stream", "/api/logs/stream", proxy::PATH];
    let route = ROUTES.into_iter().find(|route| *route == path)?;
    match *method {
        Method::POST if route != proxy::PATH => Some(("publish", route)),
        Method::GET if !route.ends_with("publish") => Some(("stream", route)),
        _ => None,
    }
}
