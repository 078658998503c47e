//! `POST /logs/publish` and its other names: publishes one log of a service, or passes a batch on.

use std::borrow::Cow;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use logs_sse_core::channel::{ChannelName, Id};
use logs_sse_wire::protocol::ByeReason;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::canary;
use crate::drain::Publishing;
use crate::http::admission::admit;
use crate::http::body::{self, Allowance};
use crate::http::content_type::{NDJSON, is_of_type};
use crate::http::identity;
use crate::http::log_id;
use crate::http::publish_batch;
use crate::http::rejection::{Rejection, json_response};
use crate::http::state::Gateway;
use crate::http::store;
use crate::http::tokens::{Grant, Refusal};
use crate::http::traced;
use crate::http::trail::Trail;
use crate::json::normalize::normalized;
use crate::limits::config::MAX_LOG_BYTES;
use crate::limits::kind::Limit;
use crate::metrics::Refused;
use crate::server::link::Link;

pub(crate) async fn publish(
    State(gateway): State<Gateway>,
    request: Request,
) -> Result<Response, Rejection> {
    if request.extensions().get().is_some_and(Link::lacks_certificate) {
        gateway.hub.metrics().note_refused(Refused::Token);
        return Err(Rejection::new(
            StatusCode::FORBIDDEN,
            "no client certificate: publishers need one that an authority of --tls-client-ca has issued",
        ));
    }
    let start = Instant::now();
    let published = if is_of_type(request.headers(), NDJSON) {
        publish_batch::publish(&gateway, request).await
    } else {
        publish_one(&gateway, request).await
    };
    let mut response = published.inspect_err(|rejection| note_refused(&gateway, rejection))?;
    gateway.hub.metrics().publish.observe(start.elapsed().as_secs_f64());
    // Not in the body, whose fields publishers in the field expect.
    let durability = HeaderValue::from_static(gateway.hub.durability().name());
    response.headers_mut().insert(DURABILITY, durability);
    Ok(response)
}

/// The header that says what a stored log survives: `memory` or `disk`.
const DURABILITY: HeaderName = HeaderName::from_static("x-log-durability");

async fn publish_one(gateway: &Gateway, request: Request) -> Result<Response, Rejection> {
    let trail = Trail::of(request.extensions());
    let trace = traced::position(request.extensions(), request.headers());
    let (headers, body, grant) = of_publisher(gateway, request, MAX_LOG_BYTES).await?;
    trail.note_token(|| grant.names());
    let allowance = Allowance::of_log(gateway);
    let body = body::received(body, allowance).await?;
    let key = log_id::of_header(&headers)?;
    let text = body::text(&headers, &body, allowance)?;
    let text = normalized(&text, "body", &IDS)?;
    let log = Log::parse("body", &text)?;
    let _publishing = refuse_while_draining(gateway)?;
    let entry = admit(gateway, &grant, &log, text.len())?;
    let published = store::one(gateway, &log.channel, (&entry, trace), key).await?;
    tracing::debug!(channel = %log.channel, delivered = published.delivered, "published");
    let answer = json!({
        "success": true,
        "channel": log.channel.to_string(),
        "delivered": published.delivered,
        "timestamp": published.timestamp,
    });
    Ok(json_response(StatusCode::OK, &answer))
}

/// Checks the token of a request before anything of its body is kept: a stranger must not occupy
/// memory, cause decompression, or learn from errors about the body.
///
/// # Errors
/// As [`granted`], after at most `limit` bytes of the body were received and dropped.
pub(crate) async fn of_publisher(
    gateway: &Gateway,
    request: Request,
    limit: usize,
) -> Result<(HeaderMap, Body, Grant), Rejection> {
    let (parts, body) = request.into_parts();
    match granted(gateway, &parts.headers) {
        Ok(grant) => Ok((parts.headers, body, grant)),
        Err(rejection) => {
            let time = gateway.limits.config().body_timeout;
            if body::discard_of(&parts.headers, body, Allowance { bytes: limit, time }).await {
                gateway.hub.metrics().note_limit(Limit::BodyTime);
            }
            Err(rejection)
        }
    }
}

/// Returns what the request's token grants, which is something.
///
/// # Errors
/// 403 when there is no token, or it is unknown or outside its time; 400 when it is unreadable.
pub(crate) fn granted(gateway: &Gateway, headers: &HeaderMap) -> Result<Grant, Rejection> {
    let grant = gateway.tokens.grant_of(identity::token(headers)?.unwrap_or_default());
    if !grant.is_empty() {
        return Ok(grant);
    }
    let reason = if grant.is_known() { Refused::Expired } else { Refused::Token };
    gateway.hub.metrics().note_refused(reason);
    Err(Rejection::unauthorized_publisher().of_credentials().because(reason.name()))
}

