//! Routes for operators: the list of routes, health, readiness, statistics, stopping a stream, and
//! a test log.

use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::request::Parts;
use axum::response::Response;
use logs_sse_core::channel::ChannelName;
use serde_json::json;

use crate::demo::sample;
use crate::http::body::{self, Allowance};
use crate::http::content_type::{JSON, is_of_type};
use crate::http::identity;
use crate::http::proxy;
use crate::http::rejection::{Rejection, json_response};
use crate::http::state::Gateway;
use crate::http::trail::Trail;
use crate::readiness;
use crate::server::link::Link;

/// `GET /`: returns the list of routes.
pub(crate) async fn index(State(gateway): State<Gateway>) -> Response {
    let mut routes = json!({
        "GET /": "this list",
        "GET /health": "whether the gateway is healthy",
        "GET /ready": "whether it accepts readers; 503 once it is shutting down",
        "GET /logs/stream?channels=logs:{service}:{workspace}:{resource},…": "event stream of these channels; &batch=1 allows several logs in one event, &tail=N begins with the newest N logs; also /api/logs/stream",
        "POST /logs/publish": "publish a log, or with Content-Type application/x-ndjson one in each line, with the header X-Service-Token; also /logs/stream, /api/logs/publish and /api/logs/stream",
        "GET /logs/history?channel=logs:{service}:{workspace}:{resource}&before=…&limit=…&epoch=…": "logs of a channel before a sequence number; also /api/logs/history",
        format!("GET {}?workspace_id=…&workflow_id=…", proxy::PATH): "event stream of one workflow, for the Datashop page",
        format!("GET {}?workspace_id=…&workflow_id=…&before=…", proxy::HISTORY_PATH): "logs of that workflow before a sequence number",
    });
    if gateway.mode.is_demo() {
        routes["GET /admin/logs/stats"] = "the readers of each channel".into();
        routes["POST /admin/logs/stop"] =
            "end one stream, with an operator's token as X-Service-Token: {\"connectionId\"} as in the stats"
                .into();
        routes["POST /test/logs"] = "publish one sample log (with the demo tokens only); {\"channel\": …} as application/json names another channel".into();
    }
    json_response(
        StatusCode::OK,
        &json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "endpoints": routes }),
    )
}

/// `GET /health`: returns counters.
///
/// Reads counters only, so frequent checks are cheap whatever the number of channels.
pub(crate) async fn health(
    State(gateway): State<Gateway>,
    link: Option<Extension<Link>>,
) -> Response {
    let health = json!({
        "status": "healthy",
        "connections": gateway.hub.connections(),
        "channels": gateway.hub.channels(),
        "stats": all_stats(&gateway, link),
        "uptime": gateway.hub.uptime().as_secs_f64(),
    });
    json_response(StatusCode::OK, &health)
}

/// `GET /ready`: returns 503 from the start of a shutdown, and while something is wrong, so that a
/// load balancer sends readers elsewhere. The reasons are for operators, on their own listener.
pub(crate) async fn ready(
    State(gateway): State<Gateway>,
    link: Option<Extension<Link>>,
) -> Response {
    let door = link.as_ref().map(|Extension(link)| &**link.door());
    let is_ready = readiness::reasons(&gateway, door).is_empty();
    json_response(
        if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE },
        &json!({ "ready": is_ready }),
    )
}

/// `POST /admin/logs/stop`: ends the stream that the body names, and asks its reader not to
/// reconnect.
///
/// Requires an operator's token: a publisher must not end the streams of readers.
pub(crate) async fn stop(
    State(gateway): State<Gateway>,
    trail: Trail,
    request: Request,
) -> Result<Response, Rejection> {
    let (parts, body) = request.into_parts();
    let allowance = Allowance::small(&gateway);
    let grant = gateway.tokens.grant_of(identity::token(&parts.headers)?.unwrap_or_default());
    trail.note_token(|| grant.names());
    if !grant.is_operator() {
        body::discard_of(&parts.headers, body, allowance).await;
        return Err(Rejection::new(
            StatusCode::FORBIDDEN,
            "X-Service-Token is missing or not an operator's: expected a token whose scope is operator",
        )
        .of_credentials());
    }
    let connection = text_field(
        &body::text(&parts.headers, &body::received(body, allowance).await?, allowance)?,
        "connectionId",
        "{\"connectionId\": \"…\"}, as in GET /admin/logs/stats",
    )?;
    trail.note_connection(&connection);
    if !gateway.hub.stop(&connection) {
        return Err(Rejection::new(
            StatusCode::NOT_FOUND,
            format!(
                "connectionId {connection:?} belongs to no open stream: GET /admin/logs/stats lists them"
            ),
        ));
    }
    Ok(json_response(StatusCode::OK, &json!({ "success": true, "connectionId": connection })))
}

