//! Many readers of one channel, for `npm run bench -- gateway`. Prints its figures as JSON.
//!
//! Publishes logs with their time and reads them back on each socket, so the latencies include
//! publishing, the gateway and this program's own reading, by one clock. Memory is the gateway's
//! resident set, read from `/proc` if it exists.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Parser;
use logs_gateway::demo::publisher::{Log, Publisher};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// Measures a gateway with many readers of one channel.
#[derive(Debug, Parser)]
struct Args {
    /// Address of the gateway, as host:port.
    #[arg(long)]
    gateway: String,
    /// Its process id, for its memory.
    #[arg(long)]
    pid: u32,
    /// Readers of the one channel.
    #[arg(long, default_value_t = 2_000)]
    readers: usize,
    /// Logs published per second on that channel.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How long logs are published, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Request batches, as our client does.
    #[arg(long)]
    batch: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args = Args::parse();
    rustls::crypto::ring::default_provider().install_default().expect("nobody else has chosen one");
    let total = args.rate * args.seconds;
    let idle = resident_kb(args.pid);
    let start = Instant::now();
    let greeted = Arc::new(AtomicUsize::new(0));
    let mut readers = Vec::with_capacity(args.readers);
    for _ in 0..args.readers {
        readers.push(tokio::spawn(read(
            args.gateway.clone(),
            args.batch,
            total,
            start,
            Arc::clone(&greeted),
        )));
        // As fast as a listen queue of 1,024 accepts them.
        sleep(Duration::from_micros(300)).await;
    }
    while greeted.load(Ordering::Relaxed) < args.readers {
        assert!(
            !readers.iter().any(tokio::task::JoinHandle::is_finished),
            "a reader ended before it was greeted"
        );
        sleep(Duration::from_millis(20)).await;
    }
    let connected = resident_kb(args.pid);
    publish(&args, start).await;
    let mut late = Vec::with_capacity(args.readers * total as usize);
    let mut lost = 0;
    for reader in readers {
        let seen = timeout(PATIENCE, reader).await.ok().and_then(Result::ok).unwrap_or_default();
        lost += total as usize - seen.len();
        late.extend(seen);
    }
    late.sort_unstable();
    let at = |share: f64| {
        late.get(((late.len().saturating_sub(1)) as f64 * share) as usize)
            .map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    };
    let busy = resident_kb(args.pid);
    let per_reader = |kb: u64| kb.saturating_sub(idle) as f64 / args.readers as f64;
    println!(
        "{}",
        serde_json::json!({
            "readers": args.readers, "logs": total, "lost": lost, "p50": at(0.5), "p99": at(0.99), "worst": at(1.0),
            "kbPerReader": per_reader(connected), "kbPerReaderAfter": per_reader(busy),
        })
    );
}

async fn publish(args: &Args, start: Instant) {
    let publisher = Publisher::new(
        format!("http://{}", args.gateway).parse().expect("a URL"),
        "l5-etl-token",
        false,
    )
    .expect("a publisher");
    let mut tick = interval(Duration::from_secs(1) / args.rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 1..=args.rate * args.seconds {
        tick.tick().await;
        let text = format!(
            r#"{{"level":"INFO","pipeline":"INGESTION","status":"12 sec","message":"Read 1,204 rows from s3://lake/in (log {number})","at":{}}}"#,
            start.elapsed().as_micros()
        );
        let data: &RawValue = serde_json::from_str(&text).expect("it is JSON");
        let log = Log { service: "etl", workspace: "workspace123", workflow: "workflow456", data };
        publisher.publish(&log).await.expect("the gateway takes logs");
    }
}

/// Reads until all logs have arrived, and returns the latency of each in microseconds. Returns
/// fewer if the stream ended or a log was missing.
async fn read(
    gateway: String,
    batch: bool,
    total: u32,
    start: Instant,
    greeted: Arc<AtomicUsize>,
) -> Vec<u32> {
    let mut socket = TcpStream::connect(&gateway).await.expect("the gateway takes connections");
    let route =
        "/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=workspace123&workflow_id=workflow456";
    let head = format!(
        "GET {route}{} HTTP/1.1\r\nHost: {gateway}\r\nAccept: text/event-stream\r\n\r\n",
        if batch { "&batch=1" } else { "" }
    );
    socket.write_all(head.as_bytes()).await.expect("the gateway takes a request");
    let mut late = Vec::with_capacity(total as usize);
    let (mut held, mut buffer, mut is_greeted, mut last) = (String::new(), [0; 4_096], false, 0);
    while late.len() < total as usize {
        let Ok(length @ 1..) = socket.read(&mut buffer).await else { break };
        held.push_str(&String::from_utf8_lossy(&buffer[..length]));
        if !is_greeted && held.contains("\"epoch\"") {
            is_greeted = true;
            greeted.fetch_add(1, Ordering::Relaxed);
        }
        let now = start.elapsed().as_micros() as u64;
        let whole = held.rfind('\n').map_or(0, |end| end + 1);
        for (at, seq) in held[..whole].split("\"at\":").skip(1).filter_map(numbers) {
            if seq != last + 1 {
                return late;
            }
            last = seq;
            late.push((now - at) as u32);
        }
        held.drain(..whole);
    }
    late
}

/// Parses the time and the number of a log, after `"at":`.
fn numbers(text: &str) -> Option<(u64, u64)> {
    let digits =
        |text: &str| text[..text.bytes().take_while(u8::is_ascii_digit).count()].parse().ok();
    Some((digits(text)?, digits(text.split_once("\"seq\":")?.1)?))
}

fn resident_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// After the last log was published.
const PATIENCE: Duration = Duration::from_secs(30);
