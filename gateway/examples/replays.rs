//! The cost of a replay by the number of channels of the stream: CPU time for each log, and its
//! ratio to one channel. Run it with `cargo run --release -p logs-gateway --example replays`; it
//! prints its figures as JSON.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use logs_gateway::hub::Hub;
use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::Config;
use logs_gateway::hub::connection::ConnectionInfo;
use logs_gateway::reader::batch::Framing;
use logs_gateway::reader::resume::Resume;
use logs_gateway::reader::{Next, Reader, RequestedChannel};
use serde_json::json;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut figures = Vec::new();
    for framing in [Framing::Single, Framing::Batches] {
        let mut alone = 0.0;
        for channels in [1, 16, 64] {
            let nanos = replay(channels, framing).await;
            alone = if channels == 1 { nanos } else { alone };
            figures.push(json!({
                "batches": framing == Framing::Batches, "channels": channels, "nanosPerLog": nanos.round(), "timesOneChannel": (nanos / alone * 100.0).round() / 100.0,
            }));
        }
    }
    println!("{}", json!(figures));
}

/// Replays all logs of a stream of this many channels, and returns the CPU time of each in
/// nanoseconds, the mean of several rounds.
async fn replay(channels: usize, framing: Framing) -> f64 {
    let hub = Arc::new(Hub::new(Config {
        history: Bounds { lines: LOGS, bytes: usize::MAX },
        history_total_bytes: 1 << 30,
        ..Config::default()
    }));
    let names: Vec<_> = (0..channels)
        .map(|number| format!("logs:etl:workspace123:workflow{number}").parse().expect("a channel"))
        .collect();
    let text = r#"{"level":"INFO","pipeline":"INGESTION","status":"12 sec","message":"Read 1,204 rows from s3://lake/in"}"#;
    let entry = RawValue::from_string(text.into()).expect("JSON");
    for number in 0..LOGS {
        hub.publish(&names[number % channels], &entry);
    }
    let asked: Vec<_> =
        names.into_iter().map(|channel| RequestedChannel { channel, is_granted: true }).collect();
    let cursor = format!("1.{}.{}", hub.epoch(), vec!["0"; channels].join("-"));
    let mut total = 0.0;
    for _ in 0..ROUNDS {
        let mut reader = Reader::open(
            &hub,
            &asked,
            &Resume::At(cursor.parse().expect("a cursor")).into(),
            framing,
            ConnectionInfo::new("bench"),
        );
        let before = hub.stats().logs_delivered;
        let (start, wall) = (cpu_nanos(), Instant::now());
        while hub.stats().logs_delivered - before < LOGS as u64 {
            assert!(matches!(reader.next().await, Next::Page(_)), "a replay is not slow");
        }
        let nanos = match (start, cpu_nanos()) {
            (Some(start), Some(end)) => (end - start) as f64,
            _ => wall.elapsed().as_nanos() as f64,
        };
        total += nanos;
    }
    total / (ROUNDS * LOGS) as f64
}

/// Returns the CPU time of this thread, which is the whole program, if the system reports it.
fn cpu_nanos() -> Option<u64> {
    fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

const LOGS: usize = 64_000;

/// Enough that the clock, which may tick every four milliseconds, does not decide.
const ROUNDS: usize = 50;
