//! What a reader fetches, page by page, without a socket.

use logs_sse_wire::sse::{Event, Parser};
use serde_json::value::RawValue;

use super::*;
use crate::hub::config::Config;
use crate::reader::resume::Resume;

pub(super) fn hub(config: Config) -> Arc<Hub> {
    Arc::new(Hub::new(config))
}

pub(super) fn name(name: &str) -> ChannelName {
    format!("logs:etl:w:{name}").parse().expect("a channel")
}

pub(super) fn publish(hub: &Hub, channel: &str, count: usize) {
    let entry = RawValue::from_string("{}".into()).expect("JSON");
    for _ in 0..count {
        hub.publish(&name(channel), &entry);
    }
}

fn open(hub: &Arc<Hub>, channels: &[&str], cursor: &str) -> Reader {
    open_as(Framing::Single, hub, channels, cursor)
}

pub(super) fn open_as(framing: Framing, hub: &Arc<Hub>, channels: &[&str], cursor: &str) -> Reader {
    let requested: Vec<_> = channels
        .iter()
        .map(|channel| RequestedChannel { channel: name(channel), is_granted: true })
        .collect();
    Reader::open(
        hub,
        &requested,
        &Resume::parse(None, Some(cursor)).into(),
        framing,
        ConnectionInfo::new("u"),
    )
}

fn frames(reader: &mut Reader) -> Vec<Event> {
    match reader.fetch(Instant::now()) {
        Some(Next::Page(page)) => Parser::default().feed(&page),
        Some(Next::TooSlow) => panic!("cut off"),
        None => Vec::new(),
    }
}

/// Each event in short: `3` for a log, `gap 1 2 slow` for a gap.
fn next_events(reader: &mut Reader) -> Vec<String> {
    let short = |frame: Event| {
        let data: serde_json::Value = serde_json::from_str(&frame.data).expect("JSON");
        match &*frame.event {
            "gap" => format!(
                "gap {} {} {}",
                data["from"],
                data["to"],
                data["reason"].as_str().unwrap_or_default()
            ),
            _ => data["seq"].to_string(),
        }
    };
    frames(reader).into_iter().map(short).collect()
}

/// Returns all events until there are none.
fn remaining_events(reader: &mut Reader) -> Vec<String> {
    std::iter::repeat_with(|| next_events(reader))
        .take_while(|events| !events.is_empty())
        .flatten()
        .collect()
}

fn numbers(range: std::ops::RangeInclusive<u64>) -> Vec<String> {
    range.map(|seq| seq.to_string()).collect()
}

pub(super) const SMALL: Config = Config {
    history: Bounds { lines: 1_000, bytes: usize::MAX },
    history_total_bytes: usize::MAX >> 1,
    history_disk_bytes: u64::MAX,
    history_workspace_bytes: None,
    history_age: None,
    history_idle: None,
    max_channels: usize::MAX,
    reader: Bounds { lines: 100, bytes: usize::MAX },
    slow: SlowReader::Gap,
    slow_patience: crate::hub::config::SLOW_PATIENCE,
};

#[test]
fn a_replay_longer_than_a_reader_may_be_behind_is_given_in_pages() {
    let hub = hub(SMALL);
    publish(&hub, "a", 900);
    let mut reader = open(&hub, &["a"], &format!("1.{}.0", hub.epoch()));
    assert_eq!(next_events(&mut reader), numbers(1..=256));
    // Published meanwhile: part of the replay, so the reader is not slow.
    publish(&hub, "a", 90);
    assert_eq!(remaining_events(&mut reader), numbers(257..=990));
}

#[test]
fn reports_exactly_what_the_history_dropped_during_a_replay() {
    let hub = hub(SMALL);
    publish(&hub, "a", 1_200);
    let mut reader = open(&hub, &["a"], &format!("1.{}.5k", hub.epoch()));
    assert_eq!(next_events(&mut reader), numbers(201..=456));
    publish(&hub, "a", 300);
    let events = remaining_events(&mut reader);
    assert_eq!((&*events[0], &events[1..]), ("gap 457 500 evicted", &numbers(501..=1_500)[..]));
}

#[test]
fn a_slow_reader_skips_to_the_newest_logs_that_fit() {
    let hub = hub(SMALL);
    let mut reader = open(&hub, &["a"], "");
    publish(&hub, "a", 100);
    assert_eq!(next_events(&mut reader), numbers(1..=100), "as far behind as it may be");
    publish(&hub, "a", 101);
    let events = remaining_events(&mut reader);
    assert_eq!((&*events[0], &events[1..]), ("gap 101 101 slow", &numbers(102..=201)[..]));
    assert_eq!((hub.stats().logs_delivered, hub.stats().logs_skipped), (200, 1));
}

#[test]
fn a_slow_reader_is_judged_by_bytes_too() {
    let hub = hub(Config { reader: Bounds { lines: 100, bytes: 1_000 }, ..SMALL });
    let mut reader = open(&hub, &["a"], "");
    publish(&hub, "a", 50);
    let events = remaining_events(&mut reader);
    // Each weighs between 100 and 200 bytes.
    assert!(
        events[0].starts_with("gap 1 4")
            && events[0].ends_with("slow")
            && events.last().is_some_and(|last| last == "50"),
        "{events:?}"
    );
}

#[test]
fn a_live_reader_overtaken_by_the_history_is_slow() {
    let hub = hub(Config { history: Bounds { lines: 10, bytes: usize::MAX }, ..SMALL });
    let mut reader = open(&hub, &["a"], "");
    publish(&hub, "a", 15);
    assert_eq!(remaining_events(&mut reader)[..2], ["gap 1 5 slow", "6"]);
}

