//! Several logs in one event, for readers that request it: exact bytes, and no other change.

mod support;

use std::sync::Arc;
use std::time::Duration;

use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::{Config, SlowReader};
use logs_gateway::reader::timing::StreamTiming;
use logs_sse_wire::sse::Parser;
use logs_test_support::envelopes;
use serde_json::Value;
use serde_json::value::RawValue;
use support::{CHANNEL, PROXY, Reader, Server, client};

const OTHER: &str = "logs:etl:workspace123:other";
const BOTH: &str =
    "/logs/stream?channels=logs:etl:workspace123:workflow456,logs:etl:workspace123:other";

/// The three routes to one channel.
fn routes() -> [String; 3] {
    [
        format!("/logs/stream?channels={CHANNEL}"),
        format!("/api/logs/stream?channels={CHANNEL}"),
        PROXY.to_owned(),
    ]
}

/// A gateway that keeps all logs of these tests, however slow the reader.
async fn gateway() -> Server {
    keeping_everything(StreamTiming::default()).await
}

async fn keeping_everything(timing: StreamTiming) -> Server {
    let all = Bounds { lines: 100_000, bytes: usize::MAX >> 1 };
    Server::tuned(Config { history: all, reader: all, ..Config::default() }, timing).await
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

/// The next `count` logs, as they are written, and the events that they came in.
async fn logs(reader: &mut Reader, count: usize) -> (Vec<String>, usize) {
    let (mut logs, mut events) = (Vec::new(), 0);
    while logs.len() < count {
        logs.extend(envelopes(&reader.frame().await.expect("the stream continues")));
        events += 1;
    }
    (logs, events)
}

/// The stream's text after its greeting, up to `ends`.
async fn text(reader: &mut Reader, ends: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(ends) {
        text.push_str(std::str::from_utf8(&reader.piece().await).expect("UTF-8"));
    }
    let (_, text) = text.split_once("\n\n").expect("a greeting");
    text.to_owned()
}

/// Opens a stream from a cursor, and reads its greeting.
async fn open_at(gateway: &Server, path: &str, cursor: &str) -> Reader {
    Reader::open(client().get(format!("{}{path}", gateway.url)).header("Last-Event-ID", cursor))
        .await
}

/// Logs in events of their own, the first with this number.
fn alone(gateway: &Server, first: u64, logs: &[String]) -> String {
    (first..)
        .zip(logs)
        .map(|(seq, log)| format!("id: {}\ndata: {log}\n\n", cursor(gateway, seq)))
        .collect()
}

/// Logs in one event.
fn together(gateway: &Server, last: u64, logs: &[String]) -> String {
    format!("event: batch\nid: {}\ndata: [{}]\n\n", cursor(gateway, last), logs.join(","))
}

/// The cursor of a stream of one channel.
fn cursor(gateway: &Server, seq: u64) -> String {
    gateway.cursor(&base36(seq))
}

fn base36(number: u64) -> String {
    let digit =
        char::from_digit(u32::try_from(number % 36).expect("below 36"), 36).expect("a digit");
    if number < 36 { digit.to_string() } else { base36(number / 36) + &digit.to_string() }
}

#[tokio::test]
async fn a_burst_arrives_as_one_log_and_then_in_batches_byte_for_byte() {
    let gateway = gateway().await;
    for (number, path) in routes().into_iter().enumerate() {
        let before = 600 * number as u64;
        let mut reader = gateway.read(&format!("{path}&batch=1")).await;
        gateway.publish_numbers(CHANNEL, 1, 600);
        let (logs, _) =
            logs(&mut gateway.resume(&path, &cursor(&gateway, before)).await, 600).await;
        let expected = [
            alone(&gateway, before + 1, &logs[..1]),
            together(&gateway, before + 257, &logs[1..257]),
            together(&gateway, before + 513, &logs[257..513]),
            together(&gateway, before + 600, &logs[513..]),
        ];
        assert_eq!(text(&mut reader, &expected[3]).await, expected.concat(), "{path}");
    }
}

#[tokio::test]
async fn a_replay_comes_in_batches_at_once() {
    let gateway = gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 600);
    let [path, ..] = routes();
    let (logs, _) = logs(&mut gateway.resume(&path, &cursor(&gateway, 0)).await, 600).await;
    let expected = [
        together(&gateway, 256, &logs[..256]),
        together(&gateway, 512, &logs[256..512]),
        together(&gateway, 600, &logs[512..]),
    ];
    let mut reader = open_at(&gateway, &format!("{path}&batch=1"), &cursor(&gateway, 0)).await;
    assert_eq!(text(&mut reader, &expected[2]).await, expected.concat());
}

