//! The whole of a live log: target, connection, progress and store, kept in step. The one door for a browser, a test or a simulation.

mod shown;

use crate::core::connection::{Config, Connection, Failure, Input, Output, SourceId, State};
use crate::core::find::Find;
use crate::core::notice::Notice;
use crate::core::progress::{Announced, Progress, Verdict};
use crate::core::protocol::{Gap, GapReason, Heartbeat, Hello};
use crate::core::recovery::Recovery;
use crate::core::status::Status;
use crate::core::store::{Capacity, Store};
use crate::core::target::{Target, TargetError};
use crate::core::time::Instant;
use crate::core::vitals::Vitals;
use crate::core::wire::{self, Message, Raw};

/// What happened to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEvent<'a> {
    /// The server answered with a stream.
    Opened,
    /// An event came: its name, the last event id, its data.
    Message {
        /// The event's name.
        event: &'a str,
        /// The last event id.
        id: &'a str,
        /// The data.
        data: &'a str,
    },
    /// It failed or ended.
    Failed {
        /// Whether the browser would not have tried again by itself: mostly, an answer came that was no event stream.
        refused: bool,
    },
    /// The browser would not open it; with its words.
    NotOpened(String),
}

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
enum Server {
    /// It has not said anything yet.
    #[default]
    Unknown,
    /// It does not count its logs, and cannot send any again.
    Uncounted,
    /// It counts its logs, and sends again what it holds.
    Counted,
}

