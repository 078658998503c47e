//! The newest logs of one channel, numbered without gaps. Knows no reader, no lock and no clock.

use std::collections::VecDeque;

use crate::hub::bounds::{Bounds, Extent};
use crate::hub::envelope::Envelope;

/// One log in its channel.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    /// Its position among the logs of all channels.
    pub(crate) order: u64,
    pub(crate) envelope: Envelope,
    /// The weight of all earlier logs of the channel, so that one subtraction weighs any range.
    weighed_before: u64,
}

impl Entry {
    /// Returns a log that an engine stored.
    pub(crate) fn stored(seq: u64, order: u64, envelope: Envelope) -> Self {
        Self { seq, order, envelope, weighed_before: 0 }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.envelope.as_bytes().len() + ENTRY_BYTES
    }
}

/// What an engine knows of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) extent: Extent,
    /// The highest number that an operator deleted.
    pub(crate) purged: u64,
    pub(crate) last_order: u64,
    /// In microseconds since 1970.
    pub(crate) last_published: u64,
}

/// The newest logs of a channel before a number, as one response carries them.
#[derive(Debug)]
pub(crate) struct HistoryPage {
    /// The extent of the history.
    pub(crate) held: Extent,
    /// The number of logs held that are older than those of the page; 0 if it has none.
    pub(crate) earlier: u64,
    /// The logs of the page, oldest first.
    pub(crate) logs: Vec<Envelope>,
}

impl HistoryPage {
    pub(crate) fn empty(held: Extent) -> Self {
        Self { held, earlier: 0, logs: Vec::new() }
    }
}

/// A ring of logs. Numbering continues when logs are dropped.
///
/// If an engine stores the logs, the ring holds the newest of them, and the engine older ones.
#[derive(Debug, Default)]
pub(crate) struct History {
    newest: u64,
    /// The number after which this history began.
    start: u64,
    /// The number of the oldest log that the engine stores; `None` if all logs are in the ring.
    stored: Option<u64>,
    /// The highest number that an operator deleted.
    purged: u64,
    last_order: u64,
    /// When the last log was published, in microseconds since 1970.
    last_published: u64,
    weighed: u64,
    entries: VecDeque<Entry>,
}

impl History {
    /// Returns an empty history whose numbering continues after `start`.
    pub(crate) fn after_number(start: u64) -> Self {
        Self { newest: start, start, ..Self::default() }
    }

    /// Returns a history whose logs an engine stores, none of which is in the ring yet.
    pub(crate) fn of_engine(stored: &Stored) -> Self {
        Self {
            stored: Some(stored.extent.oldest),
            purged: stored.purged,
            last_order: stored.last_order,
            last_published: stored.last_published,
            ..Self::after_number(stored.extent.newest)
        }
    }

    /// Adds a log, made from its sequence number, and drops the oldest until `bounds` hold. Returns
    /// the weight of the log.
    ///
    /// The newest log is kept whatever its length; otherwise no reader could receive it.
    pub(crate) fn push(
        &mut self,
        order: u64,
        envelope: impl FnOnce(u64) -> Envelope,
        bounds: Bounds,
    ) -> usize {
        self.newest += 1;
        self.last_order = order;
        self.make_room();
        let entry = Entry {
            seq: self.newest,
            order,
            envelope: envelope(self.newest),
            weighed_before: self.weighed,
        };
        let bytes = entry.bytes();
        self.last_published = entry.envelope.published();
        self.weighed += bytes as u64;
        self.entries.push_back(entry);
        while self.entries.len() > bounds.lines
            || (self.entries.len() > 1 && self.bytes() > bounds.bytes)
        {
            self.entries.pop_front();
        }
        bytes
    }

    /// Drops all logs of the ring and releases their memory.
    pub(crate) fn clear(&mut self) {
        self.entries = VecDeque::new();
    }

    /// Drops the oldest logs of the ring that weigh `bytes` or more together.
    pub(crate) fn drop_bytes(&mut self, bytes: usize) {
        let before = self.bytes();
        while !self.entries.is_empty() && before - self.bytes() < bytes {
            self.entries.pop_front();
        }
    }

