//! Sockets: how long a client may stall, how many may connect, and which requests are malformed.

#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::process::{Gateway, Process, Raw, command, connect, exchange, publish_request};
use support::{CHANNEL, PATIENCE, PROXY};

fn gateway(arguments: &[&str]) -> Process {
    Process::start(command(&[&["--port", "0"], arguments].concat()).stderr(Stdio::null()))
}

/// Waits until the health report holds `what`.
#[track_caller]
fn health_says(gateway: &Process, what: &str) {
    let start = Instant::now();
    loop {
        let health = gateway.get("/health");
        if health.contains(what) {
            return;
        }
        assert!(start.elapsed() < 2 * PATIENCE, "not {what:?}: {health}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Publishes about 20 MB, more than all buffers between a gateway and a reader that does not read.
fn flood(gateway: &Process) {
    let filler = "x".repeat(500_000);
    for _ in 0..40 {
        assert!(gateway.publish(&filler).contains("\"success\":true"));
    }
}

/// A stream that is never read.
fn frozen(gateway: &Process) -> Raw {
    let raw = Raw::request(gateway.address(), PROXY);
    health_says(gateway, "\"connections\":1,");
    raw
}

#[test]
fn a_reader_that_accepts_no_byte_in_time_is_closed_and_counted() {
    for slow in ["gap", "cut"] {
        let gateway = gateway(&["--write-timeout", "1s", "--slow-reader", slow]);
        let frozen = frozen(&gateway);
        flood(&gateway);
        health_says(&gateway, "\"connections\":0,");
        health_says(&gateway, "\"writeTimeouts\":1");
        drop(frozen);
    }
}

#[test]
fn a_reader_that_never_reads_is_cut_off_where_slow_readers_are() {
    let gateway = gateway(&["--slow-reader", "cut", "--reader-lines", "10"]);
    let frozen = frozen(&gateway);
    flood(&gateway);
    health_says(&gateway, "\"connections\":0,");
    health_says(&gateway, "\"readersCutOff\":1,");
    health_says(&gateway, "\"writeTimeouts\":0");
    drop(frozen);
}

#[test]
fn answers_to_many_requests_that_are_not_read_end_the_connection() {
    let gateway = gateway(&["--write-timeout", "1s"]);
    let mut socket = connect(gateway.address());
    socket.set_nonblocking(true).expect("a socket");
    let start = Instant::now();
    // Until neither side accepts anything, and then until the connection ends.
    loop {
        match socket.write(&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000)) {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => break,
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(start.elapsed() < 2 * PATIENCE, "the connection stays open");
    }
    health_says(&gateway, "\"writeTimeouts\":1");
}

#[test]
fn a_client_that_ends_its_side_after_the_request_gets_its_stream() {
    let gateway = gateway(&[]);
    for path in [PROXY.to_owned(), format!("/logs/stream?channels={CHANNEL}")] {
        let mut raw = Raw::request(gateway.address(), &path);
        raw.socket.shutdown(Shutdown::Write).expect("a socket");
        raw.until("\"connectionId\"");
        // Longer than the gateway checks whether the client is there.
        std::thread::sleep(Duration::from_millis(3_500));
        assert!(gateway.publish("to half a connection").contains("\"delivered\":1"));
        raw.until("to half a connection");
        drop(raw);
        health_says(&gateway, "\"connections\":0,");
    }
}

#[test]
fn a_client_that_leaves_is_noticed_at_once() {
    let gateway = gateway(&[]);
    drop(gateway.read(PROXY));
    health_says(&gateway, "\"connections\":0,");
}

#[test]
fn a_client_that_sends_behind_its_request_and_leaves_is_noticed() {
    let gateway = gateway(&[]);
    for bytes in [100, 10_000, 3_000_000] {
        let mut raw = gateway.read(PROXY);
        // It fails once the gateway closes the connection.
        let _ = raw.socket.write_all(&vec![b'x'; bytes]);
        drop(raw);
        health_says(&gateway, "\"connections\":0,");
    }
}

#[test]
fn a_client_that_leaves_while_upstream_is_silent_is_noticed() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", upstream.local_addr().expect("an address"));
    let gateway = gateway(&["--upstream", &url]);
    let client = Raw::request(gateway.address(), PROXY);
    let (mut forwarded, _) = upstream.accept().expect("a request");
    drop(client);
    forwarded.set_read_timeout(Some(Duration::from_secs(5))).expect("a time");
    let read = forwarded.read_to_end(&mut Vec::new());
    assert!(read.is_ok(), "upstream's request is still open: {read:?}");
}

#[test]
fn a_client_that_ends_its_side_keeps_its_forwarded_stream() {
    let upstream = gateway(&[]);
    let gateway = gateway(&["--upstream", &upstream.url]);
    let mut raw = gateway.read(PROXY);
    raw.socket.shutdown(Shutdown::Write).expect("a socket");
    // Longer than the gateway checks whether the client is there.
    std::thread::sleep(Duration::from_millis(3_500));
    assert!(upstream.publish("to half a connection").contains("\"delivered\":1"));
    raw.until("to half a connection");
    drop(raw);
    health_says(&gateway, "\"connections\":0,");
    health_says(&upstream, "\"connections\":0,");
}

#[test]
fn a_request_behind_a_stream_does_not_end_it() {
    let gateway = gateway(&[]);
    let mut raw = gateway.read(PROXY);
    raw.socket
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("it accepts the request");
    std::thread::sleep(Duration::from_millis(100));
    gateway.publish("still here");
    raw.until("still here");
    assert!(!raw.text.contains("healthy"));
}

#[test]
fn requests_in_one_piece_are_answered_one_after_the_other() {
    let gateway = gateway(&[]);
    let publish = publish_request("/logs/stream", "x").replace("Connection: close\r\n", "");
    let requests = format!(
        "GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n{publish}GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    );
    let answers = gateway.exchange(&requests);
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

/// The status of the response to a request.
fn status(gateway: &Process, request: &str) -> String {
    let answer = exchange(gateway.address(), request);
    answer.split(' ').nth(1).unwrap_or("none").to_owned()
}

#[test]
fn requests_that_two_servers_could_read_differently_are_refused() {
    let gateway = gateway(&[]);
    for (request, expected) in [
        ("GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "200"),
        ("GET /ready HTTP/1.0\r\n\r\n", "200"),
        ("\r\nGET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "200"),
        ("GET /ready HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        ("GET /ready HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400"),
        ("GET /ready HTTP/1.1\nHost: a\n\n", "400"),
        ("GET /ready HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "400"),
        ("GET /ready HTTP/1.1\r\nHost: localhost\r\n\n", "400"),
        (
            "POST /logs/stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "501",
        ),
        (
            "POST /logs/stream HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
            "417",
        ),
    ] {
        assert_eq!(status(&gateway, request), expected, "{request:?}");
    }
    // The second request of a connection is checked like the first.
    let publish = publish_request("/logs/stream", "x").replace("Connection: close\r\n", "");
    let answers = gateway.exchange(&format!("{publish}GET /ready HTTP/1.1\r\nHost: a\n\r\n"));
    assert!(answers.starts_with("HTTP/1.1 200") && answers.contains("HTTP/1.1 400"), "{answers}");
    let chunked = "POST /logs/stream HTTP/1.1\r\nHost: localhost\r\nX-Service-Token: l5-etl-token\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let body =
        publish_request("", "a\\nb").split("\r\n\r\n").nth(1).expect("a body").to_owned() + "\n\n";
    let (one, two) = body.split_at(10);
    let answer = gateway.exchange(&format!(
        "{chunked}{:x}\r\n{one}\r\n{:x};a=b\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    ));
    assert!(answer.contains("\"success\":true"), "{answer}");
}

/// The status of a stream's request, while the connection is kept.
fn open(gateway: &Process, path: &str) -> (TcpStream, String) {
    let mut socket = connect(gateway.address());
    write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("it accepts the request");
    let mut head = [0; 600];
    let count = socket.read(&mut head).unwrap_or(0);
    (socket, String::from_utf8_lossy(&head[..count]).into_owned())
}

#[test]
fn streams_above_the_limit_are_refused_and_health_and_publishers_are_not() {
    let gateway = gateway(&["--max-connections", "8"]);
    let streams: Vec<_> = (0..8).map(|_| gateway.read(PROXY)).collect();
    for path in [PROXY, "/logs/stream?channels=logs:etl:a:b", "/"] {
        let (_, head) = open(&gateway, path);
        assert!(
            head.starts_with("HTTP/1.1 503") && head.to_lowercase().contains("retry-after: "),
            "{path}: {head}"
        );
    }
    assert!(
        gateway.get("/health").contains("\"connectionsRefused\":3"),
        "{}",
        gateway.get("/health")
    );
    let ready = gateway.get("/ready");
    assert!(ready.contains("\"ready\":false"), "load balancers choose another: {ready}");
    assert!(gateway.publish("hello").contains("\"delivered\":8"));
    drop(streams);
    health_says(&gateway, "\"connections\":0,");
    drop(gateway.read(PROXY));
}

#[test]
fn the_limit_follows_that_of_open_files() {
    let mut shell = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_logs-gateway");
    shell
        .args(["-c", &format!("ulimit -n 128; exec {program} --port 0")])
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let gateway = Process::start(&mut shell);
    let mut streams = Vec::new();
    let refused = loop {
        let (socket, head) = open(&gateway, PROXY);
        if !head.starts_with("HTTP/1.1 200") {
            break head;
        }
        streams.push(socket);
        assert!(streams.len() < 128);
    };
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(gateway.get("/health").contains(&format!("\"connections\":{},", streams.len())));
    assert!(gateway.publish("hello").contains(&format!("\"delivered\":{}", streams.len())));
    // Idle connections occupy the reserve for two seconds only.
    let idle: Vec<_> = (0..40).map(|_| connect(gateway.address())).collect();
    assert!(gateway.get("/health").contains("healthy"));
    drop(idle);
}

#[test]
fn a_burst_of_a_thousand_connections_is_not_dropped() {
    let listener = gateway(&[]);
    // Stopped, it accepts nothing: they wait in the system's queue.
    listener.signal("-STOP");
    let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn")
        .ok()
        .and_then(|limit| limit.trim().parse().ok())
        .unwrap_or(128);
    let address = listener.address().parse().expect("an address");
    let burst: Vec<_> = (0..900.min(limit))
        .map(|_| {
            TcpStream::connect_timeout(&address, Duration::from_secs(1))
                .expect("a place in the queue")
        })
        .collect();
    listener.signal("-CONT");
    drop(burst);
}
