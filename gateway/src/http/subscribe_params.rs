//! The parameters of a subscription: the channels, where it begins, and the framing.

use std::borrow::Cow;

use axum::extract::Extension;
use axum::http::HeaderMap;
use axum::http::header::HeaderName;
use logs_sse_core::channel::ChannelName;

use crate::http::carrier::{Carried, OPTIONAL};
use crate::http::rejection::Rejection;
use crate::reader::batch::Framing;
use crate::reader::resume::{Beginning, Resume};
use crate::server::link::Link;
use logs_sse_wire::protocol::parameter;

/// The header that carries the cursor.
pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The parameters of a subscription, apart from the channels.
#[derive(Clone, Debug)]
pub(crate) struct SubscribeParams {
    /// Where the stream begins.
    pub(crate) beginning: Beginning,
    /// How logs become events.
    pub(crate) framing: Framing,
    /// The names of the optional parameters that arrived with a value.
    pub(crate) received: Vec<&'static str>,
    /// Those that arrived in the query or inside a resource id, with their values.
    pub(crate) optional: Vec<(&'static str, String)>,
    /// The connection; `None` in a test without a socket.
    pub(crate) link: Option<Link>,
    /// The route on which the stream was requested, for the audit log.
    pub(crate) route: &'static str,
}

impl SubscribeParams {
    /// Parses the optional parameters. The header takes precedence over the query, and the query
    /// over what the ids `carried`.
    ///
    /// # Errors
    /// 400 when the framing or the tail is not one of those expected.
    pub(crate) fn parse(
        query: &str,
        headers: &HeaderMap,
        carried: &Carried,
    ) -> Result<Self, Rejection> {
        let header = headers.get(LAST_EVENT_ID).map(AsRef::as_ref);
        let value = |name| effective(query, carried, name);
        let optional: Vec<_> = OPTIONAL
            .into_iter()
            .filter_map(|name| Some((name, value(name)?.into_owned())))
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        let is_received = |name: &&'static str| {
            optional.iter().any(|(arrived, _)| arrived == name)
                || (*name == parameter::LAST_EVENT_ID && header.is_some_and(is_text))
        };
        Ok(Self {
            beginning: Beginning {
                resume: Resume::parse(header, value(parameter::LAST_EVENT_ID).as_deref()),
                tail: parse_tail(value(parameter::TAIL).as_deref())?,
            },
            framing: parse_framing(value(parameter::BATCH).as_deref())?,
            received: OPTIONAL.into_iter().filter(is_received).collect(),
            optional,
            link: None,
            route: "",
        })
    }

