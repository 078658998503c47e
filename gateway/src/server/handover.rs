//! Takes event streams over from hyper: where the body of a response waits until hyper has written
//! its head.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::response::Response;

/// The place of one connection for the event stream that hyper hands over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handover(Arc<Mutex<Option<EventStream>>>);

/// An event stream whose head hyper writes.
#[derive(Debug)]
pub(crate) struct EventStream {
    pub(crate) body: Body,
    /// Whether the client may send another request after the stream.
    pub(crate) keeps_connection: bool,
}

impl Handover {
    /// Puts down the body of a response.
    pub(crate) fn put(&self, stream: EventStream) {
        *self.waiting() = Some(stream);
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting().is_some()
    }

    pub(crate) fn take(&self) -> Option<EventStream> {
        self.waiting().take()
    }

    fn waiting(&self) -> MutexGuard<'_, Option<EventStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether hyper writes the body of a response to `request` in chunks, if the response
/// declares no length.
pub(crate) fn is_answered_in_chunks<B>(request: &hyper::Request<B>) -> bool {
    request.method() == Method::GET && request.version() == Version::HTTP_11
}

/// Returns whether hyper chooses how the body of a response is delimited.
pub(crate) fn leaves_framing_to_hyper(response: &Response) -> bool {
    let decided = [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION];
    response.status() == StatusCode::OK
        && !decided.iter().any(|name| response.headers().contains_key(name))
}

/// Returns whether the client of HTTP/1.1 keeps its connection after the response.
pub(crate) fn keeps_connection(headers: &HeaderMap) -> bool {
    let is_close = |option: &[u8]| option.trim_ascii().eq_ignore_ascii_case(b"close");
    !headers
        .get_all(CONNECTION)
        .iter()
        .any(|value| value.as_bytes().split(|byte| *byte == b',').any(is_close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_asks_for_it_loses_its_connection() {
        let keeps = |values: &[&'static str]| {
            let fields = values.iter().map(|value| (CONNECTION, value.parse().expect("a value")));
            keeps_connection(&fields.collect())
        };
        assert!(keeps(&[]) && keeps(&["keep-alive"]) && keeps(&["Upgrade, closed"]));
        assert!(!keeps(&["close"]) && !keeps(&["Upgrade,  Close"]) && !keeps(&["TE", "close"]));
    }

    #[test]
    fn hyper_keeps_what_is_not_sent_in_chunks() {
        let request = |method: Method, version| {
            let request = hyper::Request::builder().method(method).version(version);
            is_answered_in_chunks(&request.body(()).expect("a request"))
        };
        assert!(request(Method::GET, Version::HTTP_11));
        assert!(
            !request(Method::GET, Version::HTTP_10) && !request(Method::HEAD, Version::HTTP_11)
        );
        let response = |name, value: &'static str| {
            let response = Response::builder().header(name, value);
            leaves_framing_to_hyper(&response.body(Body::empty()).expect("a response"))
        };
        assert!(response("cache-control", "no-cache"));
        assert!(!response("content-length", "0") && !response("connection", "close"));
    }
}
