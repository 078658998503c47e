//! The requests of the doctor: opens a stream, and notes when bytes arrive.

use std::fmt;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use logs_sse_wire::sse::{Event, Parser};
use reqwest::tls::TlsInfo;
use tokio::time::{Instant, timeout_at};

use crate::doctor::{Doctor, Route};
use crate::error_chain::error_chain;
use crate::http::proxy;

/// Opens streams as a page does.
#[derive(Clone, Debug)]
pub(super) struct Client {
    client: reqwest::Client,
    url: String,
    query: Vec<(&'static str, String)>,
    credentials: HeaderMap,
}

impl Client {
    pub(super) fn new(doctor: &Doctor) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_info(true)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| error_chain(&error))?;
        let channel = &doctor.channel;
        let id = |id: &logs_sse_core::channel::Id| id.as_str().to_owned();
        let (path, query) = match doctor.route {
            Route::Direct => ("/logs/stream", vec![("channels", channel.to_string())]),
            Route::Datashop => {
                let workflow = channel.resource().map(id).unwrap_or_default();
                let ids = [("workspace_id", id(channel.workspace())), ("workflow_id", workflow)];
                (proxy::PATH, ids.to_vec())
            }
        };
        let (url, credentials) = (doctor.base.join(path), doctor.credentials.clone());
        Ok(Self { client, url, query, credentials })
    }

    /// Returns the same client as a stranger.
    pub(super) fn without_credentials(&self) -> Self {
        Self { credentials: HeaderMap::new(), ..self.clone() }
    }

    /// Opens a stream with more parameters and headers.
    pub(super) async fn open(
        &self,
        parameters: &[(&'static str, &str)],
        headers: &HeaderMap,
    ) -> Result<Opened, Failure> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query).extend_pairs(parameters);
        let request = self
            .client
            .get(format!("{}?{}", self.url, query.finish()))
            .header("accept", "text/event-stream")
            .headers(self.credentials.clone())
            .headers(headers.clone());
        let start = Instant::now();
        let answer = timeout_at(start + HEAD_TIME, request.send())
            .await
            .map_err(|_| Failure::NoHead)?
            .map_err(|error| Failure::of(&error.without_url()))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let info = answer.extensions().get::<TlsInfo>();
        let certificate = info.and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
        let kind = text(CONTENT_TYPE).unwrap_or_default().into_owned();
        if status != StatusCode::OK || !kind.starts_with("text/event-stream") {
            let location = text(LOCATION).map(|location| location.chars().take(200).collect());
            return Err(Failure::NoStream { status, kind, location });
        }
        Ok(Opened {
            start,
            head_after: start.elapsed(),
            headers,
            certificate,
            bytes: answer.bytes_stream().boxed(),
            parser: Parser::default(),
            events: Vec::new(),
        })
    }
}

/// A stream that is open.
pub(super) struct Opened {
    /// When the request was sent.
    pub(super) start: Instant,
    pub(super) head_after: Duration,
    pub(super) headers: HeaderMap,
    /// The certificate of the server, in DER, over https.
    pub(super) certificate: Option<Vec<u8>>,
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    parser: Parser,
    /// Those that arrived together, the newest first.
    events: Vec<Event>,
}

impl Opened {
    /// Returns the next event, or why there is none before `deadline`.
    pub(super) async fn event(&mut self, deadline: Instant) -> Result<Event, Ended> {
        loop {
            if let Some(event) = self.events.pop() {
                return Ok(event);
            }
            let bytes = self.piece(deadline).await?;
            self.events = self.parser.feed(&bytes);
            self.events.reverse();
        }
    }

    /// Waits for an event that contains `mark`, and returns whether it arrived within `time`.
    pub(super) async fn until(&mut self, mark: &str, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while let Ok(event) = self.event(deadline).await {
            if event.data.contains(mark) {
                return true;
            }
        }
        false
    }

    /// Watches the stream for `time`, and returns what happened.
    pub(super) async fn watch(mut self, time: Duration) -> Watched {
        let mut watched = Watched::default();
        let deadline = self.start + time;
        let mut heard = Instant::now();
        loop {
            match self.piece(deadline).await {
                Ok(bytes) => {
                    watched.pieces += 1;
                    watched.longest_silence = watched.longest_silence.max(heard.elapsed());
                    heard = Instant::now();
                    let events = self.parser.feed(&bytes);
                    watched.has_bye |= events.iter().any(|event| event.event == "bye");
                }
                Err(Ended::Late) => return watched,
                Err(ended) => {
                    watched.cut = Some((self.start.elapsed(), heard.elapsed(), ended));
                    return watched;
                }
            }
        }
    }

    async fn piece(&mut self, deadline: Instant) -> Result<Bytes, Ended> {
        match timeout_at(deadline, self.bytes.next()).await {
            Err(_) => Err(Ended::Late),
            Ok(None) => Err(Ended::Closed),
            Ok(Some(Err(_))) => Err(Ended::Broken),
            Ok(Some(Ok(bytes))) => Ok(bytes),
        }
    }
}

/// Why a stream has no further event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing arrived in time.
    Late,
    /// The stream ended in order.
    Closed,
    /// The connection broke in between.
    Broken,
}

/// What happened to a stream that was watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) pieces: usize,
    pub(super) longest_silence: Duration,
    /// Whether the gateway ended the stream itself.
    pub(super) has_bye: bool,
    /// How long after its start the stream ended, how long it had been silent, and how it ended.
    pub(super) cut: Option<(Duration, Duration, Ended)>,
}

/// Why a stream could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Unreachable(String),
    /// The certificate of the server is refused.
    Certificate(String),
    /// The response head did not arrive.
    NoHead,
    NoStream {
        status: StatusCode,
        kind: String,
        location: Option<String>,
    },
}

impl Failure {
    fn of(error: &reqwest::Error) -> Self {
        let text = error_chain(error);
        // The words of rustls, whose error is behind several others without a type.
        if text.contains("invalid peer certificate") {
            Self::Certificate(text)
        } else {
            Self::Unreachable(text)
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) | Self::Certificate(error) => {
                write!(f, "no response: {error}")
            }
            Self::NoHead => {
                write!(f, "no response head arrived within {} s", HEAD_TIME.as_secs())
            }
            Self::NoStream { status, kind, location } => {
                let kind = if kind.is_empty() { "no type" } else { kind };
                write!(
                    f,
                    "the response is {status} with {kind}, expected 200 with text/event-stream"
                )?;
                location.as_ref().map_or(Ok(()), |location| write!(f, "; it leads to {location}"))
            }
        }
    }
}

/// How long a response head may take. The gateway sends it at once.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(6);
