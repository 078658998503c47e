//! The watchdog of an open stream: when silence means that it is dead. Knows the beat, closes nothing.

use std::time::Duration;

use crate::time::Instant;

/// What is known of a stream's signs of life.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    heard_at: Instant,
    /// After how long a silence the stream is taken for dead; `None` when silence proves nothing.
    limit: Option<Duration>,
    /// Until when an old silence is forgiven, since nothing could be heard in a sleep.
    grace_until: Option<Instant>,
}

/// What to think of a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing; look again then.
    LookAgain(Instant),
    /// The stream is dead; it has been silent for this long.
    Dead(Duration),
}

impl Watch {
    /// A watch that begins at `now`, with a limit if there is one.
    pub(super) fn new(now: Instant, limit: Option<Duration>) -> Self {
        Self { heard_at: now, limit, grace_until: None }
    }

    /// When to look first; `None` for never.
    pub(super) fn first_look(&self) -> Option<Instant> {
        self.limit.map(|limit| self.heard_at + limit)
    }

    /// Notes a sign of life.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.grace_until = None;
    }

    /// Looks at `now`, as was planned for `due`.
    pub(super) fn look(&mut self, now: Instant, due: Instant) -> Option<Verdict> {
        let limit = self.limit?;
        let silence = now - self.heard_at;
        if silence < limit {
            return Some(Verdict::LookAgain(self.heard_at + limit));
        }
        // Nobody rings an alarm so late but a machine that slept: what came meanwhile may be on its way.
        if self.beat() < now - due && self.grace_until.is_none() {
            return self.forgive(now).map(Verdict::LookAgain);
        }
        Some(Verdict::Dead(silence))
    }

    /// After a time in which timers may have stood still: forgives an old silence once, and says when to look again.
    pub(super) fn forgive(&mut self, now: Instant) -> Option<Instant> {
        let is_overdue = self.limit.is_some_and(|limit| limit <= now - self.heard_at);
        if !is_overdue || self.grace_until.is_some() {
            return None;
        }
        self.grace_until = Some(now + self.beat());
        self.grace_until
    }

    /// How long it has been silent, once that is long enough to doubt it: one beat may be late, the second is not.
    pub(super) fn doubt(&self, now: Instant) -> Option<Duration> {
        let silence = now - self.heard_at;
        (self.limit? - self.beat() <= silence).then_some(silence)
    }

    fn beat(&self) -> Duration {
        self.limit.unwrap_or_default() / BEATS
    }
}

/// Beats that may be missed: timers are late and networks hiccup, so one or two prove nothing.
pub(super) const BEATS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    fn watch() -> Watch {
        Watch::new(at(0), Some(Duration::from_secs(45)))
    }

    #[test]
    fn three_beats_of_silence_are_the_end() {
        assert_eq!(watch().look(at(45), at(45)), Some(Verdict::Dead(Duration::from_secs(45))));
    }

    #[test]
    fn what_was_heard_meanwhile_moves_the_look() {
        let mut watch = watch();
        watch.heard(at(40));
        assert_eq!(watch.look(at(45), at(45)), Some(Verdict::LookAgain(at(85))));
    }

    #[test]
    fn a_sleep_is_forgiven_once_for_one_beat() {
        let mut watch = watch();
        assert_eq!(watch.look(at(4_000), at(45)), Some(Verdict::LookAgain(at(4_015))));
        assert_eq!(watch.forgive(at(4_001)), None);
        assert_eq!(watch.look(at(4_015), at(4_015)), Some(Verdict::Dead(Duration::from_secs(4_015))));
    }

    #[test]
    fn doubts_before_it_despairs() {
        assert_eq!([watch().doubt(at(29)), watch().doubt(at(30))], [None, Some(Duration::from_secs(30))]);
    }

    #[test]
    fn without_a_limit_silence_proves_nothing() {
        let mut watch = Watch::new(at(0), None);
        assert_eq!((watch.first_look(), watch.look(at(9_999), at(1)), watch.doubt(at(9_999))), (None, None, None));
    }
}
