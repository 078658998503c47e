//! The nouns of the connection: where it stands, why it failed, why it stopped. No transitions
//! here.

use std::fmt;
use std::time::Duration;

use crate::notice::time;
use crate::summary::grouped;
use crate::time::Instant;
use logs_sse_wire::entry::head;
use logs_sse_wire::protocol::ByeReason;
use logs_sse_wire::unread::Unread;

/// Where the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody wants a connection.
    Idle,
    /// A source is open and has not answered yet. `attempt` counts from 1 since the link last
    /// settled.
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
    /// The browser reports no network. The next attempt begins when it reports one, or slowly,
    /// since it may be wrong.
    Offline,
    /// The page is hidden or frozen, and its stream was closed for that time.
    Paused,
    /// It will not try again by itself.
    Stopped(StopReason),
}

/// What is known of an open stream. That it is open says that the server answered, not that
/// anything arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing has been understood yet, which is usual for a server without a greeting.
    NotYet,
    /// Nothing has been understood for longer than is usual; this came instead.
    Overdue(Unread),
    /// Something was understood.
    Understood,
}

/// Why an attempt or a link ended. An `EventSource` tells nothing but the moment; a probe may tell
/// more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The stream was open and ended.
    Lost,
    /// The stream was open and ended before anything arrived on it.
    LostEarly,
    /// The stream was open, and nothing was heard for this long though something should have been.
    Silent(Duration),
    /// The stream was open, and nothing on it was understood before it ended or in time; this came
    /// instead.
    Unread(Unread),
    /// The browser got no answer.
    Unreachable,
    /// The browser got no answer from another origin, or one that it does not show to this page.
    OutOfReach,
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
    /// Something else came instead of a stream, of this content type.
    WrongType(String),
    /// The server sends readers elsewhere, as to a login page.
    Redirected,
    /// The browser refused the stream because of this charset in its content type.
    Charset(String),
    /// The browser refused a stream in which a probe found nothing wrong.
    BrowserRefused,
}

impl Failure {
    /// Whether it is an answer that a probe saw, and not just the moment at which a source failed.
    #[must_use]
    pub fn is_found(&self) -> bool {
        !matches!(
            self,
            Self::Lost
                | Self::LostEarly
                | Self::Silent(_)
                | Self::Unread(_)
                | Self::Unreachable
                | Self::OutOfReach
                | Self::Rejected
                | Self::TimedOut(_)
                | Self::CannotOpen(_)
                | Self::Bye(_)
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("the connection was lost"),
            Self::LostEarly => f.write_str("the connection was lost before anything arrived"),
            Self::Silent(silence) => write!(f, "no sign of life for {}", time(*silence)),
            Self::Unread(what) => f.write_str(&unread(*what)),
            Self::Unreachable => f.write_str("the log server cannot be reached"),
            Self::OutOfReach => f.write_str("the log server cannot be reached, or it does not allow this page to read it (CORS)"),
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
            Self::WrongType(kind) if kind.is_empty() => f.write_str("the server answered without a content type instead of with text/event-stream"),
            Self::WrongType(kind) => write!(f, "the server answered with {kind} instead of text/event-stream"),
            Self::Redirected => f.write_str("the server redirects to another page: is your session over?"),
            Self::Charset(charset) => write!(
                f,
                "the browser refused the stream because of its charset {charset}: \
                 serve text/event-stream; charset=utf-8 (or no charset), or use transport: \"fetch\""
            ),
            Self::BrowserRefused => f.write_str(
                "the browser refused the stream, but a test request got a valid stream: \
                 does a proxy or an extension treat them differently?",
            ),
        }
    }
}

/// What to say of an open stream on which nothing was understood, with the likely cause.
pub(crate) fn unread(what: Unread) -> String {
    let cause = match what {
        Unread::Nothing => {
            "the log server may be idle, or a proxy may hold the stream back or compress it"
        }
        Unread::Compressed(how) => {
            return format!(
                "{UNREAD}: the bytes look compressed ({how}), and the answer does not say so"
            );
        }
        Unread::Utf16 => "the bytes look like UTF-16, and an event stream is UTF-8",
        Unread::Binary => "the bytes are not text; they may be compressed",
        Unread::WebPage => "a web page came instead of an event stream",
        Unread::Json => "JSON came instead of an event stream",
        Unread::Text => "the text that came is not an event stream",
    };
    format!("{UNREAD}: {cause}")
}

