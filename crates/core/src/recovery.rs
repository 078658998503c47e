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
    /// Whether more lines are missing, of which the number is unknown.
    misses_unknown: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing was interrupted, or the notice was issued.
    #[default]
    Intact,
    /// The stream has been down since then.
    Down { since: Instant },
    /// The stream is back, and `to_replay` of the announced lines are still to come.
    Replaying { away: Duration, to_replay: u64 },
}

impl Recovery {
    /// Records that an open stream ended at `now`.
    ///
    /// If it ends again before everything has arrived, that is part of the same interruption.
    pub fn lost(&mut self, now: Instant) {
        self.phase = match self.phase {
            Phase::Intact => Phase::Down { since: now },
            // The lines replayed so far stay counted; the outage is measured from here.
            Phase::Replaying { .. } => Phase::Down { since: now },
            down @ Phase::Down { .. } => down,
        };
    }

    /// Records that the server is back at `now` and will replay `to_replay` lines. Returns the
    /// notice if there are none.
    pub fn resumed(&mut self, now: Instant, to_replay: u64) -> Option<Notice> {
        if let Phase::Down { since } = self.phase {
            self.phase = Phase::Replaying { away: now - since, to_replay };
        }
        self.finish()
    }

    /// Records that the server is back at `now` and cannot replay. Returns the notice.
    pub fn resumed_without_replay(&mut self, now: Instant) -> Option<Notice> {
        let Phase::Down { since } = self.phase else { return None };
        *self = Self::default();
        Some(Notice::NotReplayed { away: now - since })
    }

    /// Records that one of the announced lines arrived. Returns the notice if it was the last.
    pub fn line_arrived(&mut self) -> Option<Notice> {
        if let Phase::Replaying { to_replay, .. } = &mut self.phase {
            *to_replay = to_replay.saturating_sub(1);
            self.recovered += 1;
        }
        self.finish()
    }

    /// Records that some of the announced lines will not arrive. Returns the notice if no others
    /// are due.
    pub fn lines_missed(&mut self, missing: u64) -> Option<Notice> {
        if let Phase::Replaying { to_replay, .. } = &mut self.phase {
            *to_replay = to_replay.saturating_sub(missing);
            self.missing += missing;
        }
        self.finish()
    }

    /// Records that lines are missing, and that their number is unknown. The notice does not claim
    /// a number then.
    pub fn unknown_missed(&mut self) {
        self.misses_unknown |= self.phase != Phase::Intact;
    }

    fn finish(&mut self) -> Option<Notice> {
        let Phase::Replaying { away, to_replay: 0 } = self.phase else { return None };
        let Self { recovered, missing, misses_unknown, .. } = std::mem::take(self);
        let missing = (!misses_unknown).then_some(missing);
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
    fn issues_the_notice_once_everything_has_arrived() {
        let mut recovery = Recovery::default();
        recovery.lost(at(1));
        assert_eq!(recovery.resumed(at(15), 2), None);
        assert_eq!(recovery.line_arrived(), None);
        assert_eq!(
            recovery.line_arrived(),
            Some(Notice::Resumed { away: Duration::from_secs(14), recovered: 2, missing: Some(0) })
        );
        assert_eq!(recovery.line_arrived(), None);
    }

    #[test]
    fn counts_missing_lines() {
        let mut recovery = Recovery::default();
        recovery.lost(at(1));
        recovery.resumed(at(3), 10);
        assert_eq!(recovery.lines_missed(9), None);
        assert_eq!(
            recovery.line_arrived(),
            Some(Notice::Resumed { away: Duration::from_secs(2), recovered: 1, missing: Some(9) })
        );
    }

    #[test]
    fn an_unknown_gap_is_never_reported_as_nothing_missing() {
        let mut recovery = Recovery::default();
        recovery.lost(at(1));
        recovery.unknown_missed();
        let notice = recovery.resumed(at(10), 0).expect("a notice");
        assert_eq!((notice.missing(), notice.is_loss()), (Some(0), true));
        assert_eq!(notice.text(), "Reconnected after 9 s · 0 lines recovered");
    }

    #[test]
    fn a_first_connection_is_not_a_recovery() {
        assert_eq!(Recovery::default().resumed(at(3), 0), None);
        assert_eq!(Recovery::default().resumed_without_replay(at(3)), None);
    }

    #[test]
    fn an_interrupted_replay_keeps_its_counts() {
        let mut recovery = Recovery::default();
        recovery.lost(at(1));
        recovery.resumed(at(2), 5);
        recovery.line_arrived();
        recovery.lost(at(3));
        recovery.resumed(at(5), 1);
        assert_eq!(
            recovery.line_arrived(),
            Some(Notice::Resumed { away: Duration::from_secs(2), recovered: 2, missing: Some(0) })
        );
    }
}
