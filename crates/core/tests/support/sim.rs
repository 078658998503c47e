//! A page around the session: simulated time, a browser that does what it is told, and a network
//! that fails on demand.

use std::time::Duration;

use logs_sse_core::connection::{
    Config, Input, Output, ProbeId, ResponseHead, SourceId, State, Timer,
};
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::status::Status;
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::target::{DEFAULT_ENDPOINT, Target};
use logs_sse_core::time::Instant;

/// A source that was opened: which, when, and what.
#[derive(Clone, Debug)]
pub struct Opened {
    pub source: SourceId,
    pub at: Instant,
    pub url: String,
}

/// A simulated page.
#[derive(Debug)]
pub struct Sim {
    pub session: Session,
    now: Instant,
    /// The one open source and its URL.
    open: Option<(SourceId, String)>,
    /// The one probe that runs.
    probe: Option<ProbeId>,
    alarm: Option<Timer>,
    /// Every source that was ever opened.
    opened: Vec<Opened>,
    states: Vec<State>,
}

impl Sim {
    /// A page on `workspace123` / `workflow456`, not connected.
    pub fn new() -> Self {
        Self::with(Config::default(), 1)
    }

    pub fn with(config: Config, seed: u64) -> Self {
        let mut sim = Self {
            session: Session::new(config, Capacity::default(), seed),
            now: Instant::default(),
            open: None,
            probe: None,
            alarm: None,
            opened: Vec::new(),
            states: Vec::new(),
        };
        sim.choose("workflow456");
        sim
    }

    /// A page whose stream is open.
    pub fn connected() -> Self {
        let mut sim = Self::new();
        sim.input(Input::Connect);
        sim.answer();
        sim
    }

    pub fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
        self.obey();
    }

    /// Another workflow is chosen; an empty one means that none is.
    pub fn choose(&mut self, workflow: &str) {
        self.session.handle_target(
            self.now,
            Target::new("etl", "workspace123", workflow, DEFAULT_ENDPOINT),
        );
        self.obey();
    }

    /// The server answers with a stream.
    pub fn answer(&mut self) {
        self.event(self.source(), SourceEvent::Opened);
    }

    /// The server sends a line.
    pub fn line(&mut self, text: &str) {
        self.event(self.source(), SourceEvent::Message { event: "message", id: "", data: text });
    }

    /// The link breaks; the browser would try again by itself.
    pub fn drop_link(&mut self) {
        self.event(self.source(), SourceEvent::Failed { refused: false });
    }

    /// The server answers with something that is no stream.
    pub fn refuse(&mut self) {
        self.event(self.source(), SourceEvent::Failed { refused: true });
    }

    /// The page reads these channels over a gateway.
    pub fn follow(&mut self, channels: &[String]) {
        self.session
            .handle_target(self.now, Target::of_channels(channels.iter().map(String::as_str), ""));
        self.obey();
    }

    /// The probe finds something.
    pub fn find(&mut self, finding: ResponseHead) {
        let probe = self.probe.take().expect("a probe runs");
        self.input(Input::Probed(probe, finding));
    }

    /// The probe finds an answer of this status.
    pub fn find_status(&mut self, status: u16) {
        self.find(ResponseHead::Answer { status, is_stream: false, retry_after: None });
    }

    pub fn event(&mut self, source: SourceId, event: SourceEvent<'_>) {
        self.session.handle_source(self.now, source, event);
        self.obey();
    }

    /// Time passes; alarms ring in it.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(alarm) = self.alarm.filter(|alarm| alarm.at <= end) {
            self.now = alarm.at;
            self.input(Input::Timeout);
            assert_ne!(
                self.alarm,
                Some(alarm),
                "an alarm that rang is set again for the same moment"
            );
        }
        self.now = end;
    }

    /// Time passes until the next alarm rings.
    pub fn pass_to_alarm(&mut self) {
        let alarm = self.alarm.expect("an alarm is set");
        self.pass(alarm.at - self.now);
    }

    /// Time passes until the next attempt begins.
    pub fn pass_to_attempt(&mut self) {
        while self.open.is_none() {
            self.pass_to_alarm();
        }
    }

    /// Time passes without an alarm, as it does while a laptop sleeps.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// The alarm rings, whether it is due or not.
    pub fn ring(&mut self) {
        self.input(Input::Timeout);
    }

    /// The source that is open.
    pub fn source(&self) -> SourceId {
        self.open.as_ref().expect("a source is open").0
    }

    pub fn url(&self) -> Option<&str> {
        self.open.as_ref().map(|(_, url)| url.as_str())
    }

    pub fn alarm(&self) -> Option<Timer> {
        self.alarm
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    pub fn states(&self) -> &[State] {
        &self.states
    }

    pub fn state(&self) -> &State {
        self.session.state()
    }

    pub fn status(&self) -> Status {
        self.session.status(self.now)
    }

    pub fn probe(&self) -> Option<ProbeId> {
        self.probe
    }

    pub fn messages(&self) -> Vec<String> {
        let store = self.session.store();
        store
            .range()
            .filter_map(|number| store.row(number)?.into_line())
            .map(|line| line.entry.message().to_owned())
            .collect()
    }

    /// All rows as a person reads them: messages, and notices in brackets.
    pub fn rows(&self) -> Vec<String> {
        let store = self.session.store();
        let text = |row: Row| match row {
            Row::Line(line) => line.entry.message().to_owned(),
            Row::Notice(notice) => format!("[{}]", notice.text()),
        };
        store.range().filter_map(|number| store.row(number)).map(text).collect()
    }

    /// Does what the session asks, and sees to it that there is never more than one source.
    fn obey(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Open { source, url } => {
                    assert!(self.open.is_none(), "{source:?} opened while {:?} is open", self.open);
                    assert!(self.probe.is_none(), "{source:?} opened while {:?} runs", self.probe);
                    self.opened.push(Opened { source, at: self.now, url: url.clone() });
                    self.open = Some((source, url));
                }
                Output::Close(source) => {
                    let closed = self.open.take().map(|(source, _)| source);
                    assert_eq!(closed, Some(source), "closed what is not open");
                }
                Output::Probe { probe, .. } => {
                    assert!(
                        self.open.is_none() && self.probe.is_none(),
                        "{probe:?} beside {:?} and {:?}",
                        self.open,
                        self.probe
                    );
                    self.probe = Some(probe);
                }
                Output::EndProbe(probe) => {
                    assert_eq!(self.probe.take(), Some(probe), "ended what does not run")
                }
                Output::SetTimer(alarm) => self.alarm = alarm,
                Output::Changed(state) => self.states.push(state),
            }
        }
    }
}
