//! The routes of the separate listener for operators: metrics, health, readiness, channels and
//! connections. They require no login.

mod exposition;
mod purge;
mod sockets;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{FromRef, Path, RawQuery, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use logs_sse_core::channel::ChannelName;
use serde_json::{Value, json};

use crate::admin::exposition::Format;
use crate::http::app::{Extras, with_extras};
use crate::http::hosts::Hosts;
use crate::http::overload::Known;
use crate::http::rejection::{NO_DOCUMENT, Rejection, json_response};
use crate::http::state::Gateway;
use crate::http::subscribe_params::find_only;
use crate::http::trail::{self, Trail};
use crate::readiness;
use crate::server::door::Door;
use crate::server::tls::Tls;

/// What the routes show.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The gateway whose state they show.
    pub gateway: Gateway,
    /// The connections of its public listener.
    pub door: Arc<Door>,
    /// The certificate of its public listener, if it serves HTTPS.
    pub tls: Option<Arc<Tls>>,
    /// The configuration in force, without secrets.
    pub config: Arc<ArcSwap<String>>,
}

impl FromRef<Admin> for Gateway {
    fn from_ref(admin: &Admin) -> Self {
        admin.gateway.clone()
    }
}

/// Returns the router. `hosts` are the host names that it answers.
pub fn app(admin: Admin, hosts: Hosts) -> Router {
    let routes = Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/admin/channels", get(channels))
        .route("/admin/channels/{name}", delete(purge::purge))
        .route("/admin/connections", get(connections))
        .route("/admin/connections/{id}", delete(kick))
        .route("/debug/config", get(config))
        .with_state(admin.clone());
    with_extras(routes, &Extras { hosts, ..Extras::default() }, Known::default())
        .layer(from_fn_with_state(admin, trail::record::<Admin>))
}

async fn index() -> Response {
    let routes = json!({
        "GET /metrics": "metrics in the format of OpenMetrics or Prometheus, as Accept asks",
        "GET /health": "whether the process works",
        "GET /ready": "whether it accepts readers; 503 with reasons if not",
        "GET /debug/config": "the configuration in force as TOML, without secrets",
        "GET /admin/channels?after=…&limit=…": "channels by name, with history and readers",
        "DELETE /admin/channels/{name}": "delete the history of a channel for good",
        "GET /admin/connections?after=…&limit=…": "open streams by connection id",
        "DELETE /admin/connections/{connectionId}": "end a stream; its reader does not reconnect by itself",
    });
    json_response(StatusCode::OK, &json!({ "endpoints": routes }))
}

async fn metrics(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let format = Format::accepted(accept.as_deref().unwrap_or_default());
    match exposition::expose(&admin, format) {
        Ok(text) => ([(CONTENT_TYPE, format.content_type())], text).into_response(),
        Err(error) => {
            let error = format!("cannot write the metrics: {error}");
            Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
        }
    }
}

async fn health(State(admin): State<Admin>) -> Response {
    let hub = &admin.gateway.hub;
    json_response(
        StatusCode::OK,
        &json!({
            "status": "healthy",
            "version": env!("CARGO_PKG_VERSION"),
            "epoch": hub.epoch().to_string(),
            "uptime": hub.uptime().as_secs_f64(),
        }),
    )
}

async fn ready(State(admin): State<Admin>) -> Response {
    let reasons = readiness::reasons(&admin.gateway, Some(&admin.door));
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json_response(status, &json!({ "ready": reasons.is_empty(), "reasons": reasons }))
}

async fn config(State(admin): State<Admin>) -> Response {
    let text = admin.config.load().to_string();
    let headers = [
        (CONTENT_TYPE, "application/toml"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, NO_DOCUMENT),
    ];
    (headers, text).into_response()
}

async fn channels(
    State(admin): State<Admin>,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    let page = Page::parse(query.as_deref().unwrap_or_default())?;
    let mut all = admin.gateway.hub.channel_infos();
    all.retain(|info| page.is_after(&info.channel));
    all.sort_by(|a, b| a.channel.cmp(&b.channel));
    Ok(page.response("channels", all.iter().map(|info| json!(info)), all.len()))
}

async fn connections(
    State(admin): State<Admin>,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    let page = Page::parse(query.as_deref().unwrap_or_default())?;
    let hub = &admin.gateway.hub;
    let mut channels: HashMap<String, Vec<ChannelName>> = HashMap::new();
    for (channel, readers) in hub.readers() {
        for reader in readers {
            channels.entry(reader.connection_id.clone()).or_default().push(channel.clone());
        }
    }
    let mut all = hub.streams();
    all.retain(|(info, _)| !info.is_canary && page.is_after(&info.connection_id));
    all.sort_by(|(a, _), (b, _)| a.connection_id.cmp(&b.connection_id));
    let shown = all.iter().map(|(info, state)| {
        let names = channels.get(&info.connection_id).map(Vec::as_slice).unwrap_or_default();
        let mut shown = json!(**info);
        shown["client"] = json!(info.client);
        shown["state"] = state.name().into();
        shown["channels"] = names.iter().map(ToString::to_string).collect();
        shown
    });
    Ok(page.response("connections", shown, all.len()))
}

/// Ends a stream. A page of another origin cannot send this method without a preflight, which is
/// never granted here.
async fn kick(
    State(admin): State<Admin>,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<Response, Rejection> {
    trail.note_connection(&id);
    if !admin.gateway.hub.stop(&id) {
        let error = format!(
            "connection {id:?} belongs to no open stream: GET /admin/connections lists them"
        );
        return Err(Rejection::new(StatusCode::NOT_FOUND, error));
    }
    tracing::info!(connection = id, "reader ended by an operator");
    Ok(json_response(StatusCode::OK, &json!({ "success": true, "connectionId": id })))
}

/// The part of a list that a request asks for.
struct Page {
    after: Option<String>,
    limit: usize,
}

impl Page {
    fn parse(query: &str) -> Result<Self, Rejection> {
        let limit = match find_only(query, "limit")? {
            None => MAX_PAGE,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
                limit.ok_or_else(|| {
                    let came: String = text.chars().take(40).collect();
                    Rejection::bad_request(format!(
                        "limit is {came:?}: expected a number from 1 to {MAX_PAGE}"
                    ))
                })?
            }
        };
        Ok(Self { after: find_only(query, "after")?.map(|text| text.to_string()), limit })
    }

    fn is_after(&self, name: &str) -> bool {
        self.after.as_deref().is_none_or(|after| after < name)
    }

    /// Returns the list, and whether more follows, which a request with `after` returns.
    fn response(&self, name: &str, items: impl Iterator<Item = Value>, count: usize) -> Response {
        let items: Vec<_> = items.take(self.limit).collect();
        let body = json!({ name: items, "hasMore": count > self.limit });
        json_response(StatusCode::OK, &body)
    }
}

/// The most entries in one response.
const MAX_PAGE: usize = 1_000;
