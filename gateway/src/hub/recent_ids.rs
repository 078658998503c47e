//! The ids of recent logs, so that a publisher may repeat a request whose response was lost. Knows no
//! clock.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use logs_sse_core::channel::ChannelName;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::engine::RecentlyStored;
use crate::engine::receipt::Receipt;
use crate::hub::Published;

/// The newest ids of all channels, within a bounded age and number.
///
/// An id occupies the same memory whatever its length: it is kept as a keyed hash of 128 bits.
#[derive(Debug)]
pub(crate) struct RecentIds {
    /// Several locks, so that publishers rarely wait for each other.
    shards: [Mutex<Shard>; SHARDS],
    /// Random, so that no publisher can choose ids that collide.
    key: [u8; 16],
    ids_per_shard: usize,
}

/// A log that was published once.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    /// The result of publishing it, the first time if it was repeated.
    pub(crate) receipt: Receipt,
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
    receipt: Receipt,
    since: Instant,
}

impl Default for RecentIds {
    fn default() -> Self {
        Self::new(MAX_IDS, random_key())
    }
}

impl RecentIds {
    /// Returns the ids that an engine stored, as of `now`, and `micros` since 1970.
    pub(crate) fn of_engine(stored: RecentlyStored, now: Instant, micros: u64) -> Self {
        let ids = Self::new(MAX_IDS, stored.key.unwrap_or_else(random_key));
        for (hash, published) in stored.ids {
            let age = Duration::from_micros(micros.saturating_sub(published));
            let Some(since) = now.checked_sub(age) else { continue };
            let published = Published { delivered: 0, timestamp: published / 1_000 };
            let known = Known { receipt: Receipt::Done(Ok(published)), since };
            ids.shard(hash).note(hash, known, ids.ids_per_shard);
        }
        ids
    }

    fn new(ids: usize, key: [u8; 16]) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            key,
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
        publish: impl FnOnce(u128) -> Receipt,
    ) -> Once {
        let hash = self.hash_of(channel, id);
        let mut shard = self.shard(hash);
        shard.forget_older_than(MAX_AGE, now);
        // What could not be stored is new when it is repeated.
        let known = shard.known.get(&hash).map(|known| known.receipt.clone());
        if let Some(receipt) = known
            && !matches!(receipt.outcome(), Some(Err(_)))
        {
            return Once { receipt, is_new: false };
        }
        let receipt = publish(hash);
        if !matches!(receipt.outcome(), Some(Err(_))) {
            shard.note(hash, Known { receipt: receipt.clone(), since: now }, self.ids_per_shard);
        }
        Once { receipt, is_new: true }
    }

    /// Replaces the receipt of a log that was stored, which occupies more memory than its result.
    pub(crate) fn settle(&self, channel: &ChannelName, id: &str, published: Published) {
        let hash = self.hash_of(channel, id);
        if let Some(known) = self.shard(hash).known.get_mut(&hash) {
            known.receipt = Receipt::Done(Ok(published));
        }
    }

    fn hash_of(&self, channel: &ChannelName, id: &str) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        (channel, id).hash(&mut hasher);
        hasher.finish128().as_u128()
    }

    fn shard(&self, hash: u128) -> MutexGuard<'_, Shard> {
        let index = usize::try_from(hash >> 96).unwrap_or_default() % SHARDS;
        // A panic of `publish` leaves a shard as it was.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a random key.
fn random_key() -> [u8; 16] {
    let mut key = [0; 16];
    // Without the system's randomness, ids may collide on purpose, but each publisher still has its
    // own channels.
    if getrandom::fill(&mut key).is_err() {
        fastrand::fill(&mut key);
    }
    key
}

impl Shard {
    fn note(&mut self, hash: u128, known: Known, limit: usize) {
        if self.known.insert(hash, known).is_some() {
            return;
        }
        self.order.push_back(hash);
        while self.order.len() > limit {
            self.forget_oldest();
        }
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
    use crate::engine::EngineError;
    use crate::engine::receipt::Promise;

    fn channel(name: &str) -> ChannelName {
        format!("logs:etl:w:{name}").parse().expect("a channel")
    }

    /// Publishes the log with this number as its time.
    fn number(timestamp: u64) -> Receipt {
        Receipt::Done(Ok(Published { delivered: 0, timestamp }))
    }

    fn published(once: &Once) -> u64 {
        once.receipt.outcome().expect("done").expect("stored").timestamp
    }

    #[test]
    fn an_id_is_new_once_in_each_channel() {
        let (ids, now) = (RecentIds::default(), Instant::now());
        let once = |name: &str, id: &str, log| {
            let once = ids.once(&channel(name), id, now, |_| number(log));
            (published(&once), once.is_new)
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
        let is_new = |at| ids.once(&channel("a"), "1", start + at, |_| number(1)).is_new;
        assert!(is_new(Duration::ZERO) && !is_new(MAX_AGE));
        assert!(is_new(MAX_AGE + Duration::from_millis(1)));
        assert!(!is_new(Duration::ZERO), "a clock that was read earlier");
    }

    #[test]
    fn an_id_whose_log_was_not_stored_is_new_again() {
        let (ids, now) = (RecentIds::default(), Instant::now());
        let (promise, pending) = Promise::new();
        let once = |receipt: Receipt| ids.once(&channel("a"), "1", now, |_| receipt).is_new;
        assert!(once(pending));
        assert!(!once(number(1)), "it waits for the first");
        promise.keep(Err(EngineError::Full));
        assert!(once(Receipt::Done(Err(EngineError::Full))) && once(number(2)));
        assert!(!once(number(3)));
    }

    #[test]
    fn ids_that_an_engine_stored_are_known_until_their_age() {
        let (first, now) = (RecentIds::default(), Instant::now());
        let hash = first.hash_of(&channel("a"), "1");
        let known_after = |age: Duration| {
            let micros = 1_000_000 + u64::try_from(age.as_micros()).expect("small");
            let stored = RecentlyStored { key: Some(first.key), ids: vec![(hash, 1_000_000)] };
            let ids = RecentIds::of_engine(stored, now + age, micros);
            !ids.once(&channel("a"), "1", now + age, |_| number(1)).is_new
        };
        assert!(known_after(Duration::ZERO) && known_after(MAX_AGE));
        assert!(!known_after(MAX_AGE + Duration::from_secs(1)));
    }

    #[test]
    fn threads_that_publish_the_same_ids_store_each_once() {
        let (ids, stored) = (RecentIds::default(), AtomicU64::new(0));
        let publish = |_| number(stored.fetch_add(1, Ordering::Relaxed));
        let results = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let id = |id: u32| {
                            ids.once(&channel("a"), &id.to_string(), Instant::now(), publish)
                        };
                        (0..2_000).map(|number| published(&id(number))).collect::<Vec<_>>()
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
            let (ids, now) = (RecentIds::new(limit, [7; 16]), Instant::now());
            for log in 0..count {
                prop_assert!(ids.once(&channel("a"), &log.to_string(), now, |_| number(log)).is_new);
            }
            for shard in &ids.shards {
                let shard = shard.lock().expect("no panic");
                prop_assert_eq!(shard.known.len(), shard.order.len());
                prop_assert!(shard.order.len() <= ids.ids_per_shard);
                prop_assert!(shard.order.iter().all(|hash| shard.known.contains_key(hash)));
            }
            if let Some(last) = count.checked_sub(1) {
                prop_assert!(!ids.once(&channel("a"), &last.to_string(), now, |_| number(0)).is_new);
            }
        }
    }
}
