//! Complete responses of the proxy itself: those of a plan, and those of the control routes.

use std::fmt::Write;

use http::StatusCode;
use serde_json::{Value, json};

/// A complete response, after which the connection closes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json".into())],
            body: body.to_string(),
        }
    }

    /// Returns a refusal in the gateway's own shape.
    pub(crate) fn error(status: StatusCode, error: &str) -> Self {
        Self::json(status, &json!({ "error": error }))
    }

    /// Returns the response of a plan's `status` step.
    pub(crate) fn status(status: StatusCode, retry_after: Option<u64>) -> Self {
        let mut answer = match status {
            // RFC 9110, section 15.3.5: it has no body.
            StatusCode::NO_CONTENT => Self { status, headers: Vec::new(), body: String::new() },
            _ => Self::error(status, &format!("{status}, as the plan demands")),
        };
        answer.headers.extend(retry_after.map(|seconds| ("Retry-After", seconds.to_string())));
        answer
    }

    /// Returns the page that a login in front of a gateway shows when a session has ended.
    pub(crate) fn login_page() -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![("Content-Type", "text/html; charset=utf-8".into())],
            body: LOGIN_PAGE.into(),
        }
    }

    pub(crate) fn redirect(to: String) -> Self {
        Self { status: StatusCode::FOUND, headers: vec![("Location", to)], body: String::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the bytes on the wire.
    pub(crate) fn to_text(&self) -> String {
        let mut text =
            format!("HTTP/1.1 {}\r\nConnection: close\r\nCache-Control: no-store\r\n", self.status);
        // Writing to a String cannot fail.
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if self.status != StatusCode::NO_CONTENT {
            let _ = write!(text, "Content-Length: {}\r\n", self.body.len());
        }
        text + "\r\n" + &self.body
    }
}

const LOGIN_PAGE: &str = "<!doctype html>\n<html lang=\"en\"><title>Sign in</title>\
    <h1>Sign in</h1><form method=\"post\" action=\"/login\">\
    <input name=\"user\" aria-label=\"User\"><button>Sign in</button></form></html>\n";
