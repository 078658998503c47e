//! What to connect to: the page's ids or channels and the endpoint, validated once, and the
//! resulting URL. Opens nothing.

use std::error::Error;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::channel::{ChannelError, ChannelName, Id};
use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::json::quoted;
use logs_sse_wire::protocol::parameter;

/// The Datashop proxy route, on the page's own origin.
pub const DEFAULT_ENDPOINT: &str = "/api/dapadmin/l5-etl/sse/logs/stream";

/// The service behind [`DEFAULT_ENDPOINT`]. For any other service, the URL names it.
pub const DEFAULT_SERVICE: &str = "etl";

/// The channels of one stream, and the route that streams them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Has at least one element, in the order of the URL.
    channels: Vec<ChannelName>,
    /// The same as text, by which lines name their channel.
    names: Vec<String>,
    url: String,
    /// The end of a resource id in the URL, where parameters may be appended to it; `None` if all
    /// channels are of whole services.
    id_end: Option<usize>,
    /// The end of the endpoint in the URL.
    endpoint_end: usize,
}

/// The optional parameters of a stream. A server that does not support one ignores it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamParams {
    /// Where to resume: an `EventSource` cannot set the header meant for it.
    pub cursor: Option<Cursor>,
    /// Whether one event may carry several logs.
    pub batch: bool,
    /// How many of the newest held logs to receive first; 0 for none.
    pub tail: u32,
}

