//! The Datashop proxy route: a page's two ids become a channel, and the stream comes from this gateway or from one upstream.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use logs_sse_core::channel::{ChannelName, Id};
use logs_sse_core::target::DEFAULT_SERVICE;

use crate::app::Gateway;
use crate::ask::{Ask, BATCH_PARAMETER, LAST_EVENT_ID, LAST_EVENT_ID_PARAMETER, find};
use crate::batch::Framing;
use crate::events::{self, Bye};
use crate::link::Link;
use crate::publisher::told;
use crate::rejection::Rejection;
use crate::stream::{STREAM_HEADERS, USER_HEADER, WORKSPACE_HEADER, Who, open};

/// Where the page finds it.
pub const PATH: &str = "/api/dapadmin/l5-etl/sse/logs/stream";

/// The route's handler.
pub(crate) async fn handle(
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    link: Option<Extension<Link>>,
) -> Result<Response, Rejection> {
    let query = query.as_deref().unwrap_or_default();
    let channel = parse_channel(query)?;
    let ask = Ask::parse(query, &headers)?.on(link);
    match &gateway.upstream {
        None => {
            let who = Who { user: Some(USER), workspace: Some(channel.workspace().as_str()) };
            Ok(open(&gateway, vec![channel.clone()], &who, &ask))
        }
        Some(upstream) => upstream.forward(&gateway, &upstream.url(&channel, query, ask.framing), &channel, &headers).await,
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

    async fn forward(&self, gateway: &Gateway, url: &str, channel: &ChannelName, headers: &HeaderMap) -> Result<Response, Rejection> {
        let mut request = self.client.get(url).header(ACCEPT, "text/event-stream").header(USER_HEADER, USER);
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

    /// The stream upstream. The cursor goes in both ways in which it came: which one wins is for upstream to say.
    fn url(&self, channel: &ChannelName, query: &str, framing: Framing) -> String {
        let mut forwarded = form_urlencoded::Serializer::new(String::new());
        forwarded.append_pair("channels", &channel.to_string());
        forwarded.extend_pairs(find(query, LAST_EVENT_ID_PARAMETER).map(|cursor| (LAST_EVENT_ID_PARAMETER, cursor)));
        if framing == Framing::Batches {
            forwarded.append_pair(BATCH_PARAMETER, "1");
        }
        format!("{}/logs/stream?{}", self.base, forwarded.finish())
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
    let body = answer.bytes_stream().boxed();
    let body = if is_stream { Body::from_stream(with_goodbye(gateway.clone(), body)) } else { Body::from_stream(body) };
    (status, headers, body).into_response()
}

/// The stream as it comes, until this gateway stops: then a goodbye, unless an event is half sent, which must not be closed by it.
fn with_goodbye(gateway: Gateway, bytes: BoxStream<'static, reqwest::Result<Bytes>>) -> impl Stream<Item = reqwest::Result<Bytes>> {
    stream::unfold(Some((gateway, bytes, *b"\n\n")), |passing| async move {
        let (gateway, mut bytes, last) = passing?;
        tokio::select! {
            biased;
            () = gateway.shutdown.cancelled() => (last == *b"\n\n").then(|| (Ok(events::bye(Bye::Shutdown, gateway.pace.retry_ms(Bye::Shutdown))), None)),
            piece = bytes.next() => {
                let last = piece.as_ref()?.as_ref().map_or(last, |piece| last_two(last, piece));
                Some((piece?, Some((gateway, bytes, last))))
            }
        }
    })
}

/// The last two bytes of a stream that had `last` and got `piece`.
fn last_two(last: [u8; 2], piece: &[u8]) -> [u8; 2] {
    match piece {
        [.., one, two] => [*one, *two],
        [one] => [last[1], *one],
        [] => last,
    }
}

fn parse_channel(query: &str) -> Result<ChannelName, Rejection> {
    let required = |field: &'static str| {
        let text = find(query, field).ok_or_else(|| Rejection::bad_request(format!("{field} is missing: expected ?workspace_id=…&workflow_id=…")))?;
        Ok::<_, Rejection>(Id::parse(field, &text)?)
    };
    let (workspace, workflow) = (required("workspace_id")?, required("workflow_id")?);
    let service = Id::parse("service", find(query, "service").as_deref().unwrap_or(DEFAULT_SERVICE))?;
    Ok(ChannelName::new(service, workspace, Some(workflow)))
}

/// The user of the demo. Where a login stands in front of this route, that proxy names the real one.
const USER: &str = "demo-user";
