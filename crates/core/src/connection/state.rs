//! The connection's vocabulary: its states, why it failed and why it stopped. Contains no
//! transitions.

use std::fmt;
use std::time::Duration;

use crate::time::Instant;
use crate::words::{Word, Words};
use logs_sse_wire::entry::head;
use logs_sse_wire::json::Object;
use logs_sse_wire::protocol::ByeReason;
use logs_sse_wire::unread::Unread;

/// The state of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// No connection is wanted.
    Idle,
    /// A source is open and has not responded yet.
    Connecting {
        /// The number of this attempt, counted from 1 since the link last settled.
        attempt: u32,
    },
    /// The server responded with a stream.
    Open {
        /// When the response arrived.
        since: Instant,
    },
    /// No source is open until the next attempt.
    Waiting {
        /// When the next attempt starts.
        until: Instant,
        /// The number of the next attempt.
        attempt: u32,
    },
    /// The browser reports no network. The next attempt starts as soon as it reports one, or slowly
    /// otherwise, because the report may be wrong.
    Offline,
    /// The page is hidden or frozen, and its stream is closed until it returns.
    Paused,
    /// The connection does not retry by itself.
    Stopped(StopReason),
}

/// What is known of an open stream. An open stream proves that the server responded, not that
/// anything arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing has been understood yet, which is normal for a server without a greeting.
    NotYet,
    /// Nothing has been understood for longer than is normal; this arrived instead.
    Overdue(Unread),
    /// At least one event was understood.
    Understood,
}

/// Why an attempt or a stream ended. An `EventSource` reports only that it failed; a probe may find
/// out more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The open stream ended.
    Lost,
    /// The open stream ended before anything arrived on it.
    LostEarly,
    /// The open stream stayed silent for this long although something was due.
    Silent(Duration),
    /// Nothing on the open stream was understood before it ended or in time; this arrived instead.
    Unread(Unread),
    /// The browser received no response.
    Unreachable,
    /// The browser received no response from another origin, or one that it hides from this page.
    OutOfReach,
    /// The response was not an event stream; its details are unknown.
    Rejected,
    /// No response arrived within this time.
    TimedOut(Duration),
    /// The browser did not open the source at all, with its error message.
    CannotOpen(String),
    /// The server announced that it was ending the stream.
    Bye(ByeReason),
    /// The server is busy or shutting down: 429 or 503.
    Busy(u16),
    /// The route does not exist: 404.
    NotFound,
    /// The server responded with another status.
    Status(u16),
    /// The response was a web page.
    WebPage,
    /// The response had this content type, which is not that of a stream.
    WrongType(String),
    /// The server redirects, for example to a login page.
    Redirected,
    /// The browser rejected the stream because its content type names this charset.
    Charset(String),
    /// The browser rejected a stream that a probe found to be valid.
    BrowserRefused,
    /// The response had the head of a stream, and this error as its body.
    Explained(String),
}

impl Failure {
    /// Returns whether a response explains the failure, rather than only the moment a source
    /// failed.
    #[must_use]
    pub fn is_from_response(&self) -> bool {
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

impl Failure {
    /// Returns the failure in words, as they follow a colon.
    #[must_use]
    pub fn text_in(&self, words: &Words) -> String {
        let (word, value) = match self {
            Self::Lost => (Word::FailureLost, ("", "")),
            Self::LostEarly => (Word::FailureLostEarly, ("", "")),
            Self::Silent(silence) => {
                return words.fill(Word::NoData, &[("time", &words.duration(*silence))]);
            }
            Self::Unread(what) => return unread(*what, words),
            Self::Unreachable => (Word::FailureUnreachable, ("", "")),
            Self::OutOfReach => (Word::FailureOutOfReach, ("", "")),
            Self::Rejected => (Word::FailureRejected, ("", "")),
            Self::TimedOut(after) => {
                let seconds = after.as_secs().to_string();
                return words.fill(Word::FailureTimedOut, &[("seconds", &seconds)]);
            }
            Self::CannotOpen(why) => (Word::FailureCannotOpen, ("reason", why.as_str())),
            Self::Bye(ByeReason::Slow) => (Word::FailureSlow, ("", "")),
            Self::Bye(ByeReason::Rotation) => (Word::FailureRotation, ("", "")),
            Self::Bye(ByeReason::Expired) => (Word::FailureExpired, ("", "")),
            Self::Bye(_) => (Word::FailureShutdown, ("", "")),
            Self::Busy(429) => (Word::FailureTooMany, ("", "")),
            Self::Busy(status) => return with_status(Word::FailureBusy, *status, words),
            Self::NotFound => (Word::FailureNotFound, ("", "")),
            Self::Status(status) => return with_status(Word::FailureStatus, *status, words),
            Self::WebPage => (Word::FailureWebPage, ("", "")),
            Self::WrongType(kind) if kind.is_empty() => (Word::FailureNoType, ("", "")),
            Self::WrongType(kind) => (Word::FailureWrongType, ("type", kind.as_str())),
            Self::Redirected => (Word::FailureRedirected, ("", "")),
            Self::Charset(charset) => (Word::FailureCharset, ("charset", charset.as_str())),
            Self::Explained(error) => (Word::FailureExplained, ("error", error.as_str())),
            Self::BrowserRefused => (Word::FailureBrowserRefused, ("", "")),
        };
        words.fill(word, &[value])
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text_in(&Words::ENGLISH))
    }
}

fn with_status(word: Word, status: u16, words: &Words) -> String {
    words.fill(word, &[("status", &status.to_string())])
}

/// Describes an open stream on which nothing was understood, with the likely cause.
pub(crate) fn unread(what: Unread, words: &Words) -> String {
    let cause = match what {
        Unread::Nothing => Word::UnreadNothing,
        Unread::Compressed(_) => Word::UnreadCompressed,
        Unread::Utf16 => Word::UnreadUtf16,
        Unread::Binary => Word::UnreadBinary,
        Unread::WebPage => Word::UnreadWebPage,
        Unread::Json => Word::UnreadJson,
        Unread::Text => Word::UnreadText,
    };
    let format = if let Unread::Compressed(format) = what { format } else { "" };
    let cause = words.fill(cause, &[("format", format)]);
    words.fill(Word::Unread, &[("cause", &cause)])
}

/// Why the connection does not retry by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The workspace, workflow, service or endpoint is unusable, with a message that says which and
    /// why.
    BadTarget(String),
    /// The gateway did not grant access to this channel.
    NotGranted(String),
    /// The server does not allow this user to read: 401 or 403.
    NotAllowed(u16),
    /// The server reports that there is nothing to stream and never will be: 204 or 410.
    NothingToStream(u16),
    /// The server asked this page not to come back.
    SentAway,
    /// The page's own policy blocks the connection.
    Blocked,
    /// As many attempts failed as the configuration allows.
    GaveUp {
        /// The number of failed attempts.
        attempts: u32,
    },
}

