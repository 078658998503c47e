//! `GET /logs/stream`: greets a reader, then sends what it fetches, with heartbeats and pings,
//! until one side ends the stream.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{FutureExt, Stream, stream};
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::protocol::{ByeReason, Greeting, Held};
use tokio::task::yield_now;

use crate::audit::stream::{Opening, StreamAudit};
use crate::canary;
use crate::drain::Drain;
use crate::http::caller::Caller;
use crate::http::carrier::Carried;
use crate::http::content_type::EVENT_STREAM;
use crate::http::half_close::HalfClose;
use crate::http::identity::Identity;
use crate::http::incidents::{Incident, Incidents, Sources};
use crate::http::rejection::{NO_DOCUMENT, Rejection};
use crate::http::replay::admit_replay;
use crate::http::state::Gateway;
use crate::http::stream_place::stream_place;
use crate::http::subscribe_params::{SubscribeParams, parse_channels};
use crate::http::trail::Trail;
use crate::hub::Hub;
use crate::hub::bounds::Extent;
use crate::hub::connection::{ConnectionInfo, now_millis};
use crate::limits::streams::StreamPlace;
use crate::reader::events;
use crate::reader::resume::Resume;
use crate::reader::timing::{StreamTiming, millis};
use crate::reader::{Next, Reader, RequestedChannel};
use crate::server::link::Link;

/// The headers of every event stream, with which no cache, proxy or compressor holds events back.
pub const STREAM_HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, EVENT_STREAM),
    (CACHE_CONTROL, "no-cache, no-transform"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
    (CONTENT_SECURITY_POLICY, NO_DOCUMENT),
];

/// The two names of the route.
pub(crate) const PATHS: [&str; 2] = ["/logs/stream", "/api/logs/stream"];

pub(crate) async fn subscribe(
    State(gateway): State<Gateway>,
    identity: Identity,
    caller: Caller,
    trail: Trail,
    uri: Uri,
    headers: HeaderMap,
    link: Option<Extension<Link>>,
) -> Result<Response, Rejection> {
    trail.note_user(&identity);
    let query = uri.query().unwrap_or_default();
    let mut carried = Carried::default();
    let wanted = parse_channels(query, &mut carried)?;
    let params = SubscribeParams::parse(query, &headers, &carried)?.on(link);
    let route = PATHS.into_iter().find(|path| *path == uri.path()).unwrap_or_default();
    let params = params.at(route);
    open(&gateway, wanted, (&identity, caller), &params).await
}

