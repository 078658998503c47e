//! A disk without room: publishers are asked to come back, readers are served, and nothing needs a
//! restart.

#![cfg(target_os = "linux")]

#[path = "support/disk.rs"]
mod disk;
mod support;

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use disk::{Folder, Stored, is_stored};
use support::PATIENCE;
use support::process::Raw;

/// A gateway whose data is on a file system of 8 MB that only its own processes see.
///
/// `unshare` makes it without root, where the system allows that.
fn on_a_small_disk(folder: &Folder, flags: &str) -> Option<Stored> {
    fs::create_dir(folder.path()).expect("a folder");
    let script = format!(
        "mount -t tmpfs -o size=8m tmpfs {0} && exec {1} --demo --port 0 --admin 0 --engine disk --data-dir {0}/data {flags}",
        folder.text(),
        env!("CARGO_BIN_EXE_logs-gateway")
    );
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .env_remove("LOGS_GATEWAY_TOKENS")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let probe = format!("mount -t tmpfs -o size=8m tmpfs {}", folder.text());
    let is_allowed = unshare(&probe).status().is_ok_and(|status| status.success());
    if !is_allowed {
        eprintln!("skipped: this system lets no user mount a file system of its own");
        return None;
    }
    Some(Stored::run(&mut unshare(&script)))
}

/// A file that fills the gateway's disk.
fn fill(gateway: &Stored, folder: &Folder) -> PathBuf {
    let root = format!("/proc/{}/root", gateway.process.child.id());
    let path = PathBuf::from(format!("{root}{}/ballast", folder.text()));
    let mut file = File::create(&path).expect("a file");
    while file.write_all(&[1; 4_096]).is_ok() {}
    path
}

#[test]
fn a_full_disk_refuses_publishers_and_serves_readers_until_there_is_room() {
    let folder = Folder::new();
    let Some(gateway) = on_a_small_disk(&folder, "") else { return };
    for number in 1..=20 {
        assert!(is_stored(&gateway.publish("f", &format!("m{number}"), &number.to_string())));
    }
    let ballast = fill(&gateway, &folder);
    // The journal may have room for some more.
    let long = "x".repeat(100_000);
    let mut stored = 20;
    let answer = loop {
        let answer = gateway.publish("f", &long, &format!("long{stored}"));
        if !is_stored(&answer) {
            break answer;
        }
        stored += 1;
        assert!(stored < 500, "the disk is never full");
    };
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 10"), "{answer}");
    assert!(answer.contains("the disk of the history is full"), "{answer}");
    assert!(gateway.metric(r#"publishes_refused_total{reason="storage"}"#) >= 1.0);
    assert!(gateway.metric(r#"engine_errors_total{call="append"}"#) >= 1.0);
    assert_eq!(gateway.metric("engine_full"), 1.0);
    assert!(gateway.metric("engine_disk_free_bytes") < 8e6, "not that of another disk");

    assert_eq!(gateway.history("f").len(), stored, "what was refused is not there");
    let path = format!("/logs/stream?channels=logs:etl:w:f&last_event_id=1.{}.5", gateway.epoch());
    let mut stream = Raw::request(gateway.process.address(), &path);
    stream.until("\"m20\"");

    fs::remove_file(ballast).expect("it exists");
    assert!(is_stored(&gateway.publish("f", "room", &format!("long{stored}"))), "the id is free");
    stream.until("\"room\"");
    assert_eq!((gateway.metric("engine_full"), gateway.metric("engine_broken")), (0.0, 0.0));
    let history = gateway.history("f");
    assert_eq!(history.last(), Some(&(stored as u64 + 1, "room".to_owned())));
}

#[test]
fn a_full_disk_fails_the_canary_until_there_is_room() {
    let folder = Folder::new();
    let Some(gateway) = on_a_small_disk(&folder, "--canary 20ms") else { return };
    let until = |what: &str, is_done: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !is_done() {
            assert!(start.elapsed() < 2 * PATIENCE, "{what}");
            sleep(Duration::from_millis(10));
        }
    };
    until("it is delivered", &|| gateway.metric("canary_lag_seconds_count") >= 1.0);
    let ballast = fill(&gateway, &folder);
    let long = "x".repeat(100_000);
    let mut number = 0;
    while is_stored(&gateway.publish("f", &long, &number.to_string())) {
        number += 1;
        assert!(number < 500, "the disk is never full");
    }
    until("it fails", &|| gateway.metric("canary_failures_total") >= 1.0);
    let ready = || gateway.ask_admin("GET", "/ready");
    until("it is not ready", &|| ready().contains("the gateway's own log was not delivered"));
    fs::remove_file(ballast).expect("it exists");
    until("it is ready again", &|| gateway.metric("ready") == 1.0);
}
