//! The cost of publishing in the hub, by engine and fsync policy, and of a start with many stored
//! logs. Run it with `cargo run --release -p logs-gateway --example publishes`, with `memory` for
//! that engine only; it prints its figures as JSON. `TMPDIR` says which disk is used.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use logs_gateway::engine::disk::{DiskOptions, Fsync};
use logs_gateway::hub::Hub;
use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::clock::Clock;
use logs_gateway::hub::config::Config;
use logs_sse_core::channel::ChannelName;
use serde_json::json;
use serde_json::value::RawValue;

fn main() {
    for channels in [1, 64, 10_000] {
        let hub = Hub::new(Config::default());
        let (cpu, rate) = publish(&hub, channels, 2_000_000);
        println!(
            "{}",
            json!({ "engine": "memory", "channels": channels, "cpuNanosPerLog": cpu.round(), "logsPerSecond": rate.round() })
        );
    }
    if std::env::args().nth(1).as_deref() == Some("memory") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("logs-publishes-{}", std::process::id()));
    for (name, fsync) in [
        ("always", Fsync::Always),
        ("1s", Fsync::Every(Duration::from_secs(1))),
        ("never", Fsync::Never),
    ] {
        for publishers in [1, 64, 512] {
            let logs = if fsync == Fsync::Always { 300 } else { 3_000 };
            let rate = on_disk(&folder, fsync, publishers, logs);
            println!(
                "{}",
                json!({ "engine": "disk", "fsync": name, "publishers": publishers, "logsPerSecond": rate.round() })
            );
            fs::remove_dir_all(&folder).expect("it exists");
        }
    }
    println!("{}", start(&folder));
    fs::remove_dir_all(&folder).expect("it exists");
}

fn open(folder: &Path, fsync: Fsync) -> Hub {
    let config =
        Config { history: Bounds { lines: 1_000_000, bytes: usize::MAX }, ..Config::default() };
    let options = DiskOptions { folder: folder.into(), fsync };
    Hub::on_disk(config, &options, Clock::default()).expect("a folder")
}

/// Publishes logs one after the other, and returns the CPU time of each in nanoseconds, and how many
/// are stored per second.
fn publish(hub: &Hub, channels: usize, logs: usize) -> (f64, f64) {
    let (names, entry) = (names(channels), entry());
    let run =
        |logs: usize| (0..logs).for_each(|log| _ = hub.publish(&names[log % channels], &entry));
    run(logs / 4);
    let (start, wall) = (cpu_nanos(), Instant::now());
    run(logs);
    let cpu = cpu_nanos().zip(start).map_or(f64::NAN, |(end, start)| (end - start) as f64);
    (cpu / logs as f64, logs as f64 / wall.elapsed().as_secs_f64())
}

/// Returns how many logs per second this many publishers store, each of which waits for its log.
fn on_disk(folder: &Path, fsync: Fsync, publishers: usize, logs: usize) -> f64 {
    let hub = open(folder, fsync);
    let (names, entry) = (names(64), entry());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for publisher in 0..publishers {
            let (hub, name, entry) = (&hub, &names[publisher % 64], &entry);
            scope.spawn(move || (0..logs).for_each(|_| _ = hub.publish(name, entry)));
        }
    });
    (publishers * logs) as f64 / start.elapsed().as_secs_f64()
}

/// Returns how long a start takes with a million stored logs, and their size.
fn start(folder: &Path) -> serde_json::Value {
    let hub = open(folder, Fsync::Never);
    let (names, entry) = (names(64), entry());
    std::thread::scope(|scope| {
        for publisher in 0..500 {
            let (hub, name, entry) = (&hub, &names[publisher % 64], &entry);
            scope.spawn(move || (0..2_000).for_each(|_| _ = hub.publish(name, entry)));
        }
    });
    hub.close();
    let bytes = hub.engine_stats().disk_bytes;
    drop(hub);
    let begin = Instant::now();
    let hub = open(folder, Fsync::Never);
    let opened = begin.elapsed();
    hub.publish(&names[0], &entry);
    json!({
        "storedLogs": 1_000_000, "bytesPerLog": bytes / 1_000_000, "entryBytes": entry.get().len(),
        "openMillis": opened.as_secs_f64() * 1e3, "firstPublishMillis": begin.elapsed().as_secs_f64() * 1e3,
    })
}

fn names(count: usize) -> Vec<ChannelName> {
    let name = |number| format!("logs:etl:workspace123:workflow{number}");
    (0..count).map(|number| name(number).parse().expect("a channel")).collect()
}

fn entry() -> Box<RawValue> {
    let text = r#"{"level":"INFO","pipeline":"INGESTION","status":"12 sec","message":"Read 1,204 rows from s3://lake/in"}"#;
    RawValue::from_string(text.into()).expect("JSON")
}

/// Returns the CPU time of this thread, if the system reports it.
fn cpu_nanos() -> Option<u64> {
    fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