/// Opens a stream of the `wanted` channels that the reader may read. The greeting also names the
/// others.
///
/// # Errors
/// 429 when the reader, its address or a workspace has too many streams, or replays too much; 503 when the engine cannot
/// read its store.
pub(crate) async fn open(
    gateway: &Gateway,
    wanted: Vec<ChannelName>,
    (identity, caller): (&Identity, Caller),
    params: &SubscribeParams,
) -> Result<Response, Rejection> {
    let requested: Vec<_> = wanted
        .into_iter()
        .map(|channel| {
            let is_granted = identity.may_read(&channel) && !canary::is_own(&channel);
            RequestedChannel { channel, is_granted }
        })
        .collect();
    let granted = requested.iter().filter(|channel| channel.is_granted);
    let place = stream_place(gateway, identity, caller, granted.map(|each| &each.channel))?;
    let granted = requested.iter().filter(|requested| requested.is_granted);
    let _in_memory =
        gateway.hub.prepare(granted.map(|requested| requested.channel.clone()).collect()).await?;
    let reader = Reader::open(
        &gateway.hub,
        &requested,
        &params.beginning,
        params.framing,
        ConnectionInfo::new(identity.user_or_anonymous()).from(caller.client),
    );
    let replayed = reader.granted().map(|(name, held, start)| (name, held.count_after(start)));
    admit_replay(gateway, (identity, caller), replayed)?;
    let names = reader.granted().map(|(name, ..)| name.to_string()).collect::<Vec<_>>().join(",");
    tracing::info!(
        connection = reader.connection().connection_id,
        client = %caller.client,
        peer = %caller.peer,
        channels = names,
        resumed = params.beginning.resume != Resume::Live,
        "reader connected"
    );
    let refused: Vec<_> = requested
        .into_iter()
        .filter(|requested| !requested.is_granted)
        .map(|requested| requested.channel)
        .collect();
    let audit = StreamAudit::open(&gateway.observers.audit, || Opening {
        connection: reader.connection().connection_id.clone(),
        user: reader.connection().user_id.clone(),
        client: caller.client,
        peer: caller.peer,
        route: params.route,
        channels: reader.granted().map(|(name, ..)| name.to_string()).collect(),
        refused: refused.iter().map(ToString::to_string).collect(),
        granted: identity.granted_workspaces(),
        resumed: params.beginning.resume != Resume::Live,
    })?;
    gateway.hub.metrics().note_opened(params.route);
    let greeting = greeting(gateway, &reader, &refused, &params.received);
    if let Some(link) = &params.link {
        link.set_lag(Arc::clone(reader.lag()));
    }
    let incidents = Incidents::new(Sources {
        drain: gateway.shutdown.clone(),
        stop: reader.stop().clone(),
        lease: identity.lease().watch(gateway.timing.expiry_notice),
        heartbeat: gateway.timing.heartbeat,
        ping: gateway.timing.ping,
        max_age: gateway.timing.max_age(fastrand::f64()),
    });
    let open = Open {
        drain: gateway.shutdown.clone(),
        incidents,
        half_close: HalfClose::kept(params.link.clone()),
        stage: Stage::Greet(greeting),
        _place: place,
        log_on_drop: LogOnDrop(reader.connection().connection_id.clone()),
        audit,
        reader,
        timing: gateway.timing,
        hub: Arc::clone(&gateway.hub),
    };
    Ok((STREAM_HEADERS, Body::from_stream(events(open))).into_response())
}