const UNREAD: &str = "connected, but nothing readable has arrived";

/// Why the connection will not try again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The workspace, workflow, service or endpoint is not usable; with the sentence that says
    /// which and why.
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

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTarget(why) => f.write_str(why),
            Self::NotGranted(channel) => write!(
                f,
                "you may not read the logs of this workflow (the gateway did not grant {channel})"
            ),
            Self::NotAllowed(401) => {
                f.write_str("not allowed to read this workflow (401): log in again")
            }
            Self::NotAllowed(status) => {
                write!(f, "not allowed to read this workflow ({status}): ask for access")
            }
            Self::NothingToStream(status) => {
                write!(f, "the server says that there is nothing to stream ({status})")
            }
            Self::SentAway => f.write_str("the log server ended this stream for good"),
            Self::Blocked => f.write_str(
                "the page's Content-Security-Policy forbids the connection (connect-src)",
            ),
            Self::GaveUp { attempts: 1 } => f.write_str("gave up after one attempt"),
            Self::GaveUp { attempts } => {
                write!(f, "gave up after {} attempts", grouped((*attempts).into()))
            }
        }
    }
}

/// One source that was opened. Each has a number of its own, so that what comes late from an older
/// one is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(crate) u64);

/// One question after the reason of a failure. Numbered like a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub(crate) u64);

/// What a probe found: the head of an answer to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseHead {
    /// An answer.
    Answer {
        /// Its status.
        status: u16,
        /// Whether its content type is that of an event stream.
        is_stream: bool,
        /// Its `Retry-After`, where there is one in seconds.
        retry_after: Option<Duration>,
    },
    /// A stream whose content type names this charset, which is not UTF-8. Browsers refuse it to an
    /// `EventSource`.
    Charset(String),
    /// An answer of status 200 whose content type, this one, is neither a stream's nor a web
    /// page's.
    OtherType(String),
    /// A redirect; the browser does not tell where to.
    Redirect,
    /// No answer: the network is down, or the browser does not let the page see it.
    Nothing,
}

impl ResponseHead {
    /// Reads the head of an answer: its status, `Content-Type` and `Retry-After`.
    #[must_use]
    pub fn read(status: u16, content_type: &str, retry_after: &str) -> Self {
        let mut parts = content_type.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let is_stream = kind.eq_ignore_ascii_case("text/event-stream");
        let is_page = kind.eq_ignore_ascii_case("text/html")
            || kind.eq_ignore_ascii_case("application/xhtml+xml");
        let charset = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        let charset = charset
            .map(|(_, value)| value.trim().trim_matches('"'))
            .filter(|charset| !charset.eq_ignore_ascii_case("utf-8"));
        match charset {
            Some(charset) if status == 200 && is_stream => {
                Self::Charset(head(charset, LONGEST_NAME).into())
            }
            _ if status == 200 && !is_stream && !is_page => {
                Self::OtherType(head(kind, LONGEST_NAME).into())
            }
            // As a date, Retry-After says nothing that a page with a wrong clock could use.
            _ => Self::Answer {
                status,
                is_stream,
                retry_after: retry_after.trim().parse().ok().map(Duration::from_secs),
            },
        }
    }

    /// Whether it is the head of an event stream. One with another charset is read as UTF-8, which
    /// it almost always is.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Answer { status: 200, is_stream: true, .. } | Self::Charset(_))
    }
}

/// The most bytes of a server's own name for something that a sentence repeats.
const LONGEST_NAME: usize = 100;

/// Whether a place that the page's policy forbade is that of `url`: the browser names the whole
/// URL, with a cursor behind it, or just its origin.
pub(super) fn is_place_of(place: &str, url: &str) -> bool {
    // `contains` would be a kilobyte of WebAssembly.
    let holds = || place.char_indices().any(|(at, _)| place[at..].starts_with(url));
    !place.is_empty() && (url.starts_with(place) || holds())
}
