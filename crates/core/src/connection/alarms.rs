//! The deadlines of the connection: one for each reason, and the next of them.

use crate::time::Instant;

/// When to be woken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: Instant,
    /// Why, for logs and tests.
    pub reason: AlarmReason,
}

/// Why an alarm is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmReason {
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
pub(super) struct Alarms([Option<Instant>; REASONS.len()]);

impl Alarms {
    /// Sets one.
    pub(super) fn set(&mut self, reason: AlarmReason, at: Instant) {
        self.0[place(reason)] = Some(at);
    }

    /// Takes one away.
    pub(super) fn clear(&mut self, reason: AlarmReason) {
        self.0[place(reason)] = None;
    }

    /// When one rings; `None` when it is not set.
    pub(super) fn at(&self, reason: AlarmReason) -> Option<Instant> {
        self.0[place(reason)]
    }

    /// Takes away one that is due at `now`, the earliest first.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Alarm> {
        let due = self.next().filter(|alarm| alarm.at <= now)?;
        self.clear(due.reason);
        Some(due)
    }

    /// The earliest.
    pub(super) fn next(&self) -> Option<Alarm> {
        let set = REASONS
            .into_iter()
            .filter_map(|reason| self.0[place(reason)].map(|at| Alarm { at, reason }));
        set.min_by_key(|alarm| alarm.at)
    }
}

fn place(reason: AlarmReason) -> usize {
    reason as usize
}

/// In the order of the enum.
const REASONS: [AlarmReason; 4] =
    [AlarmReason::ConnectTimeout, AlarmReason::Retry, AlarmReason::Silence, AlarmReason::Hidden];

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
        let mut alarms = Alarms::default();
        alarms.set(AlarmReason::Silence, at(30.0));
        alarms.set(AlarmReason::Hidden, at(10.0));
        assert_eq!(alarms.take_due(at(5.0)), None);
        assert_eq!(alarms.take_due(at(40.0)).map(|alarm| alarm.reason), Some(AlarmReason::Hidden));
        assert_eq!(alarms.take_due(at(40.0)).map(|alarm| alarm.reason), Some(AlarmReason::Silence));
        assert_eq!(alarms.take_due(at(40.0)), None);
    }
}
