//! The connection as a sans-IO state machine: it decides, somebody else opens, closes and waits.
//!
//! Hand in what happened, then drain what is to be done:
//! ```
//! use logs_sse_client::core::connection::{Config, Connection, Input, Output, State};
//! use logs_sse_client::core::time::Instant;
//!
//! let mut connection = Connection::new(Config::default(), 7);
//! let now = Instant::from_millis(0.0);
//! connection.handle_input(now, Input::Target(Ok("/stream?workspace_id=a".into())));
//! connection.handle_input(now, Input::Connect);
//! while let Some(output) = connection.poll_output() {
//!     match output {
//!         Output::Open { source, url } => println!("open {url} as {source:?}"),
//!         Output::Close(source) => println!("close {source:?}"),
//!         Output::Wake(alarm) => println!("{alarm:?}"),
//!         Output::Changed(state) => assert_eq!(state, State::Connecting { attempt: 1 }),
//!     }
//! }
//! ```
//! Three rules hold, whatever comes in whatever order (`tests/connection_properties.rs`):
//! at most one source is open; while a next attempt is owed, an alarm is set; an older source changes nothing.

mod state;

use std::collections::VecDeque;
use std::time::Duration;

pub use self::state::{Failure, SourceId, State, Stop};
use crate::core::backoff::{self, Backoff};
use crate::core::time::Instant;

/// How the connection behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How the delays between attempts grow.
    pub backoff: backoff::Config,
    /// How long a source may take to answer. The seventh stream of an HTTP/1.1 origin never does, and never errs.
    pub connect_timeout: Duration,
    /// After how many failed attempts in a row to stop; `None` for never.
    pub max_attempts: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self { backoff: backoff::Config::default(), connect_timeout: Duration::from_secs(15), max_attempts: None }
    }
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
    /// A source failed or ended.
    Failed(SourceId, Failure),
    /// The gateway did not grant the channel, which is named.
    NotGranted(SourceId, String),
    /// The browser says that the network is there (`true`) or gone (`false`).
    Network(bool),
    /// The alarm that was asked for; may come early, late, or when nobody waits for it.
    Woken,
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
    /// Hand in [`Input::Woken`] then, and forget any earlier such wish; `None` for no alarm at all.
    Wake(Option<Alarm>),
    /// The state is another one.
    Changed(State),
}

/// When to be woken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: Instant,
    /// Why, for logs and tests.
    pub reason: AlarmReason,
}

/// Why an alarm is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmReason {
    /// The source should have answered by then.
    ConnectTimeout,
    /// The next attempt is due.
    Retry,
}

/// The connection.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    target: Result<String, String>,
    state: State,
    backoff: Backoff,
    /// The one source that is open, if any.
    source: Option<SourceId>,
    alarm: Option<Alarm>,
    online: bool,
    last_failure: Option<Failure>,
    opened: u64,
    outputs: VecDeque<Output>,
}