impl StreamParams {
    /// Returns the name and the value of each parameter that is requested.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let cursor = self.cursor.as_ref().map(ToString::to_string);
        [
            (parameter::BATCH, self.batch.then(|| "1".to_owned())),
            (parameter::TAIL, (self.tail > 0).then(|| self.tail.to_string())),
            (parameter::LAST_EVENT_ID, cursor),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Target {
    /// Validates the ids of a page. For function logs, `workflow_id` is the function's id.
    ///
    /// # Errors
    ///
    /// Returns an error if an id is not a valid [`Id`], or the endpoint is neither an `http(s)` URL
    /// nor a path.
    ///
    /// # Examples
    /// ```
    /// use logs_sse_core::target::{DEFAULT_ENDPOINT, Target};
    ///
    /// let target = Target::new("etl", "workspace123", "workflow 456", DEFAULT_ENDPOINT)?;
    /// assert_eq!(target.url(), "/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=workspace123&workflow_id=workflow%20456");
    /// # Ok::<(), logs_sse_core::target::TargetError>(())
    /// ```
    pub fn new(
        service: &str,
        workspace_id: &str,
        workflow_id: &str,
        endpoint: &str,
    ) -> Result<Self, TargetError> {
        let service = Id::parse("service", service)?;
        let workspace = Id::parse("workspace id", workspace_id)?;
        let workflow = Id::parse("workflow id", workflow_id)?;
        check_endpoint(endpoint)?;
        let mut url = endpoint.to_owned();
        let endpoint_end = url.len();
        url.push(if endpoint.contains('?') { '&' } else { '?' });
        url.push_str(&format!(
            "workspace_id={}&workflow_id={}",
            encoded(workspace.as_str()),
            encoded(workflow.as_str())
        ));
        let id_end = Some(url.len());
        if service.as_str() != DEFAULT_SERVICE {
            url.push_str(&format!("&service={}", encoded(service.as_str())));
        }
        let channels = vec![ChannelName::new(service, workspace, Some(workflow))];
        Ok(Self { names: texts(&channels), channels, url, id_end, endpoint_end })
    }

    /// Reads several channels over one stream, directly from a gateway. `gateway` is its address or
    /// its full stream route.
    ///
    /// # Errors
    ///
    /// Returns an error if a name is not a valid [`ChannelName`], there are no channels or more
    /// than [`Target::MAX_CHANNELS`], or the gateway is neither an `http(s)` URL nor a path.
    ///
    /// # Examples
    /// ```
    /// use logs_sse_core::target::Target;
    ///
    /// let names = ["logs:etl:a:b", "logs:etl:a:c"];
    /// let target = Target::from_channels(names, "https://gateway.example")?;
    /// assert_eq!(target.url(), "https://gateway.example/logs/stream?channels=logs%3Aetl%3Aa%3Ab%2Clogs%3Aetl%3Aa%3Ac");
    /// # Ok::<(), logs_sse_core::target::TargetError>(())
    /// ```
    pub fn from_channels<'a>(
        names: impl IntoIterator<Item = &'a str>,
        gateway: &str,
    ) -> Result<Self, TargetError> {
        let mut channels: Vec<ChannelName> = Vec::new();
        for name in names {
            let channel = name.parse()?;
            if !channels.contains(&channel) {
                channels.push(channel);
            }
        }
        if !(1..=Self::MAX_CHANNELS).contains(&channels.len()) {
            return Err(TargetError::Count(channels.len()));
        }
        let base = gateway.trim_end_matches('/');
        let mut url = if base.ends_with(GATEWAY_ROUTE) {
            base.to_owned()
        } else {
            format!("{base}{GATEWAY_ROUTE}")
        };
        check_endpoint(&url)?;
        let endpoint_end = url.len();
        let mut id_end = None;
        for (index, channel) in channels.iter().enumerate() {
            url.push_str(if index == 0 { "?channels=" } else { "%2C" });
            url.push_str(&encoded(&channel.to_string()).to_string());
            if channel.resource().is_some() {
                id_end = Some(url.len());
            }
        }
        Ok(Self { names: texts(&channels), channels, url, id_end, endpoint_end })
    }

    /// The maximum number of channels per stream: their positions must fit into a cursor.
    pub const MAX_CHANNELS: usize = 16;

    /// Returns the channels in the order of the URL; there is at least one.
    #[must_use]
    pub fn channels(&self) -> &[ChannelName] {
        &self.channels
    }

    /// Returns their names, in the same order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns whether there is more than one channel.
    #[must_use]
    pub fn has_several(&self) -> bool {
        self.channels().len() > 1
    }

    /// Returns the URL to open.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the part of the URL that does not depend on the channels.
    pub(crate) fn endpoint(&self) -> &str {
        &self.url[..self.endpoint_end]
    }

    /// Returns the URL of a stream with `params` in its query.
    #[must_use]
    pub fn stream_url(&self, params: &StreamParams) -> String {
        let mut url = self.url.clone();
        for (name, value) in params.pairs() {
            url.extend(["&", name, "=", &value]);
        }
        url
    }

    /// Returns the URL of a stream with `params` in its resource id, for a proxy that forwards
    /// nothing else. An id cannot contain the colon that separates them.
    #[must_use]
    pub fn carrier_url(&self, params: &StreamParams) -> String {
        let Some(id_end) = self.id_end else { return self.url.clone() };
        let (before, after) = self.url.split_at(id_end);
        let mut url = before.to_owned();
        for (name, value) in params.pairs() {
            url.extend([COLON, name, EQUALS, &value]);
        }
        url + after
    }
}

impl Target {
    /// Returns the URL of the page of history of a channel before the sequence number `before`, or
    /// `None` if there is no route for it: with an endpoint whose path does not end in `/stream`.
    #[must_use]
    pub fn history_url(
        &self,
        channel: &str,
        epoch: &Epoch,
        before: u64,
        limit: u32,
    ) -> Option<String> {
        let (path, query) = self.url.split_once('?')?;
        let base = path.strip_suffix("/stream")?;
        let ids = match query.strip_prefix("channels=") {
            Some(_) => format!("channel={}", encoded(channel)),
            None => query.to_owned(),
        };
        Some(format!("{base}/history?{ids}&epoch={epoch}&before={before}&limit={limit}"))
    }
}

/// Why there is nothing to connect to, as a message for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// An id is invalid, or not filled in yet.
    Id(ChannelError),
    /// The endpoint is invalid.
    Endpoint(String),
    /// The number of channels is not allowed for one stream.
    Count(usize),
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(error) if error.is_empty() => write!(
                f,
                "no {} is selected",
                error.field().strip_suffix(" id").unwrap_or(error.field())
            ),
            Self::Id(error) => error.fmt(f),
            Self::Endpoint(message) => f.write_str(message),
            Self::Count(0) => f.write_str("no channel is selected"),
            Self::Count(count) => write!(
                f,
                "{count} channels for one stream: expected at most {}",
                Target::MAX_CHANNELS
            ),
        }
    }
}

