//! What the connection knows beyond its state: the next attempt, and what is known of the open
//! stream. Read-only.

use super::Connection;
use crate::connection::{Failure, Reading, State, TimerReason};
use crate::time::Instant;
use logs_sse_wire::unread::Unread;

impl Connection {
    /// Returns when the next attempt starts, if one is scheduled.
    #[must_use]
    pub fn next_attempt(&self) -> Option<Instant> {
        self.timer.at(TimerReason::Retry)
    }

    /// Returns the number of the current or next attempt, or 0 if there is none.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        match self.state {
            State::Connecting { attempt } | State::Waiting { attempt, .. } => attempt,
            State::Offline => self.backoff.failures() + 1,
            _ => 0,
        }
    }

    /// Returns what is known of the open stream at `now`, beyond that it is open.
    #[must_use]
    pub fn reading(&self, now: Instant) -> Reading {
        match self.state {
            State::Open { .. } if self.watch.is_overdue(now) => Reading::Overdue(self.unread),
            State::Open { .. } if self.watch.has_events() => Reading::Understood,
            _ => Reading::NotYet,
        }
    }

    /// Returns the failure to report if the open stream ends now.
    #[must_use]
    pub fn loss(&self) -> Failure {
        match self.unread {
            _ if self.watch.has_events() => Failure::Lost,
            Unread::Nothing => Failure::LostEarly,
            what => Failure::Unread(what),
        }
    }
}
