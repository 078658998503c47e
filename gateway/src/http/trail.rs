//! Records requests in the audit log: what was refused, which history was read, and what operators
//! did. Streams that open are recorded where they open.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use logs_sse_core::channel::ChannelName;

use crate::audit::NotRecorded;
use crate::audit::record::Record;
use crate::http::caller::Caller;
use crate::http::identity::Identity;
use crate::http::proxy;
use crate::http::rejection::{Reason, Rejection};
use crate::http::state::Gateway;
use crate::http::stream;

/// What a handler knows about its request, for the line that follows its response. It is empty
/// while the audit log is off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Option<Arc<Mutex<Noted>>>);

#[derive(Debug, Default)]
struct Noted {
    user: Option<String>,
    granted: Vec<String>,
    token: Option<String>,
    channel: Option<String>,
    connection: Option<String>,
    refused_logs: Option<u64>,
}

impl Trail {
    /// Returns the trail of a request.
    pub(crate) fn of(extensions: &axum::http::Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Notes the reader, so that a refusal names whom it concerns.
    pub(crate) fn note_user(&self, identity: &Identity) {
        self.note(|noted| noted.identity(identity));
    }

    /// Notes who reads which channel.
    pub(crate) fn note_reader(&self, identity: &Identity, channel: &ChannelName) {
        self.note(|noted| {
            noted.identity(identity);
            noted.channel = Some(channel.to_string());
        });
    }

    /// Notes the names of the publisher's tokens. `names` is called only if they are recorded.
    pub(crate) fn note_token(&self, names: impl FnOnce() -> String) {
        self.note(|noted| noted.token = Some(names()));
    }

    /// Notes the connection that an operator ends.
    pub(crate) fn note_connection(&self, id: &str) {
        self.note(|noted| noted.connection = Some(id.into()));
    }

    /// Notes how many logs of a batch were refused.
    pub(crate) fn note_refused_logs(&self, count: usize) {
        self.note(|noted| noted.refused_logs = Some(count as u64));
    }

    fn note(&self, note: impl FnOnce(&mut Noted)) {
        if let Some(noted) = &self.0 {
            note(&mut lock(noted));
        }
    }

    fn take(&self) -> Noted {
        self.0.as_ref().map(|noted| std::mem::take(&mut *lock(noted))).unwrap_or_default()
    }
}

impl Noted {
    fn identity(&mut self, identity: &Identity) {
        self.user = Some(identity.user_or_anonymous().into());
        self.granted = identity.granted_workspaces();
    }
}

impl<S: Sync> FromRequestParts<S> for Trail {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

/// Records a request once its response is known. While a required audit log cannot be written,
/// readers are refused.
pub(crate) async fn record<S>(State(state): State<S>, request: Request, next: Next) -> Response
where
    Gateway: FromRef<S>,
{
    let gateway = Gateway::from_ref(&state);
    let audit = &gateway.observers.audit;
    let kind = Kind::of(request.method(), request.uri().path());
    let Some(kind) = kind.filter(|_| audit.is_on()) else { return next.run(request).await };
    let method = method_name(request.method());
    let purged = kind.purged(request.uri().path());
    let (mut parts, body) = request.into_parts();
    let Ok(caller) = Caller::from_request_parts(&mut parts, &gateway).await;
    let trail = Trail(Some(Arc::default()));
    parts.extensions.insert(trail.clone());
    let response = if kind.is_reading() && audit.refuses_readers() {
        Rejection::from(NotRecorded).into_response()
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    let noted = trail.take();
    let status = response.status();
    if status == StatusCode::MULTI_STATUS || status.is_client_error() || status.is_server_error() {
        let refused = noted.channel.filter(|_| status == StatusCode::FORBIDDEN);
        let record = Record {
            user: noted.user.map(Into::into),
            token: noted.token.map(Into::into),
            client: Some(caller.client),
            peer: Some(caller.peer),
            method: Some(method),
            route: Some(kind.route()),
            status: Some(status.as_u16()),
            reason: Some(reason(&response)),
            refused: refused.into_iter().collect::<Vec<_>>().into(),
            connection: noted.connection.map(Into::into),
            logs: noted.refused_logs,
            ..Record::of(kind.refused())
        };
        audit.write_refused(record.with_workspaces(noted.granted));
    } else if let Some(event) = kind.done() {
        let record = Record {
            user: noted.user.map(Into::into),
            token: noted.token.map(Into::into),
            client: Some(caller.client),
            peer: Some(caller.peer),
            method: Some(method),
            route: Some(kind.route()),
            status: Some(status.as_u16()),
            channels: noted.channel.or(purged).into_iter().collect::<Vec<_>>().into(),
            connection: noted.connection.map(Into::into),
            ..Record::of(event)
        };
        let record = record.with_workspaces(noted.granted);
        if let Err(lost) = audit.write_reading(&record)
            && kind.is_reading()
        {
            return Rejection::from(lost).into_response();
        }
    }
    response
}

/// What a request is about, by method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Stream(&'static str),
    History(&'static str),
    Publish(&'static str),
    Stop(&'static str),
    Purge(&'static str),
    Inspect(&'static str),
}

impl Kind {
    fn of(method: &Method, path: &str) -> Option<Self> {
        let is_post = method == Method::POST;
        let streams = [stream::PATHS[0], stream::PATHS[1], proxy::PATH];
        let histories = ["/logs/history", "/api/logs/history", proxy::HISTORY_PATH];
        let same = |routes: &[&'static str]| routes.iter().copied().find(|route| *route == path);
        if is_post {
            let stop = same(&["/admin/logs/stop"]).map(Self::Stop);
            return same(&POST_ROUTES).map(Self::Publish).or(stop);
        }
        if method == Method::DELETE {
            return match path.strip_prefix("/admin/")?.split_once('/')?.0 {
                "connections" => Some(Self::Stop("/admin/connections/{id}")),
                _ => Some(Self::Purge("/admin/channels/{channel}")),
            };
        }
        same(&streams)
            .map(Self::Stream)
            .or_else(|| same(&histories).map(Self::History))
            .or_else(|| same(&INSPECTED).map(Self::Inspect))
    }

    fn route(self) -> &'static str {
        match self {
            Self::Stream(route)
            | Self::History(route)
            | Self::Publish(route)
            | Self::Stop(route)
            | Self::Purge(route)
            | Self::Inspect(route) => route,
        }
    }

    /// Returns the channel whose logs are removed, if the path names one.
    fn purged(self, path: &str) -> Option<String> {
        let Self::Purge(_) = self else { return None };
        let name = path.rsplit('/').next()?;
        let name = percent_encoding::percent_decode_str(name).decode_utf8().ok()?;
        name.parse::<ChannelName>().ok().map(|channel| channel.to_string())
    }

    fn is_reading(self) -> bool {
        matches!(self, Self::Stream(_) | Self::History(_))
    }

    /// Returns the event of a request that was refused.
    fn refused(self) -> &'static str {
        if matches!(self, Self::Publish(_)) { "publish_refused" } else { "refused" }
    }

    /// Returns the event of a request that was granted, if it is one that the audit log has.
    fn done(self) -> Option<&'static str> {
        match self {
            Self::Stream(_) | Self::Publish(_) => None,
            Self::History(_) => Some("history_read"),
            Self::Stop(_) => Some("stop"),
            Self::Purge(_) => Some("purge"),
            Self::Inspect(_) => Some("operator_read"),
        }
    }
}

/// The routes that accept logs.
const POST_ROUTES: [&str; 4] =
    ["/logs/publish", "/api/logs/publish", "/logs/stream", "/api/logs/stream"];

/// The routes that show who reads what, or how the gateway is configured.
const INSPECTED: [&str; 4] =
    ["/admin/logs/stats", "/admin/channels", "/admin/connections", "/debug/config"];

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Returns why a request was refused, in one word.
fn reason(response: &Response) -> &'static str {
    if let Some(Reason(reason)) = response.extensions().get() {
        return reason;
    }
    match response.status() {
        StatusCode::MULTI_STATUS => "lines",
        StatusCode::UNAUTHORIZED => "unauthenticated",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "unknown",
        StatusCode::MISDIRECTED_REQUEST => "host",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => "limit",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_server_error() => "backend",
        _ => "invalid",
    }
}

impl From<NotRecorded> for Rejection {
    fn from(NotRecorded: NotRecorded) -> Self {
        let error = "the audit log cannot be written, and this gateway serves no reader without it";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
            .with(RETRY_AFTER, fastrand::u16(5..=15))
            .because("audit")
    }
}

fn lock(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_named_by_what_they_do() {
        let event = |method: Method, path: &str| {
            Kind::of(&method, path).map(|kind| (kind.refused(), kind.done()))
        };
        assert_eq!(event(Method::GET, "/logs/stream"), Some(("refused", None)));
        assert_eq!(event(Method::POST, "/logs/stream"), Some(("publish_refused", None)));
        assert_eq!(event(Method::GET, "/logs/history"), Some(("refused", Some("history_read"))));
        assert_eq!(
            event(Method::DELETE, "/admin/connections/secret"),
            Some(("refused", Some("stop")))
        );
        assert_eq!(event(Method::DELETE, "/admin/channels/a"), Some(("refused", Some("purge"))));
        let purged = |path| Kind::of(&Method::DELETE, path).and_then(|kind| kind.purged(path));
        assert_eq!(purged("/admin/channels/logs%3Aetl%3Aa%3Ab"), Some("logs:etl:a:b".into()));
        assert_eq!(purged("/admin/channels/a%0A"), None);
        assert_eq!(event(Method::GET, "/health"), None);
        assert_eq!(event(Method::GET, "/admin/connections/x"), None);
    }
}