    /// Drops the logs that were published before `cutoff`.
    pub(crate) fn expire(&mut self, cutoff: u64) {
        let old = self.entries.partition_point(|entry| entry.envelope.published() < cutoff);
        if old > 0 {
            self.entries.drain(..old);
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }

    /// Deletes all logs, for good.
    pub(crate) fn purge(&mut self) {
        self.clear();
        self.purged = self.newest;
        self.stored = self.stored.map(|_| self.newest + 1);
    }

    /// Records that the engine stores no log before the number `oldest` any more.
    pub(crate) fn trimmed(&mut self, oldest: u64) {
        self.stored = self.stored.map(|stored| stored.max(oldest));
        while self.entries.front().is_some_and(|entry| entry.seq < oldest) {
            self.entries.pop_front();
        }
    }

    /// Returns the extent of what can be read, from the ring or the engine.
    pub(crate) fn extent(&self) -> Extent {
        let in_ring = self.ring_start();
        Extent {
            oldest: self.stored.map_or(in_ring, |stored| stored.min(in_ring)),
            newest: self.newest,
        }
    }

    /// Returns the number of the oldest log in the ring; `newest + 1` if there is none.
    pub(crate) fn ring_start(&self) -> u64 {
        self.entries.front().map_or(self.newest + 1, |entry| entry.seq)
    }

    /// Returns the highest number that an operator deleted; 0 if there is none.
    pub(crate) fn purged(&self) -> u64 {
        self.purged
    }

    /// Returns whether no log was published since this history began.
    pub(crate) fn is_untouched(&self) -> bool {
        self.newest == self.start
    }

    /// Returns whether an engine stores the logs, and knows where numbering continues.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// Returns when the last log was published, in microseconds since 1970; 0 before the first.
    pub(crate) fn last_published(&self) -> u64 {
        self.last_published
    }

    /// Returns the [`Entry::order`] of the last log, dropped or not; 0 before the first.
    pub(crate) fn last_order(&self) -> u64 {
        self.last_order
    }

    pub(crate) fn bytes(&self) -> usize {
        usize::try_from(self.bytes_after(0)).unwrap_or(usize::MAX)
    }

    /// Returns the logs after `position`, up to `order`.
    pub(crate) fn after(&self, position: u64, order: u64) -> impl Iterator<Item = &Entry> {
        let start = self.index_after(position);
        self.entries.range(start..).take_while(move |entry| entry.order <= order)
    }

    /// Returns whether a page before the number `before` may have logs that are not in the ring.
    pub(crate) fn is_beyond_ring(&self, before: u64, page: Bounds) -> bool {
        let (start, oldest) = (self.ring_start(), self.extent().oldest);
        let end = self.index_after(before.saturating_sub(1));
        let has_page = end >= page.lines
            || self
                .entries
                .range(..end)
                .map(|entry| entry.envelope.as_bytes().len())
                .sum::<usize>()
                >= page.bytes;
        oldest < start && oldest < before && !has_page
    }

    /// Returns the newest logs of the ring before the number `before`. Their envelopes fit into `page`, except
    /// that there is at least one if any is held.
    pub(crate) fn page_before(&self, before: u64, page: Bounds) -> HistoryPage {
        let held = self.extent();
        let end = self.index_after(before.saturating_sub(1));
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            bytes += entry.envelope.as_bytes().len();
            bytes <= page.bytes
        };
        let newest_first = self.entries.range(..end).rev();
        let count = newest_first.take(page.lines).take_while(fits).count().max(1).min(end);
        let logs: Vec<_> =
            self.entries.range(end - count..end).map(|entry| entry.envelope.clone()).collect();
        let first = self.ring_start() + (end - count) as u64;
        let earlier = if logs.is_empty() { 0 } else { first - held.oldest };
        HistoryPage { held, earlier, logs }
    }

    /// Returns whether the logs after `position` exceed `bounds`.
    pub(crate) fn exceeds(&self, position: u64, bounds: Bounds) -> bool {
        self.newest - position > bounds.lines as u64
            || self.bytes_after(position) > bounds.bytes as u64
    }

    /// Returns the first of the newest logs that fit into `bounds`, which is the newest of all at
    /// the latest.
    pub(crate) fn first_within(&self, bounds: Bounds) -> u64 {
        let by_lines = self.entries.len().saturating_sub(bounds.lines);
        let by_bytes = self
            .entries
            .partition_point(|entry| self.weighed - entry.weighed_before > bounds.bytes as u64);
        let first = by_lines.max(by_bytes).min(self.entries.len().saturating_sub(1));
        self.entries.get(first).map_or(self.newest + 1, |entry| entry.seq)
    }

    fn bytes_after(&self, position: u64) -> u64 {
        self.entries
            .get(self.index_after(position))
            .map_or(0, |entry| self.weighed - entry.weighed_before)
    }

    /// Grows the ring by a quarter when it is full: many channels hold few logs, so memory that is
    /// reserved for more would add up.
    fn make_room(&mut self) {
        let len = self.entries.len();
        if len == self.entries.capacity() {
            self.entries.reserve_exact(len / 4 + 1);
        }
    }

