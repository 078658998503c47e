//! `GET /logs/stream`: the reader's stream. Greets, then sends each log of the granted channels as it is published.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use logs_sse_client::core::channel::ChannelName;
use logs_sse_client::core::sse;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::app::Gateway;
use crate::hub::{Connection, Subscription};
use crate::rejection::Rejection;

/// The headers of every event stream: no cache, no proxy and no compressor may hold events back.
pub const STREAM_HEADERS: [(HeaderName, &str); 3] =
    [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache, no-transform"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// The header in which the proxy in front names the user.
pub const USER_HEADER: HeaderName = HeaderName::from_static("x-user-id");

/// The header in which the proxy in front names the workspace that the user works in.
pub const WORKSPACE_HEADER: HeaderName = HeaderName::from_static("x-workspace-id");

/// The route's handler.
pub(crate) async fn handle(State(gateway): State<Gateway>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Rejection> {
    let wanted = parse_channels(query.as_deref().unwrap_or_default())?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Ok(open(&gateway, wanted, &Reader { user: header(USER_HEADER), workspace: header(WORKSPACE_HEADER) }))
}

/// Who asks, as the proxy in front says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) workspace: Option<&'a str>,
}

/// Opens a stream of those of the `wanted` channels that the reader may read; the others are left out of the greeting.
pub(crate) fn open(gateway: &Gateway, wanted: Vec<ChannelName>, reader: &Reader<'_>) -> Response {
    let is_granted = |channel: &ChannelName| reader.workspace.is_none_or(|workspace| channel.workspace().as_str() == workspace);
    let granted: Vec<_> = wanted.into_iter().filter(is_granted).collect();
    let connection = Connection::new(reader.user.unwrap_or("anonymous"));
    let greeting = greeting(&connection, &granted);
    let names = granted.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    tracing::info!(connection = connection.connection_id, channels = names, "reader connected");
    let open = Open {
        greeting: Some(greeting),
        told: Told(connection.connection_id.clone()),
        subscription: gateway.hub.subscribe(granted, connection),
        ping: ping(gateway.ping),
    };
    (STREAM_HEADERS, Body::from_stream(events(gateway.clone(), open))).into_response()
}

/// Reads `channels=a,b&channels=c`.
fn parse_channels(query: &str) -> Result<Vec<ChannelName>, Rejection> {
    let mut channels = Vec::new();
    for (name, list) in form_urlencoded::parse(query.as_bytes()) {
        if name == "channels" {
            for channel in list.split(',').map(str::trim).filter(|channel| !channel.is_empty()) {
                let channel = channel.parse().map_err(|error| Rejection::bad_request(format!("channels: {error}")))?;
                if !channels.contains(&channel) {
                    channels.push(channel);
                }
            }
        }
    }
    match channels.len() {
        0 => {
            Err(Rejection::bad_request("channels is missing: expected ?channels=logs:{service}:{workspace}:{resource}, several separated by commas"))
        }
        1..=MAX_CHANNELS => Ok(channels),
        many => Err(Rejection::bad_request(format!("channels: {many} asked for on one stream, at most {MAX_CHANNELS} are given"))),
    }
}

fn greeting(connection: &Connection, granted: &[ChannelName]) -> Bytes {
    let names: Vec<_> = granted.iter().map(ToString::to_string).collect();
    let greeting = json!({
        "type": "connection",
        "status": "connected",
        "channels": names,
        "userId": connection.user_id,
        "connectionId": connection.connection_id,
        "timestamp": connection.connected_at,
    });
    sse::encode(None, None, &greeting.to_string()).into()
}

struct Open {
    greeting: Option<Bytes>,
    subscription: Subscription,
    ping: Interval,
    told: Told,
}

/// Tells of the end, however it comes: the reader left, was cut off, or the gateway stops.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        tracing::info!(connection = self.0, "reader gone");
    }
}

fn events(gateway: Gateway, open: Open) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold((gateway, open), |(gateway, mut open)| async move {
        let piece = match open.greeting.take() {
            Some(greeting) => greeting,
            None => tokio::select! {
                biased;
                () = gateway.shutdown.cancelled() => return None,
                logs = open.subscription.next() => logs?,
                _ = open.ping.tick() => Bytes::from_static(b":ping\n\n"),
            },
        };
        let _ = &open.told;
        Some((Ok(piece), (gateway, open)))
    })
}

fn ping(period: Duration) -> Interval {
    let mut ping = interval_at(tokio::time::Instant::now() + period, period);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping
}

/// Above this a list of channels is a mistake rather than a page.
const MAX_CHANNELS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Result<Vec<String>, Rejection> {
        parse_channels(query).map(|channels| channels.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn takes_lists_repeats_and_percent_encoding() {
        let query = "channels=logs%3Aetl%3Aa%3Ab%2Clogs:etl:c&x=1&channels=logs:faas:d:e&channels=logs:etl:c";
        assert_eq!(names(query), Ok(vec!["logs:etl:a:b".into(), "logs:etl:c".into(), "logs:faas:d:e".into()]));
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        for query in ["", "channels=", "channels=,", "channel=logs:etl:a:b", "channels=logs:etl", "channels=etl:a:b"] {
            let rejection = names(query).expect_err(query);
            assert!(format!("{rejection:?}").contains("\"channels"), "{rejection:?}");
        }
    }
}