#[tokio::test]
async fn streams_without_batch_are_unchanged() {
    let gateway = gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 700);
    for path in routes() {
        let (logs, events) =
            logs(&mut gateway.resume(&format!("{path}&batch=1"), &cursor(&gateway, 0)).await, 700)
                .await;
        assert_eq!((logs.len(), events), (700, 3));
        let expected = alone(&gateway, 1, &logs);
        for ask in ["", "&batch=0"] {
            let mut reader = open_at(&gateway, &format!("{path}{ask}"), &cursor(&gateway, 0)).await;
            assert_eq!(
                text(&mut reader, &expected[expected.len() - 100..]).await,
                expected,
                "{path}{ask}"
            );
        }
    }
    let mut live = gateway.read(&routes()[0]).await;
    gateway.publish_numbers(CHANNEL, 1, 300);
    let (logs, _) = logs(&mut gateway.resume(PROXY, &cursor(&gateway, 700)).await, 300).await;
    let expected = alone(&gateway, 701, &logs);
    assert_eq!(text(&mut live, &expected[expected.len() - 100..]).await, expected);
}

#[tokio::test]
async fn rejects_unknown_batch_values() {
    let backend = gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    for gateway in [&backend, &front] {
        for path in routes() {
            for word in ["2", "true", "", "01"] {
                let answer = gateway.get(&format!("{path}&batch={word}")).await;
                assert!(
                    answer.status == 400
                        && answer.error().starts_with(&format!("batch is {word:?}: expected 1")),
                    "{answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn batches_pass_through_two_gateways() {
    let backend = gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    backend.publish_numbers(CHANNEL, 1, 300);
    let (_, events) =
        logs(&mut front.resume(&format!("{PROXY}&batch=1"), &cursor(&backend, 0)).await, 300).await;
    let (_, alone) = logs(&mut front.resume(PROXY, &cursor(&backend, 0)).await, 300).await;
    assert_eq!((events, alone), (2, 300));
}

#[tokio::test]
async fn a_goodbye_follows_the_collected_logs() {
    let gateway = gateway().await;
    let [path, ..] = routes();
    let mut reader = gateway.read(&format!("{path}&batch=1")).await;
    reader.data().await;
    gateway.publish_numbers(CHANNEL, 1, 1);
    assert_eq!(logs(&mut reader, 1).await.1, 1);
    gateway.publish_numbers(CHANNEL, 2, 9);
    // Long enough for the stream to notice them, and far too short for a batch to become due.
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_millis(3)).await;
    gateway.shutdown.cancel();
    let (seen, _) = logs(&mut reader, 8).await;
    assert_eq!(read(&seen[7])["seq"], 9);
    assert_eq!(
        (reader.event().await.expect("a goodbye").0, reader.frame().await),
        ("bye shutdown".into(), None)
    );
}

#[tokio::test]
async fn a_heartbeat_follows_the_collected_logs() {
    let gateway = keeping_everything(StreamTiming {
        heartbeat: Duration::from_millis(3),
        ..StreamTiming::default()
    })
    .await;
    let mut reader = gateway.read(&format!("{PROXY}&batch=1")).await;
    for number in [1, 2] {
        gateway.publish_numbers(CHANNEL, number, number);
        let mut beats = 0;
        while envelopes(&reader.frame().await.expect("the stream continues")).is_empty() {
            beats += 1;
        }
        // One may have been due before the log; in 25 ms there would be eight.
        assert!(number == 1 || beats < 4, "{beats}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_reports_exactly_what_precedes_it() {
    let gateway = keeping_everything(StreamTiming {
        heartbeat: Duration::from_millis(7),
        ..StreamTiming::default()
    })
    .await;
    let mut reader = gateway.resume(&format!("{BOTH}&batch=1"), &gateway.cursor("0-0")).await;
    let hub = Arc::clone(&gateway.hub);
    let publishing = std::thread::spawn(move || {
        let entry = RawValue::from_string("1".into()).expect("JSON");
        for number in 0..2_000 {
            hub.publish(&[CHANNEL, OTHER][number % 2].parse().expect("a channel"), &entry);
            std::thread::sleep(Duration::from_micros(fastrand::u64(..300)));
        }
    });
    let (mut seqs, mut beats) = ([0_u64; 2], 0);
    while seqs != [1_000; 2] {
        let frame = reader.frame().await.expect("the stream continues");
        for log in envelopes(&frame) {
            let log = read(&log);
            let seq = &mut seqs[usize::from(log["channel"] == OTHER)];
            *seq += 1;
            assert_eq!(log["seq"], *seq);
        }
        if frame.event == "heartbeat" {
            let data = read(&frame.data);
            assert_eq!([&data["seqs"][CHANNEL], &data["seqs"][OTHER]], [seqs[0], seqs[1]]);
            beats += 1;
        }
    }
    publishing.join().expect("published");
    assert!(beats > 5, "{beats}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_anywhere_resumes_with_the_id_of_its_last_whole_event() {
    const LAST: u64 = 4_000;
    let gateway = Arc::new(gateway().await);
    let publisher = Arc::clone(&gateway);
    let publishing = std::thread::spawn(move || {
        for number in 1..=LAST {
            [CHANNEL, OTHER]
                .iter()
                .for_each(|channel| publisher.publish_numbers(channel, number, number));
            if fastrand::u8(..) == 0 {
                std::thread::sleep(Duration::from_millis(fastrand::u64(1..50)));
            }
        }
    });
    let (mut id, mut seqs, mut batches) = (gateway.cursor("0-0"), [0_u64; 2], 0);
    while seqs != [LAST; 2] {
        let mut reader = open_at(&gateway, &format!("{BOTH}&batch=1"), &id).await;
        // Each log is of about 130 bytes; so a cut is in the midst of one, and mostly of a batch.
        let mut bytes = fastrand::usize(1_000..100_000);
        let mut parser = Parser::default();
        while bytes > 0 && seqs != [LAST; 2] {
            let piece = reader.piece().await;
            let piece = &piece[..piece.len().min(bytes)];
            bytes -= piece.len();
            for frame in parser.feed(piece) {
                if read(&frame.data)["type"] == "connection" {
                    continue;
                }
                batches += usize::from(frame.event == "batch");
                for log in envelopes(&frame) {
                    let log = read(&log);
                    let seq = &mut seqs[usize::from(log["channel"] == OTHER)];
                    *seq += 1;
                    assert_eq!(
                        (&log["seq"], &log["data"]),
                        (&Value::from(*seq), &Value::from(*seq)),
                        "after {id}"
                    );
                    assert!(
                        (0..=1).contains(&seqs[0].wrapping_sub(seqs[1])),
                        "out of the order of publishing: {seqs:?}"
                    );
                }
                id = frame.id;
                assert_eq!(id, gateway.cursor(&format!("{}-{}", base36(seqs[0]), base36(seqs[1]))));
            }
        }
    }
    publishing.join().expect("published");
    assert!(batches > 10, "{batches}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_receives_its_gap_between_whole_batches() {
    const COUNT: u64 = 40_000;
    let config = Config {
        history: Bounds { lines: 3_000, bytes: usize::MAX },
        reader: Bounds { lines: 1_000, bytes: usize::MAX },
        slow: SlowReader::Gap,
        ..Config::default()
    };
    let gateway = Server::tuned(config, StreamTiming::default()).await;
    let mut reader = gateway.read(&format!("{PROXY}&batch=1")).await;
    reader.data().await;
    let entry = RawValue::from_string(format!("\"{}\"", "x".repeat(1_000))).expect("JSON");
    for _ in 0..COUNT {
        gateway.hub.publish(&CHANNEL.parse().expect("a channel"), &entry);
    }
    let (mut last, mut gaps) = (0, 0);
    while last < COUNT {
        let frame = reader.frame().await.expect("the stream continues");
        if frame.event == "gap" {
            let gap = read(&frame.data);
            assert_eq!(
                (&gap["from"], &gap["reason"]),
                (&Value::from(last + 1), &Value::from("slow"))
            );
            last = gap["to"].as_u64().expect("a number");
            gaps += 1;
        }
        for log in envelopes(&frame) {
            last += 1;
            assert_eq!(read(&log)["seq"], last);
        }
        assert!(
            frame.event == "heartbeat" || frame.id == cursor(&gateway, last),
            "{}: {}",
            frame.event,
            frame.id
        );
    }
    assert!(gaps > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_carry_the_same_logs_as_single_events() {
    let gateway = Arc::new(gateway().await);
    let mut batched = gateway.resume(&format!("{BOTH}&batch=1"), &gateway.cursor("0-0")).await;
    let mut single = gateway.resume(BOTH, &gateway.cursor("0-0")).await;
    let publishers: Vec<_> = [CHANNEL, OTHER, CHANNEL]
        .into_iter()
        .map(|channel| {
            let gateway = Arc::clone(&gateway);
            std::thread::spawn(move || {
                let mut left = 3_000;
                while left > 0 {
                    let burst = fastrand::u64(1..=[2, 20, 400][fastrand::usize(..3)]).min(left);
                    gateway.publish_numbers(channel, 1, burst);
                    left -= burst;
                    std::thread::sleep(Duration::from_millis(fastrand::u64(..40)));
                }
            })
        })
        .collect();
    let ((batched, events), (single, _)) =
        tokio::join!(logs(&mut batched, 9_000), logs(&mut single, 9_000));
    publishers.into_iter().for_each(|publisher| publisher.join().expect("published"));
    assert!(batched == single, "the same logs in the same order, byte for byte");
    assert!(events < 4_500, "{events}");
}
