//! What an operator asks: which routes there are, whether it is well, who reads what.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use logs_sse_client::core::channel::ChannelName;
use serde_json::json;

use crate::app::Gateway;
use crate::proxy;
use crate::rejection::{Rejection, json_response};
use crate::sample;

/// `GET /`: the routes.
pub(crate) async fn index() -> Response {
    let routes = json!({
        "GET /": "this list",
        "GET /health": "whether the gateway is well",
        "GET /logs/stream?channels=logs:{service}:{workspace}:{resource},…": "event stream of these channels; also /api/logs/stream",
        "POST /logs/stream": "publish a log, with the header X-Service-Token; also /api/logs/publish",
        format!("GET {}?workspace_id=…&workflow_id=…", proxy::PATH): "event stream of one workflow, as the Datashop page asks for it",
        "GET /admin/logs/stats": "who reads what",
        "POST /test/logs": "publish one sample log (with the demo tokens only)",
    });
    json_response(StatusCode::OK, &json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "endpoints": routes }))
}

/// `GET /health`.
pub(crate) async fn health(State(gateway): State<Gateway>) -> Response {
    let readers = gateway.hub.readers();
    let mut connections: Vec<_> = readers.iter().flat_map(|(_, connections)| connections).map(|connection| &connection.connection_id).collect();
    connections.sort();
    connections.dedup();
    let health = json!({
        "status": "healthy",
        "connections": connections.len(),
        "channels": readers.len(),
        "stats": gateway.hub.stats(),
        "uptime": gateway.hub.uptime().as_secs_f64(),
    });
    json_response(StatusCode::OK, &health)
}

/// `GET /admin/logs/stats`.
pub(crate) async fn stats(State(gateway): State<Gateway>) -> Response {
    let channels: serde_json::Map<_, _> = gateway
        .hub
        .readers()
        .into_iter()
        .map(|(channel, connections)| {
            let connections: Vec<_> = connections.iter().map(|connection| json!(**connection)).collect();
            (channel.to_string(), json!({ "subscribers": connections.len(), "connections": connections }))
        })
        .collect();
    json_response(StatusCode::OK, &json!({ "channels": channels, "stats": gateway.hub.stats() }))
}

/// `POST /test/logs`: one sample log to the first demo workflow, or to the channel that the body names: `{"channel": …}`.
pub(crate) async fn test_log(State(gateway): State<Gateway>, body: Bytes) -> Result<Response, Rejection> {
    if !gateway.tokens.is_demo() {
        return Err(Rejection::new(StatusCode::FORBIDDEN, "test logs are published with the demo tokens only; this gateway has its own"));
    }
    let channel: ChannelName = named_channel(&body)?.parse().map_err(|error| Rejection::bad_request(format!("{error}")))?;
    let published = gateway.hub.publish(&channel, &sample::test_log());
    let answer = json!({ "success": true, "channel": channel.to_string(), "delivered": published.delivered, "timestamp": published.timestamp });
    Ok(json_response(StatusCode::OK, &answer))
}

fn named_channel(body: &[u8]) -> Result<String, Rejection> {
    if body.is_empty() {
        return Ok(format!("logs:etl:{}:{}", sample::WORKFLOWS[0].0, sample::WORKFLOWS[0].1));
    }
    let wrong = |what: &dyn std::fmt::Display| Rejection::bad_request(format!("body: {what}; expected nothing, or {{\"channel\": \"logs:etl:…\"}}"));
    let body: serde_json::Value = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    body.get("channel").and_then(|channel| channel.as_str()).map(Into::into).ok_or_else(|| wrong(&"no channel"))
}