/// `GET /admin/logs/stats`: returns the readers of each channel, and counters.
pub(crate) async fn stats(
    State(gateway): State<Gateway>,
    link: Option<Extension<Link>>,
) -> Response {
    let channels: serde_json::Map<_, _> = gateway
        .hub
        .readers()
        .into_iter()
        .map(|(channel, connections)| {
            let connections: Vec<_> =
                connections.iter().map(|connection| json!(**connection)).collect();
            (
                channel.to_string(),
                json!({ "subscribers": connections.len(), "connections": connections }),
            )
        })
        .collect();
    json_response(
        StatusCode::OK,
        &json!({ "channels": channels, "stats": all_stats(&gateway, link) }),
    )
}

/// Returns the counters of the hub and, if the request arrived over a socket of this gateway, of
/// its listener.
fn all_stats(gateway: &Gateway, link: Option<Extension<Link>>) -> serde_json::Value {
    let mut stats = json!(gateway.hub.stats());
    if let (Some(Extension(link)), Some(stats)) = (link, stats.as_object_mut())
        && let serde_json::Value::Object(door) = json!(link.door().stats())
    {
        stats.extend(door);
    }
    stats
}

/// `POST /test/logs`: publishes a sample log to the first demo workflow, or to the channel that the
/// body names: `{"channel": …}`.
///
/// Requires no token. A page that a developer visits must not be able to send it, so any request
/// that a browser could send without a preflight is refused: one with an `Origin`, or with a type
/// other than JSON.
pub(crate) async fn test_log(
    State(gateway): State<Gateway>,
    request: Request,
) -> Result<Response, Rejection> {
    if !gateway.tokens.is_demo() {
        return Err(Rejection::new(
            StatusCode::FORBIDDEN,
            "test logs are available with the demo tokens only; this gateway has its own tokens",
        ));
    }
    let (Parts { headers, .. }, body) = request.into_parts();
    let allowance = Allowance::small(&gateway);
    let body = body::received(body, allowance).await?;
    if (headers.contains_key(CONTENT_TYPE) || headers.contains_key(ORIGIN))
        && !is_of_type(&headers, JSON)
    {
        return Err(Rejection::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type: expected application/json",
        ));
    }
    let channel: ChannelName = named_channel(&body::text(&headers, &body, allowance)?)?
        .parse()
        .map_err(|error| Rejection::bad_request(format!("{error}")))?;
    let published = gateway.hub.submit(&channel, &sample::test_log(), None).stored().await?;
    let answer = json!({ "success": true, "channel": channel.to_string(), "delivered": published.delivered, "timestamp": published.timestamp });
    Ok(json_response(StatusCode::OK, &answer))
}

fn named_channel(body: &str) -> Result<String, Rejection> {
    if body.is_empty() {
        return Ok(format!("logs:etl:{}:{}", sample::WORKFLOWS[0].0, sample::WORKFLOWS[0].1));
    }
    text_field(body, "channel", "nothing, or {\"channel\": \"logs:etl:…\"}")
}

fn text_field(body: &str, field: &str, expected: &str) -> Result<String, Rejection> {
    let wrong = |what: &dyn std::fmt::Display| {
        Rejection::bad_request(format!("body: {what}; expected {expected}"))
    };
    let body: serde_json::Value = serde_json::from_str(body).map_err(|error| wrong(&error))?;
    body.get(field)
        .and_then(|text| text.as_str())
        .map(Into::into)
        .ok_or_else(|| wrong(&format_args!("{field} is not a string")))
}
