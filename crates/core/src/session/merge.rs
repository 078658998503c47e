//! The history of several channels: pages of each, merged by the time at which the gateway received
//! their logs. Requests nothing itself.

use crate::notice::Notice;
use crate::session::Session;
use crate::session::earlier::{EarlierRequest, PAGE_LINES, Phase};
use logs_sse_wire::history::History;
use logs_sse_wire::message::Raw;

/// What is known of the lines before the stored ones, channel by channel.
///
/// The next line to show is the newest of those that come last in their channels, which is only
/// known while none of them is still to be requested.
#[derive(Clone, Debug, Default)]
pub(super) struct Merge {
    parts: Vec<Part>,
    /// Whether lines were taken, of which the next are older.
    has_begun: bool,
}

#[derive(Clone, Debug)]
struct Part {
    channel: String,
    /// The lines before this sequence number are still to be requested.
    before: u64,
    /// The sequence number of the oldest log that the gateway holds.
    oldest: u64,
    /// The lines that were received and not shown, oldest first.
    lines: Vec<Raw<'static>>,
}

impl Part {
    fn needs_page(&self) -> bool {
        self.lines.is_empty() && self.oldest < self.before
    }

    fn stamp(&self) -> Option<i64> {
        // A line without a time follows the one after it in its channel.
        self.lines.last().map(|line| line.stamp.unwrap_or(i64::MAX))
    }
}

impl Merge {
    /// Adds a channel, of which the gateway holds the logs from `oldest` on, and of which those from
    /// `before` on are shown.
    pub(super) fn add_channel(&mut self, channel: &str, oldest: u64, before: u64) {
        let channel = channel.to_owned();
        self.parts.push(Part { channel, before, oldest: oldest.min(before), lines: Vec::new() });
    }

    /// Adds the page that [`next_page`](Self::next_page) named.
    pub(super) fn add_page(&mut self, page: &History<'_>) {
        let Some(part) = self.parts.iter_mut().find(|part| part.channel == page.channel) else {
            return;
        };
        part.lines = page.logs.iter().map(owned).collect();
        part.before = page.logs.first().and_then(|log| log.seq).unwrap_or(part.before);
        part.oldest = if page.earlier == 0 || page.logs.is_empty() {
            part.before
        } else {
            page.oldest.min(part.before)
        };
    }

    /// Returns the channel of which a page must be requested first, and before which number.
    pub(super) fn next_page(&self) -> Option<(&str, u64)> {
        let part = self.parts.iter().find(|part| part.needs_page())?;
        Some((&part.channel, part.before))
    }

    /// Takes the newest lines, up to `limit` and as far as their order is known, oldest first.
    pub(super) fn take(&mut self, limit: usize) -> Vec<Raw<'static>> {
        let mut lines = Vec::new();
        while lines.len() < limit && self.next_page().is_none() {
            let newest = self.parts.iter_mut().max_by_key(|part| part.stamp());
            let Some(line) = newest.and_then(|part| part.lines.pop()) else { break };
            lines.push(line);
        }
        lines.reverse();
        lines
    }

    /// Returns how many lines are not shown yet.
    pub(super) fn remaining(&self) -> u64 {
        let of_part = |part: &Part| part.lines.len() as u64 + part.before - part.oldest;
        self.parts.iter().map(of_part).sum()
    }

    /// Returns how many logs the gateway has evicted before the oldest.
    fn evicted(&self) -> u64 {
        self.parts.iter().map(|part| part.oldest.saturating_sub(1)).sum()
    }
}

impl Session {
    /// Returns what to request next for the lines before the stored ones, or shows them if nothing
    /// is left to request.
    pub(super) fn request_merged(&mut self) -> Option<EarlierRequest> {
        let start = self.store.range().start;
        if self.view.earlier.merge_front != Some(start) {
            self.view.earlier.merge = self.new_merge();
            self.view.earlier.merge_front = Some(start);
        }
        if self.view.earlier.merge.remaining() == 0 {
            return None;
        }
        let Some((channel, before)) = self.view.earlier.merge.next_page() else {
            self.add_merged();
            return None;
        };
        let (channel, epoch) = (channel.to_owned(), self.progress.epoch()?.clone());
        let url = self.target.as_ref()?.history_url(&channel, &epoch, before, PAGE_LINES)?;
        self.view.earlier.phase = Phase::Loading;
        self.store.hold(true);
        Some(EarlierRequest { url, epoch, before, channel })
    }

    /// Returns how many lines the gateway held before the stored ones, in all channels.
    pub(super) fn merged_count(&self) -> u64 {
        if self.view.earlier.merge_front == Some(self.store.range().start) {
            self.view.earlier.merge.remaining()
        } else {
            self.new_merge().remaining()
        }
    }