impl StopReason {
    /// Returns the reason in words, as they follow a colon.
    #[must_use]
    pub fn text_in(&self, words: &Words) -> String {
        match self {
            // A value that the page does not have yet is for its reader, a wrong one for its
            // developer.
            Self::BadTarget(why) => NOT_YET
                .iter()
                .find(|word| word.english() == why)
                .map_or_else(|| why.clone(), |word| words.text(*word).to_owned()),
            Self::NotGranted(channel) => words.fill(Word::StopNotGranted, &[("channel", channel)]),
            Self::NotAllowed(401) => words.text(Word::StopSignIn).to_owned(),
            Self::NotAllowed(status) => with_status(Word::StopNotAllowed, *status, words),
            Self::NothingToStream(status) => with_status(Word::StopNothing, *status, words),
            Self::SentAway => words.text(Word::StopSentAway).to_owned(),
            Self::Blocked => words.text(Word::StopBlocked).to_owned(),
            Self::GaveUp { attempts } => words.count(Word::StopGaveUp, (*attempts).into()),
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text_in(&Words::ENGLISH))
    }
}

/// The messages about a target that is not selected.
const NOT_YET: [Word; 4] =
    [Word::StopNoTarget, Word::StopNoWorkflow, Word::StopNoWorkspace, Word::StopNoService];

/// Identifies one opened source. Every source has its own number, so late events from an older one
/// are recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(crate) u64);

/// Identifies one probe. Numbered like a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub(crate) u64);

/// The head of a response, as a source or a probe saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseHead {
    /// A response that no other variant describes.
    Answer {
        /// The HTTP status code, such as 503.
        status: u16,
        /// Whether the content type is that of an event stream.
        is_stream: bool,
        /// The delay in `Retry-After`, if it is given in seconds.
        retry_after: Option<Duration>,
    },
    /// A stream whose content type names this charset, which is not UTF-8. Browsers reject it for
    /// an `EventSource`.
    Charset(String),
    /// A response with status 200 and this content type, which is neither a stream's nor a web
    /// page's.
    OtherType(String),
    /// The head of a stream, whose body is a JSON object with this error.
    Explained(String),
    /// A redirect. The browser does not reveal its target.
    Redirect,
    /// No response: the network is down, or the browser hides the response from the page.
    Nothing,
}

impl ResponseHead {
    /// Reads a response head from its status, `Content-Type` and `Retry-After`.
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
            // `Retry-After` as a date is of no use to a page whose clock may be wrong.
            _ => Self::Answer {
                status,
                is_stream,
                retry_after: retry_after.trim().parse().ok().map(Duration::from_secs),
            },
        }
    }

    /// Reads the body of a response whose head was that of a stream: a proxy may send its head before
    /// it knows that the gateway refused. Returns `None` if the body is not an error.
    #[must_use]
    pub fn read_body(body: &str) -> Option<Self> {
        let fields = Object::read(body.trim())?;
        let error = fields.string("error")?;
        let status = fields.count("status").and_then(|status| u16::try_from(status).ok());
        Some(match status.filter(|status| (400..600).contains(status)) {
            Some(status) => Self::Answer { status, is_stream: false, retry_after: None },
            None => Self::Explained(head(&error, LONGEST_ERROR).into()),
        })
    }

    /// Returns whether this is the head of an event stream. A stream with another charset is read
    /// as UTF-8, which it almost always is.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Answer { status: 200, is_stream: true, .. } | Self::Charset(_))
    }
}

/// The most bytes of a server-supplied name that a message repeats.
const LONGEST_NAME: usize = 100;

/// The most bytes of a server-supplied error that a message repeats.
const LONGEST_ERROR: usize = 300;

/// Returns whether a location blocked by the page's policy is that of `url`. The browser reports
/// the whole URL, including the cursor, or only its origin.
pub(super) fn is_blocked_location(location: &str, url: &str) -> bool {
    // `contains` would add a kilobyte of WebAssembly.
    let contains = || location.char_indices().any(|(at, _)| location[at..].starts_with(url));
    !location.is_empty() && (url.starts_with(location) || contains())
}
