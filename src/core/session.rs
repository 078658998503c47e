//! The whole of a live log: target, connection and store, kept in step. The one door for a browser, a test or a simulation.

use crate::core::connection::{Config, Connection, Failure, Input, Output, SourceId, State};
use crate::core::status::Status;
use crate::core::store::{Capacity, Store};
use crate::core::target::{Target, TargetError};
use crate::core::time::Instant;
use crate::core::wire::{self, Line, Message};

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
    /// It failed or ended; `refused` when the browser would not have tried again by itself.
    Failed {
        /// Whether an answer came that was no event stream.
        refused: bool,
    },
    /// The browser would not open it; with its words.
    NotOpened(String),
}

/// A live log.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    target: Option<Target>,
    store: Store,
}

impl Session {
    /// A live log that nobody connected yet; the seed decides the jitter.
    #[must_use]
    pub fn new(config: Config, capacity: Capacity, seed: u64) -> Self {
        Self { connection: Connection::new(config, seed), target: None, store: Store::new(capacity) }
    }

    /// Takes what a person or a page wants.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.connection.handle_input(now, input);
    }

    /// Takes what to connect to. Another channel begins with an empty log: lines of two workflows never mix.
    pub fn handle_target(&mut self, now: Instant, target: Result<Target, TargetError>) {
        let channel = |target: Option<&Target>| target.map(|target| target.channel().clone());
        let changes_channel = channel(target.as_ref().ok()) != channel(self.target.as_ref());
        let url = target.as_ref().map(|target| target.url().to_owned()).map_err(ToString::to_string);
        self.target = target.ok();
        self.connection.handle_input(now, Input::Target(url));
        if changes_channel && !self.store.is_empty() {
            self.store.clear();
        }
    }

    /// Takes what happened to a source. What an older source says is dropped here.
    pub fn handle_source(&mut self, now: Instant, source: SourceId, event: SourceEvent<'_>) {
        if !self.connection.is_current(source) {
            return;
        }
        match event {
            SourceEvent::Opened => self.connection.handle_input(now, Input::Opened(source)),
            SourceEvent::Message { event, id, data } => self.handle_message(now, source, wire::read(event, id, data)),
            SourceEvent::Failed { refused } => {
                let failure = self.failure(refused);
                self.connection.handle_input(now, Input::Failed(source, failure));
            }
            SourceEvent::NotOpened(why) => self.connection.handle_input(now, Input::Failed(source, Failure::CannotOpen(why))),
        }
    }

    /// The next thing to be done, in order; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.connection.poll_output()
    }

    /// Changes how much is held.
    pub fn resize(&mut self, capacity: Capacity) {
        self.store.resize(capacity);
    }

    /// Lets all lines go. The connection goes on.
    pub fn clear(&mut self) {
        self.store.clear();
    }

    /// The lines.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> &State {
        self.connection.state()
    }

    /// The connection in words.
    #[must_use]
    pub fn status(&self, now: Instant) -> Status {
        Status::of(&self.connection, now)
    }

    /// What it connects to, once the page has said something usable.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// Whether there is anything to show below the status: lines, or the wish for some.
    #[must_use]
    pub fn is_worth_showing(&self) -> bool {
        !self.store.is_empty() || *self.state() != State::Idle
    }

    /// The channel of a line, where it is another one than was asked for: a gateway may send several on one stream.
    #[must_use]
    pub fn foreign_channel<'a>(&self, line: &'a Line) -> Option<&'a str> {
        let own = self.target.as_ref().map(|target| target.channel().to_string());
        line.channel.as_deref().filter(|channel| own.as_deref() != Some(channel))
    }

    fn handle_message(&mut self, now: Instant, source: SourceId, message: Message) {
        match message {
            Message::Line(line) => self.store.append(line),
            Message::Hello(hello) => {
                let wanted = self.target.as_ref().map(|target| target.channel().to_string());
                let refused = hello.granted.as_ref().zip(wanted).filter(|(granted, wanted)| !granted.contains(wanted));
                if let Some((_, wanted)) = refused {
                    self.connection.handle_input(now, Input::NotGranted(source, wanted));
                }
            }
        }
    }

    fn failure(&self, refused: bool) -> Failure {
        match self.connection.state() {
            State::Open { .. } => Failure::Lost,
            _ if refused => Failure::Rejected,
            _ => Failure::Unreachable,
        }
    }
}
