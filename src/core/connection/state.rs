//! The nouns of the connection: where it stands, why it failed, why it stopped. No transitions here.

use std::fmt;
use std::time::Duration;

use crate::notice::time;
use crate::protocol::ByeReason;
use crate::time::Instant;

/// Where the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody wants a connection.
    Idle,
    /// A source is open and has not answered yet. `attempt` counts from 1 since the link last settled.
    Connecting {
        /// The number of this attempt.
        attempt: u32,
    },
    /// The server answered with a stream.
    Open {
        /// Since when.
        since: Instant,
    },
    /// Between two attempts.
    Waiting {
        /// When the next attempt begins.
        until: Instant,
        /// The number of the next attempt.
        attempt: u32,
    },
    /// The browser says that there is no network; the next attempt begins when there is.
    Offline,
    /// The page is hidden or frozen, and its stream was closed for that time.
    Paused,
    /// It will not try again by itself.
    Stopped(Stop),
}

/// Why an attempt or a link ended. An `EventSource` tells nothing but the moment; a probe may tell more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The stream was open and ended.
    Lost,
    /// The stream was open, and nothing was heard for this long though something should have been.
    Silent(Duration),
    /// The browser got no answer.
    Unreachable,
    /// An answer came that is no event stream; which one is not known.
    Rejected,
    /// No answer came in time.
    TimedOut(Duration),
    /// The browser would not open it at all; with its words.
    CannotOpen(String),
    /// The server said goodbye.
    Bye(ByeReason),
    /// The server is busy or going down: 429 or 503.
    Busy(u16),
    /// There is no such route: 404.
    NotFound,
    /// Another status.
    Status(u16),
    /// A web page came instead of a stream.
    WebPage,
    /// The server sends readers elsewhere, as to a login page.
    Redirected,
}

impl Failure {
    /// Whether it is an answer that a probe saw, and not just the moment at which a source failed.
    #[must_use]
    pub fn is_found(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::NotFound | Self::Status(_) | Self::WebPage | Self::Redirected)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("the connection was lost"),
            Self::Silent(silence) => write!(f, "no sign of life for {}", time(*silence)),
            Self::Unreachable => f.write_str("the log server cannot be reached"),
            Self::Rejected => f.write_str("the server refused the stream"),
            Self::TimedOut(after) => write!(f, "the server did not answer within {} s", after.as_secs()),
            Self::CannotOpen(why) => write!(f, "the browser would not open the stream: {why}"),
            Self::Bye(ByeReason::Slow) => f.write_str("the server ended the stream, since this page did not keep up"),
            Self::Bye(ByeReason::Rotation) => f.write_str("the server asked for a new connection"),
            Self::Bye(_) => f.write_str("the log server is restarting"),
            Self::Busy(429) => f.write_str("the server has too many readers (429)"),
            Self::Busy(status) => write!(f, "the log server is busy or restarting ({status})"),
            Self::NotFound => f.write_str("there is no log stream at this address (404): is the endpoint right?"),
            Self::Status(status) => write!(f, "the server answered {status} instead of a stream"),
            Self::WebPage => f.write_str("the proxy answered with a web page: is your session over?"),
            Self::Redirected => f.write_str("the server redirects to another page: is your session over?"),
        }
    }
}

/// Why the connection will not try again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The workspace, workflow, service or endpoint is not usable; with the sentence that says which and why.
    BadTarget(String),
    /// The gateway did not grant the channel.
    NotGranted(String),
    /// The server does not let this user read: 401 or 403.
    NotAllowed(u16),
    /// The server says that there is nothing to stream, and never will be: 204 or 410.
    NothingToStream(u16),
    /// The server told this page not to come back.
    SentAway,
    /// The page's own policy forbids the connection.
    Blocked,
    /// As many attempts failed as the configuration allows.
    GaveUp {
        /// How many.
        attempts: u32,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTarget(why) => f.write_str(why),
            Self::NotGranted(channel) => write!(f, "you may not read the logs of this workflow (the gateway did not grant {channel})"),
            Self::NotAllowed(401) => f.write_str("not allowed to read this workflow (401): log in again"),
            Self::NotAllowed(status) => write!(f, "not allowed to read this workflow ({status}): ask for access"),
            Self::NothingToStream(status) => write!(f, "the server says that there is nothing to stream ({status})"),
            Self::SentAway => f.write_str("the log server ended this stream for good"),
            Self::Blocked => f.write_str("the page's Content-Security-Policy forbids the connection (connect-src)"),
            Self::GaveUp { attempts: 1 } => f.write_str("gave up after one attempt"),
            Self::GaveUp { attempts } => write!(f, "gave up after {attempts} attempts"),
        }
    }
}

/// One source that was opened. Each has a number of its own, so that what comes late from an older one is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(crate) u64);

/// One question after the reason of a failure. Numbered like a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub(crate) u64);

/// What a probe found: the head of an answer to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An answer.
    Answer {
        /// Its status.
        status: u16,
        /// Whether its content type is that of an event stream.
        is_stream: bool,
        /// Its `Retry-After`, where there is one in seconds.
        retry_after: Option<Duration>,
    },
    /// A redirect; the browser does not tell where to.
    Redirect,
    /// No answer: the network is down, or the browser does not let the page see it.
    Nothing,
}

impl Finding {
    /// Reads the head of an answer: its status, `Content-Type` and `Retry-After`.
    #[must_use]
    pub fn read(status: u16, content_type: &str, retry_after: &str) -> Self {
        Self::Answer {
            status,
            is_stream: content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream")),
            // As a date it says nothing that a page with a wrong clock could use.
            retry_after: retry_after.trim().parse().ok().map(Duration::from_secs),
        }
    }

    /// Whether it is the head of an event stream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Answer { status: 200, is_stream: true, .. })
    }
}

/// Whether a place that the page's policy forbade is that of `url`: the browser names the whole URL, with a cursor behind it, or just its origin.
pub(super) fn is_place_of(place: &str, url: &str) -> bool {
    // `contains` would be a kilobyte of WebAssembly.
    let holds = || place.char_indices().any(|(at, _)| place[at..].starts_with(url));
    !place.is_empty() && (url.starts_with(place) || holds())
}
