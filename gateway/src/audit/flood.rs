//! Merges equal refusals of one client, so that a flood of them cannot fill the disk. Knows no
//! clock.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::audit::record::Record;

/// The refusals of the last moments, by what they have in common.
#[derive(Debug, Default)]
pub(crate) struct Floods(HashMap<Record<'static>, Flood>);

#[derive(Debug)]
struct Flood {
    /// How many were not written yet.
    waiting: u64,
    until: Instant,
}

impl Floods {
    /// Adds a refusal, and returns the lines that are due: the first of its kind at once, and the
    /// number of the others after [`SPAN`].
    pub(crate) fn add(&mut self, record: Record<'static>, now: Instant) -> Vec<Record<'static>> {
        let mut due = self.due(now);
        let is_full = self.0.len() >= MAX_KINDS;
        match self.0.get_mut(&record) {
            Some(flood) => flood.waiting += 1,
            // Each of these kinds was written once already; the rest of them are not merged.
            None if is_full => due.push(record),
            None => {
                self.0.insert(record.clone(), Flood { waiting: 0, until: now + SPAN });
                due.push(record);
            }
        }
        due
    }

    /// Returns the lines whose time has come at `now`.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Record<'static>> {
        self.take(|flood| flood.until <= now)
    }

    /// Returns all lines that wait.
    pub(crate) fn finish(&mut self) -> Vec<Record<'static>> {
        self.take(|_| true)
    }

    fn take(&mut self, is_due: impl Fn(&Flood) -> bool) -> Vec<Record<'static>> {
        let ended = self.0.extract_if(|_, flood| is_due(flood));
        let counted = ended.filter(|(_, flood)| flood.waiting > 0);
        counted.map(|(record, flood)| Record { count: Some(flood.waiting), ..record }).collect()
    }
}

/// How long equal refusals are counted before they are written.
const SPAN: Duration = Duration::from_secs(10);

/// The limit of kinds that are remembered at a time, about 200 kB.
const MAX_KINDS: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(client: u32) -> Record<'static> {
        let client = Some(std::net::Ipv4Addr::from_bits(client).into());
        Record { client, status: Some(403), ..Record::of("publish_refused") }
    }

    #[test]
    fn the_first_is_written_at_once_and_the_others_are_counted() {
        let (mut floods, start) = (Floods::default(), Instant::now());
        assert_eq!(floods.add(of(1), start), [of(1)]);
        for _ in 0..9 {
            assert_eq!(floods.add(of(1), start), []);
        }
        assert_eq!(floods.add(of(2), start), [of(2)]);
        assert_eq!(floods.due(start + SPAN / 2), []);
        assert_eq!(floods.due(start + SPAN), [Record { count: Some(9), ..of(1) }]);
        assert_eq!(floods.add(of(1), start + SPAN), [of(1)], "a new span begins");
        floods.add(of(1), start + SPAN);
        assert_eq!(floods.finish(), [Record { count: Some(1), ..of(1) }]);
    }

    #[test]
    fn many_clients_need_bounded_memory_and_lose_no_line() {
        let (mut floods, start) = (Floods::default(), Instant::now());
        let written: usize = (0..5_000).map(|client| floods.add(of(client), start).len()).sum();
        assert_eq!((written, floods.0.len()), (5_000, MAX_KINDS));
    }
}
