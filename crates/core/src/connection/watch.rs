//! The watchdog of an open stream: when silence means that it is dead. Knows the beat, closes
//! nothing.

use std::time::Duration;

use crate::time::Instant;

/// What is known of a stream's signs of life.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// When the stream opened, or gave its last sign of life.
    heard_at: Instant,
    /// Whether it gave any.
    is_heard: bool,
    /// After how long a silence the stream is considered dead; `None` when silence proves nothing.
    limit: Option<Duration>,
    /// Since when the browser has reported no network, unless something was heard after that.
    doubted_at: Option<Instant>,
    /// Until when an old silence is forgiven, since nothing could be heard in a sleep.
    grace_until: Option<Instant>,
}

/// What to think of a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Liveness {
    /// Nothing; look again then.
    LookAgain(Instant),
    /// The stream may live, but nothing on it has been understood for so long that this must be
    /// said.
    Unheard,
    /// The stream is dead; it has been silent for this long.
    Dead(Duration),
}

impl Watch {
    /// A watch over a stream that opened at `now`, with a limit if there is one.
    pub(super) fn new(now: Instant, limit: Option<Duration>) -> Self {
        Self { heard_at: now, limit, ..Self::default() }
    }

    /// Changes the limit at `now`, at which something was heard.
    pub(super) fn limit(&mut self, now: Instant, limit: Option<Duration>) {
        self.limit = limit;
        self.heard(now);
    }

    /// When to look first; `None` for never.
    pub(super) fn first_look(&self) -> Option<Instant> {
        self.deadline().or_else(|| (!self.is_heard).then(|| self.heard_at + FIRST_SIGN))
    }

    /// Notes a sign of life.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.is_heard = true;
        self.doubted_at = None;
        self.grace_until = None;
    }

    /// Notes that the browser reports no network since `now`, and returns when to look. The report
    /// may be wrong, so the stream has time to show that it lives, but less than usual.
    pub(super) fn network_lost(&mut self, now: Instant) -> Option<Instant> {
        self.doubted_at = self.doubted_at.or(Some(now));
        self.deadline()
    }

    /// Looks at `now`, as was planned for `due`.
    pub(super) fn look(&mut self, now: Instant, due: Instant) -> Option<Liveness> {
        let Some(deadline) = self.deadline() else {
            return (!self.is_heard).then_some(Liveness::Unheard);
        };
        if now < deadline {
            return Some(Liveness::LookAgain(deadline));
        }
        // No alarm rings so late unless the machine slept: what arrived meanwhile may be on its
        // way.
        if self.beat() < now - due && self.grace_until.is_none() {
            return self.forgive(now).map(Liveness::LookAgain);
        }
        Some(Liveness::Dead(now - self.heard_at))
    }

    /// After a time in which timers may have stood still: forgives an old silence once, and says
    /// when to look again.
    pub(super) fn forgive(&mut self, now: Instant) -> Option<Instant> {
        let is_overdue = self.deadline().is_some_and(|deadline| deadline <= now);
        if !is_overdue || self.grace_until.is_some() {
            return None;
        }
        self.grace_until = Some(now + self.beat());
        self.grace_until
    }

    /// How long it has been silent, once that is long enough to doubt it: one beat may be late, the
    /// second is not.
    pub(super) fn doubt(&self, now: Instant) -> Option<Duration> {
        (self.deadline()? <= now + self.beat()).then_some(now - self.heard_at)
    }

    /// Whether anything on the stream was understood.
    pub(super) fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Whether nothing was understood for longer than any known server stays silent after it opens
    /// a stream.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        !self.is_heard && FIRST_SIGN <= now - self.heard_at
    }

    /// When the stream is considered dead, unless something is heard before.
    fn deadline(&self) -> Option<Instant> {
        let usual = self.limit.map(|limit| self.heard_at + limit);
        let doubted = self.doubted_at.map(|at| at + self.limit.map_or(DOUBTED, |limit| limit / 2));
        usual.into_iter().chain(doubted).min()
    }

    fn beat(&self) -> Duration {
        self.limit.unwrap_or(DOUBTED) / BEATS
    }
}

/// Beats that may be missed: timers are late and networks hiccup, so one or two prove nothing.
pub(super) const BEATS: u32 = 3;

/// Three beats of our gateway, and longer than the pings of every other backend are apart.
const FIRST_SIGN: Duration = Duration::from_secs(45);

/// The silence after which a stream without a beat is considered dead once the browser reports no
/// network: two pings of such a backend, and some time for them to arrive.
const DOUBTED: Duration = Duration::from_secs(60);

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
        assert_eq!(watch().look(at(45), at(45)), Some(Liveness::Dead(Duration::from_secs(45))));
    }

    #[test]
    fn what_was_heard_meanwhile_moves_the_look() {
        let mut watch = watch();
        watch.heard(at(40));
        assert_eq!(watch.look(at(45), at(45)), Some(Liveness::LookAgain(at(85))));
    }

    #[test]
    fn a_sleep_is_forgiven_once_for_one_beat() {
        let mut watch = watch();
        assert_eq!(watch.look(at(4_000), at(45)), Some(Liveness::LookAgain(at(4_015))));
        assert_eq!(watch.forgive(at(4_001)), None);
        assert_eq!(
            watch.look(at(4_015), at(4_015)),
            Some(Liveness::Dead(Duration::from_secs(4_015)))
        );
    }

    #[test]
    fn doubts_before_it_despairs() {
        assert_eq!(
            [watch().doubt(at(29)), watch().doubt(at(30))],
            [None, Some(Duration::from_secs(30))]
        );
    }

    #[test]
    fn without_a_limit_silence_proves_nothing() {
        let mut watch = Watch::new(at(0), None);
        watch.heard(at(1));
        assert_eq!(
            (watch.first_look(), watch.look(at(9_999), at(1)), watch.doubt(at(9_999))),
            (None, None, None)
        );
    }

    #[test]
    fn a_stream_on_which_nothing_was_ever_understood_is_noticed_without_a_limit() {
        let mut watch = Watch::new(at(0), None);
        assert_eq!((watch.first_look(), watch.is_overdue(at(44))), (Some(at(45)), false));
        assert_eq!(
            (watch.look(at(45), at(45)), watch.is_overdue(at(45))),
            (Some(Liveness::Unheard), true)
        );
        watch.heard(at(46));
        assert!(!watch.is_overdue(at(9_999)));
    }

    #[test]
    fn a_report_of_no_network_halves_the_patience() {
        let mut watch = watch();
        watch.heard(at(100));
        assert_eq!(watch.network_lost(at(101)), Some(at(101) + Duration::from_millis(22_500)));
        watch.heard(at(110));
        assert_eq!(
            watch.look(at(124), at(124)),
            Some(Liveness::LookAgain(at(155))),
            "heard since, so the report was wrong"
        );
    }

    #[test]
    fn a_report_of_no_network_gives_a_stream_without_a_beat_a_limit() {
        let mut watch = Watch::new(at(0), None);
        watch.heard(at(1));
        assert_eq!(watch.network_lost(at(5_000)), Some(at(5_060)));
        assert_eq!(
            watch.look(at(5_060), at(5_060)),
            Some(Liveness::Dead(Duration::from_secs(5_059)))
        );
    }
}
