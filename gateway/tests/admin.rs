//! The listener for operators: metrics, health, readiness, channels, connections; and JSON logs.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/watched.rs"]
mod watched;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::PROXY;
use support::process::{Gateway, Raw, connect, ended, exchange};
use temporary::File;
use watched::{Watched, body, until};

const STREAM: &str = "/logs/stream?channels=logs:etl:workspace123:workflow456";

#[test]
fn metrics_say_whether_readers_lost_logs_and_why() {
    let watched = Watched::start(&["--history-lines", "3"]);
    let mut reader = watched.gateway.read(PROXY);
    // One after the other, since a reader that is three behind has a gap.
    for number in 0..5 {
        watched.gateway.publish(&format!("number {number}"));
        reader.until(&format!("number {number}"));
    }
    let epoch = watched.json("/health")["epoch"].as_str().expect("an epoch").to_owned();
    // Five were published and three are kept: one that read the first missed the second.
    let path = format!("{STREAM}&last_event_id=1.{epoch}.1");
    let mut late = watched.gateway.read(&path);
    late.until("number 4");
    let mut lost = watched.gateway.read(&format!("{STREAM}&last_event_id=1.aaaaaa.1"));
    lost.until("restarted");
    let mut restarted = watched.gateway.read(&format!("{STREAM}&tail=2"));
    restarted.until("number 4");
    for (series, expected) in [
        ("logs_published_total", 5.0),
        ("gaps_total{reason=\"evicted\"}", 1.0),
        ("logs_missed_total{reason=\"evicted\"}", 1.0),
        ("gaps_total{reason=\"restarted\"}", 1.0),
        ("gaps_total{reason=\"slow\"}", 0.0),
        ("streams{state=\"live\"}", 4.0),
        ("streams{state=\"replaying\"}", 0.0),
        ("slow_readers_cut_total", 0.0),
        ("channels_read", 1.0),
        ("publish_seconds_count", 5.0),
        ("streams_opened_total{route=\"direct\"}", 3.0),
        ("streams_opened_total{route=\"datashop\"}", 1.0),
        ("limit_refusals_total{limit=\"connections\"}", 0.0),
        ("log_lines_dropped_total", 0.0),
    ] {
        assert_eq!(watched.value(series), expected, "{series}");
    }
    let replayed = watched.value("logs_replayed_total");
    assert!((5.0..=8.0).contains(&replayed), "{replayed}");
    assert_eq!(watched.value("logs_delivered_total"), 5.0 + replayed);
    assert!((1.0..=5.0).contains(&watched.value("publish_to_write_seconds_count")));
    assert!(watched.value("history_bytes") > 100.0);
}

