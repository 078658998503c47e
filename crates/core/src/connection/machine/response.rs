//! What the connection makes of an answer's head: one that a source saw, or one that was asked for.

use std::time::Duration;

use super::Connection;
use crate::connection::classify::Outcome;
use crate::connection::{Failure, Output, ProbeId, ResponseHead, SourceId, State, TimerReason};
use crate::time::Instant;
use logs_sse_wire::protocol::LONGEST_WAIT;

impl Connection {
    pub(super) fn handle_answered(
        &mut self,
        now: Instant,
        source: SourceId,
        finding: &ResponseHead,
    ) {
        if !self.is_current(source) {
            return;
        }
        match Outcome::of(finding, self.target.as_deref().unwrap_or_default()) {
            Outcome::Streams => self.handle_opened(now, source),
            Outcome::Stop(stop) => self.rest(State::Stopped(stop)),
            Outcome::Failed(failure, floor) => {
                self.release();
                self.wait(now, floor, failure);
            }
        }
    }

    pub(super) fn handle_probed(&mut self, now: Instant, probe: ProbeId, finding: &ResponseHead) {
        if !self.asking.is_current(probe) {
            return;
        }
        self.asking.end();
        let (failure, floor) =
            match Outcome::of(finding, self.target.as_deref().unwrap_or_default()) {
                Outcome::Stop(stop) => return self.rest(State::Stopped(stop)),
                Outcome::Streams => match (finding, &self.last_failure) {
                    (ResponseHead::Charset(charset), _) => {
                        (Failure::Charset(charset.clone()), Duration::ZERO)
                    }
                    (_, Some(Failure::Rejected)) => (Failure::BrowserRefused, Duration::ZERO),
                    // It answers with a stream by now; the next attempt will have it.
                    _ => return self.retry_if_due(now),
                },
                Outcome::Failed(failure, floor) => (failure, floor),
            };
        self.hold_back(now, floor);
        self.last_failure = Some(failure);
        // The state is the same and reads differently.
        self.outputs.push_back(Output::Changed(self.state.clone()));
        self.retry_if_due(now);
    }

    fn retry_if_due(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting { until, .. } if until <= now) {
            self.attempt(now);
        }
    }

    /// Moves the next attempt behind `floor`, with what was left of the delay on top.
    fn hold_back(&mut self, now: Instant, floor: Duration) {
        if let State::Waiting { until, attempt } = self.state {
            self.not_before = self.not_before.max(now + floor.min(LONGEST_WAIT));
            let until = now + floor.min(LONGEST_WAIT) + (until - now);
            self.timer.set(TimerReason::Retry, until);
            self.state = State::Waiting { until, attempt };
        }
    }
}
