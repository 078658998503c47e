//! What the connection knows beyond its state: what comes next, and what an open stream is worth.
//! Changes nothing.

use super::Connection;
use crate::connection::{Failure, Reading, State, TimerReason};
use crate::time::Instant;
use logs_sse_wire::unread::Unread;

impl Connection {
    /// When the next attempt begins, if one is due.
    #[must_use]
    pub fn next_attempt(&self) -> Option<Instant> {
        self.timer.at(TimerReason::Retry)
    }

    /// The number of the attempt under way or to come; 0 outside of attempts.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        match self.state {
            State::Connecting { attempt } | State::Waiting { attempt, .. } => attempt,
            State::Offline => self.backoff.failures() + 1,
            _ => 0,
        }
    }

    /// What is known of the open stream at `now` beyond its being open.
    #[must_use]
    pub fn reading(&self, now: Instant) -> Reading {
        match self.state {
            State::Open { .. } if self.watch.is_overdue(now) => Reading::Overdue(self.unread),
            State::Open { .. } if self.watch.is_heard() => Reading::Understood,
            _ => Reading::NotYet,
        }
    }

    /// How to call the end of the open stream.
    #[must_use]
    pub fn loss(&self) -> Failure {
        match self.unread {
            _ if self.watch.is_heard() => Failure::Lost,
            Unread::Nothing => Failure::LostEarly,
            what => Failure::Unread(what),
        }
    }
}