fn greeting(
    gateway: &Gateway,
    reader: &Reader,
    refused: &[ChannelName],
    received: &[&'static str],
) -> Bytes {
    let connection = reader.connection();
    let held = |(name, extent, start): (&ChannelName, Extent, u64)| {
        let Extent { oldest, newest } = extent;
        (name.to_string(), Held { oldest, newest, start: Some(start) })
    };
    events::greeting(&Greeting {
        connection_id: &connection.connection_id,
        user_id: &connection.user_id,
        connected_at: connection.connected_at,
        epoch: gateway.hub.epoch(),
        granted: reader.granted().map(held).collect(),
        refused: refused.iter().map(ToString::to_string).collect(),
        heartbeat_ms: millis(gateway.timing.heartbeat),
        server_time: now_millis(),
        received: received.to_vec(),
    })
}

struct Open {
    drain: Drain,
    incidents: Incidents,
    half_close: HalfClose,
    stage: Stage,
    reader: Reader,
    timing: StreamTiming,
    hub: Arc<Hub>,
    log_on_drop: LogOnDrop,
    _place: StreamPlace,
    audit: StreamAudit,
}

enum Stage {
    Greet(Bytes),
    Flow,
    /// It sends what is due before its end by a drain.
    Leave,
    End,
}

/// Logs the end of a stream, whatever ends it: the reader, the gateway or an operator.
struct LogOnDrop(String);

impl Drop for LogOnDrop {
    fn drop(&mut self) {
        tracing::info!(connection = self.0, "reader gone");
    }
}

fn events(open: Open) -> impl Stream<Item = Result<Bytes, Infallible>> {
    // Boxed, since it moves with each piece, and would occupy memory twice.
    stream::unfold(Box::new(open), |mut open| async move {
        let _ = &open.log_on_drop;
        let piece = match std::mem::replace(&mut open.stage, Stage::Flow) {
            Stage::Greet(greeting) => greeting,
            Stage::Flow => match open.next().await {
                Ok(piece) => piece,
                Err(ByeReason::Shutdown) => open.leave(),
                Err(reason) => open.end(reason),
            },
            Stage::Leave => {
                // Pages may never pause.
                yield_now().await;
                match open.incidents.next().now_or_never() {
                    Some(Incident::Expired) => open.end(ByeReason::Expired),
                    _ => open.leave(),
                }
            }
            Stage::End => return None,
        };
        open.note_written(piece.len());
        Some((Ok(piece), open))
    })
}

impl Open {
    /// Returns the next piece, or why the stream ends. Heartbeats and pings precede logs, which may
    /// never pause.
    async fn next(&mut self) -> Result<Bytes, ByeReason> {
        tokio::select! {
            biased;
            incident = self.incidents.next() => self.handle(incident),
            () = self.half_close.noticed() => Ok(self.check()),
            next = self.reader.next() => page(Some(next)),
        }
    }

    /// Returns what the reader receives about an incident, or why the stream ends.
    fn handle(&mut self, incident: Incident) -> Result<Bytes, ByeReason> {
        match incident {
            Incident::Drained => Err(ByeReason::Shutdown),
            Incident::Stopped => Err(ByeReason::Stop),
            Incident::Expired => Err(ByeReason::Expired),
            Incident::Aged => Err(ByeReason::Rotation),
            Incident::Ping => Ok(PING),
            Incident::Check => Ok(self.check()),
            Incident::Expires(left) => {
                let held = page(self.reader.flush())?;
                Ok(joined(&held, events::auth_expiring(left)))
            }
            Incident::Heartbeat => {
                let held = page(self.reader.flush())?;
                Ok(joined(&held, events::heartbeat(self.reader.positions(), now_millis())))
            }
        }
    }

    /// Returns a ping that a client which ended its side answers if it left, and makes the next one
    /// due.
    fn check(&mut self) -> Bytes {
        if let Some(delay) = self.half_close.next_check() {
            self.incidents.check_after(delay);
        }
        PING
    }

    /// Counts a piece that is passed to the connection.
    fn note_written(&mut self, bytes: usize) {
        self.hub.metrics().stream_bytes.inc_by(bytes as u64);
        self.audit.wrote(bytes);
        self.audit.sent(self.reader.logs_sent());
    }

    /// Returns a page of what was acknowledged, as long as there is any and time for it, then the
    /// goodbye.
    fn leave(&mut self) -> Bytes {
        if self.drain.waits_for_readers()
            && let Some(next) = self.reader.finish()
        {
            self.stage = Stage::Leave;
            return page(Some(next)).unwrap_or_else(|reason| self.end(reason));
        }
        self.end(ByeReason::Shutdown)
    }

    fn end(&mut self, reason: ByeReason) -> Bytes {
        self.audit.ends(reason.name());
        self.stage = Stage::End;
        // Without batches these logs would have been sent already. A reader that is too slow
        // receives them when it reconnects.
        let held = if reason == ByeReason::Slow {
            Bytes::new()
        } else {
            page(self.reader.flush()).unwrap_or_default()
        };
        joined(&held, events::bye(reason, self.timing.retry_ms(reason)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.drain.is_cancelled() {
            self.drain.note_ended(self.reader.due());
        }
    }
}

fn page(next: Option<Next>) -> Result<Bytes, ByeReason> {
    match next {
        None => Ok(Bytes::new()),
        Some(Next::Page(page)) => Ok(page),
        Some(Next::TooSlow) => Err(ByeReason::Slow),
    }
}

fn joined(held: &Bytes, event: Bytes) -> Bytes {
    if held.is_empty() { event } else { [&held[..], &event].concat().into() }
}

/// A comment, which an `EventSource` hides.
const PING: Bytes = Bytes::from_static(b":ping\n\n");
