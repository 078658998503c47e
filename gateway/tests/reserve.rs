//! While all connections are in use, the reserve serves those whom it is for, whatever strangers
//! send.

#![cfg(unix)]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use support::PROXY;
use support::process::{Gateway, Process, connect};

/// A gateway with places for 8 connections and a reserve of 12, and as many open streams.
fn full_gateway() -> (Process, Vec<support::process::Raw>) {
    let program = env!("CARGO_BIN_EXE_logs-gateway");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("ulimit -n 128; exec {program} --port 0 --max-connections 8")])
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let gateway = Process::start(&mut shell);
    let streams = (0..8).map(|_| gateway.read(PROXY)).collect();
    (gateway, streams)
}

/// A request with a body that never ends.
fn open_body(gateway: &Process, path: &str, header: &str) -> TcpStream {
    let mut socket = connect(gateway.address());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{header}Content-Length: 1000\r\n\r\n{{"
    );
    socket.write_all(head.as_bytes()).expect("the system accepts it");
    socket
}

#[test]
fn strangers_with_open_bodies_do_not_shut_out_a_publisher() {
    let (gateway, streams) = full_gateway();
    let requests = [
        ("/logs/publish", ""),
        ("/logs/stream", "X-Service-Token: a-guess\r\n"),
        ("/logs/publish", "X-Service-Token: a-guess\r\nContent-Type: application/x-ndjson\r\n"),
        ("/admin/logs/stop", ""),
        ("/test/logs", ""),
        ("/nothing", ""),
    ];
    // More than twice the reserve, and all before the publisher in the queue.
    let strangers: Vec<_> = requests
        .iter()
        .cycle()
        .take(30)
        .map(|(path, header)| open_body(&gateway, path, header))
        .collect();
    assert!(gateway.publish("hello").contains("\"delivered\":8"));
    assert!(gateway.get("/health").contains("\"connections\":8"));
    drop((strangers, streams));
}

#[test]
fn a_stranger_on_the_reserve_is_refused_before_its_body() {
    let (gateway, streams) = full_gateway();
    let mut stranger = support::process::Raw {
        socket: open_body(&gateway, "/logs/publish", ""),
        text: String::new(),
    };
    stranger.until("\r\n\r\n");
    assert!(stranger.text.starts_with("HTTP/1.1 503"), "{}", stranger.text);
    assert!(stranger.text.to_lowercase().contains("retry-after: "), "{}", stranger.text);
    drop(streams);
}