impl Error for TargetError {}

impl From<ChannelError> for TargetError {
    fn from(error: ChannelError) -> Self {
        Self::Id(error)
    }
}

fn check_endpoint(endpoint: &str) -> Result<(), TargetError> {
    let reject =
        |why: &str| Err(TargetError::Endpoint(format!("endpoint {} {why}", quoted(endpoint))));
    let scheme = endpoint
        .split_once(':')
        .map(|(before, _)| before)
        .filter(|before| !before.contains(['/', '?']));
    if endpoint.is_empty() || endpoint.chars().any(|c| c.is_control() || c.is_whitespace()) {
        reject("is empty or contains a space: expected a path or an http(s) URL")
    } else if endpoint.contains('#') {
        reject("has a fragment (#…)")
    } else if scheme.is_some_and(|scheme| {
        !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
    }) {
        reject("is neither a path nor an http(s) URL")
    } else {
        Ok(())
    }
}

fn texts(channels: &[ChannelName]) -> Vec<String> {
    channels.iter().map(ToString::to_string).collect()
}

fn encoded(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, RESERVED)
}

/// The separators of parameters in an id, encoded like every reserved character.
const COLON: &str = "%3A";
const EQUALS: &str = "%3D";

/// The stream route of a gateway, below its address.
const GATEWAY_ROUTE: &str = "/logs/stream";

