//! The deadlines of the connection, one per reason, and the earliest of them.

use crate::time::Instant;

/// A deadline and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// When the timer fires.
    pub at: Instant,
    /// The reason, for logs and tests.
    pub reason: TimerReason,
}

/// Why a timer is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerReason {
    /// The source should have responded by then.
    ConnectTimeout,
    /// The next attempt is due.
    Retry,
    /// An event should have arrived by then.
    Silence,
    /// The page has been hidden for as long as its stream is kept open.
    Hidden,
}

/// One optional deadline per reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timers([Option<Instant>; REASONS.len()]);

impl Timers {
    pub(super) fn set(&mut self, reason: TimerReason, at: Instant) {
        self.0[index(reason)] = Some(at);
    }

    pub(super) fn clear(&mut self, reason: TimerReason) {
        self.0[index(reason)] = None;
    }

    /// Returns the deadline for `reason`, if it is set.
    pub(super) fn at(&self, reason: TimerReason) -> Option<Instant> {
        self.0[index(reason)]
    }

    /// Removes and returns the earliest deadline that is due at `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let due = self.next().filter(|timer| timer.at <= now)?;
        self.clear(due.reason);
        Some(due)
    }

    /// Returns the earliest deadline.
    pub(super) fn next(&self) -> Option<Timer> {
        let set = REASONS
            .into_iter()
            .filter_map(|reason| self.0[index(reason)].map(|at| Timer { at, reason }));
        set.min_by_key(|timer| timer.at)
    }
}

fn index(reason: TimerReason) -> usize {
    reason as usize
}

/// Ordered like the enum.
const REASONS: [TimerReason; 4] =
    [TimerReason::ConnectTimeout, TimerReason::Retry, TimerReason::Silence, TimerReason::Hidden];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_index() {
        for (position, reason) in REASONS.into_iter().enumerate() {
            assert_eq!(index(reason), position);
        }
    }

    #[test]
    fn returns_the_earliest_first_and_each_once() {
        let at = Instant::from_millis;
        let mut timer = Timers::default();
        timer.set(TimerReason::Silence, at(30.0));
        timer.set(TimerReason::Hidden, at(10.0));
        assert_eq!(timer.take_due(at(5.0)), None);
        assert_eq!(timer.take_due(at(40.0)).map(|timer| timer.reason), Some(TimerReason::Hidden));
        assert_eq!(timer.take_due(at(40.0)).map(|timer| timer.reason), Some(TimerReason::Silence));
        assert_eq!(timer.take_due(at(40.0)), None);
    }
}
