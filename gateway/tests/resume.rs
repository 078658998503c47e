//! A reader that returns with a cursor receives what it missed, once and in order, or a gap that
//! reports it.

mod support;

use std::sync::Arc;

use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::Config;
use logs_gateway::reader::timing::StreamTiming;
use logs_sse_wire::sse::Event;
use serde_json::{Value, json};
use support::{CHANNEL, PROXY, Reader, Server, client};

const STREAM: &str = "/logs/stream?channels=logs:etl:workspace123:workflow456";
const OTHER: &str = "logs:etl:workspace123:other";

/// A gateway that keeps this many lines of each channel.
async fn keeping(lines: usize) -> Server {
    let config = Config { history: Bounds { lines, bytes: usize::MAX }, ..Config::default() };
    Server::tuned(config, StreamTiming::default()).await
}

#[tokio::test]
async fn the_greeting_reports_where_live_starts() {
    let gateway = keeping(3).await;
    let seqs =
        async |gateway: &Server| gateway.read(STREAM).await.data().await["seqs"][CHANNEL].clone();
    assert_eq!(seqs(&gateway).await, json!({ "oldest": 1, "newest": 0, "start": 0 }));
    gateway.publish_numbers(CHANNEL, 1, 5);
    assert_eq!(seqs(&gateway).await, json!({ "oldest": 3, "newest": 5, "start": 5 }));
    let mut reader = gateway.read(STREAM).await;
    let greeting = reader.data().await;
    assert_eq!(
        (&greeting["epoch"], &greeting["heartbeatMs"]),
        (&json!(gateway.hub.epoch().to_string()), &json!(15_000))
    );
    assert!(greeting["serverTime"].is_u64() && greeting["refused"] == json!([]), "{greeting}");
    gateway.publish_numbers(CHANNEL, 6, 6);
    assert_eq!(reader.event().await, Some(("6".into(), gateway.cursor("6"))));
}

#[tokio::test]
async fn resumes_after_the_cursor_in_header_or_query_and_the_header_wins() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 9);
    for path in [STREAM, PROXY] {
        let with_query = format!("{path}&last_event_id={}", gateway.cursor("3"));
        assert_eq!(gateway.resume(path, &gateway.cursor("7")).await.told_next(2).await, ["8", "9"]);
        assert_eq!(
            gateway.resume(&with_query, &gateway.cursor("7")).await.told_next(2).await,
            ["8", "9"]
        );
        let mut by_query = gateway.read(&with_query).await;
        by_query.data().await;
        assert_eq!(by_query.told_next(6).await, ["4", "5", "6", "7", "8", "9"]);
    }
}

#[tokio::test]
async fn a_stream_without_a_cursor_or_with_an_empty_one_starts_live() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 4);
    let mut readers = [
        gateway.read(STREAM).await,
        gateway.read(&format!("{STREAM}&last_event_id=")).await,
        gateway.read(&format!("{STREAM}&last_event_id={}", gateway.cursor("_"))).await,
    ];
    for reader in &mut readers {
        reader.data().await;
    }
    gateway.publish_numbers(CHANNEL, 5, 5);
    for reader in &mut readers {
        assert_eq!(reader.told_next(1).await, ["5"]);
    }
}

#[tokio::test]
async fn reports_exactly_what_the_history_no_longer_holds() {
    let gateway = keeping(10).await;
    gateway.publish_numbers(CHANNEL, 1, 25);
    let mut reader = gateway.resume(STREAM, &gateway.cursor("5")).await;
    assert_eq!(reader.event().await, Some(("gap 6 15 evicted".into(), gateway.cursor("f"))));
    assert_eq!(reader.told_next(2).await, ["16", "17"]);
    assert_eq!(
        gateway.resume(STREAM, &gateway.cursor("f")).await.told_next(1).await,
        ["16"],
        "the last that is held"
    );
}

#[tokio::test]
async fn without_a_history_all_that_was_missed_is_told_and_live_works() {
    let gateway = keeping(0).await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    let mut reader = gateway.resume(STREAM, &gateway.cursor("2")).await;
    gateway.publish_numbers(CHANNEL, 6, 8);
    assert_eq!(reader.told_next(4).await, ["gap 3 5 evicted", "6", "7", "8"]);
}

#[tokio::test]
async fn a_cursor_of_another_epoch_replays_the_whole_history_after_a_gap() {
    let old = Server::gateway().await;
    old.publish_numbers(CHANNEL, 1, 50);
    let gateway = keeping(2).await;
    gateway.publish_numbers(CHANNEL, 1, 3);
    let mut reader = gateway.resume(STREAM, &old.cursor("1e")).await;
    assert_eq!(reader.event().await, Some(("gap null null restarted".into(), gateway.cursor("1"))));
    assert_eq!(reader.told_next(2).await, ["2", "3"]);
}

#[tokio::test]
async fn an_unusable_cursor_starts_live_after_a_gap() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    let (future, count) = (gateway.cursor("6"), gateway.cursor("1-2"));
    for cursor in [
        "log-1795472915237-ndezmtrxi",
        "7",
        &future,
        &count,
        "2.abcdef.1",
        "1.abcdef.1-1",
        "\u{fffd}",
    ] {
        let mut reader = gateway.resume(STREAM, cursor).await;
        assert_eq!(
            reader.event().await,
            Some(("gap null null unknown".into(), gateway.cursor("5"))),
            "{cursor}"
        );
    }
    let mut reader = gateway.resume(STREAM, "7").await;
    gateway.publish_numbers(CHANNEL, 6, 6);
    assert_eq!(reader.told_next(2).await, ["gap null null unknown", "6"]);
}

