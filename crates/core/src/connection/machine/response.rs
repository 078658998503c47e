//! How the connection reacts to a response head, seen by a source or by a probe.

use std::time::Duration;

use super::Connection;
use crate::connection::classify::Outcome;
use crate::connection::{Failure, Output, ProbeId, ResponseHead, SourceId, State, TimerReason};
use crate::time::Instant;
use logs_sse_wire::protocol::LONGEST_WAIT;

impl Connection {
    pub(super) fn handle_answered(&mut self, now: Instant, source: SourceId, head: &ResponseHead) {
        if !self.is_current(source) {
            return;
        }
        match Outcome::from_head(head, self.target.as_deref().unwrap_or_default()) {
            Outcome::Streams => self.handle_opened(now, source),
            Outcome::Stop(stop) => self.close(State::Stopped(stop)),
            Outcome::Failed(failure, floor) => {
                self.release();
                self.wait(now, floor, failure);
            }
        }
    }

    pub(super) fn handle_probed(&mut self, now: Instant, probe: ProbeId, head: &ResponseHead) {
        if !self.probe.is_current(probe) {
            return;
        }
        self.probe.end();
        let (failure, floor) =
            match Outcome::from_head(head, self.target.as_deref().unwrap_or_default()) {
                Outcome::Stop(stop) => return self.close(State::Stopped(stop)),
                Outcome::Streams => match (head, &self.last_failure) {
                    (ResponseHead::Charset(charset), _) => {
                        (Failure::Charset(charset.clone()), Duration::ZERO)
                    }
                    (_, Some(Failure::Rejected)) => (Failure::BrowserRefused, Duration::ZERO),
                    // The server answers with a stream by now; the next attempt will get it.
                    _ => return self.retry_if_due(now),
                },
                Outcome::Failed(failure, floor) => (failure, floor),
            };
        self.postpone_retry(now, floor);
        self.last_failure = Some(failure);
        // The state is unchanged, but its text is not.
        self.outputs.push_back(Output::Changed(self.state.clone()));
        self.retry_if_due(now);
    }

    fn retry_if_due(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting { until, .. } if until <= now) {
            self.attempt(now);
        }
    }

    /// Postpones the next attempt to after `floor`, plus what was left of its delay.
    fn postpone_retry(&mut self, now: Instant, floor: Duration) {
        if let State::Waiting { until, attempt } = self.state {
            self.not_before = self.not_before.max(now + floor.min(LONGEST_WAIT));
            let until = now + floor.min(LONGEST_WAIT) + (until - now);
            self.timer.set(TimerReason::Retry, until);
            self.state = State::Waiting { until, attempt };
        }
    }
}