impl Connection {
    /// A connection that nobody wants yet; the seed decides the jitter.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            target: Err("nothing to connect to yet".into()),
            state: State::Idle,
            backoff: Backoff::new(config.backoff, seed),
            source: None,
            alarm: None,
            online: true,
            last_failure: None,
            opened: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`. Then drain [`poll_output`](Self::poll_output).
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Connect => self.handle_connect(now),
            Input::Disconnect => self.rest(State::Idle),
            Input::RetryNow => self.handle_retry_now(now),
            Input::Target(target) => self.handle_target(now, target),
            Input::Opened(source) => self.handle_opened(now, source),
            Input::Failed(source, failure) => self.handle_failed(now, source, failure),
            Input::NotGranted(source, channel) if self.is_current(source) => self.rest(State::Stopped(Stop::NotGranted(channel))),
            Input::NotGranted(..) => {}
            Input::Network(online) => self.handle_network(now, online),
            Input::Woken => self.handle_woken(now),
        }
    }

    /// The next thing to be done, in order; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Why the last attempt or link ended, until one settles.
    #[must_use]
    pub fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }

    /// Whether this is the source that is open now. What another one says is too late.
    #[must_use]
    pub fn is_current(&self, source: SourceId) -> bool {
        self.source == Some(source)
    }

    fn handle_connect(&mut self, now: Instant) {
        // Asked for by a person, so it is tried even when the browser thinks that there is no network:
        // a gateway on this very machine needs none.
        if matches!(self.state, State::Idle | State::Stopped(_)) {
            self.backoff.reset();
            self.last_failure = None;
            self.attempt(now);
        }
    }

    fn handle_retry_now(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting { .. } | State::Offline) {
            self.attempt(now);
        }
    }

    fn handle_target(&mut self, now: Instant, target: Result<String, String>) {
        if self.target == target {
            return;
        }
        self.target = target;
        if self.state == State::Idle {
            return;
        }
        // The old stream is closed before anything of the new one begins.
        self.release();
        self.backoff.reset();
        self.last_failure = None;
        self.attempt(now);
    }

    fn handle_opened(&mut self, now: Instant, source: SourceId) {
        if self.is_current(source) && matches!(self.state, State::Connecting { .. }) {
            self.backoff.succeeded(now);
            self.last_failure = None;
            self.set_alarm(None);
            self.change(State::Open { since: now });
        }
    }

    fn handle_failed(&mut self, now: Instant, source: SourceId, failure: Failure) {
        if !self.is_current(source) {
            return;
        }
        // The browser's own retry has no backoff and ignores ours, so the source goes, whatever it would have done.
        self.release();
        let delay = self.backoff.failed(now);
        self.last_failure = Some(failure);
        let failures = self.backoff.failures();
        if self.config.max_attempts.is_some_and(|most| most <= failures) {
            self.rest(State::Stopped(Stop::GaveUp { attempts: failures }));
        } else if self.online {
            let until = now + delay;
            self.set_alarm(Some(Alarm { at: until, reason: AlarmReason::Retry }));
            self.change(State::Waiting { until, attempt: failures + 1 });
        } else {
            self.rest(State::Offline);
        }
    }

    fn handle_network(&mut self, now: Instant, online: bool) {
        self.online = online;
        match self.state {
            State::Offline | State::Waiting { .. } if online => self.attempt(now),
            // An open source would look alive for minutes on a network that is gone.
            State::Connecting { .. } | State::Open { .. } | State::Waiting { .. } if !online => self.rest(State::Offline),
            _ => {}
        }
    }

    fn handle_woken(&mut self, now: Instant) {
        let Some(alarm) = self.alarm else { return };
        if now < alarm.at {
            // Browsers round timers down; ask again for the rest.
            self.outputs.push_back(Output::Wake(Some(alarm)));
            return;
        }
        match (alarm.reason, self.source) {
            (AlarmReason::Retry, _) => self.attempt(now),
            (AlarmReason::ConnectTimeout, Some(source)) => {
                self.handle_failed(now, source, Failure::TimedOut(self.config.connect_timeout));
            }
            (AlarmReason::ConnectTimeout, None) => self.set_alarm(None),
        }
    }

    /// Begins an attempt, with whatever was open or awaited before it gone.
    fn attempt(&mut self, now: Instant) {
        self.release();
        match self.target.clone() {
            Err(why) => self.rest(State::Stopped(Stop::BadTarget(why))),
            Ok(url) => {
                let source = SourceId(self.opened);
                self.opened += 1;
                self.source = Some(source);
                self.outputs.push_back(Output::Open { source, url });
                self.set_alarm(Some(Alarm { at: now + self.config.connect_timeout, reason: AlarmReason::ConnectTimeout }));
                self.change(State::Connecting { attempt: self.backoff.failures() + 1 });
            }
        }
    }

    /// Goes to a state in which nothing is open and nothing is awaited.
    fn rest(&mut self, state: State) {
        self.release();
        self.set_alarm(None);
        self.change(state);
    }

    fn release(&mut self) {
        if let Some(source) = self.source.take() {
            self.outputs.push_back(Output::Close(source));
        }
    }

    fn set_alarm(&mut self, alarm: Option<Alarm>) {
        if self.alarm != alarm {
            self.alarm = alarm;
            self.outputs.push_back(Output::Wake(alarm));
        }
    }

    fn change(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.outputs.push_back(Output::Changed(self.state.clone()));
        }
    }
}
