//! Tokens in a file: what they grant, how they are made and replaced, and that secrets stay secret.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::process::{Gateway, Process, command, ended};
use support::{PATIENCE, PROXY};
use temporary::File;

/// Runs `token new`, and returns the secret and the entry.
fn new_token(arguments: &[&str]) -> (String, String) {
    let output = command(&[&["token", "new"], arguments].concat()).output().expect("it starts");
    let (entry, told) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{told}");
    let secret = told.split_whitespace().find(|word| word.starts_with("lgw_"));
    (secret.unwrap_or_else(|| panic!("no secret in {told}")).to_owned(), entry)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Starts a gateway without a terminal, as under a service manager.
fn start(arguments: &[&str]) -> Process {
    let mut setsid = Command::new("setsid");
    setsid
        .args([&[env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0"], arguments].concat())
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    Process::start(&mut setsid)
}

/// Ends a gateway, and returns its log.
fn log_of(mut gateway: Process) -> String {
    gateway.signal("-TERM");
    let mut log = String::new();
    let mut stderr = gateway.child.stderr.take().expect("piped");
    stderr.read_to_string(&mut log).expect("text");
    gateway.end();
    log
}

fn line(service: &str, workspace: &str) -> String {
    format!(
        r#"{{"service":"{service}","workspace_id":"{workspace}","workflow_id":"workflow456","logData":{{"message":"from {workspace}"}}}}"#
    )
}

fn post(gateway: &Process, secret: &str, kind: &str, body: &str) -> String {
    gateway.exchange(&format!(
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: {secret}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn publish(gateway: &Process, secret: &str, workspace: &str) -> String {
    post(gateway, secret, "application/json", &line("etl", workspace))
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_token_publishes_to_its_services_and_workspaces_only() {
    let (secret, entry) = new_token(&["--service", "etl", "--workspace", "prod_*"]);
    let file = File::new("tokens-scope", &entry);
    let gateway = start(&["--tokens", file.path()]);
    assert_eq!(status(&publish(&gateway, &secret, "prod_a")), "200");
    let refused = publish(&gateway, &secret, "test_a");
    assert!(
        status(&refused) == "403"
            && refused.contains(
                r#"workspace_id is \"test_a\": expected a workspace of this token, which"#
            ),
        "{refused}"
    );
    let foreign = post(&gateway, &secret, "application/json", &line("faas", "prod_a"));
    assert!(
        status(&foreign) == "403" && foreign.ends_with(r#"{"error":"Unauthorized log publisher"}"#),
        "{foreign}"
    );
    let batch = [line("etl", "prod_a"), line("etl", "test_a"), line("faas", "prod_a")].join("\n");
    let answer = post(&gateway, &secret, "application/x-ndjson", &batch);
    assert!(
        status(&answer) == "207"
            && answer.contains("\"stored\":1")
            && answer.contains("{\"line\":2,\"status\":403,\"error\":\"workspace_id is")
            && answer.contains("{\"line\":3,\"status\":403,\"error\":\"Unauthorized"),
        "{answer}"
    );
    for answer in [refused, foreign, answer] {
        assert!(!answer.contains("prod_*"), "names of other workspaces stay secret: {answer}");
    }
    for wrong in ["l5-etl-token", "lgw_", &entry[entry.len() - 66..entry.len() - 2]] {
        assert_eq!(status(&publish(&gateway, wrong, "prod_a")), "403", "{wrong}");
    }
}

#[test]
fn tokens_rotate_without_cutting_a_stream() {
    let any = ["--service", "etl", "--workspace", "*"];
    let (old, old_entry) = new_token(&[&any[..], &["--name", "old"]].concat());
    let (new, new_entry) = new_token(&[&any[..], &["--name", "new"]].concat());
    let file = File::new("tokens-rotate", &old_entry);
    let gateway = start(&["--tokens", file.path()]);
    let mut reader = gateway.read(PROXY);
    assert_eq!(status(&publish(&gateway, &old, "workspace123")), "200");
    assert_eq!(status(&publish(&gateway, &new, "workspace123")), "403");
    // Both are valid while publishers change.
    file.write(&format!("{old_entry}\n{new_entry}"));
    gateway.signal("-HUP");
    until("the new token is valid", || status(&publish(&gateway, &new, "workspace123")) == "200");
    assert_eq!(status(&publish(&gateway, &old, "workspace123")), "200");
    // A file with a mistake changes nothing.
    file.write("[[token]]\nname = \"old\"\n");
    gateway.signal("-HUP");
    std::thread::sleep(Duration::from_millis(200));
    for secret in [&old, &new] {
        assert_eq!(status(&publish(&gateway, secret, "workspace123")), "200");
    }
    file.write(&new_entry);
    gateway.signal("-HUP");
    until("the old token is invalid", || status(&publish(&gateway, &old, "workspace123")) == "403");
    assert!(publish(&gateway, &new, "workspace123").contains("\"delivered\":1"));
    reader.until("\"seq\":6");
    drop(reader);
    let log = log_of(gateway);
    let place =
        format!("the old configuration stays in force: {}:1: services is missing", file.path());
    assert!(log.contains(&place), "{log}");
    assert!(!log.contains(&old) && !log.contains(&new), "a secret is in the log");
}

#[test]
fn a_token_is_valid_in_its_time_only() {
    let (secret, entry) = new_token(&["--service", "etl", "--workspace", "*", "--valid-for", "1h"]);
    assert!(entry.contains("not-after = 2"), "{entry}");
    let file = File::new("tokens-time", &entry);
    let gateway = start(&["--tokens", file.path()]);
    assert_eq!(status(&publish(&gateway, &secret, "w")), "200");
    let past = entry.lines().map(|line| match line.starts_with("not-after") {
        true => "not-after = 2020-01-31T00:00:00Z\n".into(),
        false => format!("{line}\n"),
    });
    file.write(&past.collect::<String>());
    gateway.signal("-HUP");
    until("it has expired", || status(&publish(&gateway, &secret, "w")) == "403");
    let log = log_of(gateway);
    assert!(log.contains("a token is used outside its time") && !log.contains(&secret), "{log}");
}

#[test]
fn a_file_without_tokens_does_not_bring_back_those_of_the_demo() {
    let file = File::new("tokens-none", "# none\n");
    let gateway = start(&["--tokens", file.path()]);
    assert_eq!(status(&publish(&gateway, "l5-etl-token", "w")), "403");
    assert_eq!(status(&gateway.exchange("POST /test/logs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")), "403");
}

#[test]
fn tokens_of_file_and_variable_are_valid_together() {
    let (secret, entry) = new_token(&["--service", "etl", "--workspace", "*"]);
    let file = File::new("tokens-both", &entry);
    let gateway = start(&["--tokens", file.path(), "--token", "etl=0123456789abcdef"]);
    for secret in [&*secret, "0123456789abcdef"] {
        assert_eq!(status(&publish(&gateway, secret, "w")), "200");
    }
}

#[test]
fn limits_and_the_log_level_reload_without_cutting_a_stream() {
    let config = File::new("tokens-config", "history-lines = 100\nlog-level = \"warn\"\n");
    let mut setsid = Command::new("setsid");
    setsid
        .args([env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0", "--config", config.path()])
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .env_remove("RUST_LOG")
        .stderr(Stdio::piped());
    let gateway = Process::start(&mut setsid);
    let mut reader = gateway.read(PROXY);
    (0..5).for_each(|_| drop(publish(&gateway, "l5-etl-token", "workspace123")));
    config.write("history-lines = 2\nlog-level = \"debug\"\nheartbeat = \"1s\"\n");
    gateway.signal("-HUP");
    let history = "/logs/history?channel=logs:etl:workspace123:workflow456&before=1000";
    until("the history is shorter", || {
        publish(&gateway, "l5-etl-token", "workspace123");
        gateway.get(history).matches("\"seq\":").count() == 2
    });
    config.write("history-lines = \"many\"\n");
    gateway.signal("-HUP");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(gateway.get(history).matches("\"seq\":").count(), 2);
    reader.until("\"seq\":6");
    drop(reader);
    let log = log_of(gateway);
    for expected in [
        "SIGHUP: the configuration was reloaded",
        "SIGHUP: heartbeat has changed, which takes effect after a restart",
        ":1: history-lines is \"many\": expected a whole number",
        "DEBUG",
    ] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert!(!log.contains("reader connected"), "the level was warn at first: {log}");
}

#[test]
fn a_wrong_file_is_reported_before_the_start_without_its_secrets() {
    let wrong = "[[token]]\nname = \"a\"\nservices = [\"etl\"]\nworkspaces = [\"*\"]\nsecret = \"hunter2-hunter2\"\n";
    let file = File::new("tokens-wrong", wrong);
    for (flags, code) in [(&["--check"][..], 2), (&["--port", "0"], 1)] {
        let (ended_with, text) = ended(command(&[flags, &["--tokens", file.path()]].concat()));
        assert!(ended_with == Some(code) && !text.contains("hunter2"), "{text}");
        assert!(
            text.contains(":5: unknown key secret") && text.contains("sha256 is missing"),
            "{text}"
        );
    }
    for arguments in [&["--service", "etl"][..], &["--workspace", "a"], &[]] {
        let (code, text) = ended(command(&[&["token", "new"], arguments].concat()));
        assert!(code == Some(2) && text.contains("--"), "{text}");
    }
    let (code, text) = ended(command(&["token", "new", "--service", "a:b", "--workspace", "a,b"]));
    assert!(code == Some(2) && text.contains("--service"), "{text}");
}
