//! The page's files, served with a Content-Security-Policy.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::HandlerWithoutStateExt;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY};
use axum::http::{HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::http::rejection::refuse_path;

/// The default policy: the page may load its own files and WebAssembly and nothing inline, and only
/// its own site may frame it.
pub const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; frame-ancestors 'self'";

/// The Content-Security-Policy of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(Option<HeaderValue>);

impl Policy {
    /// No policy: the header is omitted.
    pub const NONE: Self = Self(None);
}

impl Default for Policy {
    fn default() -> Self {
        Self(Some(HeaderValue::from_static(POLICY)))
    }
}

impl FromStr for Policy {
    type Err = String;

    /// Parses the value of the header. An empty one is [`Policy::NONE`].
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::NONE);
        }
        // Directives are not checked: browsers do that, and tests need wrong ones. A line end would
        // begin another header.
        if let Some((at, letter)) =
            text.chars().enumerate().find(|(_, letter)| !matches!(letter, ' '..='~'))
        {
            return Err(format!(
                "expected visible ASCII, such as \"default-src 'self'\"; character {} is {letter:?}",
                at + 1
            ));
        }
        HeaderValue::from_str(text)
            .map(|policy| Self(Some(policy)))
            .map_err(|error| error.to_string())
    }
}

/// Serves the files of `folder` for every path without a route. `GET /` returns the list of routes
/// to programs, and the page to browsers.
pub(crate) fn add(routes: Router, folder: &Path, policy: &Policy) -> Router {
    let guard = from_fn_with_state(Arc::<Path>::from(folder), only_inside);
    let page = Router::new().route_service("/", ServeFile::new(folder.join("index.html")));
    let files = Router::new()
        .fallback_service(
            ServeDir::new(folder)
                .not_found_service(refuse_path.into_service())
                .call_fallback_on_method_not_allowed(true),
        )
        .layer(guard);
    routes
        .fallback_service(with_headers(files, policy))
        .layer(from_fn_with_state(with_headers(page, policy), page_for_browsers))
}

async fn page_for_browsers(State(page): State<Router>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/" || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let is_browser = request
        .headers()
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    let mut response = if is_browser {
        page.oneshot(request).await.into_response()
    } else {
        next.run(request).await
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

/// Returns 404 for files in the folder that are not part of the page: hidden files, and links that
/// lead out of it.
async fn only_inside(State(folder): State<Arc<Path>>, request: Request, next: Next) -> Response {
    match relative(request.uri().path()) {
        Some(path) if leads_inside(&folder, &path).await => next.run(request).await,
        _ => refuse_path(request.method().clone(), request.uri().clone()).await.into_response(),
    }
}

/// Returns the path of a file in the folder, unless a part is hidden or empty: a redirect of an
/// empty part would lead to another host.
fn relative(path: &str) -> Option<String> {
    let path = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    let mut parts = path.strip_suffix('/').unwrap_or(&path).split('/');
    let is_plain = path.is_empty()
        || parts
            .all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0']));
    is_plain.then(|| path.into_owned())
}

/// Returns whether the file at `path` is in `folder` once all links are followed; for a folder, its
/// `index.html` too.
async fn leads_inside(folder: &Path, path: &str) -> bool {
    let Ok(root) = tokio::fs::canonicalize(folder).await else { return false };
    for path in [folder.join(path), folder.join(path).join("index.html")] {
        // The file service reports a file that does not exist.
        if tokio::fs::canonicalize(path).await.is_ok_and(|path| !path.starts_with(&root)) {
            return false;
        }
    }
    true
}

fn with_headers(files: Router, policy: &Policy) -> Router {
    // A refusal has a Cache-Control of its own.
    let files = files.layer(SetResponseHeaderLayer::if_not_present(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache"),
    ));
    match &policy.0 {
        Some(policy) => {
            files.layer(SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, policy.clone()))
        }
        None => files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_hidden_or_an_empty_part_names_no_file() {
        for path in [
            "/.env",
            "/a/.git/config",
            "/%2eenv",
            "/a/%2e%2e/b",
            "//evil.example",
            "/a//b",
            "/%2fevil",
            "/\\evil",
            "/%5cevil",
            "/%00",
            "/%ff",
            "//",
        ] {
            assert_eq!(relative(path), None, "{path}");
        }
        for (path, expected) in [
            ("/", ""),
            ("/a", "a"),
            ("/a/", "a/"),
            ("/a/b.c.js", "a/b.c.js"),
            ("/%C3%BC%20x", "ü x"),
        ] {
            assert_eq!(relative(path).as_deref(), Some(expected));
        }
    }
}