/// Counts a refusal. Those of a token were counted where the reason is known.
pub(crate) fn note_refused(gateway: &Gateway, rejection: &Rejection) {
    if let Some((limit, _)) = rejection.limit() {
        gateway.hub.metrics().note_limit(limit);
    }
    let reason = match rejection.status() {
        StatusCode::FORBIDDEN => return,
        StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Refused::Limit,
        StatusCode::SERVICE_UNAVAILABLE if gateway.shutdown.is_cancelled() => Refused::Draining,
        StatusCode::SERVICE_UNAVAILABLE => Refused::Storage,
        _ => Refused::Invalid,
    };
    gateway.hub.metrics().note_refused(reason);
}

/// Refuses a channel of a service or workspace that is not the token's.
///
/// # Errors
/// 403, in the words that publishers expect if the service is wrong.
pub(crate) fn check(
    gateway: &Gateway,
    grant: &Grant,
    channel: &ChannelName,
) -> Result<(), Rejection> {
    let checked =
        if canary::is_own(channel) { Err(Refusal::Service) } else { grant.check(channel) };
    let (reason, rejection) = match checked {
        Ok(()) => return Ok(()),
        Err(Refusal::Service) => (Refused::Service, Rejection::unauthorized_publisher()),
        Err(Refusal::Workspace) => {
            let error = format!(
                "workspace_id is {:?}: expected a workspace of this token, which its entry in the file of tokens names",
                channel.workspace().as_str()
            );
            (Refused::Workspace, Rejection::new(StatusCode::FORBIDDEN, error))
        }
    };
    gateway.hub.metrics().note_refused(reason);
    Err(rejection.because(reason.name()))
}

/// Refuses to store logs that would be lost when the process ends. Otherwise returns what makes a
/// shutdown wait until they are stored.
///
/// # Errors
/// 503, with the delay after which readers are asked to come back too.
pub(crate) fn refuse_while_draining(gateway: &Gateway) -> Result<Publishing, Rejection> {
    if let Some(publishing) = gateway.shutdown.admit() {
        return Ok(publishing);
    }
    let seconds = gateway.timing.retry_ms(ByeReason::Shutdown).div_ceil(1_000);
    let error = "this gateway is shutting down and stored nothing: send the request again after Retry-After";
    Err(Rejection::new(StatusCode::SERVICE_UNAVAILABLE, error).with(RETRY_AFTER, seconds))
}

/// A log as a service publishes it.
pub(crate) struct Log<'a> {
    pub(crate) channel: ChannelName,
    pub(crate) data: &'a RawValue,
}

/// The body's fields as raw JSON, so that an error can name the one that is wrong.
#[derive(Clone, Copy, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    service: Option<&'a RawValue>,
    #[serde(borrow, default)]
    workspace_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    workflow_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "logData")]
    log_data: Option<&'a RawValue>,
}

/// The fields of a line. A single log may have a field `id` twice, since nothing reads it there.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    service: Option<&'a RawValue>,
    #[serde(borrow, default)]
    workspace_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    workflow_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "logData")]
    log_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

impl<'a> Log<'a> {
    /// Parses a log. `subject` is what `text` is, which errors mention.
    ///
    /// # Errors
    /// 400 with the name of the field that is wrong.
    pub(crate) fn parse(subject: &'static str, text: &'a str) -> Result<Self, Rejection> {
        Self::of_fields(parsed(subject, text)?)
    }

    /// Parses a log in a line of a batch, and the field with its id, which may be absent or null.
    ///
    /// # Errors
    /// 400 with the name of the field that is wrong.
    pub(crate) fn parse_line(text: &'a str) -> Result<(Self, Option<&'a RawValue>), Rejection> {
        let Line { service, workspace_id, workflow_id, function_id, log_data, id } =
            parsed("line", text)?;
        let fields = Fields { service, workspace_id, workflow_id, function_id, log_data };
        Ok((Self::of_fields(fields)?, id))
    }

