//! Many readers of one channel, and one publisher at a steady rate.
//!
//! Logs carry the time of publishing, and this program reads them back on each socket. So the
//! latencies include publishing, the gateway and this program's own reading, by one clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::connection::Connection;
use crate::{Target, Watched};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    watched: Watched,
    /// Readers of the one channel.
    #[arg(long, default_value_t = 2_000)]
    readers: usize,
    /// Logs published per second on that channel.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How long logs are published, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
}

/// Returns latencies in milliseconds, the memory for each reader in kilobytes, and the processor
/// time for each delivered log in microseconds.
pub(crate) async fn run(args: Args) -> Value {
    let total = args.rate * args.seconds;
    let idle = args.watched.resident_kb();
    let start = Instant::now();
    let readers = open(&args, total, start).await;
    let connected = args.watched.resident_kb();
    let cpu = args.watched.cpu_micros();
    publish(&args, start).await;
    let mut late = Vec::with_capacity(args.readers * total as usize);
    let mut lost = 0;
    for reader in readers {
        let seen = timeout(PATIENCE, reader).await.ok().and_then(Result::ok).unwrap_or_default();
        lost += total as usize - seen.len();
        late.extend(seen);
    }
    let cpu = args.watched.cpu_micros() - cpu;
    let busy = args.watched.resident_kb();
    late.sort_unstable();
    let at = |share: f64| {
        late.get(((late.len().saturating_sub(1)) as f64 * share) as usize)
            .map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    };
    let per_reader = |kb: u64| kb.saturating_sub(idle) as f64 / args.readers as f64;
    json!({
        "readers": args.readers, "logs": total, "lost": lost,
        "p50": at(0.5), "p99": at(0.99), "worst": at(1.0),
        "kbPerReader": per_reader(connected), "kbPerReaderAfter": per_reader(busy),
        "cpuPerDelivery": cpu as f64 / late.len().max(1) as f64,
    })
}

/// Opens all streams, and waits until each has its response head and what follows at once.
async fn open(args: &Args, total: u32, start: Instant) -> Vec<JoinHandle<Vec<u32>>> {
    let greeted = Arc::new(AtomicUsize::new(0));
    let mut readers = Vec::with_capacity(args.readers);
    for _ in 0..args.readers {
        readers.push(tokio::spawn(read(args.target.clone(), total, start, Arc::clone(&greeted))));
        // As fast as a listen queue of 1,024 accepts them.
        sleep(Duration::from_micros(300)).await;
    }
    while greeted.load(Ordering::Relaxed) < args.readers {
        let has_ended = readers.iter().any(JoinHandle::is_finished);
        assert!(!has_ended, "a stream ended before its response head arrived");
        sleep(Duration::from_millis(20)).await;
    }
    sleep(SETTLED).await;
    readers
}

async fn publish(args: &Args, start: Instant) {
    let mut connection = Connection::open(&args.target.gateway).await;
    let mut tick = interval(Duration::from_secs(1) / args.rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 1..=args.rate * args.seconds {
        tick.tick().await;
        let log = args.target.log(number.into(), start.elapsed().as_micros());
        let request = args.target.publish_request("application/json", &log);
        let status = connection.exchange(&request).await;
        assert!((200..=202).contains(&status), "a log was refused with {status}");
    }
}

/// Reads until all logs have arrived, and returns the latency of each in microseconds. Returns
/// fewer if the stream ended or a log was missing.
async fn read(target: Target, total: u32, start: Instant, greeted: Arc<AtomicUsize>) -> Vec<u32> {
    let mut socket =
        TcpStream::connect(&target.gateway).await.expect("the gateway accepts connections");
    let request = target.stream_request();
    socket.write_all(request.as_bytes()).await.expect("the gateway accepts a request");
    let mut late = Vec::with_capacity(total as usize);
    let (mut held, mut buffer, mut is_greeted, mut last) = (String::new(), [0; 4_096], false, 0);
    while late.len() < total as usize {
        let Ok(length @ 1..) = socket.read(&mut buffer).await else { break };
        held.push_str(&String::from_utf8_lossy(&buffer[..length]));
        if !is_greeted && held.contains("\r\n\r\n") {
            assert!(held.starts_with("HTTP/1.1 200"), "a stream was refused: {held}");
            is_greeted = true;
            greeted.fetch_add(1, Ordering::Relaxed);
        }
        let now = start.elapsed().as_micros() as u64;
        let whole = held.rfind('\n').map_or(0, |end| end + 1);
        for (number, at) in held[..whole].split("\"number\":").skip(1).filter_map(numbers) {
            if number != last + 1 {
                return late;
            }
            last = number;
            late.push((now - at) as u32);
        }
        held.drain(..whole);
    }
    late
}

/// Parses the number and the time of a log, after `"number":`.
fn numbers(text: &str) -> Option<(u64, u64)> {
    let digits =
        |text: &str| text[..text.bytes().take_while(u8::is_ascii_digit).count()].parse().ok();
    Some((digits(text)?, digits(text.split_once("\"at\":")?.1)?))
}

/// After the last log was published.
const PATIENCE: Duration = Duration::from_secs(30);

/// For greetings that follow the response head.
const SETTLED: Duration = Duration::from_millis(500);
