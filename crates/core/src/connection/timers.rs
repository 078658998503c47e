//! The deadlines of the connection: one for each reason, and the next of them.

use crate::time::Instant;

/// When to be woken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// When.
    pub at: Instant,
    /// Why, for logs and tests.
    pub reason: TimerReason,
}

/// Why an alarm is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerReason {
    /// The source should have answered by then.
    ConnectTimeout,
    /// The next attempt is due.
    Retry,
    /// Something should have been heard by then.
    Silence,
    /// The page has been hidden for as long as the stream is kept for it.
    Hidden,
}

/// One deadline for each reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timers([Option<Instant>; REASONS.len()]);

impl Timers {
    /// Sets one.
    pub(super) fn set(&mut self, reason: TimerReason, at: Instant) {
        self.0[place(reason)] = Some(at);
    }

    /// Takes one away.
    pub(super) fn clear(&mut self, reason: TimerReason) {
        self.0[place(reason)] = None;
    }

    /// When one rings; `None` when it is not set.
    pub(super) fn at(&self, reason: TimerReason) -> Option<Instant> {
        self.0[place(reason)]
    }

    /// Takes away one that is due at `now`, the earliest first.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let due = self.next().filter(|timer| timer.at <= now)?;
        self.clear(due.reason);
        Some(due)
    }

    /// The earliest.
    pub(super) fn next(&self) -> Option<Timer> {
        let set = REASONS
            .into_iter()
            .filter_map(|reason| self.0[place(reason)].map(|at| Timer { at, reason }));
        set.min_by_key(|timer| timer.at)
    }
}

fn place(reason: TimerReason) -> usize {
    reason as usize
}

/// In the order of the enum.
const REASONS: [TimerReason; 4] =
    [TimerReason::ConnectTimeout, TimerReason::Retry, TimerReason::Silence, TimerReason::Hidden];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_place() {
        for (index, reason) in REASONS.into_iter().enumerate() {
            assert_eq!(place(reason), index);
        }
    }

    #[test]
    fn gives_the_earliest_first_and_each_once() {
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
