//! The type of a body, as its only `Content-Type` declares it.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// The type of a stream of events.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// The type of a JSON text.
pub(crate) const JSON: &str = "application/json";

/// The type of a batch: a JSON text in each line.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// Returns whether there is exactly one `Content-Type`, which is `wanted`, with or without parameters.
pub(crate) fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.as_bytes().split(|byte| *byte == b';').next());
    kinds.next().is_none()
        && kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn accepts_exactly_one_event_stream_type() {
        let is_stream = |kinds: &[&'static str]| {
            is_of_type(
                &kinds.iter().map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))).collect(),
                EVENT_STREAM,
            )
        };
        for kind in [
            "text/event-stream",
            "Text/Event-Stream ;charset=utf-8",
            "text/event-stream;charset=ISO-8859-1",
        ] {
            assert!(is_stream(&[kind]), "{kind}");
        }
        for kinds in [
            &[][..],
            &["text/event-streamhtml"],
            &["text/html"],
            &["text/event-stream", "text/html"],
            &["text/event-stream, text/html"],
            &[""],
        ] {
            assert!(!is_stream(kinds), "{kinds:?}");
        }
    }
}
