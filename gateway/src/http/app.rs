//! The whole URL space on one screen.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::demo::control::Control;
use crate::http::cors::Cors;
use crate::http::hosts::{self, Hosts};
use crate::http::overload::{self, Known};
use crate::http::rejection::{refuse_method, refuse_path};
use crate::http::site::Policy;
use crate::http::state::Gateway;
use crate::http::{admin, history, proxy, publish, request_log, site, stream, traced, trail};
use crate::limits::failures;

/// Options of the router besides the routes.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// The folder of a page to serve.
    pub site: Option<PathBuf>,
    /// The Content-Security-Policy of the page's files.
    pub policy: Policy,
    /// The origins whose pages may call the routes.
    pub cors: Cors,
    /// The host names that are answered.
    pub hosts: Hosts,
    /// Whether browsers must use HTTPS from now on, because the listener does.
    pub is_https: bool,
    /// The controls of a demo, for its page.
    pub demo: Option<Control>,
}

/// Returns a router with all routes of the gateway, and the page in `extras` if there is one.
pub fn app(gateway: Gateway, extras: &Extras) -> Router {
    let known = Known { tokens: Some(Arc::clone(&gateway.tokens)) };
    let routes = Router::new()
        .route("/", get(admin::index))
        .route("/health", get(admin::health))
        .route("/ready", get(admin::ready))
        .route("/logs/stream", get(stream::subscribe).post(publish::publish))
        .route("/api/logs/stream", get(stream::subscribe).post(publish::publish))
        .route("/logs/publish", post(publish::publish))
        .route("/api/logs/publish", post(publish::publish))
        .route("/logs/history", get(history::history))
        .route("/api/logs/history", get(history::history))
        .route(proxy::PATH, get(proxy::stream))
        .route(proxy::HISTORY_PATH, get(proxy::history));
    let routes = if gateway.mode.is_demo() { with_demo(routes) } else { routes };
    let routes = match &extras.demo {
        Some(control) => control.add_to(routes, &gateway),
        None => routes,
    };
    let routes = routes
        .layer(from_fn_with_state(gateway.clone(), failures::throttle))
        .with_state(gateway.clone());
    // Outside all refusals, so that each is recorded.
    with_extras(routes, extras, known)
        .layer(from_fn_with_state(gateway.clone(), traced::trace))
        .layer(from_fn_with_state(gateway, trail::record::<Gateway>))
}

/// Adds what only a demo has on its public listener: sample logs, and the routes of operators.
fn with_demo(routes: Router<Gateway>) -> Router<Gateway> {
    routes
        .route("/admin/logs/stats", get(admin::stats))
        .route("/admin/logs/stop", post(admin::stop))
        .route("/test/logs", post(admin::test_log))
}

/// Adds what every router has: a response for other paths, the page if there is one, CORS, and a log
/// of requests. While all connections are in use, it serves those who are `known` only.
pub(crate) fn with_extras(routes: Router, extras: &Extras, known: Known) -> Router {
    let routes = routes.method_not_allowed_fallback(refuse_method);
    let routes = match &extras.site {
        Some(folder) => site::add(routes, folder, &extras.policy),
        None => routes.fallback(refuse_path),
    };
    // Inside CORS, so that a page of another origin can read the refusal.
    let routes = routes.layer(from_fn_with_state(known, overload::refuse));
    let routes = match extras.cors.layer() {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    let routes = match &extras.hosts {
        Hosts::Any => routes,
        hosts => routes.layer(from_fn_with_state(hosts.clone(), hosts::check)),
    };
    // Browsers must not guess types from bytes: a log may look like a page.
    let nosniff = SetResponseHeaderLayer::if_not_present(
        X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let routes = if extras.is_https {
        routes.layer(SetResponseHeaderLayer::overriding(STRICT_TRANSPORT_SECURITY, HSTS))
    } else {
        routes
    };
    routes.layer(nosniff).layer(from_fn(request_log::log))
}

/// For a year, and this host only: others may not have a certificate.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
