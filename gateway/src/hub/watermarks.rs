//! Where the numbering of evicted channels continues, in bounded memory. Knows no lock.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use logs_sse_core::channel::ChannelName;

/// The highest sequence numbers of channels that were evicted from memory.
///
/// A channel that comes back continues its own numbers. Beyond a bound, the lowest are forgotten,
/// and every unknown channel begins above all of those, so that no number is assigned twice in an
/// epoch. The readers of such a channel receive a gap that is longer than what they missed.
#[derive(Debug)]
pub(crate) struct Watermarks {
    /// By a keyed hash. Two channels with the same hash would share the higher number.
    newest: HashMap<u64, u64>,
    keys: RandomState,
    /// The highest number that was forgotten.
    floor: u64,
    limit: usize,
}

impl Default for Watermarks {
    fn default() -> Self {
        Self::new(MAX_CHANNELS)
    }
}

impl Watermarks {
    fn new(limit: usize) -> Self {
        Self { newest: HashMap::new(), keys: RandomState::new(), floor: 0, limit }
    }

    /// Notes the highest number of a channel that is evicted.
    pub(crate) fn remember(&mut self, channel: &ChannelName, newest: u64) {
        if newest <= self.floor {
            return;
        }
        let known = self.newest.entry(self.keys.hash_one(channel)).or_default();
        *known = newest.max(*known);
        if self.newest.len() > self.limit {
            self.forget_half();
        }
    }

    /// Returns the number after which an unknown channel begins.
    pub(crate) fn start_of(&self, channel: &ChannelName) -> u64 {
        let known = self.newest.get(&self.keys.hash_one(channel));
        known.copied().unwrap_or_default().max(self.floor)
    }

    /// Returns the bytes that it occupies.
    pub(crate) fn bytes(&self) -> usize {
        // A slot has a byte of control, and at most 7 of 8 slots are used.
        self.newest.capacity() * 8 / 7 * 17
    }

    /// Forgets the lower half: their numbers are closest together, so a channel that comes back
    /// skips few.
    fn forget_half(&mut self) {
        let mut all: Vec<_> = self.newest.values().copied().collect();
        let middle = all.len() / 2;
        let (_, median, _) = all.select_nth_unstable(middle);
        self.floor = self.floor.max(*median);
        let floor = self.floor;
        self.newest.retain(|_, newest| *newest > floor);
    }
}

/// Numbers of this many channels occupy less than 10 MB.
const MAX_CHANNELS: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn channel(number: usize) -> ChannelName {
        format!("logs:etl:w:{number}").parse().expect("a channel")
    }

    #[test]
    fn a_channel_continues_its_own_numbers() {
        let mut watermarks = Watermarks::default();
        watermarks.remember(&channel(1), 5);
        watermarks.remember(&channel(2), 900);
        assert_eq!([1, 2, 3].map(|number| watermarks.start_of(&channel(number))), [5, 900, 0]);
    }

    proptest! {
        #[test]
        fn no_channel_begins_below_a_number_it_had(
            evicted in prop::collection::vec((0_usize..200, 1_u64..1_000), 0..400),
            limit in 1_usize..50,
        ) {
            let mut watermarks = Watermarks::new(limit);
            for (number, newest) in &evicted {
                watermarks.remember(&channel(*number), *newest);
                prop_assert!(watermarks.newest.len() <= limit);
            }
            for (number, newest) in evicted {
                prop_assert!(watermarks.start_of(&channel(number)) >= newest);
            }
        }
    }
}