#[tokio::test]
async fn channels_keep_their_index_in_the_cursor_and_merge_in_the_order_of_publishing() {
    let gateway = Server::gateway().await;
    let path = format!("{STREAM},logs:etl:foreign:w,{OTHER},{CHANNEL}");
    let open = async |cursor: &str| {
        let request =
            client().get(format!("{}{path}", gateway.url)).header("X-Workspace-Id", "workspace123");
        let mut reader = Reader::open(request.header("Last-Event-ID", cursor)).await;
        reader.data().await;
        reader
    };
    let mut reader = open("").await;
    for (channel, number) in
        [(OTHER, 1), (CHANNEL, 1), (OTHER, 2), (OTHER, 3), (CHANNEL, 2), ("logs:etl:foreign:w", 1)]
    {
        gateway.publish_numbers(channel, number, number);
    }
    let cursors =
        ["0-_-1", "1-_-1", "1-_-2", "1-_-3", "2-_-3"].map(|positions| gateway.cursor(positions));
    for cursor in &cursors {
        assert_eq!(reader.frame().await.map(|frame| frame.id).as_ref(), Some(cursor));
    }
    let mut again = open(&cursors[0]).await;
    for cursor in &cursors[1..] {
        assert_eq!(
            again.frame().await.map(|frame| frame.id).as_ref(),
            Some(cursor),
            "replayed as it was live"
        );
    }
}

#[tokio::test]
async fn a_cursor_of_16_channels_stays_under_128_bytes() {
    let gateway = Server::gateway().await;
    let channels: Vec<_> = (0..16)
        .map(|number| format!("logs:etl:workspace123:workflow-with-a-long-name-{number}"))
        .collect();
    for channel in &channels {
        gateway.publish_numbers(channel, 1, 1_500);
    }
    let mut reader = gateway.read(&format!("/logs/stream?channels={}", channels.join(","))).await;
    reader.data().await;
    gateway.publish_numbers(&channels[0], 1, 1);
    let id = reader.frame().await.expect("a log").id;
    assert!(id.len() < 128 && id.matches('-').count() == 15, "{id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reconnecting_during_a_burst_loses_and_doubles_nothing() {
    const LAST: u64 = 5_000;
    let config = Config {
        history: Bounds { lines: 100_000, bytes: usize::MAX },
        reader: Bounds { lines: 100_000, bytes: usize::MAX },
        ..Config::default()
    };
    let gateway = Arc::new(Server::tuned(config, StreamTiming::default()).await);
    let publisher = Arc::clone(&gateway);
    let path = format!("{STREAM},{OTHER}");
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (gateway, path) = (Arc::clone(&gateway), path.clone());
            tokio::spawn(async move {
                let (mut cursor, mut seqs, mut streams) = (gateway.cursor("0-0"), [0_u64; 2], 0);
                while seqs != [LAST; 2] {
                    let mut reader = gateway.resume(&path, &cursor).await;
                    streams += 1;
                    for _ in 0..fastrand::u64(1..500).min(2 * LAST - seqs[0] - seqs[1]) {
                        let Event { id, data, event } =
                            reader.frame().await.expect("the stream continues");
                        assert_eq!(event, "message");
                        let log: Value = serde_json::from_str(&data).expect("JSON");
                        let seq = &mut seqs[usize::from(log["channel"] == OTHER)];
                        *seq += 1;
                        assert_eq!(
                            (&log["seq"], &log["data"]),
                            (&json!(*seq), &json!(*seq)),
                            "after {cursor}"
                        );
                        assert!(
                            (0..=1).contains(&seqs[0].wrapping_sub(seqs[1])),
                            "out of the order of publishing: {seqs:?}"
                        );
                        cursor = id;
                    }
                }
                streams
            })
        })
        .collect();
    std::thread::spawn(move || {
        for number in 1..=LAST {
            [CHANNEL, OTHER]
                .iter()
                .for_each(|channel| publisher.publish_numbers(channel, number, number));
            // In bursts, so that readers catch up from time to time, and streams are cut both in
            // replay and live.
            if fastrand::u8(..) == 0 {
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
        }
    });
    for reader in readers {
        assert!(reader.await.expect("nothing lost or doubled") > 10, "it came back often");
    }
}

#[tokio::test]
async fn an_old_client_that_knows_messages_only_receives_every_log() {
    let timing =
        StreamTiming { heartbeat: std::time::Duration::from_millis(20), ..StreamTiming::default() };
    let gateway = Server::tuned(
        Config { history: Bounds { lines: 5, bytes: usize::MAX }, ..Config::default() },
        timing,
    )
    .await;
    gateway.publish_numbers(CHANNEL, 1, 9);
    let mut reader = gateway.resume(STREAM, "log-1795472915237-ndezmtrxi").await;
    let mut seen = Vec::new();
    for number in 10..=14 {
        gateway.publish_numbers(CHANNEL, number, number);
        loop {
            // The events of `onmessage`, and the fields that it reads.
            let frame = reader.frame().await.expect("the stream continues");
            if frame.event == "message" {
                let log: Value = serde_json::from_str(&frame.data).expect("JSON");
                assert!(
                    log["channel"] == CHANNEL && log["timestamp"].is_u64() && log["id"].is_string()
                );
                seen.push(log["data"].as_u64().expect("a number"));
                break;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    assert_eq!(seen, [10, 11, 12, 13, 14]);
}
