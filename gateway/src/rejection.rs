//! What a refused request is told: a status and a sentence that names what is wrong.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use logs_sse_core::channel::ChannelError;
use serde_json::json;

/// A refusal: `{"error": …}` under a 4xx or 5xx status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: StatusCode,
    error: String,
}

impl Rejection {
    /// A request that is wrong; `error` begins with the field.
    #[must_use]
    pub fn bad_request(error: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: error.into() }
    }

    /// A publisher without the right to publish this, in the words that publishers know.
    #[must_use]
    pub fn unauthorized_publisher() -> Self {
        Self { status: StatusCode::FORBIDDEN, error: "Unauthorized log publisher".into() }
    }

    /// Any other refusal.
    #[must_use]
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into() }
    }
}

impl From<ChannelError> for Rejection {
    fn from(error: ChannelError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        json_response(self.status, &json!({ "error": self.error }))
    }
}

/// A JSON answer.
pub(crate) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
