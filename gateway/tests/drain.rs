//! Drain: what happens between SIGTERM and the end of the process, and that no reader loses what was
//! acknowledged.

#![cfg(unix)]

mod support;

use std::io::Read;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use support::process::{Gateway, Process, command};
use support::{PROXY, Reader, client, until};

fn gateway(arguments: &[&str]) -> Process {
    Process::start(command(&[&["--port", "0"], arguments].concat()).stderr(Stdio::piped()))
}

fn log_of(gateway: &mut Process) -> String {
    let mut text = String::new();
    let mut stderr = gateway.child.stderr.take().expect("piped");
    stderr.read_to_string(&mut text).expect("text");
    text
}

fn body(number: u64, filler: usize) -> String {
    json!({
        "service": "etl",
        "workspace_id": "workspace123",
        "workflow_id": "workflow456",
        "logData": { "number": number, "filler": "x".repeat(filler) },
    })
    .to_string()
}

async fn publish(url: &str, body: String) -> Option<(u16, Option<String>)> {
    let answer = client()
        .post(format!("{url}/logs/publish"))
        .header("X-Service-Token", "l5-etl-token")
        .body(body)
        .send()
        .await
        .ok()?;
    let retry = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Some((answer.status().as_u16(), retry.map(ToOwned::to_owned)))
}

/// A stream past its greeting, and the number after which it begins.
async fn open(url: &str, query: &str) -> (Reader, u64) {
    let mut reader = Reader::open(client().get(format!("{url}{PROXY}{query}"))).await;
    let greeting = reader.data().await;
    let channels = greeting["seqs"].as_object().expect("seqs").values();
    let start = channels.map(|held| held["start"].as_u64().expect("a number")).sum();
    (reader, start)
}

/// Reads to the end, and returns the numbers of all logs and the last event. `pause` makes it slow.
async fn read(mut reader: Reader, pause: Duration) -> (Vec<u64>, String) {
    let (mut seqs, mut last) = (Vec::new(), String::new());
    while let Some(frame) = reader.frame().await {
        let data: Value = serde_json::from_str(&frame.data).expect("JSON");
        match &*frame.event {
            "message" => seqs.push(data["seq"].as_u64().expect("a number")),
            "batch" => {
                let logs = data.as_array().expect("logs");
                seqs.extend(logs.iter().map(|log| log["seq"].as_u64().expect("a number")));
            }
            _ => {}
        }
        last = format!("{} {}", frame.event, frame.data);
        if seqs.len() % 500 == 499 {
            tokio::time::sleep(pause).await;
        }
    }
    (seqs, last)
}

/// Publishers that count what was acknowledged until they are refused.
struct Load {
    acknowledged: Arc<AtomicU64>,
    refused: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(url: &str, publishers: u64) -> Self {
        let (acknowledged, refused) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let one = |number| {
            let (url, acknowledged) = (url.to_owned(), Arc::clone(&acknowledged));
            let refused = Arc::clone(&refused);
            tokio::spawn(async move {
                loop {
                    match publish(&url, body(number, 10)).await {
                        Some((200, _)) => _ = acknowledged.fetch_add(1, Ordering::SeqCst),
                        Some((503, retry)) => {
                            assert!(retry.is_some(), "no Retry-After");
                            refused.store(true, Ordering::SeqCst);
                            return;
                        }
                        Some((status, _)) => panic!("status {status}"),
                        // The listener is closed.
                        None => return,
                    }
                }
            })
        };
        let tasks = (0..publishers).map(one).collect();
        Self { acknowledged, refused, tasks }
    }

