//! A stream that begins with the newest logs has neither a hole nor an overlap where it becomes live.

use std::collections::BTreeMap;

use logs_sse_wire::sse::Parser;
use proptest::prelude::*;
use serde_json::Value;

use super::tests::{hub, name, publish};
use super::*;
use crate::hub::config::Config;
use crate::reader::resume::Resume;

/// Limits that no test reaches, so that no gap is due.
const ROOMY: Config = Config {
    history_disk_bytes: u64::MAX,
    history_workspace_bytes: None,
    history_age: None,
    history_idle: None,
    max_channels: usize::MAX,
    history: Bounds { lines: 100_000, bytes: usize::MAX },
    history_total_bytes: usize::MAX >> 1,
    reader: Bounds { lines: 100_000, bytes: usize::MAX >> 1 },
    slow: SlowReader::Gap,
    slow_patience: crate::hub::config::SLOW_PATIENCE,
};

fn open(hub: &Arc<Hub>, channels: &[String], tail: u64, framing: Framing) -> Reader {
    let requested: Vec<_> = channels
        .iter()
        .map(|channel| RequestedChannel { channel: name(channel), is_granted: true })
        .collect();
    let beginning = Beginning { resume: Resume::Live, tail };
    Reader::open(hub, &requested, &beginning, framing, ConnectionInfo::new("u"))
}

/// Appends the numbers of each channel's logs in `page`, in the order of arrival.
fn note(page: &[u8], seqs: &mut BTreeMap<String, Vec<u64>>) {
    for event in Parser::default().feed(page) {
        let data: Value = serde_json::from_str(&event.data).expect("JSON");
        let logs = match &*event.event {
            "message" => vec![data],
            "batch" => data.as_array().expect("an array").clone(),
            other => panic!("unexpected {other}: {data}"),
        };
        for log in logs {
            let channel = log["channel"].as_str().expect("a channel").to_owned();
            seqs.entry(channel).or_default().push(log["seq"].as_u64().expect("a number"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sends_the_newest_logs_and_all_later_ones_once_while_services_publish(
        before in prop::collection::vec(0_usize..400, 1..4),
        during in 1_usize..400,
        tail in 0_u64..500,
        is_batched in any::<bool>(),
    ) {
        let hub = hub(ROOMY);
        let channels: Vec<_> = (0..before.len()).map(|number| format!("c{number}")).collect();
        let framing = if is_batched { Framing::Batches } else { Framing::Single };
        channels.iter().zip(&before).for_each(|(channel, count)| publish(&hub, channel, *count));
        let mut seqs = BTreeMap::new();
        let starts = std::thread::scope(|scope| {
            for channel in &channels {
                scope.spawn(|| publish(&hub, channel, during));
            }
            let mut reader = open(&hub, &channels, tail, framing);
            let starts: Vec<_> = reader
                .granted()
                .map(|(name, extent, start)| (name.to_string(), extent.newest, start))
                .collect();
            let total: u64 = before.iter().map(|count| (count + during) as u64).sum();
            while reader.positions().map(|(_, position)| position).sum::<u64>() < total {
                match reader.fetch(Instant::now()) {
                    Some(Next::Page(page)) => note(&page, &mut seqs),
                    Some(Next::TooSlow) => panic!("cut off"),
                    None => std::thread::yield_now(),
                }
            }
            starts
        });
        for ((name, newest, start), count) in starts.iter().zip(&before) {
            prop_assert_eq!(*start, newest.saturating_sub(tail), "{}", name);
            let expected: Vec<_> = (start + 1..=(count + during) as u64).collect();
            prop_assert_eq!(seqs.remove(name).unwrap_or_default(), expected, "{}", name);
        }
    }

    #[test]
    fn begins_with_no_more_than_what_is_held(
        held in 1_usize..20,
        published in 0_usize..60,
        tail in 0_u64..60,
    ) {
        let history = Bounds { lines: held, bytes: usize::MAX };
        let hub = hub(Config { history, ..ROOMY });
        publish(&hub, "c0", published);
        let mut reader = open(&hub, &["c0".into()], tail, Framing::Single);
        let mut seqs = BTreeMap::new();
        while let Some(Next::Page(page)) = reader.fetch(Instant::now()) {
            note(&page, &mut seqs);
        }
        let (published, held) = (published as u64, held as u64);
        let expected: Vec<_> = (published.saturating_sub(tail.min(held)) + 1..=published).collect();
        prop_assert_eq!(seqs.into_values().next().unwrap_or_default(), expected);
    }
}

#[test]
fn reports_what_leaves_the_history_before_the_reader_fetches_it() {
    let history = Bounds { lines: 10, bytes: usize::MAX };
    let hub = hub(Config { history, ..ROOMY });
    publish(&hub, "c0", 10);
    let mut reader = open(&hub, &["c0".into()], 10, Framing::Single);
    publish(&hub, "c0", 4);
    let Some(Next::Page(page)) = reader.fetch(Instant::now()) else { panic!("nothing to fetch") };
    let events = Parser::default().feed(&page);
    let gap: Value = serde_json::from_str(&events[0].data).expect("JSON");
    assert_eq!(
        (&gap["from"], &gap["to"], &gap["reason"]),
        (&1.into(), &4.into(), &"evicted".into())
    );
    assert_eq!(events.len(), 11);
}
