//! Readers that do not keep up: they delay no one, and receive the exact numbers of what they
//! missed.

mod support;

use std::time::{Duration, Instant};

use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::{Config, SlowReader};
use logs_gateway::reader::timing::StreamTiming;
use serde_json::value::RawValue;
use support::{CHANNEL, PROXY, Reader, Server};

/// More than all buffers between a gateway and a reader that does not read.
const COUNT: u64 = 40_000;

/// Publishes `count` logs of 1 kB.
fn publish(gateway: &Server, count: u64) {
    let (channel, entry) = (
        CHANNEL.parse().expect("a channel"),
        RawValue::from_string(format!("\"{}\"", "x".repeat(1_000))).expect("JSON"),
    );
    for _ in 0..count {
        gateway.hub.publish(&channel, &entry);
    }
}

/// A stream of which only the greeting was read.
async fn frozen(gateway: &Server) -> Reader {
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    reader
}

async fn gateway(slow: SlowReader) -> Server {
    let (history, reader) =
        (Bounds { lines: 3_000, bytes: usize::MAX }, Bounds { lines: 1_000, bytes: usize::MAX });
    // However long publishing needs on a busy machine.
    let config = Config {
        history,
        reader,
        slow,
        slow_patience: Duration::from_secs(600),
        ..Config::default()
    };
    Server::tuned(
        config,
        StreamTiming { heartbeat: Duration::from_secs(600), ..StreamTiming::default() },
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_log_arrives_or_is_in_a_gap_and_the_newest_arrive() {
    let gateway = gateway(SlowReader::Gap).await;
    let mut reader = frozen(&gateway).await;
    publish(&gateway, COUNT);
    let (mut last, mut told) = (0, 0);
    while last < COUNT {
        let (event, _) = reader.event().await.expect("the stream continues");
        match event.strip_prefix("gap ").map(|gap| gap.split(' ').collect::<Vec<_>>()).as_deref() {
            Some([from, to, "slow"]) => {
                assert_eq!(from.parse(), Ok(last + 1));
                let to: u64 = to.parse().expect("a number");
                assert!(to <= COUNT - 1_000, "the newest thousand arrive, not a gap to {to}");
                told += to - last;
                last = to;
            }
            Some(other) => panic!("expected a gap of a slow reader, got {other:?}"),
            None => {
                last += 1;
                assert_eq!(event, last.to_string());
            }
        }
    }
    // One gap if nothing was read while publishing went on; on a busy machine, buffers may empty.
    assert!(told > 0, "the reader was not slow");
    assert_eq!(gateway.hub.stats().logs_skipped, told, "each is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_reader_resumes_with_the_rest() {
    let gateway = gateway(SlowReader::Cut).await;
    let mut reader = frozen(&gateway).await;
    publish(&gateway, COUNT);
    let (mut last, mut cursor) = (0, String::new());
    loop {
        let (event, id) = reader.event().await.expect("the stream continues");
        if event == "bye slow" {
            break;
        }
        last += 1;
        assert_eq!(event, last.to_string());
        cursor = id;
    }
    assert_eq!((reader.frame().await, gateway.hub.stats().readers_cut_off), (None, 1));
    let mut again = gateway.resume(PROXY, &cursor).await;
    let gap = format!("gap {} {} evicted", last + 1, COUNT - 3_000);
    assert_eq!(again.told_next(1).await, [gap]);
    let replayed: Vec<_> = (COUNT - 2_999..=COUNT).map(|seq| seq.to_string()).collect();
    assert_eq!(again.told_next(3_000).await, replayed, "a replay is not called slow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_does_not_wait_for_a_hundred_frozen_readers() {
    let gateway = gateway(SlowReader::Gap).await;
    let mut frozen_readers = Vec::new();
    for _ in 0..100 {
        frozen_readers.push(frozen(&gateway).await);
    }
    publish(&gateway, 5_000);
    let mut reader = frozen(&gateway).await;
    let start = Instant::now();
    for number in 0..20 {
        assert_eq!(gateway.publish("hello").await, 101);
        assert_eq!(reader.told_next(1).await, [(5_001 + number).to_string()]);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
