//! Readers that read nothing: what each costs in the process and in the kernel, and how one whose
//! machine is gone is noticed.

#![cfg(target_os = "linux")]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

use logs_test_support::process::Raw;
use support::process::{Gateway, Process, command};
use support::{PATIENCE, PROXY};

const READERS: usize = 200;

/// What a frozen reader may hold, in the process and in the kernel together.
const MAX_BYTES: usize = 256 * 1_024;

/// Publishes `count` logs of about 1 kB, a hundred at once.
fn flood(gateway: &Process, count: usize) {
    let log = format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":"{}"}}"#,
        "x".repeat(1_000)
    );
    let batch = format!("{log}\n").repeat(100);
    for _ in 0..count / 100 {
        let answer = gateway.exchange(&format!(
            "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{batch}",
            batch.len()
        ));
        assert!(answer.contains("\"stored\":100"), "{answer}");
    }
}

/// The memory of the process, in bytes.
fn resident(gateway: &Process) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.child.id())).expect("proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kilobytes * 1_024
}

/// The kernel's memory for the sockets of the gateway, in bytes; `None` if `ss` is not there.
fn kernel(gateway: &Process) -> Option<usize> {
    let port = gateway.address().rsplit(':').next().expect("a port");
    let output = Command::new("ss").args(["-tmnH", &format!("sport = :{port}")]).output();
    let text = match output {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "ss is required in CI: {error}");
            eprintln!("skipped: ss is not installed (package iproute2): {error}");
            return None;
        }
    };
    let sockets = text.split("skmem:(").skip(1).filter_map(|rest| rest.split(')').next());
    // Received, waiting to be sent, and reserved for both.
    let held = |field: &str| {
        ["r", "w", "f"].iter().find_map(|kind| field.strip_prefix(kind)?.parse::<usize>().ok())
    };
    Some(sockets.flat_map(|socket| socket.split(',').filter_map(held)).sum())
}

#[test]
fn two_hundred_frozen_readers_hold_little_in_process_and_kernel() {
    let gateway = Process::start(command(&["--port", "0"]).stderr(Stdio::null()));
    // The history is full before, so that it does not count.
    flood(&gateway, 20_000);
    let Some(_) = kernel(&gateway) else { return };
    let before = resident(&gateway);
    let readers: Vec<_> = (0..READERS).map(|_| Raw::request(gateway.address(), PROXY)).collect();
    let start = Instant::now();
    while !gateway.get("/health").contains(&format!("\"connections\":{READERS},")) {
        assert!(start.elapsed() < PATIENCE, "{}", gateway.get("/health"));
    }
    flood(&gateway, 20_000);
    let (process, kernel) =
        (resident(&gateway).saturating_sub(before), kernel(&gateway).expect("ss"));
    assert!(gateway.get("/health").contains(&format!("\"connections\":{READERS},")));
    drop(readers);
    let each = (process + kernel) / READERS;
    println!("{} in the process, {} in the kernel", process / READERS, kernel / READERS);
    assert!(kernel > READERS * 1_024, "they are not frozen: {kernel} bytes");
    assert!(
        each < MAX_BYTES,
        "{each} bytes each: {process} in the process, {kernel} in the kernel"
    );
}

/// Sets the state of the loopback interface in the network of this thread.
fn set_loopback(state: &str) -> bool {
    let mut ip = Command::new("ip");
    ip.args(["link", "set", "lo", state]).status().is_ok_and(|status| status.success())
}

/// Opens a stream in a network of its own, cuts the network, and waits until the gateway ends the
/// stream: it learns of nothing but the silence. Returns whether this machine allows that.
fn is_noticed_within(name: &str, arguments: &[&str], time: Duration) -> bool {
    if unshare(CloneFlags::CLONE_NEWNET).is_err() || !set_loopback("up") {
        eprintln!("skipped: a network of its own needs root and ip (package iproute2)");
        return false;
    }
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let file = File::create(&log).expect("a file");
    let gateway = Process::start(command(&[&["--port", "0"], arguments].concat()).stderr(file));
    let reader = gateway.read(PROXY);
    let is_gone = || fs::read_to_string(&log).expect("a log").contains("reader gone");
    assert!(set_loopback("down") && !is_gone());
    let start = Instant::now();
    while !is_gone() {
        assert!(start.elapsed() < time, "{name}: the stream is still open");
        thread::sleep(Duration::from_millis(50));
    }
    drop(reader);
    true
}

#[test]
fn a_reader_whose_machine_vanished_is_noticed() {
    let quiet = ["--ping", "10m", "--heartbeat", "10m"];
    let limit = Duration::from_secs(60);
    // While bytes are in flight, and while none are, each in a thread, which has its own network.
    let cases = [
        thread::spawn(move || {
            is_noticed_within("in-flight", &["--write-timeout", "5s", "--ping", "1s"], limit)
        }),
        thread::spawn(move || is_noticed_within("quiet", &quiet, limit)),
    ];
    for case in cases {
        case.join().expect("it is noticed");
    }
}
