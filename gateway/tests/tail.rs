//! A stream with `tail=N` begins with the newest N logs, and then continues live.

mod support;

use std::sync::Arc;

use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::Config;
use logs_gateway::reader::timing::StreamTiming;
use serde_json::{Value, json};
use support::{CHANNEL, PROXY, Reader, Server};

const OTHER: &str = "logs:etl:workspace123:other";

/// The three routes to one channel.
fn routes() -> [String; 3] {
    [
        format!("/logs/stream?channels={CHANNEL}"),
        format!("/api/logs/stream?channels={CHANNEL}"),
        PROXY.to_owned(),
    ]
}

async fn keeping(lines: usize) -> Server {
    let all = Bounds { lines, bytes: usize::MAX >> 1 };
    let config = Config { history: all, reader: all, ..Config::default() };
    Server::tuned(config, StreamTiming::default()).await
}

/// Opens a stream, and returns it with its greeting.
async fn open(gateway: &Server, path: &str) -> (Reader, Value) {
    let mut reader = gateway.read(path).await;
    let greeting = reader.data().await;
    assert_eq!(greeting["type"], "connection", "{greeting}");
    (reader, greeting)
}

#[tokio::test]
async fn begins_with_the_newest_logs_on_every_route() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 10);
    for path in routes() {
        let (mut reader, greeting) = open(&gateway, &format!("{path}&tail=3")).await;
        let newest = greeting["seqs"][CHANNEL]["newest"].as_u64().expect("a number");
        assert_eq!(
            greeting["seqs"][CHANNEL],
            json!({ "oldest": 1, "newest": newest, "start": newest - 3 })
        );
        assert_eq!(greeting["received"], json!(["tail"]));
        gateway.publish_numbers(CHANNEL, newest + 1, newest + 1);
        let expected: Vec<_> = (newest - 2..=newest + 1).map(|seq| seq.to_string()).collect();
        assert_eq!(reader.told_next(4).await, expected, "{path}");
    }
}

#[tokio::test]
async fn begins_with_all_that_is_held_if_that_is_less() {
    let gateway = keeping(4).await;
    gateway.publish_numbers(CHANNEL, 1, 10);
    let (mut reader, greeting) = open(&gateway, &format!("{PROXY}&tail=10000")).await;
    assert_eq!(greeting["seqs"][CHANNEL]["start"], 6);
    assert_eq!(reader.told_next(4).await, ["7", "8", "9", "10"]);
}

#[tokio::test]
async fn a_tail_of_zero_is_live() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 10);
    let (mut reader, greeting) = open(&gateway, &format!("{PROXY}&tail=0")).await;
    assert_eq!(greeting["seqs"][CHANNEL]["start"], 10);
    gateway.publish_numbers(CHANNEL, 11, 11);
    assert_eq!(reader.told_next(1).await, ["11"]);
}

#[tokio::test]
async fn a_cursor_takes_precedence_where_it_has_a_position() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    gateway.publish_numbers(OTHER, 1, 5);
    let both = format!("/logs/stream?channels={CHANNEL},{OTHER}&tail=2");
    let cursor = gateway.cursor("1-_");
    let (mut reader, greeting) = open(&gateway, &format!("{both}&last_event_id={cursor}")).await;
    assert_eq!(greeting["received"], json!(["last_event_id", "tail"]));
    let start = |channel: &str| greeting["seqs"][channel]["start"].clone();
    assert_eq!((start(CHANNEL), start(OTHER)), (json!(1), json!(3)));
    // In the order of publishing: those of the first channel came first.
    assert_eq!(reader.told_next(6).await, ["2", "3", "4", "5", "4", "5"]);
}

#[tokio::test]
async fn a_stream_after_a_restart_begins_before_the_oldest_log() {
    let old = Server::gateway().await;
    let gateway = keeping(3).await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    let path = format!("{PROXY}&tail=1&last_event_id={}", old.cursor("9"));
    let (mut reader, greeting) = open(&gateway, &path).await;
    assert_eq!(greeting["seqs"][CHANNEL]["start"], 2);
    assert_eq!(reader.told_next(4).await, ["gap null null restarted", "3", "4", "5"]);
}

#[tokio::test]
async fn a_tail_arrives_in_full_batches() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 1_000);
    let (mut reader, _) = open(&gateway, &format!("{PROXY}&batch=1&tail=600")).await;
    let mut sizes = Vec::new();
    let mut seqs = Vec::new();
    while seqs.len() < 600 {
        let batch = reader.data().await;
        let logs = batch.as_array().expect("a batch");
        sizes.push(logs.len());
        seqs.extend(logs.iter().filter_map(|log| log["seq"].as_u64()));
    }
    assert_eq!(sizes, [256, 256, 88]);
    assert!(seqs.into_iter().eq(401..=1_000));
}

#[tokio::test]
async fn another_tail_is_refused() {
    let gateway = Server::gateway().await;
    for path in routes() {
        for tail in ["", "10001", "-1", "ten"] {
            let answer = gateway.get(&format!("{path}&tail={tail}")).await;
            assert!(
                answer.status == 400 && answer.error().starts_with("tail is "),
                "{tail}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_tail_is_forwarded_to_upstream() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    backend.publish_numbers(CHANNEL, 1, 10);
    let (mut reader, greeting) = open(&front, &format!("{PROXY}&tail=2&batch=0")).await;
    assert_eq!(greeting["received"], json!(["batch", "tail"]));
    assert_eq!(reader.told_next(2).await, ["9", "10"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_that_joins_while_services_publish_has_a_hole_or_an_overlap() {
    const LAST: u64 = 4_000;
    let gateway = keeping(100_000).await;
    gateway.publish_numbers(CHANNEL, 1, 50);
    let hub = Arc::clone(&gateway.hub);
    let publisher = std::thread::spawn(move || {
        let channel = CHANNEL.parse().expect("a channel");
        for number in 51..=LAST {
            let entry = serde_json::value::RawValue::from_string(number.to_string());
            hub.publish(&channel, &entry.expect("JSON"));
            std::thread::yield_now();
        }
    });
    for tail in [0, 1, 7, 40, 300, 10_000] {
        let (mut reader, greeting) = open(&gateway, &format!("{PROXY}&tail={tail}")).await;
        let seqs = &greeting["seqs"][CHANNEL];
        let (newest, start) = (seqs["newest"].as_u64(), seqs["start"].as_u64());
        let (newest, start) = newest.zip(start).expect("numbers");
        assert_eq!(start, newest.saturating_sub(tail));
        for seq in start + 1..=LAST {
            assert_eq!(reader.told_next(1).await, [seq.to_string()], "tail={tail}");
        }
    }
    publisher.join().expect("published");
}
