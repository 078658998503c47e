//! What a reader with batches fetches, page by page, in simulated time.

use std::time::Duration;

use futures_util::FutureExt;
use logs_sse_wire::sse::{Event, Parser};
use logs_test_support::envelopes;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::tests::{SMALL, hub, name, open_as, publish};
use super::*;
use crate::hub::config::Config;

/// A reader with batches, and a clock in milliseconds since it joined.
fn open(
    hub: &Arc<Hub>,
    channels: &[&str],
    cursor: &str,
) -> (Reader, impl Fn(u64) -> Instant + use<>) {
    let reader = open_as(Framing::Batches, hub, channels, cursor);
    let start = Instant::now();
    (reader, move |millis| start + Duration::from_millis(millis))
}

fn frames(next: Option<Next>) -> Vec<Event> {
    match next {
        Some(Next::Page(page)) => Parser::default().feed(&page),
        Some(Next::TooSlow) => panic!("cut off"),
        None => Vec::new(),
    }
}

/// Each event in short: `3` for a log, `4-9` for a batch of them, `gap 1 2 slow` for a gap.
fn events(next: Option<Next>) -> Vec<String> {
    let short = |frame: &Event| {
        let seqs: Vec<u64> = envelopes(frame)
            .iter()
            .map(|log| read(log)["seq"].as_u64().expect("a number"))
            .collect();
        match &seqs[..] {
            [] => {
                let data = read(&frame.data);
                format!(
                    "gap {} {} {}",
                    data["from"],
                    data["to"],
                    data["reason"].as_str().unwrap_or_default()
                )
            }
            [seq] => seq.to_string(),
            [first, .., last] => {
                assert_eq!(seqs, (*first..=*last).collect::<Vec<_>>());
                format!("{first}-{last}")
            }
        }
    };
    frames(next).iter().map(short).collect()
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_burst_begins_with_one_log_and_goes_on_in_batches_of_256_and_the_rest_waits() {
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a"], "");
    publish(&hub, "a", 600);
    assert_eq!(events(reader.fetch(at(0))), ["1"]);
    assert_eq!(events(reader.fetch(at(0))), ["2-257"]);
    assert_eq!(events(reader.fetch(at(1))), ["258-513"]);
    assert_eq!(events(reader.fetch(at(25))), NOTHING);
    assert_eq!(events(reader.fetch(at(26))), ["514-600"]);
    assert_eq!(events(reader.fetch(at(26))), NOTHING);
    publish(&hub, "a", 1);
    assert_eq!(events(reader.fetch(at(50))), NOTHING);
    assert_eq!(events(reader.fetch(at(51))), ["601"], "one log is a batch of none");
}

#[test]
fn a_log_that_waited_for_the_socket_is_not_the_first_after_a_quiet_moment() {
    // Regression: a live reader whose socket needed more than 25 ms per page received every second
    // event with one log.
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a"], "");
    publish(&hub, "a", 600);
    let batches = [0, 50, 100, 150].map(|millis| events(reader.fetch(at(millis))));
    assert_eq!(batches.concat(), ["1", "2-257", "258-513", "514-600"]);
    assert_eq!(events(reader.fetch(at(200))), NOTHING);
    publish(&hub, "a", 2);
    assert_eq!(events(reader.fetch(at(201))), ["601"]);
}

#[test]
fn a_replay_is_batched_without_waiting() {
    let hub = hub(Config::default());
    publish(&hub, "a", 600);
    let (mut reader, at) = open(&hub, &["a"], &format!("1.{}.0", hub.epoch()));
    assert_eq!(
        [events(reader.fetch(at(0))), events(reader.fetch(at(0))), events(reader.fetch(at(0)))]
            .concat(),
        ["1-256", "257-512", "513-600"]
    );
    publish(&hub, "a", 2);
    assert_eq!(
        [events(reader.fetch(at(0))), events(reader.fetch(at(25)))].concat(),
        ["601-602"],
        "and live begins"
    );
}

#[test]
fn a_batch_ends_with_the_log_that_fills_it_by_bytes() {
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a"], "");
    let entry = RawValue::from_string(format!("\"{}\"", "x".repeat(26 << 10))).expect("JSON");
    for _ in 0..7 {
        hub.publish(&name("a"), &entry);
    }
    assert_eq!(events(reader.fetch(at(0))), ["1"]);
    assert_eq!([events(reader.fetch(at(0))), events(reader.fetch(at(0)))].concat(), ["2-4", "5-7"]);
}

#[test]
fn a_batch_of_several_channels_is_in_the_order_of_publishing_with_the_last_cursor() {
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a", "b", "c"], "");
    for channel in ["b", "a", "b", "b", "c", "a"] {
        publish(&hub, channel, 1);
    }
    let events = [0, 0, 25].map(|millis| frames(reader.fetch(at(millis)))).concat();
    let ids: Vec<_> = events.iter().map(|frame| (&*frame.event, &*frame.id)).collect();
    let id = |positions: &str| format!("1.{}.{positions}", hub.epoch());
    assert_eq!(ids, [("message", &*id("0-1-0")), ("batch", &*id("2-3-1"))]);
    let channels: Vec<_> = envelopes(&events[1])
        .iter()
        .map(|log| read(log)["channel"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(channels, ["a", "b", "b", "c", "a"].map(|channel| name(channel).to_string()));
}

#[test]
fn logs_after_a_gap_neither_wait_nor_pass_it() {
    let hub = hub(SMALL);
    let (mut reader, at) = open(&hub, &["a", "b"], "");
    publish(&hub, "a", 1);
    assert_eq!(events(reader.fetch(at(0))), ["1"]);
    publish(&hub, "b", 2);
    assert_eq!(events(reader.fetch(at(1))), NOTHING);
    publish(&hub, "a", 150);
    let events = frames(reader.fetch(at(2)));
    let id = |positions: &str| format!("1.{}.{positions}", hub.epoch());
    assert_eq!(
        events.iter().map(|frame| (&*frame.event, &*frame.id)).collect::<Vec<_>>(),
        [("gap", &*id("1f-0")), ("batch", &*id("47-2"))]
    );
    assert_eq!(envelopes(&events[1]).len(), 102);
}

#[test]
fn a_gap_of_an_unplaced_cursor_comes_first() {
    let hub = hub(SMALL);
    publish(&hub, "a", 3);
    let (mut reader, at) = open(&hub, &["a"], "1.000000.7");
    assert_eq!(events(reader.fetch(at(0))), ["gap null null restarted", "1-3"]);
}

#[test]
fn flush_returns_waiting_logs() {
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a"], "");
    publish(&hub, "a", 3);
    assert_eq!(events(reader.fetch(at(0))), ["1"]);
    assert_eq!(events(reader.flush()), NOTHING, "it was not collecting");
    assert_eq!(events(reader.fetch(at(1))), NOTHING);
    assert_eq!(events(reader.flush()), ["2-3"]);
    assert_eq!(events(reader.flush()), NOTHING);
}

#[test]
fn one_that_collects_is_woken_once_for_256_logs() {
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a", "b"], "");
    let is_woken = |reader: &Reader| reader.handle.wake.woken().now_or_never().is_some();
    publish(&hub, "a", 3);
    assert!(is_woken(&reader) && !is_woken(&reader));
    assert_eq!(
        (events(reader.fetch(at(0))), events(reader.fetch(at(0)))),
        (vec!["1".to_owned()], Vec::new())
    );
    publish(&hub, "b", 253);
    assert!(!is_woken(&reader));
    publish(&hub, "a", 1);
    assert!(is_woken(&reader));
    assert_eq!(envelopes(&frames(reader.fetch(at(1)))[0]).len(), 256);
}

#[test]
fn a_reader_with_a_small_lag_limit_is_woken_before_it_is_slow() {
    let hub = hub(SMALL);
    let (mut reader, at) = open(&hub, &["a"], "");
    publish(&hub, "a", 1);
    assert_eq!(
        (events(reader.fetch(at(0))), events(reader.fetch(at(0)))),
        (vec!["1".to_owned()], Vec::new())
    );
    publish(&hub, "a", 50);
    assert_eq!(events(reader.fetch(at(1))), ["2-51"]);
}

#[test]
fn limits_that_are_lowered_while_a_reader_collects_do_not_make_it_slow() {
    let hub = hub(Config::default());
    let (mut reader, at) = open(&hub, &["a"], "");
    let is_woken = |reader: &Reader| reader.handle.wake.woken().now_or_never().is_some();
    publish(&hub, "a", 2);
    assert!(is_woken(&reader));
    assert_eq!([events(reader.fetch(at(0))), events(reader.fetch(at(0)))].concat(), ["1"]);
    hub.reconfigure(SMALL);
    publish(&hub, "a", 1);
    assert!(is_woken(&reader), "it learns the new limits");
    assert_eq!(events(reader.fetch(at(1))), NOTHING);
    publish(&hub, "a", 48);
    assert!(is_woken(&reader));
    assert_eq!(events(reader.fetch(at(1))), ["2-51"]);
}

#[tokio::test]
async fn waiting_logs_arrive_without_another_log() {
    let hub = hub(Config::default());
    let (mut reader, _) = open(&hub, &["a"], "");
    publish(&hub, "a", 3);
    assert_eq!(events(Some(reader.next().await)), ["1"]);
    assert!(reader.next().now_or_never().is_none());
    // Cancelled and called again: the wait continues.
    assert_eq!(events(Some(reader.next().await)), ["2-3"]);
}

/// What happens to a hub with two readers.
#[derive(Clone, Debug)]
enum Step {
    Publish { channel: usize, logs: usize, bytes: usize },
    Pass(u64),
    Fetch,
    Flush,
}

fn any_step() -> impl Strategy<Value = Step> {
    // A trickle, more lines than a batch holds, more bytes.
    let sizes = prop_oneof![4 => (1..5_usize, 0..300_usize), 1 => (1..600_usize, 0..9_usize), 1 => (1..12_usize, 0..60_000_usize)];
    prop_oneof![
        4 => (0..3_usize, sizes).prop_map(|(channel, (logs, bytes))| Step::Publish { channel, logs, bytes }),
        2 => (0..40_u64).prop_map(Step::Pass),
        3 => Just(Step::Fetch),
        1 => Just(Step::Flush),
    ]
}

const CHANNELS: [&str; 3] = ["a", "b", "c"];

/// The logs of some events, each with the position after it.
#[derive(Default)]
struct Log {
    positions: [u64; 3],
    envelopes: Vec<String>,
}

impl Log {
    fn take(&mut self, hub: &Hub, next: Option<Next>) -> bool {
        let frames = frames(next);
        for frame in &frames {
            for log in envelopes(frame) {
                let json = read(&log);
                let index = CHANNELS
                    .iter()
                    .position(|channel| json["channel"] == name(channel).to_string())
                    .expect("a channel that was asked for");
                self.positions[index] += 1;
                assert_eq!(json["seq"], self.positions[index]);
                self.envelopes.push(log);
            }
            assert_eq!(
                frame.id,
                Cursor::new(hub.epoch().clone(), self.positions.map(Some).into()).to_string()
            );
        }
        !frames.is_empty()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_published_comes_in_the_same_order_with_batches_and_without(steps in prop::collection::vec(any_step(), 1..40)) {
        let kept = Bounds { lines: usize::MAX, bytes: usize::MAX >> 1 };
        let hub = hub(Config { history: kept, history_total_bytes: usize::MAX >> 1, reader: kept, ..Config::default() });
        let (mut reader, at) = open(&hub, &CHANNELS, "");
        let mut single = open_as(Framing::Single, &hub, &CHANNELS, "");
        let (mut now, mut published, mut due) = (0, 0, vec![(0, 0)]);
        let (mut got, mut expected) = (Log::default(), Log::default());
        for step in steps.into_iter().chain([Step::Fetch, Step::Pass(25), Step::Fetch]) {
            match step {
                Step::Publish { channel, logs, bytes } => {
                    let entry = RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).expect("JSON");
                    for _ in 0..logs {
                        hub.publish(&name(CHANNELS[channel]), &entry);
                    }
                    published += logs;
                }
                Step::Pass(millis) => now += millis,
                Step::Fetch => {
                    while got.take(&hub, reader.fetch(at(now))) {}
                    // A reader that looked 25 ms ago has received it by now.
                    let due_now = due.iter().rev().find(|(since, _)| since + 25 <= now).map_or(0, |(_, published)| *published);
                    prop_assert!(got.envelopes.len() >= due_now, "{} of {due_now} at {now} ms", got.envelopes.len());
                    due.push((now, published));
                }
                Step::Flush => {
                    reader.collector.as_mut().map(|collector| collector.hurry(at(now)));
                }
            }
        }
        while expected.take(&hub, single.fetch(at(now))) {}
        prop_assert_eq!(got.envelopes.len(), published);
        prop_assert!(got.envelopes == expected.envelopes);
    }
}
