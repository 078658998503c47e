//! The watchdog of an open stream: decides when silence means that it is dead. Knows the heartbeat
//! interval and closes nothing.

use std::time::Duration;

use crate::time::Instant;

/// Tracks when events arrive on an open stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// When the last event arrived, or the stream opened if there was none.
    last_event_at: Instant,
    /// Whether any event arrived.
    has_events: bool,
    /// How long the stream may be silent before it is considered dead, or `None` if silence proves
    /// nothing.
    limit: Option<Duration>,
    /// Since when the browser has reported no network, unless an event arrived after that.
    offline_since: Option<Instant>,
    /// Until when an overdue silence is forgiven, because nothing can arrive during sleep.
    grace_until: Option<Instant>,
}

/// What a silence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Liveness {
    /// Nothing so far; check again at this time.
    CheckAgain(Instant),
    /// The stream may be alive, but nothing on it has been understood for so long that it must be
    /// reported.
    NoEvents,
    /// The stream is dead; it has been silent for this long.
    Dead(Duration),
}

impl Watch {
    /// Creates a watchdog for a stream that opened at `now`.
    pub(super) fn new(now: Instant, limit: Option<Duration>) -> Self {
        Self { last_event_at: now, limit, ..Self::default() }
    }

    /// Changes the limit at `now`, when an event arrived.
    pub(super) fn set_limit(&mut self, now: Instant, limit: Option<Duration>) {
        self.limit = limit;
        self.event_arrived(now);
    }

    /// Returns when to check first, or `None` for never.
    pub(super) fn first_check(&self) -> Option<Instant> {
        self.deadline().or_else(|| (!self.has_events).then(|| self.last_event_at + FIRST_EVENT))
    }

    /// Records that an event arrived.
    pub(super) fn event_arrived(&mut self, now: Instant) {
        self.last_event_at = now;
        self.has_events = true;
        self.offline_since = None;
        self.grace_until = None;
    }

    /// Records that the browser reports no network at `now`, and returns when to check.
    ///
    /// The report may be wrong, so the stream still has time to prove that it is alive, but less
    /// than usual.
    pub(super) fn network_lost(&mut self, now: Instant) -> Option<Instant> {
        self.offline_since = self.offline_since.or(Some(now));
        self.deadline()
    }

    /// Checks the stream at `now`; the check was scheduled for `due`.
    pub(super) fn check(&mut self, now: Instant, due: Instant) -> Option<Liveness> {
        let Some(deadline) = self.deadline() else {
            return (!self.has_events).then_some(Liveness::NoEvents);
        };
        if now < deadline {
            return Some(Liveness::CheckAgain(deadline));
        }
        // A timer fires this late only if the machine slept. Events that arrived during sleep may
        // not have been delivered yet.
        if self.heartbeat() < now - due && self.grace_until.is_none() {
            return self.forgive(now).map(Liveness::CheckAgain);
        }
        Some(Liveness::Dead(now - self.last_event_at))
    }

    /// Forgives an overdue silence once, after a time in which timers may not have run, and returns
    /// when to check again.
    pub(super) fn forgive(&mut self, now: Instant) -> Option<Instant> {
        let is_overdue = self.deadline().is_some_and(|deadline| deadline <= now);
        if !is_overdue || self.grace_until.is_some() {
            return None;
        }
        self.grace_until = Some(now + self.heartbeat());
        self.grace_until
    }

    /// Returns the length of the silence, once it is suspicious. One heartbeat may be late; the
    /// second is not.
    pub(super) fn suspicious_silence(&self, now: Instant) -> Option<Duration> {
        (self.deadline()? <= now + self.heartbeat()).then_some(now - self.last_event_at)
    }

    /// Returns whether anything on the stream was understood.
    pub(super) fn has_events(&self) -> bool {
        self.has_events
    }