    fn index_after(&self, position: u64) -> usize {
        let index = (position + 1).saturating_sub(self.ring_start());
        usize::try_from(index).unwrap_or(usize::MAX).min(self.entries.len())
    }
}

/// The weight of an entry besides its envelope: its slot in the ring and the envelope's header, on
/// a 64-bit machine.
pub(crate) const ENTRY_BYTES: usize = 96;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Bounds = Bounds { lines: usize::MAX, bytes: usize::MAX };

    /// A history of `count` logs of 4 bytes each.
    fn history(count: u64, bounds: Bounds) -> History {
        let mut history = History::default();
        for order in 1..=count {
            history.push(order, |_| Envelope::of_test("data"), bounds);
        }
        history
    }

    fn seqs<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<u64> {
        entries.map(|entry| entry.seq).collect()
    }

    #[test]
    fn holds_the_newest_within_both_bounds() {
        assert_eq!(
            history(10, Bounds { lines: 3, bytes: usize::MAX }).extent(),
            Extent { oldest: 8, newest: 10 }
        );
        assert_eq!(
            history(10, Bounds { lines: 9, bytes: 200 }).extent(),
            Extent { oldest: 9, newest: 10 }
        );
        assert_eq!(
            history(10, Bounds { lines: 9, bytes: 1 }).extent(),
            Extent { oldest: 10, newest: 10 }
        );
        assert_eq!(
            history(10, Bounds { lines: 0, bytes: 200 }).extent(),
            Extent { oldest: 11, newest: 10 }
        );
    }

    #[test]
    fn keeps_numbering_when_its_logs_are_dropped() {
        let mut history = history(5, ALL);
        history.clear();
        assert_eq!((history.extent(), history.bytes()), (Extent { oldest: 6, newest: 5 }, 0));
        history.push(9, |seq| Envelope::of_test(&seq.to_string()), ALL);
        assert_eq!(seqs(history.after(0, 9)), [6]);
    }

    #[test]
    fn returns_the_logs_after_a_position() {
        let history = history(10, Bounds { lines: 6, bytes: usize::MAX });
        assert_eq!(seqs(history.after(7, 10)), [8, 9, 10]);
        assert_eq!(seqs(history.after(0, 8)), [5, 6, 7, 8]);
        assert_eq!(seqs(history.after(10, 10)), Vec::<u64>::new());
    }

    proptest! {
        #[test]
        fn a_page_has_the_newest_logs_that_fit_and_at_least_one(
            sizes in prop::collection::vec(1_usize..300, 0..40),
            held in 1_usize..50,
            before in 0_u64..60,
            lines in 1_usize..50,
            bytes in 0_usize..2_000,
        ) {
            let mut history = History::default();
            for (order, size) in sizes.iter().enumerate() {
                let envelope = |seq: u64| Envelope::of_test(&format!("{seq:>size$}"));
                history.push(order as u64 + 1, envelope, Bounds { lines: held, ..ALL });
            }
            let page = history.page_before(before, Bounds { lines, bytes });

            let oldest = sizes.len().saturating_sub(held) as u64 + 1;
            let mut expected = Vec::new();
            let mut weight = 0;
            for seq in (oldest..=sizes.len() as u64).rev().filter(|seq| *seq < before) {
                let size = sizes[usize::try_from(seq - 1).expect("small")];
                let text = format!("{seq:>size$}");
                weight += text.len();
                if !expected.is_empty() && (weight > bytes || expected.len() == lines) {
                    break;
                }
                expected.insert(0, text);
            }
            let first = expected.first().map(|text| text.trim().parse::<u64>().expect("a number"));
            let logs: Vec<_> = page
                .logs
                .iter()
                .map(|log| String::from_utf8_lossy(log.as_bytes()).into_owned())
                .collect();
            prop_assert_eq!(logs, expected);
            prop_assert_eq!(page.earlier, first.map_or(0, |first| first - oldest));
            prop_assert_eq!(page.held, history.extent());
        }
    }

    #[test]
    fn measures_a_lag_by_lines_and_by_bytes() {
        let history = history(10, ALL);
        let by_lines = |lines| Bounds { lines, bytes: usize::MAX };
        let by_bytes = |bytes| Bounds { lines: usize::MAX, bytes };
        assert!(history.exceeds(6, by_lines(3)) && !history.exceeds(7, by_lines(3)));
        assert!(history.exceeds(7, by_bytes(299)) && !history.exceeds(7, by_bytes(300)));
        assert_eq!(
            (
                history.first_within(by_lines(3)),
                history.first_within(by_bytes(300)),
                history.first_within(by_bytes(1))
            ),
            (8, 8, 10)
        );
    }
}
