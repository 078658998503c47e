//! The cost of publishing in the hub: CPU time and wall time for each log. Run it with
//! `cargo run --release -p logs-gateway --example publishes`; it prints its figures as JSON.

use std::fs;
use std::time::Instant;

use logs_gateway::hub::Hub;
use logs_gateway::hub::config::Config;
use serde_json::json;
use serde_json::value::RawValue;

fn main() {
    let mut figures = Vec::new();
    for channels in [1, 64, 10_000] {
        let (cpu, wall) = publish(channels);
        figures.push(json!({
            "channels": channels, "cpuNanosPerLog": cpu.round(), "logsPerSecond": (1e9 / wall).round(),
        }));
    }
    println!("{}", json!(figures));
}

/// Publishes logs on this many channels, and returns the CPU time and the wall time of each in
/// nanoseconds.
fn publish(channels: usize) -> (f64, f64) {
    let hub = Hub::new(Config::default());
    let names: Vec<_> = (0..channels)
        .map(|number| format!("logs:etl:workspace123:workflow{number}").parse().expect("a channel"))
        .collect();
    let text = r#"{"level":"INFO","pipeline":"INGESTION","status":"12 sec","message":"Read 1,204 rows from s3://lake/in"}"#;
    let entry = RawValue::from_string(text.into()).expect("JSON");
    let run =
        |logs: usize| (0..logs).for_each(|log| _ = hub.publish(&names[log % channels], &entry));
    run(LOGS / 4);
    let (start, wall) = (cpu_nanos(), Instant::now());
    run(LOGS);
    let cpu = cpu_nanos().zip(start).map_or(f64::NAN, |(end, start)| (end - start) as f64);
    (cpu / LOGS as f64, wall.elapsed().as_nanos() as f64 / LOGS as f64)
}

/// Returns the CPU time of this thread, if the system reports it.
fn cpu_nanos() -> Option<u64> {
    fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

const LOGS: usize = 2_000_000;
