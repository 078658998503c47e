//! What a break in the stream cost: for how long it was gone, what came again, what did not. Ends
//! in one row of the log.

use std::time::Duration;

use crate::notice::Notice;
use crate::time::Instant;

/// A break that is not over before all that was announced has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    phase: Phase,
    recovered: u64,
    missing: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing broke, or all is told.
    #[default]
    Whole,
    /// The stream has been gone since then.
    Gone { since: Instant },
    /// It is back; what the server sends again has not all come.
    CatchingUp { away: Duration, left: u64 },
}

impl Recovery {
    /// Notes that an open stream ended at `now`. A further end before all has come belongs to the
    /// same break.
    pub fn handle_lost(&mut self, now: Instant) {
        self.phase = match self.phase {
            Phase::Whole => Phase::Gone { since: now },
            // What was caught up with so far stays counted; the time away is told from here on.
            Phase::CatchingUp { .. } => Phase::Gone { since: now },
            gone @ Phase::Gone { .. } => gone,
        };
    }

    /// Notes that the server is back at `now` and will send `left` logs again. Gives the row, if
    /// that is all.
    pub fn handle_back(&mut self, now: Instant, left: u64) -> Option<Notice> {
        if let Phase::Gone { since } = self.phase {
            self.phase = Phase::CatchingUp { away: now - since, left };
        }
        self.finish()
    }

    /// Notes that the server is back at `now` and cannot send again. Gives the row.
    pub fn handle_back_without_replay(&mut self, now: Instant) -> Option<Notice> {
        let Phase::Gone { since } = self.phase else { return None };
        *self = Self::default();
        Some(Notice::NotReplayed { away: now - since })
    }

    /// Notes that one of the awaited logs came. Gives the row, if it was the last.
    pub fn handle_line(&mut self) -> Option<Notice> {
        if let Phase::CatchingUp { left, .. } = &mut self.phase {
            *left = left.saturating_sub(1);
            self.recovered += 1;
        }
        self.finish()
    }

    /// Notes that some of the awaited logs will not come. Gives the row, if there are no others.
    pub fn handle_missing(&mut self, missing: u64) -> Option<Notice> {
        if let Phase::CatchingUp { left, .. } = &mut self.phase {
            *left = left.saturating_sub(missing);
            self.missing += missing;
        }
        self.finish()
    }

    /// Whether the stream was open once and is gone.
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
