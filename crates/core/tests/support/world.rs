//! A page, a gateway and a hostile network between them, in simulated time, with an oracle that
//! knows everything that was published.

use std::time::Duration;

use logs_sse_core::connection::{Config, Input, Page, ResponseHead, SourceId, State};
use logs_sse_core::notice::Notice;
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::target::{DEFAULT_ENDPOINT, Target};
use logs_sse_core::time::Instant;
use logs_sse_wire::packed;
use logs_sse_wire::protocol::GapReason;
use logs_sse_wire::sse;

use super::browser::FakeBrowser;
use super::model::{Event, HEARTBEAT_MS, Model, Params, Stream};
pub use super::proxy::Proxy;
use super::verdict::Missing;
pub use super::verdict::Verdict;

/// A session with its browser, a model gateway, and the network between them.
#[derive(Debug)]
pub struct World {
    pub session: Session,
    pub model: Model,
    browser: FakeBrowser,
    now: Instant,
    link: Option<Link>,
    /// The number of logs published so far; a log is named by its index.
    published: usize,
    /// Whether the gateway was up when each log was published.
    accepted: Vec<bool>,
    /// The first log that the page must show: the first published after its first stream opened.
    promised_from: Option<usize>,
    next_heartbeat: Instant,
    arrived: usize,
    /// What the proxy in between does to parameters.
    pub proxy: Proxy,
    /// Whether the proxy ever dropped a position.
    has_dropped: bool,
    /// Whether the proxy ever refused one in the id.
    has_refused: bool,
    /// Whether the page has kept a stream beyond its greeting, so that it has a position.
    has_position: bool,
    /// The number of logs lost from streams that stayed open.
    lost: usize,
}

/// A connection as the network sees it.
#[derive(Debug)]
struct Link {
    source: SourceId,
    /// Whether the page knows where to resume.
    has_position: bool,
    /// The parameters that pass the proxy, or `None` if it refuses the request.
    params: Option<Params>,
    stream: Option<Stream>,
    /// Half open: nothing arrives, and neither end notices.
    is_dead: bool,
}

impl World {
    pub fn new(seed: u64, history_lines: usize) -> Self {
        let config = Config::default();
        let capacity = Capacity { lines: 500_000, bytes: usize::MAX };
        let mut world = Self {
            session: Session::new(config, capacity, seed),
            model: Model::new(history_lines),
            browser: FakeBrowser::default(),
            now: Instant::default() + Duration::from_secs(1),
            link: None,
            published: 0,
            accepted: Vec::new(),
            promised_from: None,
            next_heartbeat: Instant::default(),
            arrived: 0,
            proxy: Proxy::default(),
            has_dropped: false,
            has_refused: false,
            has_position: false,
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
            let is_accepted = self.model.publish(self.published);
            self.accepted.push(is_accepted);
            self.published += 1;
        }
    }