#[test]
fn metrics_say_why_publishers_were_refused() {
    let watched = Watched::start(&[]);
    let line = |service: &str| {
        format!(r#"{{"service":"{service}","workspace_id":"w","logData":{{"n":1}}}}"#)
    };
    watched.publish("l5-etl-token", &line("etl"));
    watched.publish("l5-etl-token", &line("etl"));
    watched.publish("wrong", &line("etl"));
    watched.publish("l5-etl-token", &line("faas"));
    watched.publish("l5-etl-token", "{");
    watched.publish("l5-etl-token", &format!("{{{}}}", " ".repeat(2 << 20)));
    let batch = [line("etl"), line("faas"), "5".into()].join("\n");
    let answer = watched.gateway.exchange(&format!(
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{batch}",
        batch.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 207"), "{answer}");
    for (series, expected) in [
        ("logs_published_total", 2.0),
        ("logs_duplicate_total", 1.0),
        ("publishes_refused_total{reason=\"token\"}", 1.0),
        ("publishes_refused_total{reason=\"service\"}", 2.0),
        ("publishes_refused_total{reason=\"workspace\"}", 0.0),
        ("publishes_refused_total{reason=\"expired\"}", 0.0),
        ("publishes_refused_total{reason=\"invalid\"}", 2.0),
        ("publishes_refused_total{reason=\"too_large\"}", 1.0),
        ("publishes_refused_total{reason=\"draining\"}", 0.0),
    ] {
        assert_eq!(watched.value(series), expected, "{series}");
    }
}

#[test]
fn no_label_grows_with_what_clients_send() {
    let watched = Watched::start(&[]);
    let names = |text: &str| -> Vec<String> {
        let is_series = |line: &&str| !line.starts_with('#');
        let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let mut names: Vec<_> = text.lines().filter(is_series).map(name).collect();
        names.sort();
        names
    };
    let before = names(&watched.metrics());
    let streams: Vec<_> = (0..20)
        .map(|n| {
            let line =
                format!(r#"{{"service":"etl","workspace_id":"secret{n}","logData":{{"n":1}}}}"#);
            watched.publish("l5-etl-token", &line);
            watched.gateway.read(&format!("/logs/stream?channels=logs:etl:secret{n}:x"))
        })
        .collect();
    let text = watched.metrics();
    assert_eq!(names(&text), before);
    assert!(!text.contains("secret") && !text.contains("l5-etl"), "{text}");
    drop(streams);
}

#[test]
fn promtool_accepts_the_metrics() {
    let watched = Watched::start(&[]);
    let mut reader = watched.gateway.read(PROXY);
    watched.gateway.publish("hello");
    reader.until("hello");
    let open = watched.ask("GET", "/metrics", "Accept: application/openmetrics-text\r\n");
    assert!(open.contains("application/openmetrics-text; version=1.0.0"), "{open}");
    assert!(body(&open).ends_with("# EOF\n"), "{open}");
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut promtool = match promtool.stderr(Stdio::piped()).spawn() {
        Ok(promtool) => promtool,
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: promtool is not installed (package prometheus): {error}");
            return;
        }
        Err(error) => panic!("promtool is required in CI (package prometheus): {error}"),
    };
    let mut input = promtool.stdin.take().expect("piped");
    input.write_all(watched.metrics().as_bytes()).expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{told}\n{}", watched.metrics());
}

#[test]
fn readiness_has_reasons() {
    let mut watched = Watched::start(&["--max-connections", "1"]);
    assert_eq!(watched.json("/health")["status"], "healthy");
    assert_eq!(watched.json("/ready")["ready"], true);
    let reader = watched.gateway.read(PROXY);
    let full = watched.ask("GET", "/ready", "");
    assert!(full.starts_with("HTTP/1.1 503") && full.contains("all 1 connections"), "{full}");
    let refused = watched.gateway.get(STREAM);
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert_eq!(watched.value("limit_refusals_total{limit=\"connections\"}"), 1.0);
    drop(reader);
    until("the place is free", || watched.json("/ready")["ready"] == true);
    // Half a request delays the drain, during which operators are still answered.
    let mut half = connect(watched.gateway.address());
    half.write_all(b"GET / HTTP/1.1\r\nHost:").expect("it accepts bytes");
    std::thread::sleep(std::time::Duration::from_millis(100));
    watched.gateway.signal("-TERM");
    until("it drains", || watched.ask("GET", "/ready", "").contains("is shutting down"));
    assert!(watched.value("uptime_seconds") > 0.0);
    watched.gateway.signal("-TERM");
    assert!(watched.gateway.end().success());
    drop(half);
}

#[test]
fn operators_see_channels_and_connections_and_end_one() {
    let watched = Watched::start(&[]);
    let mut reader = watched.gateway.read(PROXY);
    let mut other = watched.gateway.read("/logs/stream?channels=logs:etl:a:b,logs:etl:a:c");
    watched.gateway.publish("hello");
    let channels = watched.json("/admin/channels");
    assert_eq!(channels["hasMore"], false);
    let named: Vec<_> = channels["channels"].as_array().expect("a list").iter().collect();
    assert_eq!(named.len(), 3);
    assert_eq!(named[2]["channel"], "logs:etl:workspace123:workflow456");
    assert_eq!((&named[2]["readers"], &named[2]["newest"]), (&1.into(), &1.into()));
    let page = watched.json("/admin/channels?limit=1&after=logs:etl:a:b");
    assert_eq!(page["hasMore"], true);
    assert_eq!(page["channels"][0]["channel"], "logs:etl:a:c");
    let connections = watched.json("/admin/connections");
    let all = connections["connections"].as_array().expect("a list");
    assert_eq!(all.len(), 2);
    let demo = all.iter().find(|one| one["userId"] == "demo-user").expect("the reader");
    assert_eq!((&demo["state"], &demo["channels"][0]), (&"live".into(), &named[2]["channel"]));
    let id = demo["connectionId"].as_str().expect("an id");
    let kicked = watched.ask("DELETE", &format!("/admin/connections/{id}"), "");
    assert!(kicked.starts_with("HTTP/1.1 200"), "{kicked}");
    reader.until("\"stop\"");
    reader.until("\r\n0\r\n\r\n");
    let again = watched.ask("DELETE", "/admin/connections/none", "");
    assert!(again.starts_with("HTTP/1.1 404") && again.contains("no open stream"), "{again}");
    watched.publish(
        "l5-etl-token",
        r#"{"service":"etl","workspace_id":"a","workflow_id":"c","logData":"still here"}"#,
    );
    other.until("still here");
    for wrong in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2"] {
        let answer = watched.ask("GET", &format!("/admin/channels?{wrong}"), "");
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("limit"), "{answer}");
    }
}

#[test]
fn the_two_listeners_have_their_own_routes() {
    let watched = Watched::start(&[]);
    for path in ["/metrics", "/admin/channels", "/admin/connections", "/debug/config"] {
        let answer = watched.gateway.get(path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    for path in ["/logs/stream?channels=logs:etl:a:b", "/test/logs", PROXY] {
        let answer = watched.ask("GET", path, "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let foreign = exchange(
        &watched.admin,
        "GET /admin/connections HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    assert!(foreign.starts_with("HTTP/1.1 421"), "{foreign}");
    let preflight = watched.ask(
        "OPTIONS",
        "/admin/connections/x",
        "Origin: http://evil.example\r\nAccess-Control-Request-Method: DELETE\r\n",
    );
    assert!(!preflight.to_ascii_lowercase().contains("access-control-allow"), "{preflight}");
}

#[test]
fn reloads_are_counted() {
    let file = File::new("admin-reload", "history-lines = 5\n");
    let watched = Watched::start(&["--config", file.path()]);
    watched.gateway.signal("-HUP");
    until("it is reloaded", || watched.value("config_reloads_total{result=\"success\"}") == 1.0);
    file.write("history-lines = \"x\"\n");
    watched.gateway.signal("-HUP");
    until("it is refused", || watched.value("config_reloads_total{result=\"failure\"}") == 1.0);
}

#[test]
fn each_line_of_a_json_log_is_an_object() {
    let watched = Watched::start(&["--log-format", "json", "--log-level", "debug"]);
    let user = "X-User-Id: jürgen\r\n";
    let head = format!("GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n{user}\r\n");
    let mut socket = connect(watched.gateway.address());
    socket.write_all(head.as_bytes()).expect("it accepts the request");
    let mut reader = Raw::request(watched.gateway.address(), PROXY);
    reader.until("connectionId");
    watched.gateway.publish("hello");
    reader.until("hello");
    let log = watched.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let connected = lines.iter().find(|line| line["message"] == "reader connected");
    let connected = connected.unwrap_or_else(|| panic!("{log}"));
    assert_eq!(connected["channels"], "logs:etl:workspace123:workflow456");
    assert!(connected["timestamp"].is_string() && connected["level"] == "INFO", "{connected}");
    assert!(log.contains("jürgen"), "{log}");
}

#[test]
fn a_wrong_address_is_refused() {
    for wrong in ["x", "host", "127.0.0.1:99999"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
        command.args(["--port", "0", "--admin", wrong]);
        let (code, text) = ended(command);
        assert!(code == Some(2) && text.contains("127.0.0.1:9464"), "{wrong}: {text}");
    }
}
