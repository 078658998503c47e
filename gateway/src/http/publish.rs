//! `POST /logs/stream` and `POST /api/logs/publish`: publishes one log of a service.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use logs_sse_core::channel::{ChannelName, Id};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::http::body;
use crate::http::identity;
use crate::http::loose_json;
use crate::http::rejection::{Rejection, json_response};
use crate::http::state::Gateway;

pub(crate) async fn publish(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Rejection> {
    let body = body::received(body)?;
    // The token is checked first: a stranger learns nothing from errors about the body, and causes
    // no decompression.
    let services = gateway.tokens.services_of(identity::token(&headers)?.unwrap_or_default());
    if services.is_empty() {
        return Err(Rejection::unauthorized_publisher());
    }
    let text = loose_json::spelled(body::text(&headers, &body)?, &IDS)?;
    let request = Request::parse(&text)?;
    if !services.contains(request.channel.service()) {
        return Err(Rejection::unauthorized_publisher());
    }
    let published = gateway.hub.publish(&request.channel, request.log_data);
    tracing::debug!(channel = %request.channel, delivered = published.delivered, "published");
    let answer = json!({
        "success": true,
        "channel": request.channel.to_string(),
        "delivered": published.delivered,
        "timestamp": published.timestamp,
    });
    Ok(json_response(StatusCode::OK, &answer))
}

struct Request<'a> {
    channel: ChannelName,
    log_data: &'a RawValue,
}

/// The body's fields as raw JSON, so that an error can name the one that is wrong.
#[derive(Deserialize)]
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

impl<'a> Request<'a> {
    fn parse(body: &'a str) -> Result<Self, Rejection> {
        // serde would accept an array for a struct as well.
        if !body.trim_ascii_start().starts_with('{') {
            return Err(Rejection::bad_request(
                "body is not a JSON object: expected {\"service\", \"workspace_id\", \"workflow_id\", \"logData\"}",
            ));
        }
        let fields: Fields<'a> = serde_json::from_str(body).map_err(|error| {
            Rejection::bad_request(format!("body is not a JSON object: {error}"))
        })?;
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
        let log_data = fields.log_data.ok_or_else(|| {
            Rejection::bad_request("logData is missing: expected the log, usually an object")
        })?;
        Ok(Self { channel, log_data })
    }
}

fn required(field: &'static str, raw: Option<&RawValue>) -> Result<Id, Rejection> {
    optional(field, raw)?
        .ok_or_else(|| Rejection::bad_request(format!("{field} is missing: expected a string")))
}

fn optional(field: &'static str, raw: Option<&RawValue>) -> Result<Option<Id>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    let text: String = serde_json::from_str(raw.get()).map_err(|_| {
        let came: String = raw.get().chars().take(40).collect();
        Rejection::bad_request(format!("{field} is {came}: expected a string"))
    })?;
    Ok(Some(Id::parse(field, &text)?))
}

/// The fields that make up the channel, which must be strings.
const IDS: [&str; 4] = ["service", "workspace_id", "workflow_id", "function_id"];

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(body: &str) -> Result<String, Rejection> {
        Request::parse(body).map(|request| request.channel.to_string())
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
