//! Tracks what an interruption of the stream cost: how long it lasted, how many lines were replayed
//! and how many are missing. The result is one row of the log.

use std::time::Duration;

use crate::notice::Notice;
use crate::time::Instant;

/// An interruption, which lasts until everything that was announced has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    phase: Phase,
    recovered: u64,
    missing: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing was interrupted, or the notice was issued.
    #[default]
    Whole,
    /// The stream has been down since then.
    Gone { since: Instant },
    /// The stream is back, and `to_replay` of the announced lines are still to come.
    CatchingUp { away: Duration, left: u64 },
}

impl Recovery {
    /// Records that an open stream ended at `now`.
    ///
    /// If it ends again before everything has arrived, that is part of the same interruption.
    pub fn handle_lost(&mut self, now: Instant) {
        self.phase = match self.phase {
            Phase::Whole => Phase::Gone { since: now },
            // The lines replayed so far stay counted; the outage is measured from here.
            Phase::CatchingUp { .. } => Phase::Gone { since: now },
            gone @ Phase::Gone { .. } => gone,
        };
    }

    /// Records that the server is back at `now` and will replay `to_replay` lines. Returns the
    /// notice if there are none.
    pub fn handle_back(&mut self, now: Instant, left: u64) -> Option<Notice> {
        if let Phase::Gone { since } = self.phase {
            self.phase = Phase::CatchingUp { away: now - since, left };
        }
        self.finish()
    }

    /// Records that the server is back at `now` and cannot replay. Returns the notice.
    pub fn handle_back_without_replay(&mut self, now: Instant) -> Option<Notice> {
        let Phase::Gone { since } = self.phase else { return None };
        *self = Self::default();
        Some(Notice::NotReplayed { away: now - since })
    }

    /// Records that one of the announced lines arrived. Returns the notice if it was the last.
    pub fn handle_line(&mut self) -> Option<Notice> {
        if let Phase::CatchingUp { left, .. } = &mut self.phase {
            *left = left.saturating_sub(1);
            self.recovered += 1;
        }
        self.finish()
    }

    /// Records that some of the announced lines will not arrive. Returns the notice if no others
    /// are due.
    pub fn handle_missing(&mut self, missing: u64) -> Option<Notice> {
        if let Phase::CatchingUp { left, .. } = &mut self.phase {
            *left = left.saturating_sub(missing);
            self.missing += missing;
        }
        self.finish()
    }

    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone { .. })
    }

    fn finish(&mut self) -> Option<Notice> {
        let Phase::CatchingUp { away, left: 0 } = self.phase else { return None };
        let Self { recovered, missing, .. } = std::mem::take(self);
        Some(Notice::Resumed { away, recovered, missing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    #[test]
    fn tells_once_all_has_come() {
        let mut recovery = Recovery::default();
        recovery.handle_lost(at(1));
        assert_eq!(recovery.handle_back(at(15), 2), None);
        assert_eq!(recovery.handle_line(), None);
        assert_eq!(
            recovery.handle_line(),
            Some(Notice::Resumed { away: Duration::from_secs(14), recovered: 2, missing: 0 })
        );
        assert_eq!(recovery.handle_line(), None);
    }

    #[test]
    fn counts_what_does_not_come() {
        let mut recovery = Recovery::default();
        recovery.handle_lost(at(1));
        recovery.handle_back(at(3), 10);
        assert_eq!(recovery.handle_missing(9), None);
        assert_eq!(
            recovery.handle_line(),
            Some(Notice::Resumed { away: Duration::from_secs(2), recovered: 1, missing: 9 })
        );
    }

    #[test]
    fn a_first_connection_is_no_recovery() {
        assert_eq!(Recovery::default().handle_back(at(3), 0), None);
        assert_eq!(Recovery::default().handle_back_without_replay(at(3)), None);
    }

    #[test]
    fn a_break_in_the_catching_up_keeps_what_was_counted() {
        let mut recovery = Recovery::default();
        recovery.handle_lost(at(1));
        recovery.handle_back(at(2), 5);
        recovery.handle_line();
        recovery.handle_lost(at(3));
        recovery.handle_back(at(5), 1);
        assert_eq!(
            recovery.handle_line(),
            Some(Notice::Resumed { away: Duration::from_secs(2), recovered: 2, missing: 0 })
        );
    }
}
