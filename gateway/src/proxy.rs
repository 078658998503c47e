//! The Datashop proxy route: a page's two ids become a channel, and the stream comes from this gateway or from one upstream.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use logs_sse_client::core::channel::{ChannelName, Id};
use logs_sse_client::core::target::DEFAULT_SERVICE;

use crate::app::Gateway;
use crate::publisher::told;
use crate::rejection::Rejection;
use crate::stream::{self, Reader, STREAM_HEADERS, USER_HEADER, WORKSPACE_HEADER};

/// Where the page finds it.
pub const PATH: &str = "/api/dapadmin/l5-etl/sse/logs/stream";

/// The route's handler.
pub(crate) async fn handle(State(gateway): State<Gateway>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Rejection> {
    let channel = parse_channel(query.as_deref().unwrap_or_default())?;
    match &gateway.upstream {
        None => {
            let reader = Reader { user: Some(USER), workspace: Some(channel.workspace().as_str()) };
            Ok(stream::open(&gateway, vec![channel.clone()], &reader))
        }
        Some(upstream) => upstream.forward(&gateway, &channel, &headers).await,
    }
}

/// A gateway of either generation behind this one.
#[derive(Debug)]
pub struct Upstream {
    /// Without a slash at its end.
    base: String,
    client: reqwest::Client,
}

impl Upstream {
    /// An upstream at `url`, such as `http://127.0.0.1:3000`.
    ///
    /// # Errors
    /// When `url` is no http(s) URL.
    pub fn new(url: &str) -> Result<Arc<Self>, String> {
        let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url:?} is no URL: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!("{url:?} is no http(s) URL"));
        }
        // A redirect would send the user's id to a place that nobody configured.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().map_err(|error| told(&error))?;
        Ok(Arc::new(Self { base: url.trim_end_matches('/').into(), client }))
    }

    async fn forward(&self, gateway: &Gateway, channel: &ChannelName, headers: &HeaderMap) -> Result<Response, Rejection> {
        let channels: String = form_urlencoded::byte_serialize(channel.to_string().as_bytes()).collect();
        let url = format!("{}/logs/stream?channels={channels}", self.base);
        let mut request = self.client.get(&url).header(ACCEPT, "text/event-stream").header(USER_HEADER, USER);
        // An id may hold what no header may (a letter beyond Latin-1); then the upstream decides without it.
        if let Ok(workspace) = HeaderValue::from_str(channel.workspace().as_str()) {
            request = request.header(WORKSPACE_HEADER, workspace);
        }
        if let Some(cursor) = headers.get(LAST_EVENT_ID) {
            request = request.header(LAST_EVENT_ID, cursor);
        }
        let answer = request.send().await.map_err(|error| {
            tracing::warn!(%url, "upstream: {}", told(&error));
            Rejection::new(StatusCode::BAD_GATEWAY, format!("upstream {} cannot be reached: {}", self.base, told(&error)))
        })?;
        Ok(pass_on(gateway, answer))
    }
}

/// Passes the answer on as it comes. Dropping the body, when the browser leaves, ends the request upstream.
fn pass_on(gateway: &Gateway, answer: reqwest::Response) -> Response {
    let status = answer.status();
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let is_stream = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if is_stream {
        headers.extend(STREAM_HEADERS.into_iter().skip(1).map(|(name, value)| (name, HeaderValue::from_static(value))));
    }
    let body = Body::from_stream(answer.bytes_stream().take_until(gateway.shutdown.clone().cancelled_owned()));
    (status, headers, body).into_response()
}

fn parse_channel(query: &str) -> Result<ChannelName, Rejection> {
    let find = |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    let required = |field: &'static str| {
        let text = find(field).ok_or_else(|| Rejection::bad_request(format!("{field} is missing: expected ?workspace_id=…&workflow_id=…")))?;
        Ok::<_, Rejection>(Id::parse(field, &text)?)
    };
    let (workspace, workflow) = (required("workspace_id")?, required("workflow_id")?);
    let service = Id::parse("service", find("service").as_deref().unwrap_or(DEFAULT_SERVICE))?;
    Ok(ChannelName::new(service, workspace, Some(workflow)))
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The user of the demo. Where a login stands in front of this route, that proxy names the real one.
const USER: &str = "demo-user";
