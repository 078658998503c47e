//! What survives the end of the process: real gateways, killed under load and started again.

#![cfg(target_os = "linux")]

#[path = "support/disk.rs"]
mod disk;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use disk::{Folder, Stored, command, is_stored, parse, publish, publish_batch};
use support::process::{Raw, ended};

/// Publishes from four threads until the gateway is killed, and returns the messages that it
/// acknowledged.
fn publish_until_killed(gateway: Stored, round: usize) -> BTreeSet<String> {
    let acknowledged = Mutex::new(BTreeSet::new());
    let is_over = AtomicBool::new(false);
    let address = gateway.process.address().to_owned();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (acknowledged, is_over, address) = (&acknowledged, &is_over, &address);
            scope.spawn(move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let message = |line: usize| format!("{round}-{thread}-{number}-{line}");
                    let mut stored = vec![message(0)];
                    let answer = if thread % 2 == 0 {
                        publish(address, "f", &stored[0], &stored[0])
                    } else {
                        stored = (0..20).map(message).collect();
                        let logs: Vec<_> =
                            stored.iter().map(|id| (id.clone(), id.clone())).collect();
                        publish_batch(address, "f", &logs)
                    };
                    if is_stored(&answer) {
                        acknowledged.lock().expect("no panic").extend(stored);
                    }
                }
            });
        }
        while acknowledged.lock().expect("no panic").len() < 300 {
            std::thread::sleep(Duration::from_millis(5));
        }
        gateway.crash();
        is_over.store(true, Ordering::Relaxed);
    });
    acknowledged.into_inner().expect("no panic")
}

fn nothing_acknowledged_is_lost(fsync: &str) {
    let folder = Folder::new();
    let mut acknowledged = BTreeSet::new();
    let mut known: Vec<(u64, String)> = Vec::new();
    let mut epoch = None;
    for round in 0..4 {
        let gateway = Stored::start(&folder, &["--fsync", fsync]);
        let history = gateway.history("f");
        let numbers: Vec<_> = history.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(numbers, (1..=history.len() as u64).collect::<Vec<_>>(), "dense");
        assert_eq!(history[..known.len()], known, "no number stands for another log");
        let stored: BTreeSet<_> = history.iter().map(|(_, message)| message.clone()).collect();
        assert_eq!(stored.len(), history.len(), "no log is stored twice");
        let lost: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        assert_eq!(*epoch.get_or_insert_with(|| gateway.epoch()), gateway.epoch());
        assert!((gateway.metric("engine_tail_lost") - 0.0).abs() < f64::EPSILON);
        known = history;
        acknowledged.extend(publish_until_killed(gateway, round));
    }
}

#[test]
fn nothing_acknowledged_is_lost_if_each_log_is_synchronized() {
    nothing_acknowledged_is_lost("always");
}

#[test]
fn the_end_of_the_process_loses_nothing_under_any_policy() {
    nothing_acknowledged_is_lost("100ms");
    nothing_acknowledged_is_lost("never");
}

#[test]
fn a_reader_resumes_with_the_same_cursor_after_a_restart() {
    let folder = Folder::new();
    let gateway = Stored::start(&folder, &[]);
    let epoch = gateway.epoch();
    for number in 1..=600 {
        assert!(is_stored(&gateway.publish("f", &format!("m{number}"), &number.to_string())));
    }
    gateway.crash();
    let gateway = Stored::start(&folder, &[]);
    assert!(is_stored(&gateway.publish("f", "m601", "601")));
    // Position 20 is "k" in base 36.
    let path = format!("/logs/stream?channels=logs:etl:w:f&last_event_id=1.{epoch}.k");
    let mut stream = Raw::request(gateway.process.address(), &path);
    stream.until("\"m601\"");
    assert!(!stream.text.contains("event: gap") && !stream.text.contains("\"m20\""));
    for number in 21..=601 {
        assert_eq!(stream.text.matches(&format!("\"m{number}\"")).count(), 1, "{number}");
    }
}

#[test]
fn a_repeated_request_is_recognized_after_a_crash() {
    let folder = Folder::new();
    let gateway = Stored::start(&folder, &[]);
    let first = parse(&gateway.publish("f", "once", "key"));
    gateway.crash();
    let gateway = Stored::start(&folder, &[]);
    let second = parse(&gateway.publish("f", "once", "key"));
    assert_eq!((&second["success"], &second["timestamp"]), (&true.into(), &first["timestamp"]));
    assert_eq!(gateway.history("f"), [(1, "once".to_owned())]);
}

