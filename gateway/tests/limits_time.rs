//! Clients that send too slowly: their connections close in time, cost little, and are counted.

#![cfg(target_os = "linux")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::process::{Gateway, Process, Raw, command, connect, exchange};
use support::{PATIENCE, PROXY};

/// A gateway with a second listener for metrics.
struct Observed {
    gateway: Process,
    admin: String,
}

impl Observed {
    fn start(arguments: &[&str]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let admin = port.expect("a free port").to_string();
        let all = [&["--port", "0", "--admin", &admin], arguments].concat();
        let gateway = Process::start(command(&all).stderr(Stdio::null()));
        Self { gateway, admin }
    }

    /// Returns the count of refusals because of a limit.
    fn refusals(&self, limit: &str) -> u64 {
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let metrics = exchange(&*self.admin, request);
        let name = format!("logs_gateway_limit_refusals_total{{limit=\"{limit}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no {name}: {metrics}"))
    }

    /// Returns the memory of the process in bytes.
    fn memory(&self) -> usize {
        let path = format!("/proc/{}/status", self.gateway.child.id());
        let status = std::fs::read_to_string(path).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<usize>();
        kilobytes.expect("a number") * 1_024
    }
}

/// Reads to the end of a connection.
fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is reset after its answer still answered.
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the head of a publish request, and a part of its body.
fn begin(gateway: &Process, token: &str, headers: &str, part: &str) -> TcpStream {
    let mut socket = connect(gateway.address());
    write!(
        socket,
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nX-Service-Token: {token}\r\n{headers}Content-Length: 500000\r\n\r\n{part}"
    )
    .expect("it accepts the request");
    socket
}

#[test]
fn a_head_that_takes_too_long_is_closed_and_counted() {
    let observed = Observed::start(&["--head-timeout", "1s"]);
    let mut socket = connect(observed.gateway.address());
    let start = Instant::now();
    // A byte now and then does not extend the time.
    let request = "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Padding: ".to_owned();
    for byte in (request + &"x".repeat(1_000)).bytes() {
        if socket.write_all(&[byte]).is_err() {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "the connection stays open");
        std::thread::sleep(Duration::from_millis(20));
    }
    rest(&mut socket);
    assert_eq!(observed.refusals("head_time"), 1);
}

#[test]
fn a_connection_waits_longer_for_its_next_request_than_for_a_head() {
    let observed = Observed::start(&["--head-timeout", "300ms", "--idle-timeout", "6s"]);
    let request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut kept = Raw { socket: connect(observed.gateway.address()), text: String::new() };
    for _ in 0..3 {
        kept.socket.write_all(request.as_bytes()).expect("it accepts the request");
        kept.until("uptime");
        kept.text.clear();
        // Idle for longer than a head may take.
        std::thread::sleep(Duration::from_millis(900));
    }
    assert_eq!(observed.refusals("head_time"), 0);
    // The time of a head that has begun counts from its first byte.
    kept.socket.write_all(b"GET /hea").expect("it accepts bytes");
    assert_eq!(rest(&mut kept.socket), "");
    assert_eq!(observed.refusals("head_time"), 1);
    // A connection without a byte is closed as one with a slow head.
    assert_eq!(rest(&mut connect(observed.gateway.address())), "");
    assert_eq!(observed.refusals("head_time"), 2);
    // An idle one ends, too, and is no refusal.
    let mut idle = Raw { socket: connect(observed.gateway.address()), text: String::new() };
    idle.socket.write_all(request.as_bytes()).expect("it accepts the request");
    idle.until("uptime");
    rest(&mut idle.socket);
    assert_eq!(observed.refusals("head_time"), 2);
}

#[test]
fn a_body_that_takes_too_long_is_a_408_whoever_sends_it() {
    let observed = Observed::start(&["--body-timeout", "500ms"]);
    for headers in ["", "Content-Type: application/x-ndjson\r\n"] {
        let answer = rest(&mut begin(&observed.gateway, "l5-etl-token", headers, "{"));
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("\"limit\":\"body_time\""), "{answer}");
    }
    let answer = rest(&mut begin(&observed.gateway, "wrong", "", "{"));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(observed.refusals("body_time"), 3);
}

#[test]
fn a_stranger_is_not_asked_to_continue() {
    let observed = Observed::start(&[]);
    let answer = rest(&mut begin(&observed.gateway, "wrong", "Expect: 100-continue\r\n", ""));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let mut socket = begin(&observed.gateway, "l5-etl-token", "Expect: 100-continue\r\n", "");
    let mut answer = [0; 21];
    socket.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue");
}

#[test]
fn a_thousand_strangers_with_open_bodies_cost_little_and_are_gone_in_time() {
    let observed = Observed::start(&["--body-timeout", "3s", "--max-auth-failures", "0"]);
    let _warm: Vec<_> = (0..50).map(|_| observed.gateway.publish("warm")).collect();
    let before = observed.memory();
    let part = "x".repeat(20_000);
    let mut strangers: Vec<_> =
        (0..1_000).map(|_| begin(&observed.gateway, "wrong", "", &part)).collect();
    let cost = observed.memory().saturating_sub(before) / strangers.len();
    assert!(cost < 64 * 1_024, "{cost} bytes each");
    for stranger in &mut strangers {
        let answer = rest(stranger);
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    assert_eq!(observed.refusals("body_time"), 1_000);
    assert!(observed.gateway.publish("still here").contains("\"success\":true"));
}

#[test]
fn streams_stay_open_while_limits_change() {
    let file = std::env::temp_dir().join(format!("limits-{}.toml", std::process::id()));
    std::fs::write(&file, "head-timeout = \"1s\"\n").expect("a file");
    let mut setsid = std::process::Command::new("setsid");
    setsid
        .args([env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0", "--config"])
        .arg(&file)
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let gateway = Process::start(&mut setsid);
    let mut streams: Vec<_> = (0..20).map(|_| gateway.read(PROXY)).collect();
    let limits = "max-streams-per-workspace = 20\nmax-channel-bytes-per-second = 1\npublish-burst = \"1ms\"\nmax-log-bytes = 1024\n";
    std::fs::write(&file, limits).expect("a file");
    gateway.signal("-HUP");
    let start = Instant::now();
    while !gateway.publish("x").starts_with("HTTP/1.1 429") {
        assert!(start.elapsed() < PATIENCE, "the limit is not applied");
    }
    assert!(gateway.publish(&"x".repeat(2_000)).starts_with("HTTP/1.1 413"));
    let mut refused = Raw::request(gateway.address(), PROXY);
    refused.until("streams_per_workspace");
    std::fs::write(&file, "").expect("a file");
    gateway.signal("-HUP");
    while !gateway.publish("to all").contains("\"delivered\":20") {
        assert!(start.elapsed() < 2 * PATIENCE, "streams were cut, or the limit stays");
    }
    streams.iter_mut().for_each(|stream| stream.until("to all"));
    std::fs::remove_file(&file).expect("the file is there");
}
