//! Refusals: a status and a sentence that names what is wrong.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use logs_sse_core::channel::ChannelError;
use serde_json::json;

use crate::http::content_type::JSON;
use crate::limits::kind::Limit;

/// A refusal: `{"error": …, "status": …}` under a 4xx or 5xx status, which it repeats; with
/// `limit` and `value` if a limit is exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: StatusCode,
    error: String,
    /// Boxed, since most have none and it is large.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    /// The status of the backend, if that is the reason.
    upstream_status: Option<StatusCode>,
    /// The limit that is exceeded, and its value.
    limit: Option<(Limit, u64)>,
    /// The seconds after which to try again.
    retry_after: Option<u64>,
    is_of_credentials: bool,
    reason: Option<Reason>,
}

/// Marks a response that refuses unknown credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrongCredentials;

/// Why a request was refused, in one word for the audit log; an extension of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason(pub(crate) &'static str);

impl Rejection {
    /// Returns a refusal with 400. `error` begins with the field.
    #[must_use]
    pub fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// Returns the refusal of a publisher without the right to publish, in the words that
    /// publishers expect.
    #[must_use]
    pub fn unauthorized_publisher() -> Self {
        Self::new(StatusCode::FORBIDDEN, UNAUTHORIZED_PUBLISHER)
    }

    /// Returns the refusal of a reader without a valid credential.
    #[must_use]
    pub fn unauthenticated(error: impl Into<String>) -> Self {
        // Browsers ask their user for a password for schemes such as Basic, but not for this one.
        Self::new(StatusCode::UNAUTHORIZED, error)
            .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"logs\""))
    }

    /// Returns a refusal with any status.
    #[must_use]
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            header: None,
            upstream_status: None,
            limit: None,
            retry_after: None,
            is_of_credentials: false,
            reason: None,
        }
    }

    /// Returns a refusal because of a limit.
    #[must_use]
    pub(crate) fn limited(status: StatusCode, limit: Limit, value: usize) -> Self {
        let error = format!("more than {value} {}", limit.subject());
        Self { limit: Some((limit, value as u64)), ..Self::new(status, error) }
    }

    /// Replaces the sentence that names what is wrong.
    #[must_use]
    pub(crate) fn with_error(self, error: impl Into<String>) -> Self {
        Self { error: error.into(), ..self }
    }

    /// Asks to send the request again after `wait`, rounded up to seconds.
    #[must_use]
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1);
        Self { retry_after: Some(u64::try_from(seconds).unwrap_or(u64::MAX)), ..self }
    }

    /// Marks the credentials as unknown, which limits count.
    #[must_use]
    pub(crate) fn of_credentials(self) -> Self {
        Self { is_of_credentials: true, ..self }
    }

    /// Returns the limit that is exceeded, and its value.
    pub(crate) fn limit(&self) -> Option<(Limit, u64)> {
        self.limit
    }

    /// Returns the seconds after which to send the request again.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the sentence that names what is wrong.
    pub(crate) fn error(&self) -> &str {
        &self.error
    }

    #[must_use]
    pub(crate) fn with(self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        Self { header: Some(Box::new((name, value.into()))), ..self }
    }

    /// Adds the word that the audit log shows, where the status alone says too little.
    #[must_use]
    pub(crate) fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(Reason(reason)), ..self }
    }

    /// Adds the field `upstreamStatus`.
    #[must_use]
    pub(crate) fn with_upstream_status(self, status: StatusCode) -> Self {
        Self { upstream_status: Some(status), ..self }
    }
}

impl From<ChannelError> for Rejection {
    fn from(error: ChannelError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error });
        // A proxy may answer 200 before it knows this status; a page reads it from the body then.
        if self.error != UNAUTHORIZED_PUBLISHER {
            body["status"] = self.status.as_u16().into();
        }
        if let Some(status) = self.upstream_status {
            body["upstreamStatus"] = status.as_u16().into();
        }
        if let Some((limit, value)) = self.limit {
            body["limit"] = limit.name().into();
            body["value"] = value.into();
        }
        let mut response = json_response(self.status, &body);
        response.headers_mut().extend(self.header.map(|header| *header));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if self.is_of_credentials {
            response.extensions_mut().insert(WrongCredentials);
        }
        let of_limit = || self.limit.map(|(limit, _)| Reason(limit.name()));
        if let Some(reason) = self.reason.or_else(of_limit) {
            response.extensions_mut().insert(reason);
        }
        response
    }
}

/// Returns a JSON response that no cache may store: it is true for a moment, and of one reader.
pub(crate) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    json_text(status, body.to_string())
}

/// Returns such a response with a body that is JSON already.
pub(crate) fn json_text(status: StatusCode, body: impl Into<Body>) -> Response {
    let headers = [
        (CONTENT_TYPE, JSON),
        (CACHE_CONTROL, "no-store"),
        // Here and not in a layer, since some requests are refused before the router.
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NO_DOCUMENT),
    ];
    (status, headers, body.into()).into_response()
}

/// Refuses a path without a route.
pub(crate) async fn refuse_path(method: Method, uri: Uri) -> Rejection {
    Rejection::new(
        StatusCode::NOT_FOUND,
        format!("no route {method} {}: GET / lists them", uri.path()),
    )
}

/// Refuses a method that its route does not have.
pub(crate) async fn refuse_method(method: Method, uri: Uri) -> Rejection {
    Rejection::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not accept {method}: GET / lists the routes", uri.path()),
    )
}

/// The policy of a response that is no document: no page may frame it, and it loads nothing.
pub(crate) const NO_DOCUMENT: &str = "default-src 'none'; frame-ancestors 'none'";

/// The refusal that publishers expect, byte for byte.
const UNAUTHORIZED_PUBLISHER: &str = "Unauthorized log publisher";
