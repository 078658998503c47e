//! The demo page's files, under the strict Content-Security-Policy that the component must live with.

use std::path::Path;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::HandlerWithoutStateExt;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::refuse_path;

/// What the page may load: its own files, its own WebAssembly, nothing inline.
pub const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'";

/// Adds the files of `folder` for every path that is no route. `GET /` stays the list of routes for a program, and is the page for a browser.
pub(crate) fn add(routes: Router, folder: &Path) -> Router {
    let page = Router::new().route_service("/", ServeFile::new(folder.join("index.html")));
    let files = Router::new().fallback_service(ServeDir::new(folder).not_found_service(refuse_path.into_service()));
    routes.fallback_service(with_headers(files)).layer(from_fn_with_state(with_headers(page), page_for_browsers))
}

async fn page_for_browsers(State(page): State<Router>, request: Request, next: Next) -> Response {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if request.method() == Method::GET && request.uri().path() == "/" && accept.contains("text/html") {
        page.oneshot(request).await.into_response()
    } else {
        next.run(request).await
    }
}

fn with_headers(files: Router) -> Router {
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-cache")];
    headers.into_iter().fold(files, |files, (name, value)| files.layer(SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))))
}
