//! A whole live log: target, connection, progress and store, kept in step. The single entry point
//! for a browser, a test or a simulation.

mod filter;
mod intake;

pub use self::intake::SourceEvent;

use crate::connection::{Config, Connection, Input, Output, State};
use crate::counters::Counters;
use crate::find::{Find, Query};
use crate::progress::Progress;
use crate::recovery::Recovery;
use crate::status::Status;
use crate::store::{Capacity, Store};
use crate::stream_stats::StreamStats;
use crate::target::{Target, TargetError};
use crate::time::Instant;
use logs_sse_wire::sse;

/// The kind of server behind the last stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sequencing {
    /// The server has not sent anything yet.
    #[default]
    Unknown,
    /// The server does not number its logs and cannot replay them.
    Unnumbered,
    /// The server numbers its logs and replays those it still holds.
    Numbered,
}

/// A live log. Its caller opens the sources and passes in their events and the time.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    target: Option<Target>,
    store: Store,
    /// The active filter, if there is one.
    find: Option<Find>,
    /// The last query, which need not be a filter: before any text is entered, it may already be
    /// set to a regular expression.
    query: Query,
    rows_version: u64,
    progress: Progress,
    recovery: Recovery,
    stats: StreamStats,
    counters: Counters,
    sequencing: Sequencing,
    /// The channels that the gateway did not grant although it granted others.
    refused: Vec<String>,
    /// Whether the open source has sent a message.
    is_greeted: bool,
    /// Whether logs were announced on the open stream and none has arrived yet.
    awaits_replay: bool,
    /// Whether to request several logs per event.
    ///
    /// Not after a stream ended without delivering any of the logs it announced: on a link that is
    /// cut every few kilobytes, a large batch would never arrive, nor would anything after it.
    batching: bool,
    /// Whether a gap of unknown size at the start of the open stream was already reported.
    unknown_gap_reported: bool,
    /// The parser of the open stream, if it arrives as bytes.
    parser: sse::Parser,
}

impl Session {
    /// Creates a live log that is not connected. `seed` determines the jitter.
    #[must_use]
    pub fn new(config: Config, capacity: Capacity, seed: u64) -> Self {
        Self {
            connection: Connection::new(config, seed),
            target: None,
            store: Store::new(capacity),
            find: None,
            query: Query::default(),
            rows_version: 0,
            progress: Progress::default(),
            recovery: Recovery::default(),
            stats: StreamStats::default(),
            counters: Counters::default(),
            sequencing: Sequencing::default(),
            refused: Vec::new(),
            is_greeted: false,
            awaits_replay: false,
            batching: true,
            unknown_gap_reported: false,
            parser: sse::Parser::default(),
        }
    }

    /// Handles an event from the user, the page, the network or a timer.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        let was_open = self.is_open();
        self.connection.handle_input(now, input);
        if was_open && !self.is_open() {
            self.recovery.lost(now);
            self.batching &= !self.awaits_replay;
        }
    }

    /// Changes the target.
    ///
    /// If no channel is kept, the log starts empty: lines of two workflows never mix. Channels that
    /// are kept continue where they are and lose nothing.
    pub fn handle_target(&mut self, now: Instant, target: Result<Target, TargetError>) {
        let url =
            target.as_ref().map(|target| target.url().to_owned()).map_err(ToString::to_string);
        let before = channels(self.target.as_ref());
        self.target = target.ok();
        let channels = channels(self.target.as_ref());
        let changes_channels = channels != before;
        if changes_channels && !self.progress.retarget(channels.clone()) {
            self.start_over(channels);
        }
        self.handle_input(now, Input::Target(url));
        if changes_channels {
            // A row names its channel only if it is not the one requested.
            self.rows_version += 1;
            // The end of the old stream does not interrupt the new channels.
            self.recovery = Recovery::default();
            self.refused.clear();
        }
    }

    /// Returns the next action to perform, in order, or `None` if there is none.
    ///
    /// A new stream resumes where the last one ended.
    pub fn poll_output(&mut self) -> Option<Output> {
        match self.connection.poll_output()? {
            Output::Open { source, url } => {
                self.is_greeted = false;
                self.awaits_replay = false;
                self.unknown_gap_reported = false;
                self.parser = sse::Parser::default();
                let url = Target::url_from(&url, self.batching, self.progress.cursor().as_ref());
                Some(Output::Open { source, url })
            }
            output => Some(output),
        }
    }

    /// Changes how much is stored.
    pub fn resize(&mut self, capacity: Capacity) {
        self.store.resize(capacity);
    }

    /// Retains the rows from `number` on until a listener has received them, or `None` without a
    /// listener. Returns whether retained rows were evicted.
    pub fn retain_from(&mut self, number: Option<u64>) -> bool {
        self.store.retain_from(number)
    }

    /// Removes all lines. The connection stays as it is.
    pub fn clear(&mut self) {
        self.store.clear();
    }

    /// Returns the stored rows.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the state of the connection.
    #[must_use]
    pub fn state(&self) -> &State {
        self.connection.state()
    }

    /// Returns the line counts since the channel was selected.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Returns the status of the connection as text.
    #[must_use]
    pub fn status(&self, now: Instant) -> Status {
        Status::new(&self.connection, &self.stats, now)
    }

    /// Returns the target, once a valid one was set.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// Returns the channels that the gateway did not grant although it granted others.
    #[must_use]
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Returns the connection for reading; inputs go through the session.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns the statistics of the stream.
    #[must_use]
    pub fn stats(&self) -> &StreamStats {
        &self.stats
    }

    /// Returns whether to show the log at all: it has lines, or is expected to.
    #[must_use]
    pub fn is_worth_showing(&self) -> bool {
        !self.store.is_empty() || *self.state() != State::Idle
    }

    fn start_over(&mut self, channels: Vec<String>) {
        self.progress = Progress::new(channels);
        self.counters = Counters::default();
        self.stats = StreamStats::default();
        self.sequencing = Sequencing::default();
        self.batching = true;
        if !self.store.is_empty() {
            self.store.clear();
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.connection.state(), State::Open { .. })
    }
}

/// Returns the names of a target's channels, or none without a target.
fn channels(target: Option<&Target>) -> Vec<String> {
    target.iter().flat_map(|target| target.channels()).map(ToString::to_string).collect()
}