/// Everything except the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn url(service: &str, workflow: &str, endpoint: &str) -> Result<String, String> {
        Target::new(service, "w", workflow, endpoint)
            .map(|target| target.url().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_id_cannot_add_a_parameter() {
        assert_eq!(
            url("etl", "a&workspace_id=b#?é", "/s"),
            Ok("/s?workspace_id=w&workflow_id=a%26workspace_id%3Db%23%3F%C3%A9".into())
        );
    }

    #[test]
    fn keeps_a_query_that_the_endpoint_has() {
        assert_eq!(
            url("etl", "f", "https://h/s?v=2"),
            Ok("https://h/s?v=2&workspace_id=w&workflow_id=f".into())
        );
    }

    #[test]
    fn names_a_service_other_than_the_routes_own() {
        assert_eq!(
            url("faas", "f", "/s"),
            Ok("/s?workspace_id=w&workflow_id=f&service=faas".into())
        );
    }

    #[test]
    fn rejects_endpoints_that_cannot_stream() {
        for endpoint in [
            "",
            "javascript:alert(1)",
            "data:text/event-stream,x",
            "file:///etc",
            "/s#x",
            "/a b",
            "/a\n",
        ] {
            assert!(url("etl", "f", endpoint).expect_err(endpoint).starts_with("endpoint "));
        }
        for endpoint in ["/s", "s", "//host/s", "HTTP://h/s", "/s?next=a:b", "/a:b"] {
            assert!(url("etl", "f", endpoint).is_ok(), "{endpoint}");
        }
    }

    #[test]
    fn names_each_channel_once_below_the_gateway() {
        let url = |gateway| {
            Target::from_channels(["logs:etl:a:b", "logs:etl:a:b", "logs:faas:a"], gateway)
                .map(|target| target.url().to_owned())
        };
        let query = "?channels=logs%3Aetl%3Aa%3Ab%2Clogs%3Afaas%3Aa";
        for (gateway, route) in [
            ("", "/logs/stream"),
            ("/gw/", "/gw/logs/stream"),
            ("https://h/api/logs/stream", "https://h/api/logs/stream"),
        ] {
            assert_eq!(url(gateway), Ok(format!("{route}{query}")));
        }
        assert!(url("javascript:x").is_err());
    }

    #[test]
    fn a_stream_has_one_to_sixteen_channels() {
        let channels = |count: usize| {
            let names: Vec<_> = (0..count).map(|index| format!("logs:etl:a:{index}")).collect();
            Target::from_channels(names.iter().map(String::as_str), "")
                .map(|target| target.channels().len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(channels(0), Err("no channel is selected".into()));
        assert_eq!(channels(16), Ok(16));
        assert_eq!(channels(17), Err("17 channels for one stream: expected at most 16".into()));
    }

    #[test]
    fn parameters_are_appended_to_the_query_or_to_the_id() {
        let params = StreamParams { cursor: "1.abc123.5".parse().ok(), batch: true, tail: 1_000 };
        let target = Target::new("faas", "w", "f", "/s").expect("a target");
        assert_eq!(
            target.stream_url(&params),
            "/s?workspace_id=w&workflow_id=f&service=faas&batch=1&tail=1000&last_event_id=1.abc123.5"
        );
        assert_eq!(
            target.carrier_url(&params),
            "/s?workspace_id=w&workflow_id=f%3Abatch%3D1%3Atail%3D1000%3Alast_event_id%3D1.abc123.5&service=faas"
        );
        let target = Target::from_channels(["logs:etl:a:b"], "").expect("a target");
        assert_eq!(
            target.carrier_url(&StreamParams { batch: true, ..StreamParams::default() }),
            "/logs/stream?channels=logs%3Aetl%3Aa%3Ab%3Abatch%3D1"
        );
        assert_eq!(target.stream_url(&StreamParams::default()), target.url());
        // A name without a resource has no id that could carry them.
        let batch = StreamParams { batch: true, ..StreamParams::default() };
        let carrier = |names: &[&str]| {
            Target::from_channels(names.iter().copied(), "").map(|it| it.carrier_url(&batch))
        };
        assert_eq!(
            carrier(&["logs:etl:a:b", "logs:etl:a"]),
            Ok("/logs/stream?channels=logs%3Aetl%3Aa%3Ab%3Abatch%3D1%2Clogs%3Aetl%3Aa".into())
        );
        assert_eq!(carrier(&["logs:etl:a"]), Ok("/logs/stream?channels=logs%3Aetl%3Aa".into()));
    }

    #[test]
    fn history_is_beside_the_stream() {
        let epoch = "abc123".parse().expect("an epoch");
        let history = |target: Result<Target, TargetError>| {
            target.expect("a target").history_url("logs:etl:a:b", &epoch, 7, 500)
        };
        assert_eq!(
            history(Target::new("etl", "w", "f", "https://h/logs/stream?v=2")).as_deref(),
            Some(
                "https://h/logs/history?v=2&workspace_id=w&workflow_id=f&epoch=abc123&before=7&limit=500"
            )
        );
        for names in [&["logs:etl:a:b"][..], &["logs:etl:a:c", "logs:etl:a:b"]] {
            assert_eq!(
                history(Target::from_channels(names.iter().copied(), "/gw")).as_deref(),
                Some("/gw/logs/history?channel=logs%3Aetl%3Aa%3Ab&epoch=abc123&before=7&limit=500")
            );
        }
        assert_eq!(history(Target::new("etl", "w", "f", "/live")), None);
    }

    #[test]
    fn says_that_nothing_is_selected_yet() {
        assert_eq!(url("etl", "", "/s"), Err("no workflow is selected".into()));
    }
}
