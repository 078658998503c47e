//! The connection as a sans-IO state machine: it decides, and the caller opens, closes, probes and
//! sets timers.
//!
//! Pass in what happened, then drain the actions to perform:
//! ```
//! use logs_sse_core::connection::{Config, Connection, Input, Output, State};
//! use logs_sse_core::time::Instant;
//!
//! let mut connection = Connection::new(Config::default(), 7);
//! let now = Instant::from_millis(0.0);
//! connection.handle_input(now, Input::Target(Ok("/stream?workspace_id=a".into())));
//! connection.handle_input(now, Input::Connect);
//! while let Some(output) = connection.poll_output() {
//!     match output {
//!         Output::Open { source, url } => println!("open {url} as {source:?}"),
//!         Output::Close(source) => println!("close {source:?}"),
//!         Output::Probe { probe, url } => println!("probe {url} as {probe:?}"),
//!         Output::EndProbe(probe) => println!("end {probe:?}"),
//!         Output::SetTimer(timer) => println!("{timer:?}"),
//!         Output::Changed(state) => assert_eq!(state, State::Connecting { attempt: 1 }),
//!     }
//! }
//! ```
//! Invariants, whatever the order of inputs (`tests/connection_properties.rs`): at most one source
//! is open; no probe runs while a source is open; while an attempt is pending, a timer is set;
//! stale sources and probes change nothing.

mod classify;
mod machine;
mod probe;
mod state;
mod timers;
mod watch;

use std::time::Duration;

pub use self::machine::Connection;
pub(crate) use self::state::unread;
pub use self::state::{Failure, ProbeId, Reading, ResponseHead, SourceId, State, StopReason};
pub use self::timers::{Timer, TimerReason};
use crate::backoff;
use logs_sse_wire::protocol::Bye;
use logs_sse_wire::unread::Unread;

/// The limits and delays of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How the delays between attempts grow.
    pub backoff: backoff::Config,
    /// How long a source may take to respond. The seventh stream of an HTTP/1.1 origin never does,
    /// and never fails either.
    pub connect_timeout: Duration,
    /// Consecutive failed attempts after which to stop, or `None` for no limit.
    pub max_attempts: Option<u32>,
    /// The silence limit for servers without heartbeats, or `None` for no limit.
    pub silence: Option<Duration>,
    /// What happens to the stream while the page is hidden.
    pub hidden: Hidden,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backoff: backoff::Config::default(),
            connect_timeout: Duration::from_secs(15),
            max_attempts: None,
            silence: None,
            hidden: Hidden::Keep,
        }
    }
}

/// What happens to the stream while the page is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hidden {
    /// The stream stays open. This is the default.
    #[default]
    Keep,
    /// The stream is closed after the page was hidden for this long, and resumes where it stopped
    /// once the page is visible again.
    CloseAfter(Duration),
}

/// An event for the connection to handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The user asked to connect.
    Connect,
    /// The user asked to disconnect.
    Disconnect,
    /// The user asked to retry now instead of waiting.
    RetryNow,
    /// The target changed: a URL, or a message that explains why there is none.
    Target(Result<String, String>),
    /// A source received an event stream.
    Opened(SourceId),
    /// A source that can see response heads received one.
    Answered(SourceId, ResponseHead),
    /// An event arrived from a source.
    Heard(SourceId),
    /// Bytes arrived from a source, and nothing could be parsed so far.
    Unread(SourceId, Unread),
    /// A source announced its heartbeat interval, or that it sends none.
    HeartbeatInterval(SourceId, Option<Duration>),
    /// A source failed or ended.
    Failed(SourceId, Failure),
    /// The gateway did not grant access to this channel.
    NotGranted(SourceId, String),
    /// The gateway is ending the stream.
    Bye(SourceId, Bye),
    /// This stream is replaced at once by one with another URL. That is no failure.
    Reopen(SourceId),
    /// A probe received a response head, or failed.
    Probed(ProbeId, ResponseHead),
    /// The browser reports a network (`true`) or none (`false`), which is only a hint.
    Network(bool),
    /// The page became hidden or visible, or was frozen or resumed.
    Page(Page),
    /// The page's policy blocked a connection to this URL or origin.
    Blocked(String),
    /// The timer fired. It may be early, late, or no longer needed.
    Timeout,
}

/// A change in the page's visibility or lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The page became hidden.
    Hidden,
    /// The page became visible.
    Visible,
    /// The page was frozen, or moved to the back/forward cache.
    Frozen,
    /// The page was resumed from a freeze.
    Resumed,
}

/// An action for the caller to perform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a source for this URL.
    Open {
        /// Identifies the source in later inputs and outputs.
        source: SourceId,
        /// The URL to open.
        url: String,
    },
    /// Close this source and ignore any further event from it.
    Close(SourceId),
    /// Request this URL and report the head of the response as [`Input::Probed`].
    Probe {
        /// Identifies the probe in later inputs and outputs.
        probe: ProbeId,
        /// The URL to request.
        url: String,
    },
    /// The result of this probe is no longer needed.
    EndProbe(ProbeId),
    /// Send [`Input::Timeout`] at this time. Replaces the previous timer; `None` cancels it.
    SetTimer(Option<Timer>),
    /// The state changed, or its text did.
    Changed(State),
}