    /// Sets the route of the request.
    pub(crate) fn at(self, route: &'static str) -> Self {
        Self { route, ..self }
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

/// Parses the channels of a query such as `channels=a,b&channels=c`, and drops duplicates. Moves the
/// parameters inside them to `carried`.
pub(crate) fn parse_channels(
    query: &str,
    carried: &mut Carried,
) -> Result<Vec<ChannelName>, Rejection> {
    let mut channels = Vec::new();
    for (name, list) in form_urlencoded::parse(query.as_bytes()) {
        if name == "channels" {
            for channel in list.split(',').map(str::trim).filter(|channel| !channel.is_empty()) {
                let channel = carried
                    .split_channel("channels", channel)?
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

/// Returns the value of an optional parameter, from the query or, without one there, from the ids.
///
/// An empty cursor in the query counts as none. Another empty parameter is returned, and is an error
/// of its sender.
fn effective<'a>(query: &'a str, carried: &'a Carried, name: &str) -> Option<Cow<'a, str>> {
    find(query, name)
        .filter(|value| name != parameter::LAST_EVENT_ID || !value.trim().is_empty())
        .or_else(|| carried.find(name).map(Cow::Borrowed))
}

/// Returns whether a header has a value.
fn is_text(header: &[u8]) -> bool {
    !String::from_utf8_lossy(header).trim().is_empty()
}

/// Parses the number of logs to begin with. An unknown value is an error, as for the framing.
fn parse_tail(value: Option<&str>) -> Result<u64, Rejection> {
    let Some(value) = value else { return Ok(0) };
    // `parse` would also accept a sign.
    let is_plain = value.bytes().all(|digit| digit.is_ascii_digit());
    let tail = if is_plain { value.parse().ok() } else { None };
    tail.filter(|tail| *tail <= MAX_TAIL).ok_or_else(|| {
        let came: String = value.chars().take(40).collect();
        Rejection::bad_request(format!(
            "tail is {came:?}: expected how many of the newest logs to begin with, 0 to {MAX_TAIL}"
        ))
    })
}

/// Parses the framing. An unknown value is an error: its sender would wait for batches that never
/// come.
fn parse_framing(value: Option<&str>) -> Result<Framing, Rejection> {
    match value {
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

/// The default length of a history.
const MAX_TAIL: u64 = 10_000;

/// A longer list of channels is a mistake of a page.
const MAX_CHANNELS: usize = 64;

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn names(query: &str) -> Result<Vec<String>, Rejection> {
        parse_channels(query, &mut Carried::default())
            .map(|channels| channels.iter().map(ToString::to_string).collect())
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
        let parse_framing = |query| parse_framing(find(query, parameter::BATCH).as_deref());
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

    fn parse(query: &str, header: Option<&'static str>) -> Result<SubscribeParams, Rejection> {
        let mut carried = Carried::default();
        parse_channels(query, &mut carried)?;
        let header = header.map(|text| (LAST_EVENT_ID, HeaderValue::from_static(text)));
        SubscribeParams::parse(query, &header.into_iter().collect(), &carried)
    }

    #[test]
    fn the_header_wins_over_the_query_and_the_query_over_the_ids() {
        let in_id = "channels=logs:etl:a:b:last_event_id=1.aaaaaa.1:batch=1:tail=7";
        let at = |text: &str| Resume::At(text.parse().expect("a cursor"));
        for (query, header, resume, tail) in [
            ("", None, at("1.aaaaaa.1"), 7),
            ("&last_event_id=1.aaaaaa.2&tail=8", None, at("1.aaaaaa.2"), 8),
            ("&last_event_id=&tail=0", None, at("1.aaaaaa.1"), 0),
            ("&last_event_id=1.aaaaaa.2", Some("1.aaaaaa.3"), at("1.aaaaaa.3"), 7),
            ("", Some(""), at("1.aaaaaa.1"), 7),
        ] {
            let params = parse(&format!("{in_id}{query}"), header).expect(query);
            assert_eq!(params.beginning, Beginning { resume, tail }, "{query} {header:?}");
            assert_eq!((params.framing, &params.received[..]), (Framing::Batches, &OPTIONAL[..]));
        }
        let query = format!("{in_id}&batch=0");
        assert_eq!(parse(&query, None).expect("parameters").framing, Framing::Single);
    }

    #[test]
    fn lists_the_parameters_that_have_a_value() {
        for (query, header, received) in [
            ("", None, &[][..]),
            ("&last_event_id=", Some(" "), &[]),
            ("&last_event_id=%20", None, &[]),
            ("", Some("7"), &["last_event_id"]),
            ("&batch=0&tail=0", None, &["batch", "tail"]),
            ("&tail=1&last_event_id=x", None, &["last_event_id", "tail"]),
        ] {
            let query = format!("channels=logs:etl:a:b{query}");
            assert_eq!(parse(&query, header).expect("parameters").received, received, "{query}");
        }
    }

    #[test]
    fn rejects_a_tail_that_is_no_number_of_logs() {
        for (value, tail) in [("0", 0), ("1", 1), ("10000", 10_000)] {
            assert_eq!(parse_tail(Some(value)), Ok(tail));
        }
        for value in ["", "10001", "-1", "+1", "1.5", "1e3", "ten", " 1", "99999999999999999999"] {
            for query in [format!("&tail={value}"), format!("&x=1&t%61il={value}")] {
                let query = format!("channels=logs:etl:a:b{}", query.replace('+', "%2B"));
                let rejection = parse(&query, None).expect_err(value);
                assert!(format!("{rejection:?}").contains("error: \"tail is "), "{rejection:?}");
            }
            let carried = format!("channels=logs:etl:a:b:tail={}", value.replace('+', "%2B"));
            assert!(parse(&carried, None).is_err(), "{carried}");
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
