//! The state machine itself: one transition per input. States are defined in `state.rs`, deadlines
//! in `timers.rs`.

mod hints;
mod outlook;
mod response;

use std::collections::VecDeque;
use std::time::Duration;

use super::probe::ProbeState;
use super::state::{Failure, ProbeId, SourceId, State, StopReason, is_blocked_location};
use super::timers::{Timer, TimerReason, Timers};
use super::watch::{Liveness, MISSED_HEARTBEATS, Watch};
use super::{Config, Input, Output};
use crate::backoff::Backoff;
use crate::time::Instant;
use logs_sse_wire::protocol::{Bye, ByeReason, LONGEST_WAIT};
use logs_sse_wire::unread::Unread;

/// A connection to one log stream.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    target: Result<String, String>,
    state: State,
    backoff: Backoff,
    /// The one open source, if any. No probe runs while it is open.
    source: Option<SourceId>,
    probe: ProbeState,
    timer: Timers,
    announced_timer: Option<Timer>,
    watch: Watch,
    /// The silence limit set by the server's heartbeat interval, or `None` until it announces one.
    silence_limit: Option<Duration>,
    /// What arrived on the open stream while none of it could be parsed.
    unread: Unread,
    /// Whether the browser reports a network. A stream that opens despite a report of none proves
    /// the report wrong; an event proves only that its own stream still works.
    online: bool,
    last_failure: Option<Failure>,
    /// The server asked not to be contacted again before this time.
    not_before: Instant,
    /// The number of sources and probes so far, which numbers the next one.
    opened: u64,
    outputs: VecDeque<Output>,
}

