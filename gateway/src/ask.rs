//! What a reader asks for: the channels, and where it was in them.

use axum::http::HeaderMap;
use axum::http::header::HeaderName;
use logs_sse_client::core::channel::ChannelName;

use crate::rejection::Rejection;
use crate::resume::Resume;

/// The header in which a reader says where it was.
pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The query parameter for the same, since a page cannot set the header.
pub(crate) const LAST_EVENT_ID_PARAMETER: &str = "last_event_id";

/// Reads `channels=a,b&channels=c`.
pub(crate) fn parse_channels(query: &str) -> Result<Vec<ChannelName>, Rejection> {
    let mut channels = Vec::new();
    for (name, list) in form_urlencoded::parse(query.as_bytes()) {
        if name == "channels" {
            for channel in list.split(',').map(str::trim).filter(|channel| !channel.is_empty()) {
                let channel = channel.parse().map_err(|error| Rejection::bad_request(format!("channels: {error}")))?;
                if !channels.contains(&channel) {
                    channels.push(channel);
                }
            }
        }
    }
    match channels.len() {
        0 => {
            Err(Rejection::bad_request("channels is missing: expected ?channels=logs:{service}:{workspace}:{resource}, several separated by commas"))
        }
        1..=MAX_CHANNELS => Ok(channels),
        many => Err(Rejection::bad_request(format!("channels: {many} asked for on one stream, at most {MAX_CHANNELS} are given"))),
    }
}

/// Where the reader was, by the header or the query parameter.
pub(crate) fn parse_resume(query: &str, headers: &HeaderMap) -> Resume {
    let parameter = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == LAST_EVENT_ID_PARAMETER).map(|(_, value)| value);
    Resume::parse(headers.get(LAST_EVENT_ID).map(AsRef::as_ref), parameter.as_deref())
}

/// Above this a list of channels is a mistake rather than a page.
const MAX_CHANNELS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Result<Vec<String>, Rejection> {
        parse_channels(query).map(|channels| channels.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn takes_lists_repeats_and_percent_encoding() {
        let query = "channels=logs%3Aetl%3Aa%3Ab%2Clogs:etl:c&x=1&channels=logs:faas:d:e&channels=logs:etl:c";
        assert_eq!(names(query), Ok(vec!["logs:etl:a:b".into(), "logs:etl:c".into(), "logs:faas:d:e".into()]));
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        for query in ["", "channels=", "channels=,", "channel=logs:etl:a:b", "channels=logs:etl", "channels=etl:a:b"] {
            let rejection = names(query).expect_err(query);
            assert!(format!("{rejection:?}").contains("\"channels"), "{rejection:?}");
        }
    }
}