#[test]
fn a_slow_reader_may_be_cut_off_instead() {
    let hub = hub(Config { slow: SlowReader::Cut, ..SMALL });
    let mut reader = open(&hub, &["a"], "");
    publish(&hub, "a", 101);
    assert_eq!(
        (reader.fetch(Instant::now()), hub.stats().readers_cut_off),
        (Some(Next::TooSlow), 1)
    );
}

#[test]
fn channels_merge_in_the_order_of_publishing_over_any_number_of_pages() {
    let hub = hub(Config {
        reader: Bounds { lines: 5_000, bytes: usize::MAX },
        history: Bounds { lines: 5_000, bytes: usize::MAX },
        ..SMALL
    });
    let mut reader = open(&hub, &["a", "b", "c"], "");
    let expected: Vec<_> = (0..2_000_u32)
        .map(|number| ["a", "b", "c"][(number.wrapping_mul(2_654_435_761) >> 7) as usize % 3])
        .collect();
    // Very different lengths, so that pages end by bytes as well as by lines.
    for (number, channel) in expected.iter().enumerate() {
        let entry = RawValue::from_string(format!(
            "\"{}\"",
            "x".repeat(if *channel == "c" { 5_000 } else { number % 7 })
        ))
        .expect("JSON");
        hub.publish(&name(channel), &entry);
    }
    let frames: Vec<_> = std::iter::repeat_with(|| frames(&mut reader))
        .take_while(|frames| !frames.is_empty())
        .flatten()
        .collect();
    let got: Vec<_> = frames
        .iter()
        .map(|frame| frame.data.split(['"', ':']).nth(7).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(got, expected);
    let counts = ["a", "b", "c"]
        .map(|wanted| Some(expected.iter().filter(|channel| **channel == wanted).count() as u64));
    assert_eq!(
        frames.last().map(|frame| frame.id.clone()),
        Some(Cursor::new(hub.epoch().clone(), counts.into()).to_string())
    );
}

#[test]
fn a_page_that_is_full_for_one_channel_is_full_for_all() {
    // A page weighed by its own bytes only would have room left after the history of "a" held back
    // its last ten, and "b" would pass them.
    let hub = hub(SMALL);
    let mut reader = open(&hub, &["a", "b"], "");
    for channel in [vec!["a"; 90], vec!["b"; 30]].concat() {
        let entry = RawValue::from_string(format!("\"{}\"", "x".repeat(3_200))).expect("JSON");
        hub.publish(&name(channel), &entry);
    }
    assert_eq!(remaining_events(&mut reader), [numbers(1..=90), numbers(1..=30)].concat());
}

#[test]
fn channels_merge_in_the_order_of_publishing() {
    let hub = hub(Config {
        reader: Bounds { lines: usize::MAX, bytes: usize::MAX },
        history: Bounds { lines: usize::MAX, bytes: usize::MAX >> 1 },
        ..SMALL
    });
    let mut reader = open(&hub, &["a", "b"], "");
    let publisher = Arc::clone(&hub);
    let publishing = std::thread::spawn(move || {
        (0..20_000)
            .for_each(|_| ["a", "b"].iter().for_each(|channel| publish(&publisher, channel, 1)));
    });
    let mut sent = [0_u64; 2];
    while sent != [20_000; 2] {
        for frame in frames(&mut reader) {
            sent[usize::from(frame.data.contains("\"logs:etl:w:b\""))] += 1;
            assert!((0..=1).contains(&(sent[0].wrapping_sub(sent[1]))), "{sent:?}");
        }
    }
    publishing.join().expect("published");
}

#[test]
fn the_old_cursor_is_valid_until_all_unplaced_channels_are_reported() {
    // If the link broke after a first gap with the new cursor, the second gap would be lost.
    let hub = hub(SMALL);
    publish(&hub, "a", 2);
    let mut reader = open(&hub, &["a", "b"], "1.000000.7-7");
    let events: Vec<_> =
        frames(&mut reader).into_iter().map(|frame| (frame.event, frame.id)).collect();
    let id = |positions: &str| format!("1.{}.{positions}", hub.epoch());
    let expected = [
        ("gap", String::new()),
        ("gap", id("0-0")),
        ("message", id("1-0")),
        ("message", id("2-0")),
    ];
    assert_eq!(events, expected.map(|(event, id)| (event.to_owned(), id)));
}

#[tokio::test]
async fn wakes_a_waiting_reader_and_loses_nothing_when_it_stops_waiting() {
    let hub = hub(SMALL);
    let mut reader = open(&hub, &["a"], "");
    tokio::select! {
        biased;
        _ = reader.next() => panic!("nothing was published"),
        () = std::future::ready(()) => {}
    }
    let publisher = Arc::clone(&hub);
    let published = tokio::spawn(async move { publish(&publisher, "a", 1) });
    assert!(matches!(reader.next().await, Next::Page(_)));
    published.await.expect("published");
}

#[tokio::test]
async fn yields_between_the_pages_of_a_long_replay() {
    let hub = hub(Config::default());
    for _ in 0..500 {
        ["a", "b"].iter().for_each(|channel| publish(&hub, channel, 3));
    }
    let turns = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    });
    let cursor = format!("1.{}.0-0", hub.epoch());
    let mut reader = open(&hub, &["a", "b"], &cursor);
    for pages in 0..10 {
        assert!(matches!(reader.next().await, Next::Page(_)));
        assert!(turns.load(Ordering::Relaxed) >= pages, "no turn in {pages} pages");
    }
}
