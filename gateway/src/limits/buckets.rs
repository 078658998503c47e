//! Token buckets by key, by the generic cell rate algorithm: a bucket is the moment at which it will
//! be full again. Knows no clock.
//!
//! The crate `governor` cannot ask several buckets before it takes from any, and bounds no memory.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The buckets of many keys. A key without a bucket has a full one.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    full_at: HashMap<K, Instant>,
    /// The number of buckets at which full ones are dropped.
    clean_at: usize,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { full_at: HashMap::new(), clean_at: FEW }
    }
}

impl<K: Hash + Eq> Buckets<K> {
    /// Returns how long `key` must wait until `cost`, the time in which it refills, may be taken from
    /// its bucket; `None` if it may be taken now.
    ///
    /// A cost above `capacity` needs a full bucket, and delays the next one accordingly.
    pub(crate) fn wait<Q>(
        &self,
        key: &Q,
        now: Instant,
        cost: Duration,
        capacity: Duration,
    ) -> Option<Duration>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let missing = self.full_at.get(key)?.saturating_duration_since(now);
        let spare = capacity.saturating_sub(cost);
        missing.checked_sub(spare).filter(|wait| !wait.is_zero())
    }

    /// Takes `cost` from the bucket of `key`.
    pub(crate) fn take<Q>(&mut self, key: &Q, now: Instant, cost: Duration)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.full_at.get_mut(key) {
            Some(full_at) => *full_at = (*full_at).max(now) + cost,
            None => {
                self.make_room(now);
                self.full_at.insert(key.to_owned(), now + cost);
            }
        }
    }

    /// Drops full buckets once there are many; and of too many, the half that is fullest.
    fn make_room(&mut self, now: Instant) {
        if self.full_at.len() < self.clean_at {
            return;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MOST {
            let mut all: Vec<_> = self.full_at.values().copied().collect();
            let (_, median, _) = all.select_nth_unstable(MOST / 2);
            let median = *median;
            self.full_at.retain(|_, full_at| *full_at > median);
        }
        self.clean_at = (2 * self.full_at.len()).clamp(FEW, MOST);
        self.full_at.shrink_to(self.clean_at);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.full_at.len()
    }
}

/// Returns the time in which a bucket refills by `amount` at a rate of `per_second`, which is not 0.
pub(crate) fn cost(amount: usize, per_second: usize) -> Duration {
    let nanos = (amount as u128 * 1_000_000_000).div_ceil(per_second.max(1) as u128);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(LONGEST)
}

const FEW: usize = 64;

/// The most buckets: about 10 MB with long names.
const MOST: usize = 65_536;

/// Longer than any wait that makes sense, and short enough to be added to a moment.
const LONGEST: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let (mut buckets, start) = (Buckets::<u32>::default(), Instant::now());
        let each = cost(1, 10);
        let mut passed = 0;
        for millis in 0..10_000 {
            let now = start + Duration::from_millis(millis);
            if buckets.wait(&1, now, each, SECOND).is_none() {
                buckets.take(&1, now, each);
                passed += 1;
            }
        }
        // Ten at once, and one for each tenth of a second after that.
        assert_eq!(passed, 10 + 99);
        assert!(buckets.wait(&2, start, each, SECOND).is_none(), "another key");
    }

    #[test]
    fn what_waits_as_long_as_it_was_asked_to_passes() {
        let (mut buckets, start) = (Buckets::<u32>::default(), Instant::now());
        buckets.take(&1, start, SECOND);
        let wait = buckets.wait(&1, start, SECOND / 4, SECOND).expect("it is empty");
        assert_eq!(wait, SECOND / 4);
        assert!(buckets.wait(&1, start + wait, SECOND / 4, SECOND).is_none());
        assert!(buckets.wait(&1, start + wait - SECOND / 1_000, SECOND / 4, SECOND).is_some());
    }

    #[test]
    fn what_exceeds_the_bucket_passes_when_it_is_full_and_delays_the_next() {
        let (mut buckets, start) = (Buckets::<u32>::default(), Instant::now());
        assert!(buckets.wait(&1, start, 5 * SECOND, SECOND).is_none());
        buckets.take(&1, start, 5 * SECOND);
        assert_eq!(buckets.wait(&1, start, 5 * SECOND, SECOND), Some(5 * SECOND));
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let (mut buckets, start) = (Buckets::<u32>::default(), Instant::now());
        for key in 0..200_000 {
            buckets.take(&key, start, SECOND + Duration::from_nanos(u64::from(key)));
            assert!(buckets.len() <= MOST);
        }
        for key in 0..1_000 {
            buckets.take(&(key + 1_000_000), start + 3 * SECOND, SECOND);
        }
        buckets.clean_at = 0;
        buckets.take(&1, start + 10 * SECOND, SECOND);
        assert_eq!(buckets.len(), 1, "full ones are dropped");
    }

    proptest! {
        #[test]
        fn never_passes_more_than_burst_and_rate(
            steps in prop::collection::vec((0_u64..300, 1_usize..20), 1..100)
        ) {
            let (mut buckets, start) = (Buckets::<u32>::default(), Instant::now());
            let (mut millis, mut passed, rate) = (0, 0, 50);
            for (pause, amount) in steps {
                millis += pause;
                let (now, cost) = (start + Duration::from_millis(millis), cost(amount, rate));
                if buckets.wait(&0, now, cost, SECOND).is_none() {
                    buckets.take(&0, now, cost);
                    passed += amount;
                }
            }
            prop_assert!(passed as u64 <= rate as u64 + rate as u64 * millis / 1_000);
        }
    }
}
