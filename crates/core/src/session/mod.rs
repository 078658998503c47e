//! A whole live log: target, connection, progress and store, kept in step. The single entry point
//! for a browser, a test or a simulation.

mod carrier;
#[cfg(feature = "view")]
mod earlier;
#[cfg(feature = "view")]
mod filter;
mod intake;
#[cfg(feature = "view")]
mod known;
#[cfg(feature = "view")]
mod matches;
#[cfg(feature = "view")]
mod merge;
#[cfg(feature = "view")]
mod pins;
#[cfg(feature = "view")]
mod reason;
#[cfg_attr(not(feature = "view"), path = "no_view.rs")]
mod view;

#[cfg(feature = "view")]
pub use self::earlier::{EarlierLines, EarlierRequest};
pub use self::intake::SourceEvent;
#[cfg(feature = "view")]
pub use self::known::KnownLines;
#[cfg(feature = "view")]
pub use self::matches::Direction;
use self::view::View;

use crate::connection::{Config, Connection, Failure, Input, Output, State};
use crate::counters::Counters;
use crate::progress::Progress;
use crate::recovery::Recovery;
use crate::session::carrier::Carrier;
use crate::status::Status;
use crate::store::{Capacity, Store};
use crate::stream_stats::StreamStats;
use crate::target::{StreamParams, Target, TargetError};
use crate::time::Instant;
use crate::words::Words;
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
    view: View,
    progress: Progress,
    recovery: Recovery,
    stats: StreamStats,
    counters: Counters,
    sequencing: Sequencing,
    /// The channels that the gateway did not grant although it granted others.
    refused: Vec<String>,
    /// Whether the open source has sent a message.
    is_greeted: bool,
    /// Whether the outcome of the last attempt is still to be judged by the carrier.
    is_attempted: bool,
    /// Whether logs were announced on the open stream and none has arrived yet.
    awaits_replay: bool,
    /// Whether to request several logs per event.
    ///
    /// Not after a stream ended without delivering any of the logs it announced: on a link that is
    /// cut every few kilobytes, a large batch would never arrive, nor would anything after it.
    batching: bool,
    /// How many of the newest held lines a channel starts with.
    tail: u32,
    carrier: Carrier,
    /// The parameters of the open source.
    params: StreamParams,
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
            store: Store::with_room_at_front(capacity),
            view: View::default(),
            progress: Progress::default(),
            recovery: Recovery::default(),
            stats: StreamStats::default(),
            counters: Counters::default(),
            sequencing: Sequencing::default(),
            refused: Vec::new(),
            is_greeted: false,
            is_attempted: false,
            awaits_replay: false,
            batching: true,
            tail: 0,
            carrier: Carrier::default(),
            params: StreamParams::default(),
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
        self.reconsider_carrier(now);
    }

    /// Tries again without parameters if the proxy may have refused those in the resource id.
    fn reconsider_carrier(&mut self, now: Instant) {
        let has_failed = match self.state() {
            // A probe may be about to find out why, unless only one reason is left.
            State::Waiting { .. } => {
                self.carrier.is_confirming()
                    || self.connection.last_failure() != Some(&Failure::Rejected)
            }
            State::Stopped(_) => true,
            _ => false,
        };
        if self.is_greeted || !has_failed || !std::mem::take(&mut self.is_attempted) {
            return;
        }
        if self.carrier.failed(&self.connection) {
            let again = if matches!(self.state(), State::Stopped(_)) {
                Input::Connect
            } else {
                Input::RetryNow
            };
            self.connection.handle_input(now, again);
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
        let endpoint = self.target.as_ref().map(Target::endpoint);
        if endpoint != target.as_ref().ok().map(Target::endpoint) {
            // Another proxy may forward what this one does not.
            self.carrier = Carrier::default();
        }
        self.target = target.ok();
        let channels = channels(self.target.as_ref());
        let changes_channels = channels != before;
        if changes_channels && !self.progress.retarget(channels.clone()) {
            self.start_over(channels);
        }
        self.handle_input(now, Input::Target(url));
        if changes_channels {
            self.restart_earlier();
            // A row names its channel only if it is not the one requested.
            self.view.channels_changed();
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
                self.is_attempted = true;
                self.awaits_replay = false;
                self.unknown_gap_reported = false;
                self.parser = sse::Parser::default();
                self.params = self.next_params();
                Some(Output::Open { source, url: self.stream_url(url) })
            }
            // A proxy may refuse just the parameters.
            Output::Probe { probe, url } if self.carrier.is_resource_id() => {
                Some(Output::Probe { probe, url: self.stream_url(url) })
            }
            output => Some(output),
        }
    }

    /// Returns the URL of a stream with the current parameters; without a target, there is only the
    /// plain one.
    fn stream_url(&self, plain: String) -> String {
        match (&self.target, self.carrier) {
            (Some(target), Carrier::Query) => target.stream_url(&self.params),
            (Some(target), carrier) if carrier.is_resource_id() => target.carrier_url(&self.params),
            _ => plain,
        }
    }

    fn next_params(&self) -> StreamParams {
        let is_new = self.sequencing == Sequencing::Unknown || self.progress.has_unknown();
        StreamParams {
            cursor: self.progress.cursor(),
            batch: self.batching,
            // A server that cannot replay would be asked for the same lines on every stream.
            tail: if is_new && self.sequencing != Sequencing::Unnumbered { self.tail } else { 0 },
        }
    }

    /// Sets how many of the newest lines that the gateway holds a channel starts with. Applies from
    /// the next stream on, to channels from which nothing was read.
    pub fn set_tail(&mut self, tail: u32) {
        self.tail = tail.min(MAX_TAIL);
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

    /// Returns the stored rows.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the store to fill, without a stream.
    #[cfg(test)]
    pub(crate) fn store_mut(&mut self) -> &mut Store {
        &mut self.store
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

    /// Returns the status of the connection in English: for the console and for programs.
    #[must_use]
    pub fn status(&self, now: Instant) -> Status {
        self.status_in(now, &Words::ENGLISH)
    }

    /// Returns the status of the connection as text.
    #[must_use]
    pub fn status_in(&self, now: Instant, words: &Words) -> Status {
        Status::new(&self.connection, &self.stats, now, words)
    }

    /// Returns the target, once a valid one was set.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// Returns whether lines of several channels are requested.
    #[must_use]
    pub fn has_several_channels(&self) -> bool {
        self.target.as_ref().is_some_and(Target::has_several)
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

    /// Returns whether the open stream has begun: it has greeted, and the first of the lines that it
    /// announced have arrived.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.is_open() && self.is_greeted && !self.awaits_replay
    }

    fn start_over(&mut self, channels: Vec<String>) {
        self.progress = Progress::new(channels);
        self.counters = Counters::default();
        self.stats = StreamStats::default();
        self.sequencing = Sequencing::default();
        self.batching = true;
        self.view.start_over();
        if !self.store.is_empty() {
            self.store.clear();
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.connection.state(), State::Open { .. })
    }
}

/// The most lines that a gateway sends as a tail (`docs/protocol.md`).
pub const MAX_TAIL: u32 = 10_000;

/// Returns the names of a target's channels, or none without a target.
fn channels(target: Option<&Target>) -> Vec<String> {
    target.iter().flat_map(|target| target.names()).cloned().collect()
}
