//! Merges several channels into one page, in the order of publishing. Copies only the logs of the
//! page, whatever the number of channels.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::hub::bounds::{Bounds, Extent};
use crate::hub::channel::Channel;
use crate::hub::cold::ColdPage;
use crate::hub::history::Entry;

/// A log of the page.
#[derive(Debug)]
pub(crate) struct Found {
    /// The index of its channel.
    pub(crate) index: usize,
    pub(crate) entry: Entry,
    /// Whether it was the newest of its channel.
    pub(crate) is_last: bool,
}

/// Merges the logs of several channels up to one moment.
#[derive(Debug)]
pub(crate) struct Merge<'a> {
    /// The channels with a next log, the earliest on top.
    heads: BinaryHeap<Reverse<Head<'a>>>,
    /// Later logs are ignored: another channel may have received an earlier one since.
    until: u64,
}

#[derive(Debug)]
struct Head<'a> {
    order: u64,
    index: usize,
    channel: &'a Channel,
    /// Logs that are older than the ring of the channel.
    cold: Option<&'a ColdPage>,
    position: u64,
}

/// The result of a merge.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) logs: Vec<Found>,
    pub(crate) weight: Bounds,
    /// Whether a history dropped the next logs meanwhile, or the engine has them.
    pub(crate) is_cut_short: bool,
}

impl<'a> Merge<'a> {
    pub(crate) fn new(until: u64) -> Self {
        Self { heads: BinaryHeap::new(), until }
    }

    /// Adds the channel at `index`, whose log after `position` has this `order`.
    pub(crate) fn add(
        &mut self,
        index: usize,
        (channel, cold): (&'a Channel, Option<&'a ColdPage>),
        position: u64,
        order: u64,
    ) {
        self.heads.push(Reverse(Head { order, index, channel, cold, position }));
    }

    /// Returns the earliest logs, until they fill `page`.
    pub(crate) fn fill(mut self, page: Bounds) -> Page {
        let mut filled = Page::default();
        loop {
            // Until another channel's log is earlier. The top of a heap is followed by its children.
            let others = self.heads.as_slice().iter().skip(1).take(2);
            let other = others.map(|Reverse(other)| other.order).min();
            let until = other.map_or(self.until, |order| order - 1);
            let Some(mut top) = self.heads.peek_mut() else { break };
            let next = top.0.take_run(until, self.until, page, &mut filled);
            match next {
                Some(order) => top.0.order = order,
                None => drop(PeekMut::pop(top)),
            }
            if filled.is_cut_short || filled.is_full(page) {
                break;
            }
        }
        filled
    }
}

impl Page {
    fn is_full(&self, page: Bounds) -> bool {
        self.weight.lines >= page.lines || self.weight.bytes >= page.bytes
    }
}

impl Head<'_> {
    /// Appends the logs up to `until` that fit into `page`. Returns the order of the next log, if
    /// it is not after `end`.
    fn take_run(&mut self, until: u64, end: u64, page: Bounds, filled: &mut Page) -> Option<u64> {
        let history = self.channel.history();
        let extent = history.extent();
        if self.position + 1 < extent.oldest {
            filled.is_cut_short = true;
            return None;
        }
        while self.position + 1 < history.ring_start() {
            let Some(entry) = self.cold.and_then(|cold| cold.log(self.position + 1)) else {
                filled.is_cut_short = true;
                return None;
            };
            if entry.order > until || filled.is_full(page) {
                return Some(entry.order).filter(|order| *order <= end);
            }
            self.take(entry, extent, filled);
        }
        for entry in history.after(self.position, end) {
            if entry.order > until || filled.is_full(page) {
                return Some(entry.order);
            }
            self.take(entry, extent, filled);
        }
        None
    }

    fn take(&mut self, entry: &Entry, extent: Extent, filled: &mut Page) {
        self.position = entry.seq;
        filled.weight.lines += 1;
        filled.weight.bytes += entry.bytes();
        filled.logs.push(Found {
            index: self.index,
            entry: entry.clone(),
            is_last: entry.seq == extent.newest,
        });
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    /// No two logs of a gateway have the same order.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hub::config::Keep;
    use crate::hub::envelope::Envelope;

    const KEEP: Keep = Keep::History(Bounds { lines: usize::MAX, bytes: usize::MAX });

    /// Channels on which logs of these sizes were published one after the other, each on the
    /// channel of this index.
    fn published(logs: &[(usize, usize)], channels: usize) -> Vec<Channel> {
        let channels: Vec<_> =
            (0..channels).map(|index| Channel::of_test(&format!("logs:etl:a:{index}"))).collect();
        for (order, (index, size)) in logs.iter().enumerate() {
            channels[*index].publish(
                || order as u64 + 1,
                |_| Envelope::of_test(&"x".repeat(*size)),
                KEEP,
            );
        }
        channels
    }

    /// Adds a channel as a reader does that looked at it.
    fn add<'a>(merge: &mut Merge<'a>, index: usize, channel: &'a Channel, position: u64) {
        let next = channel.history().after(position, merge.until).next().map(|entry| entry.order);
        next.into_iter().for_each(|order| merge.add(index, (channel, None), position, order));
    }

    fn orders(page: &Page) -> Vec<u64> {
        page.logs.iter().map(|found| found.entry.order).collect()
    }

    proptest! {
        #[test]
        fn a_page_holds_the_earliest_logs_that_fit(
            logs in prop::collection::vec((0_usize..5, 0_usize..200), 0..80),
            read in prop::collection::vec(0_usize..10, 5),
            lines in 1_usize..30,
            bytes in 1_usize..4_000,
            later in 0_usize..20,
        ) {
            let channels = published(&logs, 5);
            let until = logs.len().saturating_sub(later) as u64;
            let mut merge = Merge::new(until);
            for (index, channel) in channels.iter().enumerate() {
                add(&mut merge, index, channel, read[index] as u64);
            }
            let page = merge.fill(Bounds { lines, bytes });

            let mut seqs = [0; 5];
            let mut expected = Vec::new();
            let mut weight = 0;
            for (order, (index, size)) in (1..=until).zip(&logs) {
                seqs[*index] += 1;
                if seqs[*index] > read[*index] && expected.len() < lines && weight < bytes {
                    expected.push(order);
                    weight += size + crate::hub::history::ENTRY_BYTES;
                }
            }
            prop_assert_eq!(orders(&page), expected);
            prop_assert_eq!((page.weight.lines, page.weight.bytes, page.is_cut_short), (page.logs.len(), weight, false));
        }
    }

    #[test]
    fn a_page_ends_where_a_history_dropped_the_next_log() {
        let channels = published(&[(0, 1), (1, 1), (0, 1), (1, 1)], 2);
        let mut merge = Merge::new(4);
        (0..2).for_each(|index| add(&mut merge, index, &channels[index], 0));
        channels[1].drop_lines();
        let page = merge.fill(Bounds { lines: 9, bytes: 999 });
        assert_eq!((orders(&page), page.is_cut_short), (vec![1], true));
    }
}
