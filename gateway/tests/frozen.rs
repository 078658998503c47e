//! Readers that read nothing: what each costs in the process and in the kernel, and how one whose
//! machine is gone is noticed.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use logs_test_support::process::Raw;
use support::process::{Process, command};
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
