//! The parameters of a subscription: the channels, the cursor and the framing.

use std::borrow::Cow;

use axum::extract::Extension;
use axum::http::HeaderMap;
use axum::http::header::HeaderName;
use logs_sse_core::channel::ChannelName;

use crate::http::rejection::Rejection;
use crate::reader::batch::Framing;
use crate::reader::resume::Resume;
use crate::server::link::Link;

/// The header that carries the cursor.
pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The query parameter that carries the cursor, since a page cannot set the header.
pub(crate) const LAST_EVENT_ID_PARAMETER: &str = "last_event_id";

/// The query parameter that allows several logs in one event.
pub(crate) const BATCH_PARAMETER: &str = "batch";

/// The parameters of a subscription, apart from the channels.
#[derive(Clone, Debug)]
pub(crate) struct SubscribeParams {
    /// Where the stream starts.
    pub(crate) resume: Resume,
    /// How logs become events.
    pub(crate) framing: Framing,
    /// The connection; `None` in a test without a socket.
    pub(crate) link: Option<Link>,
}

impl SubscribeParams {
    pub(crate) fn parse(query: &str, headers: &HeaderMap) -> Result<Self, Rejection> {
        Ok(Self {
            resume: parse_resume(query, headers),
            framing: parse_framing(query)?,
            link: None,
        })
    }

    /// Adds the connection that the server attached to the request.
    pub(crate) fn on(self, link: Option<Extension<Link>>) -> Self {
        Self { link: link.map(|Extension(link)| link), ..self }
    }
}

/// Returns the first value of a query parameter.
pub(crate) fn find<'a>(query: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value)
}

/// Returns the value of a query parameter that decides about access.
///
/// # Errors
/// 400 when the parameter is repeated: a proxy that checks it may have read another value than this
/// gateway.
pub(crate) fn find_only<'a>(
    query: &'a str,
    wanted: &'static str,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == wanted)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Rejection::bad_request(format!("{wanted} appears more than once"))),
    }
}

/// Parses the channels of a query such as `channels=a,b&channels=c`, and drops duplicates.
pub(crate) fn parse_channels(query: &str) -> Result<Vec<ChannelName>, Rejection> {
    let mut channels = Vec::new();
    for (name, list) in form_urlencoded::parse(query.as_bytes()) {
        if name == "channels" {
            for channel in list.split(',').map(str::trim).filter(|channel| !channel.is_empty()) {
                let channel = channel
                    .parse()
                    .map_err(|error| Rejection::bad_request(format!("channels: {error}")))?;
                if channels.contains(&channel) {
                    continue;
                }
                // Before the next search through them: a URL of 64 kB holds thousands.
                if channels.len() == MAX_CHANNELS {
                    return Err(Rejection::bad_request(format!(
                        "channels: more than {MAX_CHANNELS} on one stream"
                    )));
                }
                channels.push(channel);
            }
        }
    }
    if channels.is_empty() {
        let expected =
            "expected ?channels=logs:{service}:{workspace}:{resource}, several separated by commas";
        return Err(Rejection::bad_request(format!("channels is missing: {expected}")));
    }
    Ok(channels)
}

/// Parses the cursor in the header or the query parameter.
fn parse_resume(query: &str, headers: &HeaderMap) -> Resume {
    Resume::parse(
        headers.get(LAST_EVENT_ID).map(AsRef::as_ref),
        find(query, LAST_EVENT_ID_PARAMETER).as_deref(),
    )
}

/// Parses the framing. An unknown value is an error: its sender would wait for batches that never
/// come.
fn parse_framing(query: &str) -> Result<Framing, Rejection> {
    match find(query, BATCH_PARAMETER).as_deref() {
        None | Some("0") => Ok(Framing::Single),
        Some("1") => Ok(Framing::Batches),
        Some(other) => {
            let came: String = other.chars().take(40).collect();
            Err(Rejection::bad_request(format!(
                "batch is {came:?}: expected 1 for several logs in one event, or 0 for one in each"
            )))
        }
    }
}

/// A longer list of channels is a mistake of a page.
const MAX_CHANNELS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Result<Vec<String>, Rejection> {
        parse_channels(query).map(|channels| channels.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn accepts_lists_repeats_and_percent_encoding() {
        let query = "channels=logs%3Aetl%3Aa%3Ab%2Clogs:etl:c&x=1&channels=logs:faas:d:e&channels=logs:etl:c";
        assert_eq!(
            names(query),
            Ok(vec!["logs:etl:a:b".into(), "logs:etl:c".into(), "logs:faas:d:e".into()])
        );
    }

    #[test]
    fn rejects_unknown_batch_values() {
        for (query, framing) in [
            ("", Framing::Single),
            ("batch=0", Framing::Single),
            ("x=2&batch=1", Framing::Batches),
            ("b%61tch=%31", Framing::Batches),
        ] {
            assert_eq!(parse_framing(query), Ok(framing), "{query}");
        }
        for query in
            ["batch", "batch=", "batch=2", "batch=true", "batch=01", "batch=1 ", "batch=\u{fffd}"]
        {
            let rejection = parse_framing(query).expect_err(query);
            assert!(format!("{rejection:?}").contains("error: \"batch is "), "{rejection:?}");
        }
    }

    #[test]
    fn stops_at_the_first_channel_above_the_limit() {
        let list = |count| {
            (0..count).map(|number| format!("logs:etl:a:{number}")).collect::<Vec<_>>().join(",")
        };
        assert_eq!(names(&format!("channels={0},{0}", list(64))).map(|names| names.len()), Ok(64));
        let rejection =
            names(&format!("channels={},not-a-channel", list(65))).expect_err("one too many");
        assert!(format!("{rejection:?}").contains("more than 64"), "{rejection:?}");
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        for query in [
            "",
            "channels=",
            "channels=,",
            "channel=logs:etl:a:b",
            "channels=logs:etl",
            "channels=etl:a:b",
        ] {
            let rejection = names(query).expect_err(query);
            assert!(format!("{rejection:?}").contains("\"channels"), "{rejection:?}");
        }
    }
}
