//! The whole URL space on one screen.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::trace::TraceLayer;

use crate::hub::Hub;
use crate::pace::Pace;
use crate::proxy::{self, Upstream};
use crate::rejection::Rejection;
use crate::site::Policy;
use crate::tokens::Tokens;
use crate::{admin, overload, publish, site, stream};

/// What every route may use.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The channels.
    pub hub: Arc<Hub>,
    /// Who may publish.
    pub tokens: Arc<Tokens>,
    /// Where the proxy route forwards to; `None` for this gateway itself.
    pub upstream: Option<Arc<Upstream>>,
    /// The times of each stream.
    pub pace: Pace,
    /// Sends the readers of all open streams away.
    pub shutdown: CancellationToken,
}

/// What is served beside the routes.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// A folder with a page to serve.
    pub site: Option<PathBuf>,
    /// The policy that the page is served with.
    pub policy: Policy,
    /// Origins whose pages may call the routes from elsewhere; `*` for all.
    pub cors_origins: Vec<HeaderValue>,
}

/// The routes.
pub fn app(gateway: Gateway, extras: &Extras) -> Router {
    let routes = Router::new()
        .route("/", get(admin::index))
        .route("/health", get(admin::health))
        .route("/ready", get(admin::ready))
        .route("/admin/logs/stats", get(admin::stats))
        .route("/admin/logs/stop", post(admin::stop))
        .route("/test/logs", post(admin::test_log))
        .route("/logs/stream", get(stream::handle).post(publish::handle))
        .route("/api/logs/stream", get(stream::handle).post(publish::handle))
        .route("/api/logs/publish", post(publish::handle))
        .route(proxy::PATH, get(proxy::handle))
        .layer(DefaultBodyLimit::max(publish::MAX_BODY_BYTES))
        .with_state(gateway);
    with_extras(routes, extras)
}

/// What all routers have: an answer for every other path, a page if there is one, CORS, traces.
pub(crate) fn with_extras(routes: Router, extras: &Extras) -> Router {
    let routes = routes.method_not_allowed_fallback(refuse_method);
    let routes = match &extras.site {
        Some(folder) => site::add(routes, folder, &extras.policy),
        None => routes.fallback(refuse_path),
    };
    routes.layer(middleware::from_fn(overload::refuse)).layer(cors(&extras.cors_origins)).layer(TraceLayer::new_for_http().make_span_with(span))
}

pub(crate) async fn refuse_path(method: Method, uri: Uri) -> Rejection {
    Rejection::new(StatusCode::NOT_FOUND, format!("no route {method} {}: GET / lists them", uri.path()))
}

async fn refuse_method(method: Method, uri: Uri) -> Rejection {
    Rejection::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}: GET / lists the routes", uri.path()))
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let allowed = match origins {
        [only] if only == "*" => AllowOrigin::any(),
        origins => AllowOrigin::list(origins.iter().cloned()),
    };
    let headers = [header::CONTENT_TYPE, header::CACHE_CONTROL, header::HeaderName::from_static("last-event-id")];
    CorsLayer::new().allow_origin(allowed).allow_methods([Method::GET, Method::POST]).allow_headers(headers)
}

/// The path without its query, which may hold what is nobody's business.
fn span(request: &Request) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}