    /// Returns the channels of which earlier lines can be loaded: none if the oldest rows are of
    /// another epoch, or were there before a channel was added.
    fn new_merge(&self) -> Merge {
        let (rows, mut merge) = (self.store.range(), Merge::default());
        if rows.start < self.view.earlier.epoch_from && !rows.is_empty() {
            return merge;
        }
        for (channel, oldest) in &self.view.earlier.held {
            let is_of = |number: &u64| self.store.channel(*number) == channel;
            let first = rows.clone().find(is_of).and_then(|number| self.store.seq(number));
            let before = first.or_else(|| self.progress.position(channel).map(|seq| seq + 1));
            before.into_iter().for_each(|before| merge.add_channel(channel, *oldest, before));
        }
        merge
    }

    fn add_merged(&mut self) {
        let is_first = !std::mem::replace(&mut self.view.earlier.merge.has_begun, true);
        let mut lines = self.view.earlier.merge.take(PAGE_LINES as usize);
        // A tail has as many lines of each channel, and those of a busy one begin later.
        let oldest = self.store.raw_line(self.store.range().start).and_then(|line| line.stamp);
        let newest = lines.last().and_then(|line| line.stamp);
        if is_first && oldest.zip(newest).is_some_and(|(oldest, newest)| oldest < newest) {
            self.store.prepend_notice(Notice::TailStart);
        }
        lines.retain(|line| !self.view.known.has(line));
        self.store.prepend(&lines);
        let is_start = self.view.earlier.merge.remaining() == 0;
        if is_start {
            self.store.prepend_notice(Notice::HistoryStart {
                evicted: self.view.earlier.merge.evicted(),
            });
        }
        let start = self.store.range().start;
        self.view.earlier.epoch_from = start;
        self.view.earlier.merge_front = Some(start);
        self.view.earlier.phase = if is_start { Phase::Ended(start) } else { Phase::Idle };
        self.store.hold(false);
    }
}

fn owned(raw: &Raw<'_>) -> Raw<'static> {
    Raw {
        id: raw.id.clone().into_owned().into(),
        channel: raw.channel.clone().map(|channel| channel.into_owned().into()),
        seq: raw.seq,
        stamp: raw.stamp,
        text: raw.text.clone().into_owned().into(),
        is_error: raw.is_error,
        picks: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["logs:etl:w:a", "logs:etl:w:b", "logs:etl:w:c"];

    fn page<'a>(all: &[Raw<'a>], channel: &str, before: u64, limit: usize) -> History<'a> {
        let held: Vec<_> =
            all.iter().filter(|raw| raw.channel.as_deref() == Some(channel)).cloned().collect();
        let older: Vec<_> = held.into_iter().filter(|raw| raw.seq < Some(before)).collect();
        let earlier = older.len().saturating_sub(limit);
        History {
            channel: channel.to_owned(),
            epoch: "aaaaaa".parse().expect("an epoch"),
            oldest: 1,
            earlier: earlier as u64,
            logs: older[earlier..].to_vec(),
        }
    }

    /// Returns what was merged when all pages were loaded, oldest first.
    fn merged(all: &[Raw<'_>], page_lines: usize, limit: usize) -> Vec<Raw<'static>> {
        let mut merge = Merge::default();
        for name in NAMES {
            let held = all.iter().filter(|raw| raw.channel.as_deref() == Some(name)).count();
            merge.add_channel(name, 1, held as u64 + 1);
        }
        let mut lines = Vec::new();
        let total = merge.remaining();
        while merge.remaining() > 0 {
            while let Some((channel, before)) = merge.next_page() {
                let page = page(all, channel, before, page_lines);
                merge.add_page(&page);
            }
            let mut more = merge.take(limit);
            assert!(!more.is_empty() && more.len() <= limit);
            more.append(&mut lines);
            lines = more;
            assert_eq!(merge.remaining() + lines.len() as u64, total);
        }
        lines
    }

    fn logs(sent: &[(usize, i64)]) -> Vec<Raw<'static>> {
        let mut next = [0; NAMES.len()];
        let log = |(channel, stamp): &(usize, i64)| {
            next[*channel] += 1;
            Raw {
                channel: Some(NAMES[*channel].into()),
                seq: Some(next[*channel]),
                stamp: Some(*stamp),
                ..Raw::bare("m")
            }
        };
        sent.iter().map(log).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pages_are_merged_by_time(
            channels in prop::collection::vec(0..NAMES.len(), 0..60),
            page_lines in 1..12_usize,
            limit in 1..20_usize,
        ) {
            let sent: Vec<_> =
                channels.iter().enumerate().map(|(at, channel)| (*channel, at as i64)).collect();
            let all = logs(&sent);
            prop_assert_eq!(merged(&all, page_lines, limit), all);
        }

        #[test]
        fn each_channel_keeps_its_order_whatever_the_times(
            sent in prop::collection::vec((0..NAMES.len(), 0..9_i64), 0..60),
            page_lines in 1..12_usize,
            limit in 1..20_usize,
        ) {
            let all = logs(&sent);
            let lines = merged(&all, page_lines, limit);
            let of = |lines: &[Raw<'static>], name: &str| -> Vec<_> {
                let lines = lines.iter().filter(|raw| raw.channel.as_deref() == Some(name));
                lines.filter_map(|raw| raw.seq).collect()
            };
            for name in NAMES {
                prop_assert_eq!(of(&lines, name), of(&all, name));
            }
        }
    }
}
