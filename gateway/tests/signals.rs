//! Signals: which ones end the program, how soon, and that streams end with a goodbye.

#![cfg(unix)]

mod support;

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::PROXY;
use support::process::{Gateway, Process, Raw, command, connect};

fn gateway(arguments: &[&str]) -> Process {
    Process::start(command(&[&["--port", "0"], arguments].concat()).stderr(Stdio::null()))
}

#[test]
fn a_signal_right_after_the_address_drains() {
    for signal in ["-TERM", "-INT"] {
        for _ in 0..10 {
            let mut gateway = gateway(&[]);
            gateway.signal(signal);
            assert_eq!(gateway.end().code(), Some(0), "{signal}");
        }
    }
}

#[test]
fn a_hangup_without_a_terminal_ends_nothing() {
    // A session of its own has no terminal, as under a service manager.
    let mut setsid = std::process::Command::new("setsid");
    setsid
        .args([env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0"])
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let mut gateway = Process::start(&mut setsid);
    let mut reader = gateway.read(PROXY);
    gateway.signal("-HUP");
    std::thread::sleep(Duration::from_millis(200));
    assert!(gateway.publish("after the hangup").contains("\"delivered\":1"));
    reader.until("after the hangup");
    gateway.signal("-TERM");
    reader.until("\"shutdown\"");
    drop(reader);
    assert_eq!(gateway.end().code(), Some(0));
}

#[test]
fn a_second_signal_shortens_a_drain_but_not_the_readers_goodbye() {
    let mut gateway = gateway(&[]);
    let mut reader = gateway.read(PROXY);
    // Half a request delays a drain.
    let mut half = connect(gateway.address());
    half.write_all(b"GET / HTTP/1.1\r\nHost:").expect("it accepts bytes");
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    gateway.signal("-TERM");
    gateway.signal("-TERM");
    std::thread::sleep(Duration::from_millis(100));
    gateway.signal("-TERM");
    reader.until("\"shutdown\"");
    assert_eq!(gateway.end().code(), Some(0));
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "a drain that nothing shortens takes 5 s: {:?}",
        start.elapsed()
    );
    drop(half);
}

#[test]
fn a_reader_that_does_not_read_does_not_delay_a_drain() {
    let mut gateway = gateway(&["--history-bytes", "64000000"]);
    let frozen = Raw::request(gateway.address(), PROXY);
    std::thread::sleep(Duration::from_millis(200));
    let filler = "x".repeat(500_000);
    for _ in 0..40 {
        assert!(gateway.publish(&filler).contains("\"delivered\":1"));
    }
    let start = Instant::now();
    gateway.signal("-TERM");
    assert_eq!(gateway.end().code(), Some(0));
    assert!(
        start.elapsed() < Duration::from_millis(4_500),
        "it took the whole time for a reader that does not read: {:?}",
        start.elapsed()
    );
    drop(frozen);
}

#[test]
fn a_terminal_that_closes_drains() {
    // `script` runs the program in a terminal of its own, which closes with it.
    let mut script = std::process::Command::new("script");
    script.args([
        "-qec",
        // The address is the first line only without the log.
        &format!("exec {} --port 0 2>/dev/null", env!("CARGO_BIN_EXE_logs-gateway")),
        "/dev/null",
    ]);
    let mut terminal = Process::start(
        script
            .env_remove("LOGS_GATEWAY_TOKENS")
            .env("LOGS_GATEWAY_DEMO", "true")
            .stdin(Stdio::null())
            .stderr(Stdio::null()),
    );
    let mut reader = terminal.read(PROXY);
    terminal.signal("-KILL");
    reader.until("\"shutdown\"");
    terminal.end();
}
