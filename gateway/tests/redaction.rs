//! Redaction: no byte of a match is in the history, in a stream or in an answer, and a log to which
//! the rules cannot be applied is refused.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::process::{Command, Stdio};
use std::time::Instant;

use support::process::{Process, Raw, command, exchange};
use support::{CHANNEL, PATIENCE};
use temporary::File;

const RULES: &str = r#"
[[rule]]
name = "ssn"
pattern = '[0-9]{3}-?[0-9]{2}-?[0-9]{4}'
replacement = "[ssn]"
"#;

/// A number that the rules find, in each of these spellings.
const SECRETS: [&str; 3] = ["123-45-6789", "123456789", "\\u0031\\u00323-45-6789"];

fn post(gateway: &Process, headers: &str, body: &str) -> String {
    gateway.exchange(&format!(
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn log(entry: &str) -> String {
    format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{entry}}}"#
    )
}

/// Checks that a text contains nothing of the number, however it is spelled.
#[track_caller]
fn is_clean(text: &str) {
    let plain = text.replace("\\u003", "").replace('-', "");
    assert!(!plain.contains("123456789") && !plain.contains("3456789"), "{text}");
}

#[test]
fn no_output_contains_what_a_rule_matches() {
    let rules = File::new("redact", RULES);
    let gateway = Process::start(
        command(&["--port", "0", "--redact", rules.path(), "--log-level", "trace"])
            .stderr(Stdio::null()),
    );
    let mut stream = Raw::request(gateway.address(), &format!("/logs/stream?channels={CHANNEL}"));
    stream.until("connectionId");
    for secret in SECRETS {
        for entry in [
            format!("\"{secret}\""),
            format!(r#"{{"a":[{{"b":"x {secret} y"}}],"n":123456789}}"#),
            format!(r#"{{"a":"\"{secret}\\","a":"last {secret}"}}"#),
        ] {
            let answer = post(&gateway, "", &log(&entry));
            assert!(answer.contains("\"success\":true"), "{answer}");
            is_clean(&answer);
            let batch = post(&gateway, "Content-Type: application/x-ndjson\r\n", &log(&entry));
            assert!(batch.contains("\"stored\":1"), "{batch}");
            is_clean(&batch);
            is_clean(&post(&gateway, "", &format!("{}x", log(&entry))));
        }
    }
    let answer = post(&gateway, "", &log("\"the end\""));
    assert!(answer.contains("\"delivered\":1"), "{answer}");
    stream.until("the end");
    is_clean(&stream.text);
    assert!(stream.text.matches("[ssn]").count() >= 18, "{}", stream.text);
    let history = gateway.get(&format!("/logs/history?channel={CHANNEL}"));
    assert!(history.matches("[ssn]").count() >= 18, "{history}");
    is_clean(&history);
}

/// Rules that replace each other's replacements without end.
const CIRCULAR: &str = "[[rule]]\nname = \"a\"\npattern = 'a'\nreplacement = \"b\"\n[[rule]]\nname = \"b\"\npattern = 'b'\nreplacement = \"a\"\n";

#[test]
fn a_log_that_cannot_be_redacted_counts_in_no_limit() {
    let rules = File::new("circular-limits", CIRCULAR);
    let flags = ["--port", "0", "--redact", rules.path(), "--max-channel-logs-per-second", "1"];
    let gateway = Process::start(command(&flags).stderr(Stdio::null()));
    for _ in 0..10 {
        let answer = post(&gateway, "", &log("\"a secret\""));
        assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    }
    let answer = post(&gateway, "", &log("5"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_log_that_cannot_be_redacted_is_refused() {
    let rules = File::new("circular", CIRCULAR);
    let gateway =
        Process::start(command(&["--port", "0", "--redact", rules.path()]).stderr(Stdio::null()));
    let answer = post(&gateway, "", &log("\"a secret\""));
    assert!(answer.starts_with("HTTP/1.1 422") && !answer.contains("secret"), "{answer}");
    let both = format!("{}\n{}", log("\"a secret\""), log("5"));
    let answer = post(&gateway, "Content-Type: application/x-ndjson\r\n", &both);
    assert!(answer.contains("\"stored\":1") && answer.contains("\"status\":422"), "{answer}");
    assert!(!gateway.get(&format!("/logs/history?channel={CHANNEL}")).contains("secret"));
}

#[test]
fn rules_are_reloaded_and_counted_and_wrong_ones_change_nothing() {
    let rules = File::new("reloaded", RULES);
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let admin = port.expect("a free port").to_string();
    let mut setsid = Command::new("setsid");
    setsid
        .args([env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0", "--admin", &admin])
        .args(["--redact", rules.path()])
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let gateway = Process::start(&mut setsid);
    let metric = |name: &str| {
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let metrics = exchange(&*admin, request);
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        line.map(|value| value.trim().to_owned())
    };
    let published = || {
        post(&gateway, "", &log("\"123-45-6789 and 555\""));
        gateway.get(&format!("/logs/history?channel={CHANNEL}&limit=1"))
    };
    assert!(published().contains("[ssn] and 555"));
    let ssn = "logs_gateway_redactions_total{rule=\"ssn\"}";
    assert_eq!(metric(ssn).as_deref(), Some("1"));
    rules.write("[[rule]]\nname = \"ssn\"\npattern = '('\n");
    gateway.signal("-HUP");
    let failed = "logs_gateway_config_reloads_total{result=\"failure\"}";
    let start = Instant::now();
    while metric(failed).as_deref() != Some("1") {
        assert!(start.elapsed() < PATIENCE, "the reload does not fail");
    }
    assert!(published().contains("[ssn] and 555"), "the old rules stay in force");
    rules.write(&format!("{RULES}[[rule]]\nname = \"area\"\npattern = '555'\n"));
    gateway.signal("-HUP");
    while !published().contains("[ssn] and [redacted]") {
        assert!(start.elapsed() < 2 * PATIENCE, "the new rules are not applied");
    }
    let count = metric(ssn).and_then(|count| count.parse::<u64>().ok());
    assert!(count.is_some_and(|count| count >= 3), "{count:?}");
    assert!(metric("logs_gateway_redactions_total{rule=\"area\"}").is_some());
}

#[test]
fn a_rule_that_is_wrong_names_file_and_line() {
    let rules = File::new("wrong", "[[rule]]\nname = \"ssn\"\npattern = '['\n");
    let output = command(&["--check", "--redact", rules.path()]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&format!("{}:3: pattern: unclosed character class", rules.path())),
        "{text}"
    );
}
