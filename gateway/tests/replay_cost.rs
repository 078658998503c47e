//! What a replay costs, counted without a clock: it grows with the logs that are sent, not with the
//! channels that are read, and leaves publishers their turn.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use allocation_counter::AllocationInfo;
use logs_gateway::hub::Hub;
use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::Config;
use logs_gateway::hub::connection::ConnectionInfo;
use logs_gateway::reader::batch::Framing;
use logs_gateway::reader::resume::Resume;
use logs_gateway::reader::timing::StreamTiming;
use logs_gateway::reader::{Next, Reader, RequestedChannel};
use serde_json::value::RawValue;
use support::{Server, client};

/// The logs of a replay, on however many channels.
const LOGS: usize = 16_384;

fn config() -> Config {
    Config {
        history: Bounds { lines: LOGS, bytes: usize::MAX },
        history_total_bytes: 1 << 30,
        ..Config::default()
    }
}

/// Publishes all logs, one after the other on each of the channels, whose names it returns.
fn published(hub: &Hub, channels: usize) -> Vec<String> {
    let names: Vec<_> = (0..channels).map(|number| format!("logs:etl:w:f{number:02}")).collect();
    let entry = RawValue::from_string(r#"{"message":"read 1,204 rows"}"#.into()).expect("JSON");
    let parsed: Vec<_> = names.iter().map(|name| name.parse().expect("a channel")).collect();
    (0..LOGS).for_each(|number| _ = hub.publish(&parsed[number % channels], &entry));
    names
}

/// The allocations of a replay of all logs in batches, besides those of its start.
fn allocations(channels: usize) -> AllocationInfo {
    let hub = Arc::new(Hub::new(config()));
    let requested: Vec<_> = published(&hub, channels)
        .iter()
        .map(|name| RequestedChannel {
            channel: name.parse().expect("a channel"),
            is_granted: true,
        })
        .collect();
    let cursor = format!("1.{}.{}", hub.epoch(), vec!["0"; channels].join("-"));
    let start = Resume::At(cursor.parse().expect("a cursor")).into();
    let mut reader =
        Reader::open(&hub, &requested, &start, Framing::Batches, ConnectionInfo::new("u"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    allocation_counter::measure(|| {
        runtime.block_on(async {
            while hub.stats().logs_delivered < LOGS as u64 {
                assert!(matches!(reader.next().await, Next::Page(_)), "a replay is not slow");
            }
        });
    })
}

#[test]
fn a_replay_copies_only_what_it_sends_whatever_the_number_of_channels() {
    let (one, many) = (allocations(1), allocations(64));
    let ratio = |a: u64, b: u64| a as f64 / b as f64;
    let bytes = ratio(many.bytes_total, one.bytes_total);
    assert!(bytes < 1.5, "{bytes}: {many:?} instead of {one:?}");
    // One for each log, whose bytes are shared from its first copy on; and vectors that grow with the
    // channels, a few in each page of 256 logs.
    let each = ratio(many.count_total, LOGS as u64);
    assert!(each < 1.5, "{each} allocations for each log: {many:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishers_are_answered_while_four_replays_run() {
    let gateway = Server::tuned(config(), StreamTiming::default()).await;
    let names = published(&gateway.hub, 64);
    let path = format!("/logs/stream?channels={}&batch=1", names.join(","));
    let cursor = gateway.cursor(&vec!["0"; 64].join("-"));
    let (stop, replays) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let request = client().get(format!("{}{path}", gateway.url));
            let request = request.header("Last-Event-ID", &cursor);
            let (stop, replays) = (Arc::clone(&stop), Arc::clone(&replays));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let again = request.try_clone().expect("no body");
                    let mut stream = again.send().await.expect("an answer");
                    let mut bytes = 0;
                    // Each log is larger than this.
                    while bytes < 64 * LOGS && !stop.load(Ordering::Relaxed) {
                        bytes +=
                            stream.chunk().await.expect("bytes").map_or(0, |chunk| chunk.len());
                    }
                    replays.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    support::until("all replay", async || gateway.hub.stats().logs_delivered > 1_000).await;
    let mut answered = 0;
    // Neither waits for the other.
    while replays.load(Ordering::Relaxed) < 8 || answered < 50 {
        gateway.publish("between").await;
        answered += 1;
        assert!(answered < 100_000, "the replays stand still");
    }
    let delivered = gateway.hub.stats().logs_delivered;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("a replay");
    }
    // No publish waits until four replays are done.
    assert!(delivered / answered < 4 * LOGS as u64, "{answered} publishes, {delivered} logs");
}