    /// Time passes: timers fire and heartbeats are sent.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let timer = self.browser.timer().map(|timer| timer.at).filter(|at| *at <= end);
            let next = [timer, Some(self.next_heartbeat).filter(|at| *at <= end)]
                .into_iter()
                .flatten()
                .min();
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            if self.next_heartbeat <= self.now {
                self.send_heartbeat();
            } else {
                self.browser.fire_timer();
                self.input(Input::Timeout);
            }
        }
        self.now = end;
    }

    /// The machine sleeps: no timer fires before it wakes.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.next_heartbeat = self.now + Duration::from_millis(HEARTBEAT_MS);
    }

    /// Up to `count` events arrive.
    pub fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            let Some(event) = self.next_event() else { return };
            self.arrive(&event);
        }
    }

    /// The next event is lost in transit, if it is a log: only logs can be lost without breaking
    /// the stream.
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

    /// The gateway considers the reader slow and skips all but the newest `keep` logs.
    pub fn skip(&mut self, keep: u64) {
        let Some(link) = self.link.as_mut().filter(|link| !link.is_dead) else { return };
        let event = link.stream.as_mut().and_then(|stream| self.model.skip(stream, keep));
        if let Some(event) = event {
            self.arrive(&event);
        }
    }

    /// The gateway sends a goodbye and ends the stream.
    pub fn say_bye(&mut self, reason: &str, retry_ms: u64) {
        if self.link.as_ref().is_some_and(|link| !link.is_dead && link.stream.is_some()) {
            // Everything sent before the goodbye arrives before it.
            self.deliver(usize::MAX);
            self.arrive(&Model::bye(reason, retry_ms));
        }
    }

    /// The connection is cut, and events in transit are lost.
    pub fn cut(&mut self) {
        if let Some(link) = &self.link {
            let source = link.source;
            self.event(source, SourceEvent::Failed { refused: false });
        }
    }

    /// The connection dies silently.
    pub fn go_dead(&mut self) {
        if let Some(link) = &mut self.link {
            link.is_dead = true;
        }
    }

    pub fn kill_gateway(&mut self) {
        self.model.kill();
        self.cut();
    }

    /// A closed source calls back.
    pub fn call_back_late(&mut self, which: usize) {
        let closed = self.browser.closed();
        let Some(&source) = closed.get(which % closed.len().max(1)) else { return };
        for event in [
            SourceEvent::Opened,
            SourceEvent::Message { event: "message", id: "", data: "stray" },
            SourceEvent::Failed { refused: true },
        ] {
            self.event(source, event);
        }
    }

    /// The proxy does not forward the request of `source`.
    fn refuse(&mut self, source: SourceId) {
        if self.proxy == Proxy::HidesRefusal {
            self.event(source, SourceEvent::Opened);
            self.event(source, SourceEvent::Failed { refused: false });
        } else {
            self.event(source, SourceEvent::Failed { refused: true });
        }
    }

    /// The running probe ends with the proxy's or the gateway's response.
    pub fn answer_probe(&mut self) {
        if let Some((probe, url)) = self.browser.end_probe() {
            if self.proxy == Proxy::RefusesCarrier && self.proxy.pass(&url).is_none() {
                let refusal =
                    ResponseHead::Answer { status: 400, is_stream: false, retry_after: None };
                return self.input(Input::Probed(probe, refusal));
            }
            let stream = ResponseHead::Answer { status: 200, is_stream: true, retry_after: None };
            let busy = ResponseHead::Answer {
                status: 503,
                is_stream: false,
                retry_after: Some(Duration::from_secs(2)),
            };
            self.input(Input::Probed(probe, if self.model.is_up() { stream } else { busy }));
        }
    }

    /// Everything recovers: the page connects, is visible and online, the gateway is up, and time
    /// passes.
    pub fn heal(&mut self) {
        self.model.start();
        self.input(Input::Network(true));
        self.page(Page::Resumed);
        self.input(Input::Connect);
        // Twice, since a heartbeat that is late because the machine slept may cost the stream.
        for _ in 0..2 {
            self.settle();
            // An idle page finds the last loss by the next heartbeat.
            self.pass(Duration::from_millis(2 * HEARTBEAT_MS));
            self.deliver(usize::MAX);
        }
    }

    /// Time passes until the page has a stream that is not dead.
    fn settle(&mut self) {
        for _ in 0..200 {
            self.answer_probe();
            self.pass(Duration::from_secs(1));
            self.deliver(usize::MAX);
            if self.is_open() && self.link.as_ref().is_some_and(|link| !link.is_dead) {
                return;
            }
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.session.state(), State::Open { .. })
    }

    /// The oracle: each promised log is shown once and in order, or is counted by a gap row at its
    /// position.
    ///
    /// # Errors
    /// Returns the first log that breaks the promise.
    pub fn judge(&self) -> Result<Verdict, String> {
        let Some(from) = self.promised_from else { return Ok(Verdict::default()) };
        let promised: Vec<usize> =
            (from..self.published).filter(|log| self.accepted[*log]).collect();
        let mut due = promised.iter().copied();
        let mut in_gaps = 0;
        let mut gap = Missing::default();
        let store = self.session.store();
        for row in store.range().filter_map(|number| store.row(number)) {
            match row {
                Row::Notice(Notice::Gap { missing, reason, .. }) => {
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
                        .ok_or_else(|| format!("an unexpected line: {line:?}"))?;
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
        Ok(Verdict { promised: promised.len(), in_gaps })
    }

    /// Fails if a gap is blamed on a fault that did not happen.
    fn judge_reason(&self, reason: GapReason) -> Result<(), String> {
        match reason {
            GapReason::Lost if self.lost == 0 => {
                Err("a gap is reported as lost in transit, but no log was lost".into())
            }
            GapReason::NotResumed if !self.has_dropped && self.lost == 0 => {
                Err("a gap is reported as a dropped position, but none was dropped".into())
            }
            GapReason::NotResumed if self.model.reports_received => {
                Err("a gap is reported as a dropped position, which the id could carry".into())
            }
            GapReason::ResumeRefused if !self.has_refused => {
                Err("a gap is blamed on a refusal, but nothing was refused".into())
            }
            _ => Ok(()),
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let link = self.link.as_mut().filter(|link| !link.is_dead)?;
        if link.stream.is_none() {
            let source = link.source;
            if !self.model.is_up() {
                self.event(source, SourceEvent::Failed { refused: false });
                return None;
            }
            let Some(params) = &link.params else {
                self.refuse(source);
                return None;
            };
            let stream = self.model.open(params);
            if !link.has_position {
                let first = self.model.first_log(&stream);
                self.promised_from = Some(first.unwrap_or(self.published));
            }
            link.stream = Some(stream);
            self.event(source, SourceEvent::Opened);
        }
        let stream = self.link.as_mut()?.stream.as_mut()?;
        self.model.next(stream)
    }

    fn arrive(&mut self, event: &Event) {
        let Some(link) = &self.link else { return };
        let source = link.source;
        // Events arrive in turn as messages, packed, and as bytes.
        self.arrived += 1;
        match self.arrived % 3 {
            0 => self.event(
                source,
                SourceEvent::Message { event: event.name, id: "", data: &event.data },
            ),
            1 => {
                let digit = packed::names()
                    .position(|name| name == event.name)
                    .expect("a packed event has a known name");
                self.event(
                    source,
                    SourceEvent::Packed(format!("\r{digit}\n{}", event.data).as_bytes()),
                );
            }
            _ => {
                let bytes = sse::encode(Some(event.name), None, &event.data);
                for piece in bytes.as_bytes().chunks(1 + self.arrived * 7 % bytes.len()) {
                    self.event(source, SourceEvent::Bytes(piece));
                }
            }
        }
        self.has_position |= self.link.as_ref().is_some_and(|link| link.source == source);
    }

    fn event(&mut self, source: SourceId, event: SourceEvent<'_>) {
        self.session.handle_source(self.now, source, event);
        self.obey();
    }

    fn send_heartbeat(&mut self) {
        self.next_heartbeat =
            self.next_heartbeat.max(self.now) + Duration::from_millis(HEARTBEAT_MS);
        let is_up = self.model.is_up();
        if self.link.as_ref().is_some_and(|link| is_up && !link.is_dead && link.stream.is_some()) {
            self.deliver(usize::MAX);
            if let Some(stream) = self.link.as_ref().and_then(|link| link.stream.as_ref()) {
                let heartbeat = self.model.heartbeat(stream);
                self.arrive(&heartbeat);
            }
        }
    }

    /// Lets the browser obey, and connects the source that it opened.
    fn obey(&mut self) {
        let before = self.browser.opened().len();
        self.browser.obey(&mut self.session, self.now);
        let has_opened = before < self.browser.opened().len();
        self.has_dropped |= has_opened && self.proxy != Proxy::Forwards;
        self.has_refused |=
            has_opened && matches!(self.proxy, Proxy::RefusesCarrier | Proxy::HidesRefusal);
        let open = self.browser.open();
        self.has_position |= open.is_some_and(|opened| opened.url.contains("last_event_id"));
        if self.link.as_ref().map(|link| link.source) != open.map(|opened| opened.source) {
            self.link = open.map(|opened| Link {
                source: opened.source,
                has_position: self.has_position,
                params: self.proxy.pass(&opened.url),
                stream: None,
                is_dead: false,
            });
        }
    }
}
