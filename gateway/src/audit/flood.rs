//! Merges equal refusals of one client, so that a flood of them cannot fill the disk. Knows no
//! clock.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::audit::record::Record;
use crate::limits::subnet::Subnet;

/// The refusals of the last moments, by what they have in common.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    /// Those that are equal.
    equal: Kinds,
    /// Those of one client and reader that differ in what was requested, once there are too many
    /// kinds of equal ones.
    similar: Kinds,
}

type Kinds = HashMap<Record<'static>, Flood>;

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
        let counted = count(&mut self.equal, &record, now);
        // Of clients and readers beyond all bounds, each refusal is written.
        let counted = counted.or_else(|| count(&mut self.similar, &without_subject(&record), now));
        if counted != Some(Counted::Again) {
            due.push(record);
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
        let kinds = [&mut self.equal, &mut self.similar];
        let ended = kinds.into_iter().flat_map(|kinds| kinds.extract_if(|_, flood| is_due(flood)));
        let counted = ended.filter(|(_, flood)| flood.waiting > 0);
        counted.map(|(record, flood)| Record { count: Some(flood.waiting), ..record }).collect()
    }
}

/// How a refusal was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    First,
    Again,
}

/// Counts a refusal, unless it is of a new kind and there are too many.
fn count(kinds: &mut Kinds, record: &Record<'static>, now: Instant) -> Option<Counted> {
    if let Some(flood) = kinds.get_mut(record) {
        flood.waiting += 1;
        return Some(Counted::Again);
    }
    if kinds.len() >= MAX_KINDS {
        return None;
    }
    kinds.insert(record.clone(), Flood { waiting: 0, until: now + SPAN });
    Some(Counted::First)
}

/// Returns what a client cannot vary at will: a reader may name any channel, and has 2⁶⁴ addresses.
fn without_subject(record: &Record<'static>) -> Record<'static> {
    let network = |address| Subnet::from(address).address();
    Record {
        event: record.event,
        user: record.user.clone(),
        token: record.token.clone(),
        client: record.client.map(network),
        peer: record.peer.map(network),
        method: record.method,
        route: record.route,
        status: record.status,
        reason: record.reason,
        ..Record::default()
    }
}

/// How long equal refusals are counted before they are written.
const SPAN: Duration = Duration::from_secs(10);

/// The limit of kinds of each sort that are remembered at a time, about 200 kB.
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
        let kinds = (floods.equal.len(), floods.similar.len());
        assert_eq!((written, kinds), (5_000, (MAX_KINDS, MAX_KINDS)));
    }

    #[test]
    fn a_client_that_varies_channels_and_addresses_is_counted_all_the_same() {
        let (mut floods, start) = (Floods::default(), Instant::now());
        let of = |number: u32| {
            let address = std::net::Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(number));
            let channels = vec![format!("logs:etl:w:{number}")];
            Record {
                user: Some("eve".into()),
                client: Some(address.into()),
                peer: Some(address.into()),
                refused: channels.into(),
                ..Record::of("refused")
            }
        };
        let written: usize = (0..5_000).map(|number| floods.add(of(number), start).len()).sum();
        assert_eq!(written, MAX_KINDS + 1);
        let rest = floods.finish();
        let [line] = &rest[..] else { panic!("{rest:?}") };
        assert_eq!(line.count, Some(5_000 - MAX_KINDS as u64 - 1));
        assert_eq!((&line.user, &*line.refused), (&Some("eve".into()), &[][..]));
        assert_eq!(line.client, "2001:db8::".parse().ok());
    }
}
