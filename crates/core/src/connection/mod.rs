//! The connection as a sans-IO state machine: it decides, somebody else opens, closes, asks and
//! waits.
//!
//! Hand in what happened, then drain what is to be done:
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
//!         Output::Probe { probe, url } => println!("ask {url} as {probe:?}"),
//!         Output::EndProbe(probe) => println!("forget {probe:?}"),
//!         Output::SetTimer(alarm) => println!("{alarm:?}"),
//!         Output::Changed(state) => assert_eq!(state, State::Connecting { attempt: 1 }),
//!     }
//! }
//! ```
//! Rules that hold, whatever comes in whatever order (`tests/connection_properties.rs`): at most
//! one source is open; no probe runs beside it; while a next attempt is owed, an alarm is set; an
//! older source or probe changes nothing.

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

/// How the connection behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How the delays between attempts grow.
    pub backoff: backoff::Config,
    /// How long a source may take to answer. The seventh stream of an HTTP/1.1 origin never does,
    /// and never errs.
    pub connect_timeout: Duration,
    /// After how many failed attempts in a row to stop; `None` for never.
    pub max_attempts: Option<u32>,
    /// How long a server without heartbeats may be silent before it is taken for dead; `None` for
    /// ever.
    pub silence: Option<Duration>,
    /// What becomes of the stream while the page is hidden.
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

/// What becomes of the stream while the page is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hidden {
    /// It goes on.
    #[default]
    Keep,
    /// It is closed after this time, and resumed where it stopped when the page is seen again.
    CloseAfter(Duration),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A connection is wanted.
    Connect,
    /// No connection is wanted any more.
    Disconnect,
    /// Whoever waits does not want to wait.
    RetryNow,
    /// What to connect to changed: a URL, or the sentence that says why there is none.
    Target(Result<String, String>),
    /// A source answered with a stream.
    Opened(SourceId),
    /// The head of an answer came, from a source that sees it.
    Answered(SourceId, ResponseHead),
    /// A source gave a sign of life.
    Heard(SourceId),
    /// Something came on a source of which nothing could be understood so far.
    Unread(SourceId, Unread),
    /// A source told how often it gives a sign of life, if it does.
    HeartbeatInterval(SourceId, Option<Duration>),
    /// A source failed or ended.
    Failed(SourceId, Failure),
    /// The gateway did not grant the channel, which is named.
    NotGranted(SourceId, String),
    /// The gateway ends the stream.
    Bye(SourceId, Bye),
    /// A probe found something.
    Probed(ProbeId, ResponseHead),
    /// The browser reports a network (`true`) or none (`false`), which is a hint.
    Network(bool),
    /// The page became hidden or seen, frozen or thawed.
    Page(Page),
    /// The page's policy forbade a connection to this place: a URL, or its origin.
    Blocked(String),
    /// The alarm that was asked for; may come early, late, or when nobody waits for it.
    Timeout,
}

/// What the browser tells of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Nobody sees it.
    Hidden,
    /// Somebody sees it again.
    Visible,
    /// It stands still from now on: frozen, or kept for going back to.
    Frozen,
    /// It runs again.
    Resumed,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open this URL.
    Open {
        /// By this name the source is spoken of.
        source: SourceId,
        /// What to open.
        url: String,
    },
    /// Close this source and let nothing more of it through.
    Close(SourceId),
    /// Ask this URL for the head of its answer, and tell what it is.
    Probe {
        /// By this name the probe is spoken of.
        probe: ProbeId,
        /// What to ask.
        url: String,
    },
    /// Nobody wants to know any more.
    EndProbe(ProbeId),
    /// Hand in [`Input::Timeout`] then, and forget any earlier such wish; `None` for no alarm at all.
    SetTimer(Option<Timer>),
    /// The state is another one.
    Changed(State),
}
