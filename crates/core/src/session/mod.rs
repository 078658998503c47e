//! The whole of a live log: target, connection, progress and store, kept in step. The one door for
//! a browser, a test or a simulation.

mod filter;
mod intake;

pub use self::intake::SourceEvent;

use crate::connection::{Config, Connection, Input, Output, State};
use crate::find::{Find, Query};
use crate::progress::Progress;
use crate::recovery::Recovery;
use crate::status::Status;
use crate::store::{Capacity, Store};
use crate::stream_stats::StreamStats;
use crate::target::{Target, TargetError};
use crate::time::Instant;
use logs_sse_wire::sse;

/// What was counted since the channel was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that were new.
    pub received: u64,
    /// Lines that came again and were left out.
    pub duplicates: u64,
    /// Lines that are known not to have come.
    pub missing: u64,
    /// Places where lines are, or may be, missing.
    pub gaps: u64,
}

/// What kind of server the last stream came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sequencing {
    /// It has not said anything yet.
    #[default]
    Unknown,
    /// It does not count its logs, and cannot send any again.
    Unnumbered,
    /// It counts its logs, and sends again what it holds.
    Numbered,
}

/// A live log.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    target: Option<Target>,
    store: Store,
    /// What is shown of it, where a reader asked for some of the rows.
    find: Option<Find>,
    /// What the reader asked last, which need not be a filter: with no text yet it may be known
    /// that one would be a regular expression.
    query: Query,
    /// See [`Session::rows_version`].
    rows_version: u64,
    progress: Progress,
    recovery: Recovery,
    vitals: StreamStats,
    tally: Tally,
    sequencing: Sequencing,
    /// The channels that the gateway did not grant, where it granted others.
    refused: Vec<String>,
    /// Whether the open source has said anything.
    is_greeted: bool,
    /// Whether logs were announced on the open stream and none has come yet.
    awaits_replay: bool,
    /// Whether it asks for several logs in one event. Not after a stream ended that brought none
    /// of those it announced: on a link that is cut every few kilobytes a large batch would
    /// never arrive, and neither would anything after it.
    batching: bool,
    /// Whether a gap of unknown size at the beginning of the open stream is told already.
    unknown_gap_reported: bool,
    /// Of the open stream, where it comes as bytes.
    parser: sse::Parser,
}

impl Session {
    /// A live log that nobody connected yet; the seed decides the jitter.
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
            vitals: StreamStats::default(),
            tally: Tally::default(),
            sequencing: Sequencing::default(),
            refused: Vec::new(),
            is_greeted: false,
            awaits_replay: false,
            batching: true,
            unknown_gap_reported: false,
            parser: sse::Parser::default(),
        }
    }

    /// Takes what a person, a page, a network or a timer says.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        let was_open = self.is_open();
        self.connection.handle_input(now, input);
        if was_open && !self.is_open() {
            self.recovery.handle_lost(now);
            self.batching &= !self.awaits_replay;
        }
    }

    /// Takes what to connect to. Where no channel stays, it begins with an empty log: lines of two
    /// workflows never mix. Channels that stay go on where they are, and lose nothing.
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
            // A row names its channel only where that is another one than was asked for.
            self.rows_version += 1;
            // The old stream's end is no break in the new channels.
            self.recovery = Recovery::default();
            self.refused.clear();
        }
    }

    /// The next thing to be done, in order; `None` when all is said. What is opened goes on from
    /// where the last stream ended.
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

    /// Changes how much is held.
    pub fn resize(&mut self, capacity: Capacity) {
        self.store.resize(capacity);
    }

    /// Keeps the rows from `number` on until a listener has heard them; `None` when nobody listens.
    /// Returns whether rows were evicted that had been kept.
    pub fn retain_from(&mut self, number: Option<u64>) -> bool {
        self.store.retain_from(number)
    }

    /// Lets all lines go. The connection goes on.
    pub fn clear(&mut self) {
        self.store.clear();
    }

    /// The rows.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> &State {
        self.connection.state()
    }

    /// What was counted since the channel was chosen.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The connection in words.
    #[must_use]
    pub fn status(&self, now: Instant) -> Status {
        Status::of(&self.connection, &self.vitals, now)
    }

    /// What it connects to, once the page has said something usable.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// The channels that the gateway did not grant, where it granted others.
    #[must_use]
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// The connection itself.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Signs of life in numbers.
    #[must_use]
    pub fn vitals(&self) -> &StreamStats {
        &self.vitals
    }

    /// Whether there is anything to show below the status: lines, or the wish for some.
    #[must_use]
    pub fn is_worth_showing(&self) -> bool {
        !self.store.is_empty() || *self.state() != State::Idle
    }

    fn start_over(&mut self, channels: Vec<String>) {
        self.progress = Progress::new(channels);
        self.tally = Tally::default();
        self.vitals = StreamStats::default();
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

/// The names of a target's channels; none without a target.
fn channels(target: Option<&Target>) -> Vec<String> {
    target.iter().flat_map(|target| target.channels()).map(ToString::to_string).collect()
}
