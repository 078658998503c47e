//! Random HTTP against the running program. Whatever arrives, it neither panics nor hangs nor grows,
//! and it serves the next request.
//!
//! `LOGS_FUZZ_REQUESTS` sets how many requests are sent, and `LOGS_FUZZ_SEED` repeats a run.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;
use support::process::{Gateway, Process, command};
use support::{CHANNEL, PROXY};

#[test]
fn random_requests_neither_end_the_gateway_nor_fill_it() {
    let seed = setting("LOGS_FUZZ_SEED", fastrand::u64(..));
    let requests = setting("LOGS_FUZZ_REQUESTS", 3_000_usize);
    println!("LOGS_FUZZ_SEED={seed}");
    let log = temporary::File::new("fuzz", "");
    // Logs that a random request publishes are kept; this bounds them.
    let arguments = ["--port", "0", "--history-total-bytes", "1000000"];
    let mut gateway =
        Process::start(command(&arguments).stderr(File::create(log.path()).expect("a file")));
    send_all(&gateway, seed, requests / 4);
    let before = resident_kb(&gateway);
    send_all(&gateway, seed.wrapping_add(1), requests);
    let grown = resident_kb(&gateway).saturating_sub(before);

    assert!(gateway.child.try_wait().expect("a child").is_none(), "it ended");
    assert!(grown < MAX_GROWN_KB, "it grew by {grown} kB");
    let mut reader = gateway.read(PROXY);
    assert!(gateway.publish("after the fuzz").contains("\"success\":true"));
    reader.until("after the fuzz");
    let log = fs::read_to_string(log.path()).expect("text");
    assert!(!log.contains("panicked"), "{log}");
}

/// Sends random requests from several threads.
fn send_all(gateway: &Process, seed: u64, requests: usize) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed.wrapping_mul(THREADS).wrapping_add(thread));
                for _ in 0..requests / THREADS as usize {
                    send(gateway.address(), &request(&mut rng));
                }
            });
        }
    });
}

/// Sends the bytes, and reads the start of the answer, if there is one. Any answer is right.
fn send(address: &str, bytes: &[u8]) {
    let mut socket = TcpStream::connect(address).expect("it accepts connections");
    socket.set_read_timeout(Some(ANSWER_TIME)).expect("a time");
    // The gateway may close the connection in the middle of a malformed request.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.read(&mut [0; 16_384]);
}

/// Returns one or two requests with a few random faults.
fn request(rng: &mut Rng) -> Vec<u8> {
    let samples = samples();
    let mut bytes = rng.choice(&samples).expect("samples").clone();
    if rng.u8(..4) == 0 {
        bytes.extend_from_slice(rng.choice(&samples).expect("samples"));
    }
    for _ in 0..rng.usize(..5) {
        mutate(&mut bytes, rng);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.usize(..=bytes.len());
    let end = (at + rng.usize(1..40)).min(bytes.len());
    match rng.u8(..7) {
        0 => drop(bytes.drain(at..end)),
        1 => bytes.truncate(at),
        2 => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again.repeat(rng.usize(1..200)));
        }
        3 => bytes[at..end].iter_mut().for_each(|byte| *byte = rng.u8(..)),
        // A piece after the request line is most often a header.
        4 => {
            let line = bytes.windows(2).position(|pair| pair == b"\r\n").map_or(at, |end| end + 2);
            let piece = rng.choice(PIECES).expect("pieces");
            bytes.splice(line..line, piece.iter().copied());
        }
        _ => {
            let piece = rng.choice(PIECES).expect("pieces");
            bytes.splice(at..at, piece.iter().copied());
        }
    }
}

/// Returns one well-formed request of each kind.
fn samples() -> Vec<Vec<u8>> {
    let log = r#"{"service":"etl","workspace_id":"w","workflow_id":"f","logData":{"message":"m","n":[1,{"a":null}]}}"#;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let post = |path: &str, kind: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Service-Token: l5-etl-token\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let chunked = format!(
        "POST /logs/stream HTTP/1.1\r\nHost: localhost\r\nX-Service-Token: l5-etl-token\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{log}\r\n0\r\n\r\n",
        log.len()
    );
    [
        get("/"),
        get("/health"),
        get("/ready"),
        get(PROXY),
        get(&format!("/logs/stream?channels={CHANNEL}&batch=1&tail=5")),
        get(&format!("/logs/stream?channels={CHANNEL}&last_event_id=1.aaaaaa.5-_")),
        get(&format!("/logs/history?channel={CHANNEL}&limit=3&before=9")),
        get("/api/dapadmin/l5-etl/sse/logs/history?workspace_id=a&workflow_id=b"),
        post("/logs/stream", "application/json", log),
        post("/logs/publish", "application/x-ndjson", &format!("{log}\n{log}\n")),
        post("/admin/logs/stop", "application/json", r#"{"connectionId":"x"}"#),
        chunked,
        "OPTIONS /logs/stream HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\nAccess-Control-Request-Method: POST\r\n\r\n".into(),
    ]
    .map(String::into_bytes)
    .into()
}

fn setting<T: FromStr>(name: &str, default: T) -> T {
    let parse = |text: String| text.parse().ok().unwrap_or_else(|| panic!("{name} is {text:?}"));
    std::env::var(name).map_or(default, parse)
}

fn resident_kb(gateway: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.child.id()));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// What parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"%00%ff%2e%2e",
    b"&channels=logs:etl:a:b,logs:etl:c:d",
    b"&last_event_id=1.aaaaaa.zzzzzzzzzzzzzz-_-_",
    b"Host: a\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: close, X-Workspace-Id\r\n",
    b"X-Workspace-Id: a\r\n",
    b"X-User-Id: \xe9\r\n",
    b"X-Service-Token: \r\n",
    b"Last-Event-ID: 1.aaaaaa.9\r\n",
    b"Idempotency-Key: k\r\n",
    b"Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n",
    b"Cookie: a=b; a=c\r\n",
    b"Upgrade: h2c\r\n",
    b"X-Forwarded-For: 1.2.3.4, ::1, x\r\n",
    b"\x1f\x8b\x08\x00",
    b"{\"a\":[[[[[[[[",
    b"\\ud800",
    b"1e99999",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01",
];

const THREADS: u64 = 6;

/// Longer than the gateway needs for an answer; a stream may be silent meanwhile.
const ANSWER_TIME: Duration = Duration::from_millis(50);

/// The history and buffers may grow by this much, not by the requests.
const MAX_GROWN_KB: u64 = 48 * 1_024;