    /// Returns whether nothing was understood for longer than any known server stays silent after
    /// it opens a stream.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        !self.has_events && FIRST_EVENT <= now - self.last_event_at
    }

    /// Returns when the stream is considered dead unless an event arrives first.
    fn deadline(&self) -> Option<Instant> {
        let regular = self.limit.map(|limit| self.last_event_at + limit);
        let offline =
            self.offline_since.map(|at| at + self.limit.map_or(OFFLINE_SILENCE, |limit| limit / 2));
        regular.into_iter().chain(offline).min()
    }

    fn heartbeat(&self) -> Duration {
        self.limit.unwrap_or(OFFLINE_SILENCE) / MISSED_HEARTBEATS
    }
}

/// How many heartbeats may be missed. Timers are late and networks hiccup, so one or two prove
/// nothing.
pub(super) const MISSED_HEARTBEATS: u32 = 3;

/// Three heartbeats of our gateway, and longer than the ping interval of every other backend.
const FIRST_EVENT: Duration = Duration::from_secs(45);

/// The silence limit for a stream without heartbeats while the browser reports no network: two
/// pings of such a backend, plus some time for them to arrive.
const OFFLINE_SILENCE: Duration = Duration::from_secs(60);

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
    fn three_missed_heartbeats_mean_dead() {
        assert_eq!(watch().check(at(45), at(45)), Some(Liveness::Dead(Duration::from_secs(45))));
    }

    #[test]
    fn an_event_postpones_the_check() {
        let mut watch = watch();
        watch.event_arrived(at(40));
        assert_eq!(watch.check(at(45), at(45)), Some(Liveness::CheckAgain(at(85))));
    }

    #[test]
    fn a_sleep_is_forgiven_once_for_one_heartbeat() {
        let mut watch = watch();
        assert_eq!(watch.check(at(4_000), at(45)), Some(Liveness::CheckAgain(at(4_015))));
        assert_eq!(watch.forgive(at(4_001)), None);
        assert_eq!(
            watch.check(at(4_015), at(4_015)),
            Some(Liveness::Dead(Duration::from_secs(4_015)))
        );
    }

    #[test]
    fn silence_is_suspicious_before_it_means_dead() {
        assert_eq!(
            [watch().suspicious_silence(at(29)), watch().suspicious_silence(at(30))],
            [None, Some(Duration::from_secs(30))]
        );
    }

    #[test]
    fn without_a_limit_silence_proves_nothing() {
        let mut watch = Watch::new(at(0), None);
        watch.event_arrived(at(1));
        assert_eq!(
            (
                watch.first_check(),
                watch.check(at(9_999), at(1)),
                watch.suspicious_silence(at(9_999))
            ),
            (None, None, None)
        );
    }

    #[test]
    fn a_stream_without_a_parsed_event_is_reported_without_a_limit() {
        let mut watch = Watch::new(at(0), None);
        assert_eq!((watch.first_check(), watch.is_overdue(at(44))), (Some(at(45)), false));
        assert_eq!(
            (watch.check(at(45), at(45)), watch.is_overdue(at(45))),
            (Some(Liveness::NoEvents), true)
        );
        watch.event_arrived(at(46));
        assert!(!watch.is_overdue(at(9_999)));
    }

    #[test]
    fn a_report_of_no_network_halves_the_limit() {
        let mut watch = watch();
        watch.event_arrived(at(100));
        assert_eq!(watch.network_lost(at(101)), Some(at(101) + Duration::from_millis(22_500)));
        watch.event_arrived(at(110));
        assert_eq!(
            watch.check(at(124), at(124)),
            Some(Liveness::CheckAgain(at(155))),
            "an event arrived since, so the report was wrong"
        );
    }

    #[test]
    fn a_report_of_no_network_limits_a_stream_without_heartbeats() {
        let mut watch = Watch::new(at(0), None);
        watch.event_arrived(at(1));
        assert_eq!(watch.network_lost(at(5_000)), Some(at(5_060)));
        assert_eq!(
            watch.check(at(5_060), at(5_060)),
            Some(Liveness::Dead(Duration::from_secs(5_059)))
        );
    }
}
