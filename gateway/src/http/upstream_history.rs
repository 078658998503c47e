//! The history of a backend behind this gateway: requests a page, and accepts only a readable one.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use logs_sse_wire::cursor::Epoch;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::error_chain::error_chain;
use crate::http::content_type::is_of_type;
use crate::http::history::other_epoch;
use crate::http::rejection::{Rejection, json_text};
use crate::http::upstream::Upstream;

impl Upstream {
    /// Returns the page for `query`, requested with these `headers`, byte for byte.
    ///
    /// # Errors
    /// A refusal in this gateway's own words if upstream does not respond in time, or responds with
    /// anything but a page. A backend without the route is a 404.
    pub(crate) async fn history(
        &self,
        query: &str,
        headers: &HeaderMap,
        shutdown: &CancellationToken,
    ) -> Result<Response, Rejection> {
        let page = async {
            let route = self.histories();
            let answer = self.ask(route, query, headers).await?;
            let status = answer.status();
            if status == StatusCode::CONFLICT && is_of_type(answer.headers(), route.kind) {
                let body = self.received(answer).await?;
                return epoch_of(&body).map(|epoch| other_epoch(&epoch)).ok_or_else(|| {
                    self.bad_gateway("answered 409 without its epoch").with_upstream_status(status)
                });
            }
            if let Some(fault) = self.fault(route, &answer) {
                return Err(fault);
            }
            let body = self.received(answer).await?;
            if !is_page(&body) {
                let what = "answered with JSON that is not a page of logs";
                return Err(self.bad_gateway(what).with_upstream_status(status));
            }
            Ok(json_text(StatusCode::OK, body))
        };
        self.in_time(shutdown, page).await
    }

    /// Receives a body within the limit.
    async fn received(&self, mut answer: reqwest::Response) -> Result<Bytes, Rejection> {
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(None) => return Ok(body.into()),
                Ok(Some(piece)) if body.len() + piece.len() > MAX_BYTES => {
                    let what = format!("sent a page of more than {MAX_BYTES} bytes");
                    return Err(self.bad_gateway(&what));
                }
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Err(error) => {
                    let error = error_chain(&error.without_url());
                    tracing::warn!("upstream: {error}");
                    return Err(self.bad_gateway("did not send a whole page"));
                }
            }
        }
    }
}

fn is_page(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow, rename = "logs")]
        _logs: Vec<&'a RawValue>,
    }
    // serde would accept an array for a struct as well.
    body.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<Page<'_>>(body).is_ok()
}

fn epoch_of(body: &[u8]) -> Option<Epoch> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body["epoch"].as_str()?.parse().ok()
}

/// A page has 1 MiB, or a single log of 1 MiB in which a number that JSON lacks became a string.
const MAX_BYTES: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_an_object_with_logs() {
        assert!(is_page(br#"{"logs":[],"more":1}"#) && is_page(br#" {"logs":[{"seq":1}]}"#));
        for body in
            [&b""[..], b"[[]]", b"{}", br#"{"logs":{}}"#, b"{\"logs\":[]", b"<html>", b"\xff"]
        {
            assert!(!is_page(body), "{body:?}");
        }
    }

    #[test]
    fn an_epoch_is_accepted_only_if_it_is_one() {
        assert!(epoch_of(br#"{"epoch":"abc123"}"#).is_some());
        for body in [&b""[..], b"[]", br#"{"epoch":"<b>"}"#, br#"{"epoch":5}"#] {
            assert!(epoch_of(body).is_none(), "{body:?}");
        }
    }
}