#[test]
fn a_torn_tail_begins_a_new_epoch_and_readers_are_told() {
    let folder = Folder::new();
    let gateway = Stored::start(&folder, &["--fsync", "never"]);
    let epoch = gateway.epoch();
    for number in 1..=50 {
        assert!(is_stored(&gateway.publish("f", &format!("m{number}"), &number.to_string())));
    }
    gateway.crash();
    // What a machine loses that fails before it wrote its last pages.
    let journal = folder.path().join("history.db-wal");
    let length = fs::metadata(&journal).expect("a journal").len();
    let file = fs::File::options().write(true).open(&journal).expect("a journal");
    file.set_len(length - 20_000).expect("shorter");

    let gateway = Stored::start(&folder, &["--fsync", "never"]);
    let left = gateway.history("f").len();
    assert!((1..50).contains(&left), "{left}");
    assert_ne!(gateway.epoch(), epoch);
    assert!((gateway.metric("engine_tail_lost") - 1.0).abs() < f64::EPSILON);
    let path = format!("/logs/stream?channels=logs:etl:w:f&last_event_id=1.{epoch}.1e");
    let mut stream = Raw::request(gateway.process.address(), &path);
    stream.until(&format!("\"m{left}\""));
    assert!(stream.text.contains(r#""reason":"restarted""#), "{}", stream.text);
    let epoch = gateway.epoch();
    gateway.stop();
    let gateway = Stored::start(&folder, &["--fsync", "never"]);
    assert_eq!(gateway.epoch(), epoch, "the loss is reported once");
}

#[test]
fn only_one_gateway_uses_a_folder() {
    let folder = Folder::new();
    let gateway = Stored::start(&folder, &[]);
    let (code, text) = ended({
        let mut second = command(folder.text(), &[]);
        second.stderr(std::process::Stdio::piped());
        second
    });
    let expected = format!("process {} uses it", gateway.process.child.id());
    assert!(code == Some(1) && text.contains(&expected), "{code:?}: {text}");
    gateway.crash();
    Stored::start(&folder, &[]).stop();
}

#[test]
fn a_folder_that_cannot_be_used_is_an_error_at_the_start() {
    let refused = |folder: &str, arguments: &[&str]| {
        let mut command = command(folder, arguments);
        command.stderr(std::process::Stdio::piped());
        let (code, text) = ended(command);
        assert_eq!(code, Some(1), "{text}");
        text
    };
    let folder = Folder::new();
    fs::create_dir(folder.path()).expect("a folder");
    fs::write(folder.path().join("history.db"), "no database, but some text".repeat(100))
        .expect("a file");
    let text = refused(folder.text(), &[]);
    assert!(text.contains("history.db is damaged") && text.contains("move it away"), "{text}");

    let text = refused("/proc/no/such/folder", &[]);
    assert!(text.contains("data-dir /proc/no/such/folder: cannot create it"), "{text}");

    let text = refused(Folder::new().text(), &["--history-lines", "0"]);
    assert!(text.contains("history-lines is 0"), "{text}");
}

#[test]
fn deleted_logs_leave_no_trace_in_the_files() {
    let folder = Folder::new();
    let gateway = Stored::start(&folder, &[]);
    for number in 1..=300 {
        let message = format!("secret-diagnosis {number} {}", "x".repeat(number * 20));
        assert!(is_stored(&gateway.publish("f", &message, &number.to_string())));
    }
    assert!(is_stored(&gateway.publish("other", "kept", "kept")));
    let path = format!("/logs/stream?channels=logs:etl:w:f&last_event_id=1.{}.a", gateway.epoch());
    let answer = gateway.ask_admin("DELETE", "/admin/channels/logs:etl:w:f");
    assert_eq!(parse(&answer)["deleted"], 300, "{answer}");
    for file in fs::read_dir(folder.path()).expect("a folder") {
        let file = file.expect("a file").path();
        let bytes = fs::read(&file).expect("bytes");
        let has_secret = bytes.windows(16).any(|bytes| bytes == b"secret-diagnosis");
        assert!(!has_secret, "{}", file.display());
    }
    assert!(gateway.history("f").is_empty());
    assert!(is_stored(&gateway.publish("f", "next", "next")));
    for _ in 0..2 {
        let mut stream = Raw::request(gateway.process.address(), &path);
        stream.until("\"next\"");
        let gap = r#""from":11,"to":300,"reason":"purged""#;
        assert!(stream.text.contains(gap), "{}", stream.text);
    }
    assert_eq!(gateway.history("f"), [(301, "next".to_owned())]);
    let epoch = gateway.epoch();
    gateway.crash();
    let gateway = Stored::start(&folder, &[]);
    assert_eq!((gateway.epoch(), gateway.history("f").len()), (epoch, 1));
    assert_eq!(gateway.history("other").len(), 1);
    let answer = gateway.ask_admin("DELETE", "/admin/channels/logs");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