    async fn end(self) -> u64 {
        for task in self.tasks {
            task.await.expect("a publisher");
        }
        assert!(self.refused.load(Ordering::SeqCst), "no publisher was refused");
        self.acknowledged.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reader_receives_each_log_that_was_acknowledged() {
    let flags = ["--drain-timeout", "9s", "--drain-window", "500ms", "--history-bytes", "64000000"];
    let mut gateway = gateway(&flags);
    let url = gateway.url.clone();
    // A history, for those that replay it.
    let history = 5_000;
    for from in (0..history).step_by(500) {
        let lines: Vec<_> = (from..from + 500).map(|number| body(number, 1_000)).collect();
        let batch = client()
            .post(format!("{url}/logs/publish"))
            .header("X-Service-Token", "l5-etl-token")
            .header("Content-Type", "application/x-ndjson")
            .body(lines.join("\n"));
        assert_eq!(batch.send().await.expect("an answer").status(), 200);
    }
    let load = Load::start(&url, 4);
    let mut readers = Vec::new();
    for number in 0..250 {
        let query = if number % 2 == 0 { "" } else { "&batch=1" };
        let (reader, start) = open(&url, query).await;
        readers.push((start, tokio::spawn(read(reader, Duration::ZERO))));
    }
    let before = load.acknowledged.load(Ordering::SeqCst);
    until("all are live", async || load.acknowledged.load(Ordering::SeqCst) > before + 20).await;
    // Some replay everything, and not fast.
    for _ in 0..10 {
        let (reader, start) = open(&url, "&tail=10000").await;
        assert_eq!(start, 0, "the whole history");
        readers.push((start, tokio::spawn(read(reader, Duration::from_millis(100)))));
    }
    gateway.signal("-TERM");
    let acknowledged = history + load.end().await;
    let mut lost = 0;
    for (start, reader) in readers {
        let (seqs, last) = reader.await.expect("a reader");
        assert!(last.starts_with("bye") && last.contains("shutdown"), "{last}");
        let in_order = seqs.iter().zip(start + 1..).all(|(seq, expected)| *seq == expected);
        assert!(in_order, "a hole");
        lost += acknowledged - (start + seqs.len() as u64);
    }
    assert_eq!(lost, 0, "of {acknowledged} acknowledged");
    assert_eq!(gateway.end().code(), Some(0));
    let log = log_of(&mut gateway);
    assert!(!log.contains("before their readers received all"), "{log}");
}

#[tokio::test]
async fn what_the_deadline_cuts_is_counted_and_logged() {
    let flags =
        ["--drain-timeout", "1s", "--history-bytes", "64000000", "--history-lines", "20000"];
    let mut gateway = gateway(&flags);
    for number in 0..60 {
        assert_eq!(publish(&gateway.url, body(number, 500_000)).await.expect("an answer").0, 200);
    }
    let (mut reader, _) = open(&gateway.url, "&tail=10000").await;
    gateway.signal("-TERM");
    // Reads on, but too slowly for 30 MB.
    let mut received = 0;
    while let Some(frame) = reader.frame().await {
        received += u64::from(frame.event == "message");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let log = log_of(&mut gateway);
    assert_eq!(gateway.end().code(), Some(0));
    assert!(received < 60, "it received all");
    assert!(
        log.contains("before their readers received all logs") && log.contains("streams=1"),
        "{received}: {log}"
    );
}

#[tokio::test]
async fn a_load_balancer_has_time_to_notice_while_all_goes_on() {
    let mut gateway = gateway(&["--drain-delay", "2s"]);
    let url = gateway.url.clone();
    let (mut reader, _) = open(&url, "").await;
    gateway.signal("-TERM");
    until("it is not ready", async || gateway.get("/ready").starts_with("HTTP/1.1 503")).await;
    assert_eq!(publish(&url, body(7, 0)).await.expect("an answer").0, 200);
    assert_eq!(reader.data().await["data"]["number"], 7, "the stream continues");
    let (late, _) = open(&url, "").await;
    for reader in [reader, late] {
        assert!(read(reader, Duration::ZERO).await.1.starts_with("bye"));
    }
    assert_eq!(gateway.end().code(), Some(0));
}

#[tokio::test]
async fn streams_end_over_the_window_and_publishers_are_refused_meanwhile() {
    let mut gateway = gateway(&["--drain-window", "2s"]);
    let url = gateway.url.clone();
    let mut ends = Vec::new();
    for _ in 0..40 {
        let (reader, _) = open(&url, "").await;
        ends.push(tokio::spawn(async move {
            read(reader, Duration::ZERO).await;
            std::time::Instant::now()
        }));
    }
    gateway.signal("-TERM");
    until("a publisher is refused", async || {
        publish(&url, body(1, 0)).await.is_some_and(|(status, _)| status == 503)
    })
    .await;
    let mut times = Vec::new();
    for end in ends {
        times.push(end.await.expect("a reader"));
    }
    times.sort();
    let (first, last) = (times[0], times[times.len() - 1]);
    // 40 random moments lie within a second of each other once in 10^11 runs.
    assert!(last - first > Duration::from_millis(900), "{:?}", last - first);
    assert_eq!(gateway.end().code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_delay_and_the_window() {
    for flags in [["--drain-delay", "1h"], ["--drain-window", "1h"]] {
        let mut gateway = gateway(&flags);
        let mut reader = gateway.read(PROXY);
        gateway.signal("-TERM");
        std::thread::sleep(Duration::from_millis(200));
        gateway.signal("-TERM");
        reader.until("\"shutdown\"");
        assert_eq!(gateway.end().code(), Some(0), "{flags:?}");
    }
}
