//! Judges a reader whose socket is full: it fetches nothing, so it cannot be judged when it
//! fetches.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::hub::Hub;
use crate::hub::bounds::Bounds;
use crate::hub::channel::Channel;
use crate::hub::config::SlowReader;

/// A reader's last positions. Every reader has them, whether slow readers are cut off or not: a
/// reload may change that while its socket is full.
#[derive(Debug)]
pub(crate) struct Lag {
    /// Has the limits, which a reload may change.
    hub: Arc<Hub>,
    followed: Box<[Followed]>,
    /// The number of fetches.
    fetches: AtomicU64,
    state: Mutex<State>,
    is_cut: AtomicBool,
}

#[derive(Debug)]
struct Followed {
    channel: Weak<Channel>,
    /// [`REPLAYING`] until the reader has caught up.
    position: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// When the reader was first found to lag too far after so many fetches.
    behind: Option<(Instant, u64)>,
    judge_next: Option<Instant>,
}

impl Lag {
    /// Returns the lag of a reader of these channels, which has fetched nothing yet.
    pub(crate) fn new<'a>(
        hub: &Arc<Hub>,
        channels: impl Iterator<Item = &'a Arc<Channel>>,
    ) -> Self {
        let followed = |channel| Followed {
            channel: Arc::downgrade(channel),
            position: AtomicU64::new(REPLAYING),
        };
        Self {
            hub: Arc::clone(hub),
            followed: channels.map(followed).collect(),
            fetches: AtomicU64::default(),
            state: Mutex::default(),
            is_cut: AtomicBool::default(),
        }
    }

    /// Records a fetch and the position after it in each channel, or `None` where the reader has not
    /// caught up. Only the reader calls it, and at each fetch, so it locks nothing.
    pub(crate) fn note(&self, positions: impl Iterator<Item = Option<u64>>) {
        for (followed, position) in self.followed.iter().zip(positions) {
            followed.position.store(position.unwrap_or(REPLAYING), Ordering::Relaxed);
        }
        self.fetches.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether the reader lagged too far for too long without a fetch, while slow readers
    /// are cut off. One that fetches in time receives a `bye`. Cheap to call often: it looks once per
    /// second.
    pub(crate) fn is_hopeless(&self, now: Instant) -> bool {
        let mut state = self.state();
        if state.judge_next.is_some_and(|next| now < next) {
            return false;
        }
        state.judge_next = Some(now + BETWEEN_LOOKS);
        let config = self.hub.config();
        let is_behind = |followed: &Followed| followed.exceeds(config.reader);
        if config.slow != SlowReader::Cut || !self.followed.iter().any(is_behind) {
            state.behind = None;
            return false;
        }
        let fetches = self.fetches.load(Ordering::Relaxed);
        // A fetch since then starts the patience again.
        state.behind = state.behind.filter(|(_, then)| *then == fetches);
        let (since, _) = *state.behind.get_or_insert((now, fetches));
        let is_hopeless = now - since >= config.slow_patience;
        self.is_cut.fetch_or(is_hopeless, Ordering::Relaxed);
        is_hopeless
    }

    /// Returns whether the reader was cut off by this judgement.
    pub(crate) fn was_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    fn exceeds(&self, allowed: Bounds) -> bool {
        let position = self.position.load(Ordering::Relaxed);
        position != REPLAYING
            && self
                .channel
                .upgrade()
                .is_some_and(|channel| channel.history().exceeds(position, allowed))
    }
}

/// No position is as high.
const REPLAYING: u64 = u64::MAX;

/// The time between two looks at a stalled reader.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::config::{Config, Keep};
    use crate::hub::envelope::Envelope;

    const ALLOWED: Bounds = Bounds { lines: 3, bytes: usize::MAX };

    fn publish(channel: &Channel, count: u64) {
        let all = Keep::History(Bounds { lines: usize::MAX, bytes: usize::MAX });
        for order in 0..count {
            channel.publish(|| order, |_| Envelope::of_test("log"), all);
        }
    }

    fn lag() -> (Lag, Arc<Channel>, impl Fn(u64) -> Instant) {
        let channel = Arc::new(Channel::of_test("logs:etl:a:b"));
        let hub = Hub::new(Config { reader: ALLOWED, slow: SlowReader::Cut, ..Config::default() });
        let lag = Lag::new(&Arc::new(hub), [&channel].into_iter());
        let start = Instant::now();
        lag.note([Some(0)].into_iter());
        (lag, channel, move |seconds| start + Duration::from_secs(seconds))
    }

    #[test]
    fn a_reader_that_lags_too_far_for_too_long_is_hopeless() {
        let (lag, channel, at) = lag();
        publish(&channel, 4);
        assert_eq!(
            [0, 2, 4, 5].map(|second| lag.is_hopeless(at(second))),
            [false, false, false, true]
        );
        assert!(lag.was_cut());
    }

    #[test]
    fn a_reader_that_is_near_enough_or_fetches_is_not_hopeless() {
        let (lag, channel, at) = lag();
        publish(&channel, 3);
        assert!(!lag.is_hopeless(at(0)) && !lag.is_hopeless(at(60)));
        publish(&channel, 1);
        assert!(!lag.is_hopeless(at(70)));
        lag.note([Some(0)].into_iter());
        assert!(!lag.is_hopeless(at(80)) && !lag.was_cut());
        assert!(lag.is_hopeless(at(85)));
    }

    #[test]
    fn a_reader_that_replays_or_is_gone_is_not_hopeless() {
        let (lag, channel, at) = lag();
        publish(&channel, 4);
        lag.note([None].into_iter());
        assert!(!lag.is_hopeless(at(0)) && !lag.is_hopeless(at(60)));
        lag.note([Some(0)].into_iter());
        drop(channel);
        assert!(!lag.is_hopeless(at(70)) && !lag.is_hopeless(at(130)));
    }

    #[test]
    fn a_reload_changes_the_limits_of_open_streams() {
        let (lag, channel, at) = lag();
        publish(&channel, 4);
        assert!(!lag.is_hopeless(at(0)));
        let config = lag.hub.config();
        let with = |lines, slow| Config { reader: Bounds { lines, ..ALLOWED }, slow, ..config };
        lag.hub.reconfigure(with(4, SlowReader::Cut));
        assert!(!lag.is_hopeless(at(60)), "it is near enough now");
        lag.hub.reconfigure(with(3, SlowReader::Gap));
        assert!(!lag.is_hopeless(at(70)) && !lag.is_hopeless(at(80)), "none is cut off now");
        lag.hub.reconfigure(with(3, SlowReader::Cut));
        assert!(!lag.is_hopeless(at(90)) && lag.is_hopeless(at(95)));
    }
}