impl Connection {
    /// Creates an idle connection. `seed` determines the jitter.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            target: Err("nothing to connect to yet".into()),
            state: State::Idle,
            backoff: Backoff::new(config.backoff, seed),
            source: None,
            probe: ProbeState::default(),
            timer: Timers::default(),
            announced_timer: None,
            watch: Watch::default(),
            silence_limit: None,
            unread: Unread::default(),
            online: true,
            last_failure: None,
            not_before: Instant::default(),
            opened: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Handles an event that happened at `now`. Drain [`poll_output`](Self::poll_output)
    /// afterwards.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            // Often called once per millisecond, and a line changes nothing else.
            Input::Heard(source) => return self.handle_heard(now, source),
            Input::Connect => self.handle_connect(now),
            Input::Disconnect => self.close(State::Idle),
            Input::RetryNow => self.handle_retry_now(now),
            Input::Target(target) => self.handle_target(now, target),
            Input::Opened(source) => self.handle_opened(now, source),
            Input::Answered(source, head) => self.handle_answered(now, source, &head),
            Input::Unread(source, what) => self.handle_unread(source, what),
            Input::HeartbeatInterval(source, interval) => {
                self.handle_heartbeat_interval(now, source, interval);
            }
            Input::Failed(source, failure) => self.handle_failed(now, source, failure),
            Input::NotGranted(source, channel) => {
                self.handle_stop(source, StopReason::NotGranted(channel));
            }
            Input::Bye(source, bye) => self.handle_bye(now, source, bye),
            Input::Reopen(source) if self.is_current(source) => self.attempt(now),
            Input::Reopen(_) => {}
            Input::Probed(probe, head) => self.handle_probed(now, probe, &head),
            Input::Network(online) => self.handle_network(now, online),
            Input::Page(page) => self.handle_page(now, page),
            Input::Blocked(location) => self.handle_blocked(&location),
            Input::Timeout => self.handle_timeout(now),
        }
        self.announce_timer();
    }

    /// Returns the next action to perform, in order, or `None` if there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns the current state.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns why the last attempt or stream ended, until an attempt succeeds.
    #[must_use]
    pub fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }

    /// Returns whether `source` is the open source. Events from any other source are stale.
    #[must_use]
    pub fn is_current(&self, source: SourceId) -> bool {
        self.source == Some(source)
    }

    /// Returns how long the open stream has been silent at `now`, once that is suspicious.
    #[must_use]
    pub fn suspicious_silence(&self, now: Instant) -> Option<Duration> {
        matches!(self.state, State::Open { .. })
            .then(|| self.watch.suspicious_silence(now))
            .flatten()
    }

    fn handle_connect(&mut self, now: Instant) {
        // A user asked for this, so it is tried even while the browser reports no network: a
        // gateway on the same machine needs none.
        if matches!(self.state, State::Idle | State::Stopped(_)) {
            self.start_over(now);
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
        self.silence_limit = None;
        if self.state != State::Idle {
            self.start_over(now);
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
            self.watch = Watch::new(now, self.silence_limit.or(self.config.silence));
            self.schedule_check();
        }
    }

    fn handle_heartbeat_interval(
        &mut self,
        now: Instant,
        source: SourceId,
        interval: Option<Duration>,
    ) {
        if self.is_current(source) {
            self.silence_limit = interval.map(|interval| interval * MISSED_HEARTBEATS);
            self.watch.set_limit(now, self.silence_limit.or(self.config.silence));
            self.schedule_check();
        }
    }

    /// Sets no timer: when the silence timer fires, it finds that an event arrived in the meantime.
    fn handle_heard(&mut self, now: Instant, source: SourceId) {
        if !self.is_current(source) {
            return;
        }
        let was_overdue = self.watch.is_overdue(now);
        self.watch.event_arrived(now);
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
        // The browser's own retry has no backoff and ignores ours, so the source is closed even if
        // the browser would have retried.
        let was_connecting = matches!(self.state, State::Connecting { .. });
        self.release();
        let should_probe = match failure {
            Failure::Unreachable | Failure::Rejected => was_connecting,
            // The body may say why. A stream that breaks once is simply opened again.
            Failure::LostEarly | Failure::Unread(_) => self.backoff.failures() > 0,
            _ => false,
        };
        let probed_recently = self.probe.is_recent(now);
        // No new probe is sent so soon, and the reason found by the last one still applies.
        let failure = match &self.last_failure {
            Some(known)
                if probed_recently && failure == Failure::Rejected && known.is_from_response() =>
            {
                known.clone()
            }
            _ => failure,
        };
        self.wait(now, Duration::ZERO, failure);
        if should_probe && !probed_recently && matches!(self.state, State::Waiting { .. }) {
            self.begin_probe(now);
        }
    }

    fn handle_bye(&mut self, now: Instant, source: SourceId, bye: Bye) {
        if !self.is_current(source) {
            return;
        }
        self.release();
        match bye.reason {
            ByeReason::Stop => self.close(State::Stopped(StopReason::SentAway)),
            // A fresh credential is accepted at once, and without one the answer says so. A stream
            // that expires right after it opened, as with a wrong clock, is retried with a delay.
            ByeReason::Expired if bye.retry.is_zero() && self.backoff.is_settled(now) => {
                self.last_failure = Some(Failure::Bye(ByeReason::Expired));
                self.attempt(now);
            }
            reason => self.wait(now, bye.retry, Failure::Bye(reason)),
        }
    }

    fn handle_stop(&mut self, source: SourceId, stop: StopReason) {
        if self.is_current(source) {
            self.close(State::Stopped(stop));
        }
    }

    fn handle_blocked(&mut self, location: &str) {
        // The policy may have blocked an unrelated request of the page.
        let is_ours = self.target.as_ref().is_ok_and(|url| is_blocked_location(location, url));
        if is_ours
            && matches!(
                self.state,
                State::Connecting { .. } | State::Waiting { .. } | State::Offline
            )
        {
            self.close(State::Stopped(StopReason::Blocked));
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_due(now);
        // The timer has fired and is spent, perhaps early, because browsers round timers down. So
        // it is always announced again.
        self.announced_timer = self.timer.next();
        self.outputs.push_back(Output::SetTimer(self.announced_timer));
    }

    fn handle_due(&mut self, now: Instant) {
        while let Some(due) = self.timer.take_due(now) {
            match (due.reason, self.source) {
                (TimerReason::Retry, _) => self.retry(now),
                (TimerReason::ConnectTimeout, Some(source)) => {
                    self.handle_failed(now, source, Failure::TimedOut(self.config.connect_timeout));
                }
                (TimerReason::Silence, Some(source)) => self.handle_silence(now, source, due.at),
                (TimerReason::Hidden, _)
                    if !matches!(self.state, State::Idle | State::Stopped(_)) =>
                {
                    self.close(State::Paused);
                }
                _ => {}
            }
        }
    }

    fn handle_silence(&mut self, now: Instant, source: SourceId, due: Instant) {
        match self.watch.check(now, due) {
            None => {}
            Some(Liveness::CheckAgain(at)) => self.timer.set(TimerReason::Silence, at),
            // The state is unchanged, but its text is not.
            Some(Liveness::NoEvents) => self.outputs.push_back(Output::Changed(self.state.clone())),
            Some(Liveness::Dead(_)) if !self.watch.has_events() => {
                // A different server may answer by now, with another heartbeat interval or none.
                self.silence_limit = None;
                self.handle_failed(now, source, Failure::Unread(self.unread));
            }
            Some(Liveness::Dead(silence)) => {
                self.handle_failed(now, source, Failure::Silent(silence));
            }
        }
    }

    fn schedule_check(&mut self) {
        match self.watch.first_check() {
            Some(at) => self.timer.set(TimerReason::Silence, at),
            None => self.timer.clear(TimerReason::Silence),
        }
    }

    fn start_over(&mut self, now: Instant) {
        self.backoff.reset();
        self.last_failure = None;
        self.attempt(now);
    }

    /// Starts an attempt, after closing whatever was open or pending.
    fn attempt(&mut self, now: Instant) {
        self.release();
        match self.target.clone() {
            Err(why) => self.close(State::Stopped(StopReason::BadTarget(why))),
            Ok(url) => {
                let source = SourceId(self.next_number());
                self.source = Some(source);
                self.outputs.push_back(Output::Open { source, url });
                self.timer.set(TimerReason::ConnectTimeout, now + self.config.connect_timeout);
                self.change(State::Connecting { attempt: self.backoff.failures() + 1 });
            }
        }
    }

    /// Waits for the next attempt: at least `floor`, which the server asked for, plus a jittered
    /// delay. Without the jitter, all readers given the same floor would return at once.
    fn wait(&mut self, now: Instant, floor: Duration, failure: Failure) {
        self.last_failure = Some(failure);
        self.not_before = now + floor.min(LONGEST_WAIT);
        if !self.online {
            // Retry slowly, because the browser may well be right. Do not count the failure,
            // because it says nothing about the server.
            let delay = self.backoff.slow() + floor.min(LONGEST_WAIT);
            self.timer.set(TimerReason::Retry, now + delay);
            return self.change(State::Offline);
        }
        let delay = self.backoff.failed(now) + floor.min(LONGEST_WAIT);
        let failures = self.backoff.failures();
        if self.config.max_attempts.is_some_and(|max| max <= failures) {
            self.close(State::Stopped(StopReason::GaveUp { attempts: failures }));
        } else {
            self.timer.set(TimerReason::Retry, now + delay);
            self.change(State::Waiting { until: now + delay, attempt: failures + 1 });
        }
    }

    fn begin_probe(&mut self, now: Instant) {
        let Ok(url) = self.target.clone() else { return };
        let probe = ProbeId(self.next_number());
        self.probe.begin(now, probe);
        self.outputs.push_back(Output::Probe { probe, url });
    }

    /// Starts the attempt that is due, unless a running probe is about to report why the last one
    /// failed.
    fn retry(&mut self, now: Instant) {
        match self.probe.delays_retry_until(now) {
            Some(end) => self.timer.set(TimerReason::Retry, end),
            None => self.attempt(now),
        }
    }

    /// Enters a state in which nothing is open and no attempt is pending.
    fn close(&mut self, state: State) {
        self.release();
        self.change(state);
    }

    /// Closes the source, ends the probe and clears every timer that belongs to them.
    fn release(&mut self) {
        if let Some(source) = self.source.take() {
            self.outputs.push_back(Output::Close(source));
        }
        if let Some(probe) = self.probe.end() {
            self.outputs.push_back(Output::EndProbe(probe));
        }
        for reason in [TimerReason::ConnectTimeout, TimerReason::Retry, TimerReason::Silence] {
            self.timer.clear(reason);
        }
    }

    fn announce_timer(&mut self) {
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
