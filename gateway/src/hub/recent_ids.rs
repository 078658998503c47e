//! The ids of recent logs, so that a publisher may repeat a request whose response was lost. Knows no
//! clock.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use logs_sse_core::channel::ChannelName;

use crate::hub::Published;

/// The newest ids of all channels, within a bounded age and number.
///
/// An id occupies the same memory whatever its length: it is kept as a keyed hash of 128 bits.
#[derive(Debug)]
pub(crate) struct RecentIds {
    /// Several locks, so that publishers rarely wait for each other.
    shards: [Mutex<Shard>; SHARDS],
    /// Random keys, so that no publisher can choose ids that collide.
    keys: [RandomState; 2],
    ids_per_shard: usize,
}

/// A log that was published once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Once {
    /// The result of publishing it, the first time if it was repeated.
    pub(crate) published: Published,
    /// Whether it was published now.
    pub(crate) is_new: bool,
}

#[derive(Debug, Default)]
struct Shard {
    known: HashMap<u128, Known>,
    /// The hashes in the order of their arrival.
    order: VecDeque<u128>,
}

#[derive(Debug)]
struct Known {
    published: Published,
    since: Instant,
}

impl Default for RecentIds {
    fn default() -> Self {
        Self::new(MAX_IDS)
    }
}

impl RecentIds {
    fn new(ids: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            keys: Default::default(),
            ids_per_shard: (ids / SHARDS).max(1),
        }
    }

    /// Calls `publish` unless a log with this `channel` and `id` was published recently.
    ///
    /// A request that repeats another waits for it, so that both have the same result.
    pub(crate) fn once(
        &self,
        channel: &ChannelName,
        id: &str,
        now: Instant,
        publish: impl FnOnce() -> Published,
    ) -> Once {
        let [low, high] = [0, 1].map(|key: usize| self.keys[key].hash_one((channel, id)));
        let hash = (u128::from(high) << 64) | u128::from(low);
        let shard = &self.shards[usize::try_from(high >> 32).unwrap_or_default() % SHARDS];
        // A panic of `publish` leaves a shard as it was.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget_older_than(MAX_AGE, now);
        if let Some(known) = shard.known.get(&hash) {
            return Once { published: known.published, is_new: false };
        }
        let published = publish();
        shard.note(hash, Known { published, since: now }, self.ids_per_shard);
        Once { published, is_new: true }
    }
}

impl Shard {
    fn note(&mut self, hash: u128, known: Known, limit: usize) {
        while self.order.len() >= limit {
            self.forget_oldest();
        }
        self.order.push_back(hash);
        self.known.insert(hash, known);
    }

    fn forget_older_than(&mut self, age: Duration, now: Instant) {
        while self
            .order
            .front()
            .and_then(|hash| self.known.get(hash))
            .is_some_and(|oldest| now.saturating_duration_since(oldest.since) > age)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(hash) = self.order.pop_front() {
            self.known.remove(&hash);
        }
    }
}

/// How many ids are kept: at 1,000 logs/s those of four minutes, in about 30 MB.
pub(crate) const MAX_IDS: usize = 1 << 18;

/// Longer than a publisher repeats a request.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(3_600);

/// Far more than a machine has processors.
const SHARDS: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::*;

    fn channel(name: &str) -> ChannelName {
        format!("logs:etl:w:{name}").parse().expect("a channel")
    }

    /// Publishes the log with this number as its time.
    fn number(timestamp: u64) -> Published {
        Published { delivered: 0, timestamp }
    }

    #[test]
    fn an_id_is_new_once_in_each_channel() {
        let (ids, now) = (RecentIds::default(), Instant::now());
        let once = |name: &str, id: &str, log| {
            let once = ids.once(&channel(name), id, now, || number(log));
            (once.published.timestamp, once.is_new)
        };
        assert_eq!(once("a", "1", 1), (1, true));
        assert_eq!(once("a", "1", 2), (1, false));
        assert_eq!(once("b", "1", 3), (3, true));
        assert_eq!(once("a", "2", 4), (4, true));
        assert_eq!(once("a1", "", 5), (5, true), "no other log has this channel and id");
    }

    #[test]
    fn an_id_is_forgotten_after_its_age() {
        let (ids, start) = (RecentIds::default(), Instant::now());
        let is_new = |at| ids.once(&channel("a"), "1", start + at, || number(1)).is_new;
        assert!(is_new(Duration::ZERO) && !is_new(MAX_AGE));
        assert!(is_new(MAX_AGE + Duration::from_millis(1)));
        assert!(!is_new(Duration::ZERO), "a clock that was read earlier");
    }

    #[test]
    fn threads_that_publish_the_same_ids_store_each_once() {
        let (ids, stored) = (RecentIds::default(), AtomicU64::new(0));
        let publish = || number(stored.fetch_add(1, Ordering::Relaxed));
        let results = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let id = |id: u32| {
                            ids.once(&channel("a"), &id.to_string(), Instant::now(), publish)
                        };
                        (0..2_000).map(|number| id(number).published).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert_eq!(stored.into_inner(), 2_000);
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    }

    proptest! {
        #[test]
        fn the_newest_ids_are_known_and_the_number_is_bounded(
            limit in 1_usize..2_000,
            count in 0_u64..4_000,
        ) {
            let (ids, now) = (RecentIds::new(limit), Instant::now());
            for log in 0..count {
                prop_assert!(ids.once(&channel("a"), &log.to_string(), now, || number(log)).is_new);
            }
            for shard in &ids.shards {
                let shard = shard.lock().expect("no panic");
                prop_assert_eq!(shard.known.len(), shard.order.len());
                prop_assert!(shard.order.len() <= ids.ids_per_shard);
                prop_assert!(shard.order.iter().all(|hash| shard.known.contains_key(hash)));
            }
            if let Some(last) = count.checked_sub(1) {
                prop_assert!(!ids.once(&channel("a"), &last.to_string(), now, || number(0)).is_new);
            }
        }
    }
}
