//! The gateway's own output: serving and stopping work whatever reads it.

#![cfg(unix)]

mod support;

use std::fs::{File, OpenOptions};
use std::io::BufRead;
use std::process::Stdio;
use std::time::{Duration, Instant};

use logs_test_support::process::{closed_pipe, full_pipe};
use support::PROXY;
use support::process::{Gateway, Process, command, exchange};

fn full_device() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("/dev/full").into()
}

/// Starts a gateway on a free port that it cannot print.
fn start_silently(stdout: impl Into<Stdio>) -> Process {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut gateway = command(&["--port", &address.port().to_string()]);
    Process::start_at(&address.to_string(), gateway.stdout(stdout).stderr(Stdio::null()))
}

/// Opens streams, publishes, checks health and stops the process, all of which must work whatever
/// its output is.
#[track_caller]
fn serves_and_stops(mut gateway: Process) {
    let mut readers: Vec<_> = (0..60).map(|_| gateway.read(PROXY)).collect();
    assert!(gateway.get("/health").contains("\"connections\":60"));
    assert!(gateway.publish("hello").contains("\"delivered\":60"));
    readers.iter_mut().for_each(|reader| reader.until("hello"));
    gateway.signal("-TERM");
    readers.iter_mut().for_each(|reader| reader.until("\"shutdown\""));
    drop(readers);
    assert!(gateway.end().success());
}

#[test]
fn a_stalled_standard_error_stops_nothing() {
    let (_reader, writer) = full_pipe();
    serves_and_stops(Process::start(command(&["--port", "0"]).stderr(writer)));
}

#[test]
fn a_standard_error_whose_reader_left_stops_nothing() {
    serves_and_stops(Process::start(command(&["--port", "0"]).stderr(closed_pipe())));
}

#[test]
fn a_full_standard_error_stops_nothing() {
    serves_and_stops(Process::start(command(&["--port", "0"]).stderr(full_device())));
}

#[test]
fn a_full_or_closed_standard_output_stops_nothing() {
    serves_and_stops(start_silently(full_device()));
    serves_and_stops(start_silently(closed_pipe()));
}

#[test]
fn a_stalled_standard_output_stops_nothing() {
    let (_reader, writer) = full_pipe();
    serves_and_stops(start_silently(writer));
}

#[test]
fn log_lines_that_are_not_accepted_are_counted() {
    let gateway = Process::start(command(&["--port", "0"]).stderr(full_device()));
    drop(gateway.read(PROXY));
    let start = Instant::now();
    while gateway.get("/health").contains("\"logLinesDropped\":0,") {
        assert!(start.elapsed() < support::PATIENCE, "{}", gateway.get("/health"));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(gateway.get("/admin/logs/stats").contains("\"logLinesDropped\":"));
}

/// The address on which a gateway with `--admin` answers operators, from its second line of output.
fn admin_of(gateway: &mut Process) -> String {
    let mut line = String::new();
    gateway.stdout.as_mut().expect("piped").read_line(&mut line).expect("a line");
    line.trim()
        .split_once("http://")
        .unwrap_or_else(|| panic!("no address in {line:?}"))
        .1
        .to_owned()
}

/// The value of the metric of lines that were dropped.
fn dropped(admin: &str) -> u64 {
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let metrics = exchange(admin, request);
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix("logs_gateway_log_lines_dropped_total "))
        .unwrap_or_else(|| panic!("the metric is missing: {metrics}"));
    value.parse().expect("a number")
}

#[test]
fn while_standard_error_is_stalled_logs_arrive_and_dropped_lines_are_counted() {
    let (_reader, writer) = full_pipe();
    let arguments = ["--port", "0", "--admin", "0", "--log-level", "debug"];
    let mut gateway = Process::start(command(&arguments).stderr(writer));
    let admin = admin_of(&mut gateway);
    let mut readers: Vec<_> = (0..20).map(|_| gateway.read(PROXY)).collect();
    let start = Instant::now();
    let mut published = 0;
    // Each publish writes lines, of which a few thousand are queued before any is dropped.
    while published < 300 || dropped(&admin) == 0 {
        assert!(start.elapsed() < 3 * support::PATIENCE, "no line is dropped");
        published += 1;
        assert!(gateway.publish(&format!("log {published}.")).contains("\"delivered\":20"));
    }
    readers.iter_mut().for_each(|reader| reader.until(&format!("log {published}.")));
    let before = dropped(&admin);
    assert!(gateway.publish("one more").contains("\"delivered\":20"));
    assert!(dropped(&admin) > before, "each dropped line is counted");
    gateway.signal("-TERM");
    readers.iter_mut().for_each(|reader| reader.until("\"shutdown\""));
    drop(readers);
    assert!(gateway.end().success());
}

#[test]
fn lines_reach_a_file() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lines.log");
    let mut gateway =
        Process::start(command(&["--port", "0"]).stderr(File::create(&path).expect("a file")));
    drop(gateway.read(PROXY));
    gateway.signal("-TERM");
    assert!(gateway.end().success());
    let log = std::fs::read_to_string(path).expect("a log");
    for word in ["reader connected", "reader gone", "stopping"] {
        assert!(log.contains(word), "no {word:?} in\n{log}");
    }
}

#[test]
fn a_stalled_standard_error_does_not_stop_a_replay() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/gateway-envelopes.sse");
    let (_reader, writer) = full_pipe();
    let mut process = Process::start(command(&["replay", recording, "--port", "0"]).stderr(writer));
    for _ in 0..20 {
        assert!(process.get("/nothing").starts_with("HTTP/1.1 "));
    }
    process.signal("-TERM");
    assert!(process.end().success());
}

#[test]
fn publish_continues_when_its_output_is_not_read() {
    let gateway = Process::start(command(&["--port", "0"]).stderr(Stdio::null()));
    let (_reader, full) = full_pipe();
    for stdout in [full.into(), closed_pipe(), full_device()] {
        let arguments = ["publish", "--url", &gateway.url, "--count", "30", "--interval", "1ms"];
        let mut publisher = command(&arguments).stdout(stdout).spawn().expect("it starts");
        let start = Instant::now();
        while publisher.try_wait().expect("a child").is_none() {
            assert!(start.elapsed() < support::PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(publisher.wait().expect("a child").success());
    }
    assert!(gateway.get("/health").contains("\"logsPublished\":90"), "{}", gateway.get("/health"));
}

#[test]
fn an_error_at_the_start_ends_the_process_whatever_reads_it() {
    let (_reader, full) = full_pipe();
    for stderr in [full.into(), closed_pipe(), full_device()] {
        let mut process =
            command(&["--site", "/no-such-folder"]).stderr(stderr).spawn().expect("it starts");
        let start = Instant::now();
        while process.try_wait().expect("a child").is_none() {
            assert!(start.elapsed() < support::PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(process.wait().expect("a child").code(), Some(1));
    }
}

#[test]
fn the_first_line_is_the_address() {
    let mut gateway = Process::start(command(&["--port", "0"]).stderr(Stdio::null()));
    gateway.signal("-TERM");
    gateway.end();
    let rest: Vec<_> = gateway.stdout.take().expect("piped").lines().collect();
    assert!(rest.is_empty(), "{rest:?}");
}
