//! The Datashop proxy routes: turn a page's two ids into a channel, and serve its stream and its
//! history from this gateway or from upstream.

use axum::extract::{Extension, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use logs_sse_core::channel::{ChannelName, Id};
use logs_sse_core::target::DEFAULT_SERVICE;

use crate::audit::stream::{Opening, StreamAudit};
use crate::http::caller::Caller;
use crate::http::carrier::Carried;
use crate::http::history::{HistoryParams, page, refuse_other_workspace};
use crate::http::identity::Identity;
use crate::http::passing;
use crate::http::rejection::Rejection;
use crate::http::state::Gateway;
use crate::http::stream::open;
use crate::http::stream_place::stream_place;
use crate::http::subscribe_params::{LAST_EVENT_ID, SubscribeParams, find_only};
use crate::http::trail::Trail;
use crate::hub::connection::ConnectionInfo;
use crate::hub::forwarded::Forwarded;
use crate::reader::resume::Resume;
use crate::server::link::Link;

/// The path of the stream's route.
pub const PATH: &str = "/api/dapadmin/l5-etl/sse/logs/stream";

/// The path of the history's route.
pub const HISTORY_PATH: &str = "/api/dapadmin/l5-etl/sse/logs/history";

pub(crate) async fn stream(
    State(gateway): State<Gateway>,
    identity: Identity,
    caller: Caller,
    trail: Trail,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    link: Option<Extension<Link>>,
) -> Result<Response, Rejection> {
    let query = query.as_deref().unwrap_or_default();
    let identity = named(&gateway, identity);
    trail.note_user(&identity);
    let mut carried = Carried::default();
    let channel = parse_channel(query, &mut carried)?;
    let params = SubscribeParams::parse(query, &headers, &carried)?.on(link).at(PATH);
    match &gateway.upstream {
        // A backend of the first generation ignores the workspace header, so the refusal is not
        // left to upstream.
        Some(upstream) if identity.may_read(&channel) => {
            let mut forwarded = identity.headers_for(&channel);
            forwarded
                .extend(headers.get(LAST_EVENT_ID).map(|cursor| (LAST_EVENT_ID, cursor.clone())));
            let query = forwarded_query(&channel, &params);
            let place = stream_place(&gateway, &identity, caller, [&channel].into_iter())?;
            let answer = upstream.open(&query, &forwarded, gateway.shutdown.leaving()).await;
            let answer =
                answer.inspect_err(|error| gateway.hub.metrics().note_upstream(error.status()))?;
            let connection = ConnectionInfo::new(identity.user_or_anonymous()).from(caller.client);
            let audit = StreamAudit::open(&gateway.observers.audit, || Opening {
                connection: connection.connection_id.clone(),
                user: connection.user_id.clone(),
                client: caller.client,
                peer: caller.peer,
                route: PATH,
                channels: vec![channel.to_string()],
                refused: Vec::new(),
                granted: identity.granted_workspaces(),
                resumed: params.beginning.resume != Resume::Live,
            })?;
            gateway.hub.metrics().note_opened(PATH);
            let forwarded = Forwarded::enter(&gateway.hub, &channel, connection);
            let lease = identity.lease().watch(gateway.timing.expiry_notice);
            let reader = (forwarded, place, lease, audit);
            Ok(passing::pass_on(&gateway, answer, upstream.idle(), reader, params.link))
        }
        _ => open(&gateway, vec![channel], (&identity, caller), &params).await,
    }
}

pub(crate) async fn history(
    State(gateway): State<Gateway>,
    identity: Identity,
    caller: Caller,
    trail: Trail,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    let query = query.as_deref().unwrap_or_default();
    let identity = named(&gateway, identity);
    let mut carried = Carried::default();
    let channel = parse_channel(query, &mut carried)?;
    if !carried.is_empty() {
        return Err(Rejection::bad_request(
            "workflow_id has parameters of a stream after it: expected the id only",
        ));
    }
    let params = HistoryParams::parse(query)?;
    trail.note_reader(&identity, &channel);
    refuse_other_workspace(&identity, &channel)?;
    match &gateway.upstream {
        Some(upstream) => {
            let forwarded = identity.headers_for(&channel);
            let page = upstream
                .history(&params.query(&channel), &forwarded, gateway.shutdown.leaving())
                .await;
            page.inspect_err(|error| gateway.hub.metrics().note_upstream(error.status()))
        }
        None => page(&gateway, (&identity, caller), &channel, &params).await,
    }
}

/// Returns the reader, who has a name in a demo.
fn named(gateway: &Gateway, identity: Identity) -> Identity {
    identity.or_user(gateway.mode.is_demo().then_some(DEMO_USER))
}

/// Returns the query for upstream, where parameters that arrived inside the id are ordinary ones. The
/// cursor is forwarded both as header and parameter, as it arrived; upstream decides which one wins.
fn forwarded_query(channel: &ChannelName, params: &SubscribeParams) -> String {
    let mut forwarded = form_urlencoded::Serializer::new(String::new());
    forwarded.append_pair("channels", &channel.to_string());
    forwarded.extend_pairs(&params.optional);
    forwarded.finish()
}

/// Parses the channel of the ids in a query. Moves the parameters inside the workflow's id to
/// `carried`.
fn parse_channel(query: &str, carried: &mut Carried) -> Result<ChannelName, Rejection> {
    let required = |field: &'static str| {
        find_only(query, field)?.ok_or_else(|| {
            Rejection::bad_request(format!(
                "{field} is missing: expected ?workspace_id=…&workflow_id=…"
            ))
        })
    };
    let workspace = Id::parse("workspace_id", &required("workspace_id")?)?;
    let workflow = required("workflow_id")?;
    let workflow = Id::parse("workflow_id", carried.split_id("workflow_id", &workflow)?)?;
    let service =
        Id::parse("service", find_only(query, "service")?.as_deref().unwrap_or(DEFAULT_SERVICE))?;
    Ok(ChannelName::new(service, workspace, Some(workflow)))
}

/// The reader of a demo, which has no login in front.
pub(crate) const DEMO_USER: &str = "demo-user";