/// A live log.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    target: Option<Target>,
    store: Store,
    /// What is shown of it, where a reader asked for some of the rows.
    find: Option<Find>,
    progress: Progress,
    recovery: Recovery,
    vitals: Vitals,
    tally: Tally,
    server: Server,
    /// The channels that the gateway did not grant, where it granted others.
    refused: Vec<String>,
    /// Whether the open source has said anything.
    is_greeted: bool,
    /// Whether logs were announced on the open stream and none has come yet.
    is_owed: bool,
    /// Whether it asks for several logs in one event. Not after a stream ended that brought none of those it announced:
    /// on a link that is cut every few kilobytes a large batch would never arrive, and neither would anything after it.
    takes_batches: bool,
    /// Whether a gap of unknown size at the beginning of the open stream is told already.
    is_unknown_told: bool,
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
            progress: Progress::default(),
            recovery: Recovery::default(),
            vitals: Vitals::default(),
            tally: Tally::default(),
            server: Server::default(),
            refused: Vec::new(),
            is_greeted: false,
            is_owed: false,
            takes_batches: true,
            is_unknown_told: false,
        }
    }

    /// Takes what a person, a page, a network or a timer says.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        let was_open = self.is_open();
        self.connection.handle_input(now, input);
        if was_open && !self.is_open() {
            self.recovery.handle_lost(now);
            self.takes_batches &= !self.is_owed;
        }
    }

    /// Takes what to connect to. Where no channel stays, it begins with an empty log: lines of two workflows never mix.
    /// Channels that stay go on where they are, and lose nothing.
    pub fn handle_target(&mut self, now: Instant, target: Result<Target, TargetError>) {
        let url = target.as_ref().map(|target| target.url().to_owned()).map_err(ToString::to_string);
        let before = channels(self.target.as_ref());
        self.target = target.ok();
        let channels = channels(self.target.as_ref());
        let changes_channels = channels != before;
        if changes_channels && !self.progress.retarget(channels.clone()) {
            self.start_over(channels);
        }
        self.handle_input(now, Input::Target(url));
        if changes_channels {
            // The old stream's end is no break in the new channels.
            self.recovery = Recovery::default();
            self.refused.clear();
        }
    }

    /// Takes what happened to a source. What an older source says is dropped here.
    pub fn handle_source(&mut self, now: Instant, source: SourceId, event: SourceEvent<'_>) {
        if !self.connection.is_current(source) {
            return;
        }
        match event {
            SourceEvent::Opened => self.handle_opened(now, source),
            SourceEvent::Message { event, id, data } => self.handle_message(now, source, wire::read(event, id, data)),
            SourceEvent::Failed { refused } => {
                let failure = self.failure(refused);
                self.handle_input(now, Input::Failed(source, failure));
            }
            SourceEvent::NotOpened(why) => self.handle_input(now, Input::Failed(source, Failure::CannotOpen(why))),
        }
    }

    /// The next thing to be done, in order; `None` when all is said. What is opened goes on from where the last stream ended.
    pub fn poll_output(&mut self) -> Option<Output> {
        match self.connection.poll_output()? {
            Output::Open { source, url } => {
                self.is_greeted = false;
                self.is_owed = false;
                self.is_unknown_told = false;
                let url = Target::url_from(&url, self.takes_batches, self.progress.cursor().as_ref());
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
    pub fn keep_from(&mut self, number: Option<u64>) {
        self.store.keep_from(number);
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
    pub fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// Whether there is anything to show below the status: lines, or the wish for some.
    #[must_use]
    pub fn is_worth_showing(&self) -> bool {
        !self.store.is_empty() || *self.state() != State::Idle
    }

    fn handle_opened(&mut self, now: Instant, source: SourceId) {
        self.vitals.handle_event(now);
        self.connection.handle_input(now, Input::Opened(source));
        // A server that counts says so in its greeting; one that does not may say nothing for an hour.
        if self.server == Server::Uncounted {
            let notice = self.recovery.handle_back_without_replay(now);
            self.tell(notice);
        }
    }

    fn handle_message(&mut self, now: Instant, source: SourceId, message: Message<'_>) {
        self.vitals.handle_event(now);
        self.connection.handle_input(now, Input::Heard(source));
        let is_first = !std::mem::replace(&mut self.is_greeted, true);
        match message {
            Message::Hello(hello) => self.handle_hello(now, source, &hello),
            Message::Line(line) => {
                if is_first {
                    self.handle_uncounted(now);
                }
                self.handle_line(now, &line);
            }
            Message::Batch(lines) => lines.iter().for_each(|line| self.handle_line(now, line)),
            Message::Heartbeat(heartbeat) => self.handle_heartbeat(now, &heartbeat),
            Message::Gap(gap) => self.handle_gap(&gap),
            Message::Bye(bye) => self.handle_input(now, Input::Bye(source, bye)),
        }
    }

    fn handle_hello(&mut self, now: Instant, source: SourceId, hello: &Hello) {
        if let Some(granted) = &hello.granted {
            let mut wanted = channels(self.target.as_ref());
            let all = wanted.len();
            wanted.retain(|channel| !granted.contains(channel));
            if !wanted.is_empty() && wanted.len() == all {
                return self.handle_input(now, Input::NotGranted(source, wanted.join(", ")));
            }
            self.refused = wanted;
        }
        self.connection.handle_input(now, Input::Beat(source, hello.heartbeat));
        if hello.epoch.is_none() {
            return self.handle_uncounted(now);
        }
        if let Some(server_time) = hello.server_time {
            self.vitals.handle_server_time(now, server_time);
        }
        let had_cursor = self.progress.cursor().is_some();
        let Announced { left, unknown } = self.progress.handle_hello(hello);
        self.is_owed = left > 0;
        if let Some(reason) = unknown {
            self.tell_missing(None, reason);
            self.is_unknown_told = true;
        }
        let notice = match (had_cursor, self.server) {
            (true, _) => self.recovery.handle_back(now, left),
            (false, Server::Uncounted) => self.recovery.handle_back_without_replay(now),
            // Nothing was promised yet, so nothing was broken.
            (false, _) => {
                self.recovery = Recovery::default();
                None
            }
        };
        self.server = Server::Counted;
        self.tell(notice);
    }

    /// The open stream comes from a server that does not count.
    fn handle_uncounted(&mut self, now: Instant) {
        self.progress.handle_uncounted();
        self.server = Server::Uncounted;
        let notice = self.recovery.handle_back_without_replay(now);
        self.tell(notice);
    }

    fn handle_line(&mut self, now: Instant, line: &Raw<'_>) {
        self.is_owed = false;
        match self.progress.handle_line(line.channel.as_deref(), line.seq, &line.id, &line.text) {
            Verdict::Duplicate => {
                self.tally.duplicates += 1;
                return;
            }
            Verdict::After { missing } => self.tell_missing(Some(missing), GapReason::Lost),
            Verdict::New => {}
        }
        self.vitals.handle_line(now);
        self.tally.received += 1;
        self.store.append(line);
        let notice = self.recovery.handle_line();
        self.tell(notice);
    }

    fn handle_heartbeat(&mut self, now: Instant, heartbeat: &Heartbeat) {
        if let Some(server_time) = heartbeat.server_time {
            self.vitals.handle_server_time(now, server_time);
        }
        let missing = self.progress.handle_heartbeat(heartbeat);
        if missing > 0 {
            self.tell_missing(Some(missing), GapReason::Lost);
        }
    }

    fn handle_gap(&mut self, gap: &Gap) {
        let missing = self.progress.handle_gap(gap);
        let is_told = missing == Some(0) || (missing.is_none() && self.is_unknown_told);
        if !is_told {
            self.tell_missing(missing, gap.reason);
        }
    }

    fn tell_missing(&mut self, missing: Option<u64>, reason: GapReason) {
        self.tally.gaps += 1;
        self.tally.missing += missing.unwrap_or_default();
        self.store.note(Notice::Gap { missing, reason });
        let notice = self.recovery.handle_missing(missing.unwrap_or_default());
        self.tell(notice);
    }

    fn tell(&mut self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.tally.gaps += u64::from(matches!(notice, Notice::NotReplayed { .. }));
            self.store.note(notice);
        }
    }

    fn start_over(&mut self, channels: Vec<String>) {
        self.progress = Progress::new(channels);
        self.tally = Tally::default();
        self.vitals = Vitals::default();
        self.server = Server::default();
        self.takes_batches = true;
        if !self.store.is_empty() {
            self.store.clear();
        }
    }

    fn failure(&self, refused: bool) -> Failure {
        match self.connection.state() {
            State::Open { .. } => Failure::Lost,
            _ if refused => Failure::Rejected,
            _ => Failure::Unreachable,
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
