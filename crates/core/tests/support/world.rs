//! A page, a gateway and a hostile network between them, in simulated time; and an oracle that has
//! seen all that was published.

use std::time::Duration;

use logs_sse_core::connection::{
    Config, Input, Output, Page, ProbeId, ResponseHead, SourceId, State, Timer,
};
use logs_sse_core::notice::Notice;
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::target::{DEFAULT_ENDPOINT, Target};
use logs_sse_core::time::Instant;
use logs_sse_wire::packed;
use logs_sse_wire::protocol::GapReason;
use logs_sse_wire::sse;

use super::model::{BEAT_MS, Event, Model, Stream};

/// The whole world.
#[derive(Debug)]
pub struct World {
    pub session: Session,
    pub model: Model,
    now: Instant,
    link: Option<Link>,
    /// Sources that are closed; a browser may still call back for them.
    closed: Vec<SourceId>,
    probe: Option<ProbeId>,
    alarm: Option<Timer>,
    /// How many logs were given to the gateway so far; their names are their indexes.
    published: usize,
    accepted: Vec<bool>,
    /// The first log that the page was promised: the first after the first greeting.
    promised_from: Option<usize>,
    next_beat: Instant,
    arrived: usize,
    /// Whether the proxy in between passes the ids only, and drops every other parameter:
    /// `last_event_id` among them.
    pub drops_resume: bool,
    /// Whether it ever dropped a position.
    has_dropped: bool,
    /// Logs that were lost from a stream that went on.
    lost: usize,
}

/// A connection as the network sees it.
#[derive(Debug)]
struct Link {
    source: SourceId,
    cursor: Option<String>,
    stream: Option<Stream>,
    /// Half open: nothing comes any more, and nobody is told.
    is_dead: bool,
}

impl World {
    pub fn new(seed: u64, history_lines: usize) -> Self {
        let config = Config::default();
        let capacity = Capacity { lines: 500_000, bytes: usize::MAX };
        let mut world = Self {
            session: Session::new(config, capacity, seed),
            model: Model::new(history_lines),
            now: Instant::default() + Duration::from_secs(1),
            link: None,
            closed: Vec::new(),
            probe: None,
            alarm: None,
            published: 0,
            accepted: Vec::new(),
            promised_from: None,
            next_beat: Instant::default(),
            arrived: 0,
            drops_resume: false,
            has_dropped: false,
            lost: 0,
        };
        world.session.handle_target(
            world.now,
            Target::new("etl", "workspace123", "workflow456", DEFAULT_ENDPOINT),
        );
        world.obey();
        world
    }

