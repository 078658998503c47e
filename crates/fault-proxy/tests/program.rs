//! The program: its command line, its output and its end.

#![cfg(unix)]

mod support;

use std::fs::OpenOptions;
use std::io::BufRead;
use std::process::{Command, Stdio};
use std::time::Instant;

use logs_test_support::process::{Process, closed_pipe, ended, full_pipe};
use logs_test_support::{Answer, Wire, until};
use support::STREAM;

const NOWHERE: [&str; 2] = ["--to", "http://127.0.0.1:9"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-fault-proxy"));
    command.args(arguments).stdin(Stdio::null());
    command
}

#[test]
fn errors_name_what_is_wrong_and_the_help_has_the_language() {
    let to = ["--to", "http://127.0.0.1:1"];
    for (arguments, expected) in [
        (&["--listen", "0.0.0.0:0"][..], "reachable from other machines"),
        (&["--listen", "8080"], "expected one such as 127.0.0.1:8081"),
        (&["--plan", "pass; cutt"], "step 2, \"cutt\": \"cutt\" is not one of pass"),
        (&["--plan", "@no-such.plan"], "no-such.plan: "),
        (&["--to", "https://host"], "expected http://HOST:PORT"),
    ] {
        let arguments =
            if arguments[0] == "--to" { arguments.to_vec() } else { [&to, arguments].concat() };
        let output = command(&arguments).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    let help = command(&["--help"]).output().expect("it starts");
    assert!(
        String::from_utf8_lossy(&help.stdout).contains(logs_fault_proxy::LANGUAGE.trim_end()),
        "{help:?}"
    );
}

#[test]
fn no_error_repeats_a_password() {
    for arguments in [
        &["--to", "http://svc:hunter2@host"][..],
        &["--to=http://svc:hunter2@host"],
        &["--to", "svc:hunter2@host"],
        &["--to", "http://svc:hunter2@host", "--plan", "no plan"],
        &["--to", "http://host", "http://svc:hunter2@host"],
        &["--to", "http://svc:hunter2@host", "--listen", "8080"],
        &["http://svc:hunter2@host"],
        &["--tohttp://svc:hunter2@host"],
        &["--too=http://svc:hunter2@host"],
        &["-thttp://svc:hunter2@host"],
    ] {
        let (code, text) = ended(command(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(!text.contains("hunter2"), "{arguments:?}: {text}");
    }
}

#[test]
fn the_first_line_is_the_address_and_the_only_one() {
    let mut proxy = Process::start(command(&NOWHERE).stderr(Stdio::null()));
    proxy.signal("-TERM");
    proxy.end();
    let rest: Vec<_> = proxy.stdout.take().expect("piped").lines().collect();
    assert!(rest.is_empty(), "{rest:?}");
}

#[test]
fn a_signal_right_after_the_address_ends_it_with_zero() {
    for signal in ["-TERM", "-INT"] {
        let mut proxy = Process::start(command(&NOWHERE).stderr(Stdio::null()));
        proxy.signal(signal);
        assert_eq!(proxy.end().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_stalled_or_closed_output_stops_nothing() {
    let full_device = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let (_reader, full) = full_pipe();
    for stderr in [full.into(), closed_pipe(), full_device.into()] {
        let mut proxy = Process::start(command(&NOWHERE).stderr(stderr));
        // Each stream is logged.
        for _ in 0..20 {
            assert!(proxy.get(STREAM).starts_with("HTTP/1.1 502"));
        }
        proxy.signal("-TERM");
        assert!(proxy.end().success());
    }
    let address = free_address();
    let mut listening = command(&NOWHERE);
    listening.args(["--listen", &address]).stdout(closed_pipe()).stderr(closed_pipe());
    let mut proxy = Process::start_at(&address, &mut listening);
    assert!(proxy.get(STREAM).starts_with("HTTP/1.1 502"));
    proxy.signal("-TERM");
    assert!(proxy.end().success());
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn reads_a_plan_from_a_file_and_ends_at_once_with_open_streams() {
    let plan = std::env::temp_dir().join(format!("faults-{}.plan", std::process::id()));
    std::fs::write(&plan, "status code=410;\nhang;\n").expect("a file");
    let at_file = format!("@{}", plan.display());
    let arguments = [&NOWHERE[..], &["--listen", "127.0.0.1:0", "--plan", &at_file]].concat();
    for signal in ["-INT", "-TERM"] {
        let mut proxy = Process::start(command(&arguments).stderr(Stdio::null()));
        assert_eq!(Answer::get(&proxy.url, STREAM).await.status, 410);
        let mut hanging = Wire::get(&proxy.url, STREAM).await;
        until("it hangs", async || {
            Answer::get(&proxy.url, "/faults/stats").await.json()["open"] == 1
        })
        .await;
        let start = Instant::now();
        proxy.signal(signal);
        assert!(proxy.end().success());
        assert!(start.elapsed().as_secs() < 2, "it took {:?}", start.elapsed());
        assert!(hanging.rest().await.0.is_empty());
    }
    let _ = std::fs::remove_file(plan);
}
