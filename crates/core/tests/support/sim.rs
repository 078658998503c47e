//! A page in simulated time: a session, a browser that obeys it, and a network that fails on
//! demand.

use std::time::Duration;

use logs_sse_core::connection::{Config, Input, ProbeId, ResponseHead, SourceId, State, Timer};
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::status::Status;
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::target::{DEFAULT_ENDPOINT, Target};
use logs_sse_core::time::Instant;

use super::browser::FakeBrowser;
pub use super::browser::Opened;

/// A session with its browser, in simulated time.
#[derive(Debug)]
pub struct Sim {
    pub session: Session,
    browser: FakeBrowser,
    now: Instant,
}

impl Sim {
    /// Returns a page on `workspace123` / `workflow456` that is not connected.
    pub fn new() -> Self {
        Self::with(Config::default(), 1)
    }

    pub fn with(config: Config, seed: u64) -> Self {
        let mut sim = Self {
            session: Session::new(config, Capacity::default(), seed),
            browser: FakeBrowser::default(),
            now: Instant::default(),
        };
        sim.choose("workflow456");
        sim
    }

    /// Returns a page with this session.
    pub fn of(session: Session) -> Self {
        let (browser, now) = (FakeBrowser::default(), Instant::default());
        let mut sim = Self { session, browser, now };
        sim.obey();
        sim
    }

    /// Returns a page whose stream is open.
    pub fn connected() -> Self {
        let mut sim = Self::new();
        sim.input(Input::Connect);
        sim.accept();
        sim
    }

    pub fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
        self.obey();
    }

    /// Chooses a workflow, or none if the id is empty.
    pub fn choose(&mut self, workflow: &str) {
        self.session.handle_target(
            self.now,
            Target::new("etl", "workspace123", workflow, DEFAULT_ENDPOINT),
        );
        self.obey();
    }

    /// The server accepts the stream.
    pub fn accept(&mut self) {
        self.event(self.source(), SourceEvent::Opened);
    }

    /// The server sends a line.
    pub fn line(&mut self, text: &str) {
        self.event(self.source(), SourceEvent::Message { event: "message", id: "", data: text });
    }

    /// The link breaks, so the browser would reconnect by itself.
    pub fn drop_link(&mut self) {
        self.event(self.source(), SourceEvent::Failed { refused: false });
    }

    /// The server responds with anything but a stream.
    pub fn refuse(&mut self) {
        self.event(self.source(), SourceEvent::Failed { refused: true });
    }

    /// The page subscribes to these channels.
    pub fn follow(&mut self, channels: &[String]) {
        self.session.handle_target(
            self.now,
            Target::from_channels(channels.iter().map(String::as_str), ""),
        );
        self.obey();
    }

    /// The probe ends with this response head.
    pub fn probed(&mut self, head: ResponseHead) {
        let (probe, _) = self.browser.end_probe().expect("a probe runs");
        self.input(Input::Probed(probe, head));
    }

    /// The probe ends with this status.
    pub fn probed_status(&mut self, status: u16) {
        self.probed(ResponseHead::Answer { status, is_stream: false, retry_after: None });
    }

    pub fn event(&mut self, source: SourceId, event: SourceEvent<'_>) {
        self.session.handle_source(self.now, source, event);
        self.obey();
    }

    /// Time passes, and timers fire when they are due.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(timer) = self.timer().filter(|timer| timer.at <= end) {
            self.now = timer.at;
            self.fire_timer();
            assert_ne!(self.timer(), Some(timer), "a timer that fired is set for the same moment");
        }
        self.now = end;
    }

    /// Time passes until the next timer fires.
    pub fn pass_to_timer(&mut self) {
        let timer = self.timer().expect("a timer is set");
        self.pass(timer.at - self.now);
    }

    /// Time passes until the next attempt begins.
    pub fn pass_to_attempt(&mut self) {
        while self.url().is_none() {
            self.pass_to_timer();
        }
    }

    /// Time passes without timers, as while a laptop sleeps.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// The timer fires, whether it is due or not.
    pub fn fire_timer(&mut self) {
        self.browser.fire_timer();
        self.input(Input::Timeout);
    }

    /// Returns the open source.
    pub fn source(&self) -> SourceId {
        self.browser.open().expect("a source is open").source
    }

    pub fn url(&self) -> Option<&str> {
        self.browser.open().map(|opened| opened.url.as_str())
    }

    pub fn timer(&self) -> Option<Timer> {
        self.browser.timer()
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn opened(&self) -> &[Opened] {
        self.browser.opened()
    }

    pub fn states(&self) -> &[State] {
        self.browser.states()
    }

    pub fn state(&self) -> &State {
        self.session.state()
    }

    pub fn status(&self) -> Status {
        self.session.status(self.now)
    }

    pub fn probe(&self) -> Option<ProbeId> {
        self.browser.probe()
    }

    pub fn messages(&self) -> Vec<String> {
        let store = self.session.store();
        store
            .range()
            .filter_map(|number| Some(store.row(number)?.line()?.entry.message().to_owned()))
            .collect()
    }

    /// Returns the texts of all rows, with notices in brackets.
    pub fn rows(&self) -> Vec<String> {
        let store = self.session.store();
        let text = |row: Row| match row {
            Row::Line(line) => line.entry.message().to_owned(),
            Row::Notice(notice) => format!("[{}]", notice.text()),
        };
        store.range().filter_map(|number| store.row(number)).map(text).collect()
    }

    fn obey(&mut self) {
        self.browser.obey(&mut self.session, self.now);
    }
}