    pub fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
        self.obey();
    }

    pub fn page(&mut self, page: Page) {
        self.input(Input::Page(page));
    }

    pub fn publish(&mut self, count: usize) {
        for _ in 0..count {
            let taken = self.model.publish(self.published);
            self.accepted.push(taken);
            self.published += 1;
        }
    }

    /// Time passes: alarms ring, heartbeats are sent.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let alarm = self.alarm.map(|alarm| alarm.at).filter(|at| *at <= end);
            let next =
                [alarm, Some(self.next_beat).filter(|at| *at <= end)].into_iter().flatten().min();
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            if self.next_beat <= self.now {
                self.beat();
            } else {
                self.alarm = None;
                self.input(Input::Timeout);
            }
        }
        self.now = end;
    }

    /// The machine sleeps: no alarm rings, and afterwards all at once.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.next_beat = self.now + Duration::from_millis(BEAT_MS);
    }

    /// Up to `count` events arrive.
    pub fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            let Some(event) = self.next_event() else { return };
            self.arrive(&event);
        }
    }

    /// The next event is lost on the way, if it is one that can be without breaking the stream: a
    /// log or nothing.
    pub fn lose_next_log(&mut self) {
        let Some(link) = self.link.as_mut().filter(|link| !link.is_dead) else { return };
        let Some(stream) = &mut link.stream else { return };
        let before = stream.clone();
        match self.model.next(stream) {
            Some(event) if event.log.is_some() => self.lost += 1,
            _ => *stream = before,
        }
    }

    /// The next event arrives twice.
    pub fn double_next(&mut self) {
        if let Some(event) = self.next_event() {
            self.arrive(&event);
            if event.log.is_some() {
                self.arrive(&event);
            }
        }
    }

    /// The gateway finds the reader slow, and skips all but the newest `keep`.
    pub fn skip(&mut self, keep: u64) {
        let Some(link) = self.link.as_mut().filter(|link| !link.is_dead) else { return };
        let event = link.stream.as_mut().and_then(|stream| self.model.skip(stream, keep));
        if let Some(event) = event {
            self.arrive(&event);
        }
    }

    /// The gateway says goodbye and ends the stream.
    pub fn say_bye(&mut self, reason: &str, retry_ms: u64) {
        if self.link.as_ref().is_some_and(|link| !link.is_dead && link.stream.is_some()) {
            // What was sent before arrives before.
            self.deliver(usize::MAX);
            self.arrive(&Model::bye(reason, retry_ms));
        }
    }

    /// The connection is cut; what was on its way is lost with it.
    pub fn cut(&mut self) {
        if let Some(link) = &self.link {
            let source = link.source;
            self.tell(source, SourceEvent::Failed { refused: false });
        }
    }

    /// The connection goes dead without a word.
    pub fn go_dead(&mut self) {
        if let Some(link) = &mut self.link {
            link.is_dead = true;
        }
    }

    pub fn kill_gateway(&mut self) {
        self.model.kill();
        self.cut();
    }

    /// A source that is long closed calls back.
    pub fn call_back_late(&mut self, which: usize) {
        let Some(&source) = self.closed.get(which % self.closed.len().max(1)) else { return };
        for event in [
            SourceEvent::Opened,
            SourceEvent::Message { event: "message", id: "", data: "stray" },
            SourceEvent::Failed { refused: true },
        ] {
            self.tell(source, event);
        }
    }

    /// A probe that runs comes back with what the gateway would say.
    pub fn answer_probe(&mut self) {
        if let Some(probe) = self.probe.take() {
            let found = ResponseHead::Answer { status: 200, is_stream: true, retry_after: None };
            let busy = ResponseHead::Answer {
                status: 503,
                is_stream: false,
                retry_after: Some(Duration::from_secs(2)),
            };
            self.input(Input::Probed(probe, if self.model.is_up() { found } else { busy }));
        }
    }

    /// Everything is well again: the page is wanted, seen and online, the gateway is up, and time
    /// goes by.
    pub fn heal(&mut self) {
        self.model.start();
        self.input(Input::Network(true));
        self.page(Page::Resumed);
        self.input(Input::Connect);
        for _ in 0..200 {
            self.answer_probe();
            self.pass(Duration::from_secs(1));
            self.deliver(usize::MAX);
            if self.is_open() && self.link.as_ref().is_some_and(|link| !link.is_dead) {
                break;
            }
        }
        // One beat more, by which an idle page finds the last loss.
        self.pass(Duration::from_millis(2 * BEAT_MS));
        self.deliver(usize::MAX);
    }

    pub fn is_open(&self) -> bool {
        matches!(self.session.state(), State::Open { .. })
    }

    /// The oracle: each log that was promised and taken is shown once and in order, or lies in a
    /// gap that says how many. Gives how many were promised, and how many of them lie in gaps.
    pub fn judge(&self) -> Result<(usize, usize), String> {
        let Some(from) = self.promised_from else { return Ok((0, 0)) };
        let promised: Vec<usize> =
            (from..self.published).filter(|log| self.accepted[*log]).collect();
        let mut due = promised.iter().copied();
        let mut in_gaps = 0;
        let mut gap = Missing::default();
        let store = self.session.store();
        for row in store.range().filter_map(|number| store.row(number)) {
            match row {
                Row::Notice(Notice::Gap { missing, reason }) => {
                    self.judge_reason(reason)?;
                    gap.add(missing);
                }
                Row::Notice(_) => {}
                Row::Line(line) => {
                    let shown: usize = line
                        .entry
                        .message()
                        .strip_prefix("log ")
                        .and_then(|log| log.parse().ok())
                        .ok_or_else(|| format!("a stray line: {line:?}"))?;
                    let skipped = due.by_ref().position(|log| log == shown).ok_or_else(|| {
                        format!("log {shown} is shown twice, out of order, or was never promised")
                    })?;
                    in_gaps +=
                        gap.covers(skipped).map_err(|why| format!("before log {shown}: {why}"))?;
                    gap = Missing::default();
                }
            }
        }
        in_gaps += gap.covers(due.count()).map_err(|why| format!("at the end: {why}"))?;
        Ok((promised.len(), in_gaps))
    }

    /// A reason must be one that there was.
    fn judge_reason(&self, reason: GapReason) -> Result<(), String> {
        match reason {
            GapReason::Lost if self.lost == 0 => {
                Err("told as lost on the way, where nothing was".into())
            }
            GapReason::NotResumed if !self.has_dropped && self.lost == 0 => {
                Err("told as a position that did not arrive, where all did".into())
            }
            _ => Ok(()),
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let link = self.link.as_mut().filter(|link| !link.is_dead)?;
        if link.stream.is_none() {
            let source = link.source;
            if !self.model.is_up() {
                self.tell(source, SourceEvent::Failed { refused: false });
                return None;
            }
            link.stream = Some(self.model.open(link.cursor.as_deref()));
            if self.promised_from.is_none() {
                self.promised_from = Some(self.published);
            }
            self.tell(source, SourceEvent::Opened);
        }
        let stream = self.link.as_mut()?.stream.as_mut()?;
        self.model.next(stream)
    }

    fn arrive(&mut self, event: &Event) {
        let Some(link) = &self.link else { return };
        let source = link.source;
        // Each third event comes in each of the forms in which one may come.
        self.arrived += 1;
        match self.arrived % 3 {
            0 => self.tell(
                source,
                SourceEvent::Message { event: event.name, id: "", data: &event.data },
            ),
            1 => {
                let digit =
                    packed::names().position(|name| name == event.name).expect("a name of ours");
                self.tell(
                    source,
                    SourceEvent::Packed(format!("\r{digit}\n{}", event.data).as_bytes()),
                );
            }
            _ => {
                let bytes = sse::encode(Some(event.name), None, &event.data);
                for piece in bytes.as_bytes().chunks(1 + self.arrived * 7 % bytes.len()) {
                    self.tell(source, SourceEvent::Bytes(piece));
                }
            }
        }
    }

    fn tell(&mut self, source: SourceId, event: SourceEvent<'_>) {
        self.session.handle_source(self.now, source, event);
        self.obey();
    }

    fn beat(&mut self) {
        self.next_beat = self.next_beat.max(self.now) + Duration::from_millis(BEAT_MS);
        let is_up = self.model.is_up();
        if self.link.as_ref().is_some_and(|link| is_up && !link.is_dead && link.stream.is_some()) {
            self.deliver(usize::MAX);
            if let Some(stream) = self.link.as_ref().and_then(|link| link.stream.as_ref()) {
                let heartbeat = self.model.heartbeat(stream);
                self.arrive(&heartbeat);
            }
        }
    }

    fn obey(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Open { source, url } => {
                    assert!(
                        self.link.is_none() && self.probe.is_none(),
                        "{source:?} opened beside {:?} {:?}",
                        self.link,
                        self.probe
                    );
                    let asked =
                        url.split_once("&last_event_id=").map(|(_, cursor)| cursor.to_owned());
                    self.has_dropped |= self.drops_resume && asked.is_some();
                    let cursor = asked.filter(|_| !self.drops_resume);
                    self.link = Some(Link { source, cursor, stream: None, is_dead: false });
                }
                Output::Close(source) => {
                    assert_eq!(self.link.take().map(|link| link.source), Some(source));
                    self.closed.push(source);
                }
                Output::Probe { probe, .. } => {
                    assert!(self.link.is_none() && self.probe.is_none());
                    self.probe = Some(probe);
                }
                Output::EndProbe(probe) => assert_eq!(self.probe.take(), Some(probe)),
                Output::SetTimer(alarm) => self.alarm = alarm,
                Output::Changed(_) => {}
            }
        }
        let awaits_replay = matches!(
            self.session.state(),
            State::Connecting { .. } | State::Waiting { .. } | State::Offline
        );
        assert!(
            !awaits_replay || self.alarm.is_some(),
            "no next step in {:?}",
            self.session.state()
        );
    }
}

/// What the gap rows between two lines claim.
#[derive(Debug, Default)]
struct Missing {
    known: usize,
    is_open_ended: bool,
}

impl Missing {
    fn add(&mut self, missing: Option<u64>) {
        match missing {
            Some(missing) => self.known += usize::try_from(missing).unwrap_or(usize::MAX),
            None => self.is_open_ended = true,
        }
    }

    fn covers(&self, skipped: usize) -> Result<usize, String> {
        let fits = if self.is_open_ended { self.known <= skipped } else { self.known == skipped };
        if fits {
            Ok(skipped)
        } else {
            Err(format!("{skipped} logs are not shown, the gaps say {self:?}"))
        }
    }
}
