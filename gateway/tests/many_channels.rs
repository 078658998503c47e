//! Channels that never come back, one for each run of a workflow, occupy bounded memory, and the
//! gateway knows how much. `LOGS_CHANNELS=1000000` uses more of them.

#![cfg(target_os = "linux")]

mod support;

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use support::process::{Process, Raw, command};

/// The usual number of channels.
const CHANNELS: usize = 60_000;

fn channels() -> usize {
    std::env::var("LOGS_CHANNELS").ok().and_then(|count| count.parse().ok()).unwrap_or(CHANNELS)
}

/// Publishes one log on each of these channels.
fn publish(gateway: &Process, numbers: std::ops::Range<usize>) {
    let mut socket = TcpStream::connect(gateway.address()).expect("it accepts connections");
    let numbers: Vec<_> = numbers.collect();
    for portion in numbers.chunks(1_000) {
        let mut body = String::new();
        for number in portion {
            writeln!(
                body,
                r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"run-{number}","logData":{{"level":"INFO","message":"The run has started"}}}}"#
            )
            .expect("a string");
        }
        write!(
            socket,
            "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nX-Service-Token: l5-etl-token\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it accepts the request");
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut bytes = [0; 4_096];
            let count = socket.read(&mut bytes).expect("an answer");
            assert!(count > 0, "the connection was closed");
            answer.extend_from_slice(&bytes[..count]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    }
}

/// Returns the memory that the process occupies, in bytes.
fn resident(gateway: &Process) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.child.id()));
    let status = status.expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number");
    kilobytes * 1_024.0
}

fn stat(gateway: &Process, name: &str) -> f64 {
    let answer = gateway.get("/health");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let health: Value = serde_json::from_str(body).expect("JSON");
    health["stats"][name].as_f64().unwrap_or_else(|| panic!("{name}: {health}"))
}

#[test]
fn the_size_of_the_history_is_the_memory_that_it_occupies() {
    let total = (2_usize << 30).to_string();
    let gateway = Process::start(&mut command(&["--port", "0", "--history-total-bytes", &total]));
    // What the process needs for anything is not counted.
    publish(&gateway, 0..1_000);
    let (before, held_before) = (resident(&gateway), stat(&gateway, "historyBytes"));
    publish(&gateway, 1_000..channels());
    let occupied = resident(&gateway) - before;
    let held = stat(&gateway, "historyBytes") - held_before;
    let ratio = held / occupied;
    assert!((0.9..=1.1).contains(&ratio), "{held} of {occupied} bytes are counted: {ratio:.2}");
}

#[test]
fn memory_stays_bounded_and_a_channel_that_comes_back_continues() {
    let count = channels();
    let bound = count * 200;
    let arguments = ["--port", "0", "--history-total-bytes", &bound.to_string()];
    let limit = (count / 8).to_string();
    let gateway =
        Process::start(&mut command(&[&arguments[..], &["--max-channels", &limit]].concat()));
    publish(&gateway, 0..1_000);
    let before = resident(&gateway);
    publish(&gateway, 1_000..count);
    let occupied = resident(&gateway) - before;
    assert!(occupied < bound as f64 * 1.2, "{occupied} of {bound} bytes");
    assert!(stat(&gateway, "channelsInMemory") <= count as f64 / 8.0);
    // Its only log, with the number 1, was evicted long ago.
    let path = "/logs/stream?channels=logs:etl:workspace123:run-3";
    let mut stream = Raw::request(gateway.address(), path);
    stream.until("\"connectionId\"");
    publish(&gateway, 3..4);
    stream.until("The run has started");
    // Of more channels than these, the gateway forgets the numbers as well, and continues with a
    // higher one.
    let number = stream.text.rsplit_once("\"seq\":").and_then(|(_, rest)| rest.split('}').next());
    let number = number.and_then(|number| number.parse::<u64>().ok());
    let is_next = number == Some(2) || (count > CHANNELS && number > Some(2));
    assert!(is_next, "{}", stream.text);
}
