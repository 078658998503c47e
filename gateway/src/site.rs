//! The page's files, under the Content-Security-Policy that the page must live with.

use std::path::Path;
use std::str::FromStr;

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

/// What the page may load unless told otherwise: its own files, its own WebAssembly, nothing inline.
pub const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'";

/// The Content-Security-Policy that the files are served with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(Option<HeaderValue>);

impl Policy {
    /// No policy: the header is left out.
    pub const NONE: Self = Self(None);
}

impl Default for Policy {
    /// [`POLICY`].
    fn default() -> Self {
        Self(Some(HeaderValue::from_static(POLICY)))
    }
}

impl FromStr for Policy {
    type Err = String;

    /// Reads a policy as it stands in the header; an empty one is [`Policy::NONE`].
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::NONE);
        }
        // What the directives mean is the browser's to judge: tests want wrong ones too. A line end would begin another header.
        if let Some((at, letter)) = text.chars().enumerate().find(|(_, letter)| !matches!(letter, ' '..='~')) {
            return Err(format!("expected visible ASCII, such as \"default-src 'self'\"; character {} is {letter:?}", at + 1));
        }
        HeaderValue::from_str(text).map(|policy| Self(Some(policy))).map_err(|error| error.to_string())
    }
}

/// Adds the files of `folder` for every path that is no route. `GET /` stays the list of routes for a program, and is the page for a browser.
pub(crate) fn add(routes: Router, folder: &Path, policy: &Policy) -> Router {
    let page = Router::new().route_service("/", ServeFile::new(folder.join("index.html")));
    let files = Router::new().fallback_service(ServeDir::new(folder).not_found_service(refuse_path.into_service()));
    routes.fallback_service(with_headers(files, policy)).layer(from_fn_with_state(with_headers(page, policy), page_for_browsers))
}

async fn page_for_browsers(State(page): State<Router>, request: Request, next: Next) -> Response {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if request.method() == Method::GET && request.uri().path() == "/" && accept.contains("text/html") {
        page.oneshot(request).await.into_response()
    } else {
        next.run(request).await
    }
}

fn with_headers(files: Router, policy: &Policy) -> Router {
    let fixed = [(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    let policy = policy.0.iter().map(|policy| (CONTENT_SECURITY_POLICY, policy.clone()));
    fixed.into_iter().chain(policy).fold(files, |files, (name, value)| files.layer(SetResponseHeaderLayer::overriding(name, value)))
}
