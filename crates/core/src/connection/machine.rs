//! The machine itself: one transition for each input. What a state means is in `state.rs`, when it
//! wakes in `alarms.rs`.

mod hints;
mod outlook;
mod response;

use std::collections::VecDeque;
use std::time::Duration;

use super::probe::ProbeState;
use super::state::{Failure, ProbeId, SourceId, State, StopReason, is_place_of};
use super::timers::{Timer, TimerReason, Timers};
use super::watch::{BEATS, Liveness, Watch};
use super::{Config, Input, Output};
use crate::backoff::Backoff;
use crate::time::Instant;
use logs_sse_wire::protocol::{Bye, ByeReason, LONGEST_WAIT};
use logs_sse_wire::unread::Unread;

/// The connection.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    target: Result<String, String>,
    state: State,
    backoff: Backoff,
    /// The one source that is open, if any; no probe runs beside it.
    source: Option<SourceId>,
    asking: ProbeState,
    timer: Timers,
    announced_timer: Option<Timer>,
    watch: Watch,
    /// The silence that the server's last beat allows; `None` until it tells a beat.
    beat_limit: Option<Duration>,
    /// What came on the open stream, as long as nothing of it was understood.
    unread: Unread,
    /// Whether the browser reports a network, or was found to be wrong about it.
    online: bool,
    last_failure: Option<Failure>,
    /// Until when the server asked not to be tried again.
    not_before: Instant,
    /// How many sources and probes there were; the next one's number.
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
            asking: ProbeState::default(),
            timer: Timers::default(),
            announced_timer: None,
            watch: Watch::default(),
            beat_limit: None,
            unread: Unread::default(),
            online: true,
            last_failure: None,
            not_before: Instant::default(),
            opened: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`. Then drain [`poll_output`](Self::poll_output).
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            // A line a millisecond is usual, and changes nothing but this.
            Input::Heard(source) => return self.handle_heard(now, source),
            Input::Connect => self.handle_connect(now),
            Input::Disconnect => self.rest(State::Idle),
            Input::RetryNow => self.handle_retry_now(now),
            Input::Target(target) => self.handle_target(now, target),
            Input::Opened(source) => self.handle_opened(now, source),
            Input::Answered(source, finding) => self.handle_answered(now, source, &finding),
            Input::Unread(source, what) => self.handle_unread(source, what),
            Input::HeartbeatInterval(source, beat) => {
                self.handle_heartbeat_interval(now, source, beat)
            }
            Input::Failed(source, failure) => self.handle_failed(now, source, failure),
            Input::NotGranted(source, channel) => {
                self.handle_stop(source, StopReason::NotGranted(channel))
            }
            Input::Bye(source, bye) => self.handle_bye(now, source, bye),
            Input::Probed(probe, finding) => self.handle_probed(now, probe, &finding),
            Input::Network(online) => self.handle_network(now, online),
            Input::Page(page) => self.handle_page(now, page),
            Input::Blocked(place) => self.handle_blocked(&place),
            Input::Timeout => self.handle_timeout(now),
        }
        self.tell_alarm();
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

    /// How long the open stream has been silent at `now`, once that is long enough to doubt it.
    #[must_use]
    pub fn doubt(&self, now: Instant) -> Option<Duration> {
        matches!(self.state, State::Open { .. }).then(|| self.watch.doubt(now)).flatten()
    }

    fn handle_connect(&mut self, now: Instant) {
        // Asked for by a person, so it is tried even when the browser thinks that there is no
        // network: a gateway on this very machine needs none.
        if matches!(self.state, State::Idle | State::Stopped(_)) {
            self.begin_afresh(now);
        }
    }

    fn handle_retry_now(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting { .. } | State::Offline | State::Paused) {
            self.attempt(now);
        }
    }

    fn handle_target(&mut self, now: Instant, target: Result<String, String>) {
        if self.target == target {
            return;
        }
        self.target = target;
        self.beat_limit = None;
        if self.state != State::Idle {
            self.begin_afresh(now);
        }
    }

    fn handle_opened(&mut self, now: Instant, source: SourceId) {
        if self.is_current(source) && matches!(self.state, State::Connecting { .. }) {
            self.backoff.succeeded(now);
            self.last_failure = None;
            self.timer.clear(TimerReason::ConnectTimeout);
            // The browser's report of no network was wrong, at least for this server.
            self.online = true;
            self.unread = Unread::default();
            self.change(State::Open { since: now });
            self.watch = Watch::new(now, self.beat_limit.or(self.config.silence));
            self.plan_look();
        }
    }

    fn handle_heartbeat_interval(
        &mut self,
        now: Instant,
        source: SourceId,
        beat: Option<Duration>,
    ) {
        if self.is_current(source) {
            self.beat_limit = beat.map(|beat| beat * BEATS);
            self.watch.limit(now, self.beat_limit.or(self.config.silence));
            self.plan_look();
        }
    }

    /// Moves no alarm: the one for silence finds out when it rings that something was heard
    /// meanwhile.
    fn handle_heard(&mut self, now: Instant, source: SourceId) {
        if !self.is_current(source) {
            return;
        }
        let was_overdue = self.watch.is_overdue(now);
        self.watch.heard(now);
        self.online = true;
        if was_overdue {
            self.outputs.push_back(Output::Changed(self.state.clone()));
        }
    }

    fn handle_unread(&mut self, source: SourceId, what: Unread) {
        if self.is_current(source) {
            self.unread = what;
        }
    }

    fn handle_failed(&mut self, now: Instant, source: SourceId, failure: Failure) {
        if !self.is_current(source) {
            return;
        }
        // The browser's own retry has no backoff and ignores ours, so the source goes, whatever it
        // would have done.
        let was_connecting = matches!(self.state, State::Connecting { .. });
        self.release();
        let ask = was_connecting && matches!(failure, Failure::Unreachable | Failure::Rejected);
        let asked_lately = self.asking.is_recent(now);
        // Nobody asks again so soon, and the reason that was found still stands.
        let failure = match &self.last_failure {
            Some(found) if asked_lately && failure == Failure::Rejected && found.is_found() => {
                found.clone()
            }
            _ => failure,
        };
        self.wait(now, Duration::ZERO, failure);
        if ask && !asked_lately && matches!(self.state, State::Waiting { .. }) {
            self.begin_probe(now);
        }
    }

    fn handle_bye(&mut self, now: Instant, source: SourceId, bye: Bye) {
        if !self.is_current(source) {
            return;
        }
        self.release();
        match bye.reason {
            ByeReason::Stop => self.rest(State::Stopped(StopReason::SentAway)),
            reason => self.wait(now, bye.retry, Failure::Bye(reason)),
        }
    }

    fn handle_stop(&mut self, source: SourceId, stop: StopReason) {
        if self.is_current(source) {
            self.rest(State::Stopped(stop));
        }
    }

    fn handle_blocked(&mut self, place: &str) {
        // Something else of the page may have been blocked as well.
        let is_ours = self.target.as_ref().is_ok_and(|url| is_place_of(place, url));
        if is_ours
            && matches!(
                self.state,
                State::Connecting { .. } | State::Waiting { .. } | State::Offline
            )
        {
            self.rest(State::Stopped(StopReason::Blocked));
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_due(now);
        // The alarm has rung and is gone, perhaps early, since browsers round timers down: so it is
        // told anew in any case.
        self.announced_timer = self.timer.next();
        self.outputs.push_back(Output::SetTimer(self.announced_timer));
    }

    fn handle_due(&mut self, now: Instant) {
        while let Some(due) = self.timer.take_due(now) {
            match (due.reason, self.source) {
                (TimerReason::Retry, _) => self.retry(now),
                (TimerReason::ConnectTimeout, Some(source)) => {
                    self.handle_failed(now, source, Failure::TimedOut(self.config.connect_timeout))
                }
                (TimerReason::Silence, Some(source)) => self.handle_silence(now, source, due.at),
                (TimerReason::Hidden, _)
                    if !matches!(self.state, State::Idle | State::Stopped(_)) =>
                {
                    self.rest(State::Paused)
                }
                _ => {}
            }
        }
    }

    fn handle_silence(&mut self, now: Instant, source: SourceId, due: Instant) {
        match self.watch.look(now, due) {
            None => {}
            Some(Liveness::LookAgain(at)) => self.timer.set(TimerReason::Silence, at),
            // The state is the same and reads differently.
            Some(Liveness::Unheard) => self.outputs.push_back(Output::Changed(self.state.clone())),
            Some(Liveness::Dead(_)) if !self.watch.is_heard() => {
                // The server may be another one by now, with another beat or none.
                self.beat_limit = None;
                self.handle_failed(now, source, Failure::Unread(self.unread));
            }
            Some(Liveness::Dead(silence)) => {
                self.handle_failed(now, source, Failure::Silent(silence))
            }
        }
    }

    fn plan_look(&mut self) {
        match self.watch.first_look() {
            Some(at) => self.timer.set(TimerReason::Silence, at),
            None => self.timer.clear(TimerReason::Silence),
        }
    }

    fn begin_afresh(&mut self, now: Instant) {
        self.backoff.reset();
        self.last_failure = None;
        self.attempt(now);
    }

    /// Begins an attempt, with whatever was open or awaited before it gone.
    fn attempt(&mut self, now: Instant) {
        self.release();
        match self.target.clone() {
            Err(why) => self.rest(State::Stopped(StopReason::BadTarget(why))),
            Ok(url) => {
                let source = SourceId(self.next_number());
                self.source = Some(source);
                self.outputs.push_back(Output::Open { source, url });
                self.timer.set(TimerReason::ConnectTimeout, now + self.config.connect_timeout);
                self.change(State::Connecting { attempt: self.backoff.failures() + 1 });
            }
        }
    }

    /// Waits for the next attempt: at least `floor`, which is the server's wish, and a jittered
    /// delay on top, without which all readers that were told the same would come back at the
    /// same moment.
    fn wait(&mut self, now: Instant, floor: Duration, failure: Failure) {
        self.last_failure = Some(failure);
        self.not_before = now + floor.min(LONGEST_WAIT);
        if !self.online {
            // Slowly, since the browser may well be right; and uncounted, since it says nothing
            // about the server.
            let delay = self.backoff.slow() + floor.min(LONGEST_WAIT);
            self.timer.set(TimerReason::Retry, now + delay);
            return self.change(State::Offline);
        }
        let delay = self.backoff.failed(now) + floor.min(LONGEST_WAIT);
        let failures = self.backoff.failures();
        if self.config.max_attempts.is_some_and(|most| most <= failures) {
            self.rest(State::Stopped(StopReason::GaveUp { attempts: failures }));
        } else {
            self.timer.set(TimerReason::Retry, now + delay);
            self.change(State::Waiting { until: now + delay, attempt: failures + 1 });
        }
    }

    fn begin_probe(&mut self, now: Instant) {
        let Ok(url) = self.target.clone() else { return };
        let probe = ProbeId(self.next_number());
        self.asking.begin(now, probe);
        self.outputs.push_back(Output::Probe { probe, url });
    }

    /// Begins the attempt that is due, unless the reason of the last one's failure is about to be
    /// told.
    fn retry(&mut self, now: Instant) {
        match self.asking.holds_until(now) {
            Some(end) => self.timer.set(TimerReason::Retry, end),
            None => self.attempt(now),
        }
    }

    /// Goes to a state in which nothing is open and nothing is awaited.
    fn rest(&mut self, state: State) {
        self.release();
        self.change(state);
    }

    /// Lets go of source, probe and every alarm that goes with them.
    fn release(&mut self) {
        if let Some(source) = self.source.take() {
            self.outputs.push_back(Output::Close(source));
        }
        if let Some(probe) = self.asking.end() {
            self.outputs.push_back(Output::EndProbe(probe));
        }
        for reason in [TimerReason::ConnectTimeout, TimerReason::Retry, TimerReason::Silence] {
            self.timer.clear(reason);
        }
    }

    fn tell_alarm(&mut self) {
        let next = self.timer.next();
        if self.announced_timer != next {
            self.announced_timer = next;
            self.outputs.push_back(Output::SetTimer(next));
        }
    }

    fn change(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.outputs.push_back(Output::Changed(self.state.clone()));
        }
    }

    fn next_number(&mut self) -> u64 {
        self.opened += 1;
        self.opened
    }
}
