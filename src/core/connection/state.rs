//! The nouns of the connection: where it stands, why it failed, why it stopped. No transitions here.

use std::fmt;
use std::time::Duration;

use crate::core::time::Instant;

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
    /// It will not try again by itself.
    Stopped(Stop),
}

/// Why an attempt or a link ended. An `EventSource` tells nothing but the moment, so this is what the moment implies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The stream was open and ended.
    Lost,
    /// The browser got no answer.
    Unreachable,
    /// An answer came that is no event stream: another status than 200, or another content type.
    Rejected,
    /// No answer came in time.
    TimedOut(Duration),
    /// The browser would not open it at all; with its words.
    CannotOpen(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("the connection was lost"),
            Self::Unreachable => f.write_str("the log server cannot be reached"),
            Self::Rejected => f.write_str("the server refused the stream (is your session over, or the server restarting?)"),
            Self::TimedOut(after) => write!(f, "the server did not answer within {} s", after.as_secs()),
            Self::CannotOpen(why) => write!(f, "the browser would not open the stream: {why}"),
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
            Self::GaveUp { attempts: 1 } => f.write_str("gave up after one attempt"),
            Self::GaveUp { attempts } => write!(f, "gave up after {attempts} attempts"),
        }
    }
}

/// One source that was opened. Each has a number of its own, so that what comes late from an older one is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(crate) u64);