    fn of_fields(fields: Fields<'a>) -> Result<Self, Rejection> {
        let service = required("service", fields.service)?;
        let workspace = required("workspace_id", fields.workspace_id)?;
        let channel = match (
            optional("workflow_id", fields.workflow_id)?,
            optional("function_id", fields.function_id)?,
        ) {
            (Some(_), Some(_)) => {
                return Err(Rejection::bad_request(
                    "function_id and workflow_id are both present: a log belongs to one of them",
                ));
            }
            (None, Some(function)) => {
                ChannelName::new(Id::parse("service", "function")?, workspace, Some(function))
            }
            (workflow, None) => ChannelName::new(service, workspace, workflow),
        };
        let data = fields.log_data.ok_or_else(|| {
            Rejection::bad_request("logData is missing: expected the log, usually an object")
        })?;
        Ok(Self { channel, data })
    }
}

/// Parses the fields of a log. `subject` is what `text` is, which errors mention.
fn parsed<'a, T: Deserialize<'a>>(subject: &'static str, text: &'a str) -> Result<T, Rejection> {
    // serde would accept an array for a struct as well.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Rejection::bad_request(format!(
            "{subject} is not a JSON object: expected {{\"service\", \"workspace_id\", \"workflow_id\", \"logData\"}}"
        )));
    }
    serde_json::from_str(text)
        .map_err(|error| Rejection::bad_request(format!("{subject} is not a JSON object: {error}")))
}

fn required(field: &'static str, raw: Option<&RawValue>) -> Result<Id, Rejection> {
    optional(field, raw)?
        .ok_or_else(|| Rejection::bad_request(format!("{field} is missing: expected a string")))
}

fn optional(field: &'static str, raw: Option<&RawValue>) -> Result<Option<Id>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    Ok(Some(Id::parse(field, &string(field, raw)?)?))
}

/// Returns the text of a field, which is copied only if it has escapes.
///
/// # Errors
/// 400 when it is no string.
pub(crate) fn string<'a>(
    field: &'static str,
    raw: &'a RawValue,
) -> Result<Cow<'a, str>, Rejection> {
    let json = raw.get();
    // A raw value is valid JSON, so a string without a backslash is its own text.
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(text) = quoted.filter(|text| !text.contains('\\')) {
        return Ok(Cow::Borrowed(text));
    }
    serde_json::from_str(json).map(Cow::Owned).map_err(|_| {
        let came: String = json.chars().take(40).collect();
        Rejection::bad_request(format!("{field} is {came}: expected a string"))
    })
}

/// The fields that make up the channel, which must be strings.
pub(crate) const IDS: [&str; 4] = ["service", "workspace_id", "workflow_id", "function_id"];

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(body: &str) -> Result<String, Rejection> {
        Log::parse("body", body).map(|log| log.channel.to_string())
    }

    #[test]
    fn makes_the_channel_of_the_ids() {
        let body = |ids: &str| {
            format!(r#"{{"service":"etl","workspace_id":"w"{ids},"logData":null,"logData2":1}}"#)
        };
        assert!(channel(&body("")).is_err(), "null is no log");
        let body =
            |ids: &str| format!(r#"{{"service":"etl","workspace_id":"w"{ids},"logData":{{}}}}"#);
        assert_eq!(channel(&body(r#","workflow_id":"f""#)), Ok("logs:etl:w:f".into()));
        assert_eq!(channel(&body(r#","function_id":"f""#)), Ok("logs:function:w:f".into()));
        assert_eq!(channel(&body("")), Ok("logs:etl:w".into()));
    }

    #[test]
    fn an_id_with_escapes_is_what_they_mean() {
        let body =
            r#"{"service":"e\u0074l","workspace_id":"\u00e9","workflow_id":"a\/b","logData":1}"#;
        assert_eq!(channel(body), Ok("logs:etl:é:a/b".into()));
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        for (field, body) in [
            ("body", ""),
            ("body", "[]"),
            ("body", "{"),
            ("service", r#"{"workspace_id":"w","logData":{}}"#),
            ("workspace_id", r#"{"service":"etl","workspace_id":5,"logData":{}}"#),
            ("workspace_id", r#"{"service":"etl","workspace_id":"a:b","logData":{}}"#),
            (
                "workflow_id",
                r#"{"service":"etl","workspace_id":"w","workflow_id":"","logData":{}}"#,
            ),
            (
                "function_id",
                r#"{"service":"etl","workspace_id":"w","workflow_id":"f","function_id":"g","logData":{}}"#,
            ),
            ("logData", r#"{"service":"etl","workspace_id":"w"}"#),
        ] {
            let rejection = channel(body).expect_err(body);
            assert!(
                format!("{rejection:?}").contains(&format!("error: \"{field}")),
                "{body}: {rejection:?}"
            );
        }
    }
}
