//! The canary, the reasons of readiness, the configuration as operators see it.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/watched.rs"]
mod watched;

use std::io::Write;

use support::process::{Gateway, connect};
use support::{CHANNEL, PROXY};
use temporary::File;
use watched::{Watched, body, until};

#[test]
fn the_canary_is_measured_and_distorts_no_other_number() {
    let watched = Watched::start(&["--canary", "20ms"]);
    until("logs came back", || watched.value("canary_lag_seconds_count") >= 3.0);
    assert!(watched.value("canary_logs_total") >= 3.0);
    let mut reader = watched.gateway.read(PROXY);
    watched.gateway.publish("hello");
    reader.until("hello");
    for (series, expected) in [
        ("canary_failures_total", 0.0),
        ("logs_published_total", 1.0),
        ("logs_delivered_total", 1.0),
        ("streams{state=\"live\"}", 1.0),
        ("ready", 1.0),
    ] {
        // A probe may be between its log and its end.
        until(series, || watched.value(series) == expected);
    }
}

#[test]
fn no_one_else_reads_or_writes_the_channel_of_the_canary() {
    let watched = Watched::start(&["--canary", "20ms"]);
    until("logs came back", || watched.value("canary_lag_seconds_count") >= 1.0);
    let own = "logs:_canary:gateway";
    let mut reader = watched.gateway.read(&format!("/logs/stream?channels={own}"));
    reader.until("\n\n");
    assert!(reader.text.contains(&format!("\"refused\":[\"{own}\"]")), "{}", reader.text);
    let history = watched.gateway.get(&format!("/logs/history?channel={own}"));
    assert!(history.starts_with("HTTP/1.1 403"), "{history}");
    let log = r#"{"service":"_canary","workspace_id":"gateway","logData":1}"#;
    let refused = watched.publish("l5-etl-token", log);
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
}

#[test]
fn a_reader_with_the_name_of_the_canary_is_shown_like_any_other() {
    let watched = Watched::start(&["--canary", "20ms"]);
    let mut socket = connect(watched.gateway.address());
    let head = "HTTP/1.1\r\nHost: localhost\r\nX-User-Id: _canary\r\nX-Workspace-Id: workspace123";
    let path = format!("/logs/stream?channels={CHANNEL}");
    socket.write_all(format!("GET {path} {head}\r\n\r\n").as_bytes()).expect("it accepts bytes");
    until("it is counted", || watched.value("streams{state=\"live\"}") == 1.0);
    let connections = watched.json("/admin/connections");
    let shown = connections["connections"].as_array().expect("a list");
    assert_eq!(shown.len(), 1, "{connections}");
    assert_eq!(shown[0]["userId"], "_canary");
}

#[test]
fn a_gateway_at_its_memory_limit_is_not_ready() {
    let watched = Watched::start(&["--memory-limit", "1000000"]);
    let ready = watched.ask("GET", "/ready", "");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("bytes of memory"), "{ready}");
    // A load balancer learns the status only.
    let public = watched.gateway.get("/ready");
    assert!(
        public.starts_with("HTTP/1.1 503") && public.ends_with("{\"ready\":false}"),
        "{public}"
    );
    assert_eq!(watched.value("memory_limit_bytes"), 1_000_000.0);
}

#[test]
fn a_gateway_without_free_descriptors_is_not_ready() {
    let watched = Watched::start_with(&["--max-connections", "60"], Some(64));
    assert!(watched.ask("GET", "/ready", "").starts_with("HTTP/1.1 200"));
    let files = watched.value("open_files") as usize;
    assert_eq!(watched.value("open_files_max"), 64.0);
    let sockets: Vec<_> =
        (files..60).map(|_| support::process::connect(watched.gateway.address())).collect();
    until("it is not ready", || watched.ask("GET", "/ready", "").contains("of 64 files are open"));
    drop(sockets);
    until("it is ready", || watched.value("ready") == 1.0);
}

#[test]
fn the_configuration_in_force_is_shown_without_secrets() {
    let file = File::new("debug-config", "history-lines = 5\n");
    let secret = "a-secret-of-some-length";
    let token = format!("etl={secret}");
    let watched = Watched::start(&["--config", file.path(), "--token", &token]);
    let config = || body(&watched.ask("GET", "/debug/config", ""));
    assert!(config().contains("\nhistory-lines = 5 # ") && config().contains("Tokens of --token"));
    assert!(!config().contains(secret), "{}", config());
    file.write("history-lines = 7\nping = \"9s\"\n");
    watched.gateway.signal("-HUP");
    until("the new value is in force", || config().contains("\nhistory-lines = 7 # "));
    assert!(config().contains("\nping = \"25s\" # default"), "it needs a restart: {}", config());
}

#[test]
fn metrics_name_the_build_and_count_what_streams_send() {
    let watched = Watched::start(&[]);
    let epoch = watched.json("/health")["epoch"].as_str().expect("an epoch").to_owned();
    let metrics = watched.metrics();
    assert!(metrics.contains("logs_gateway_build_info{"), "{metrics}");
    assert!(metrics.contains(&format!("epoch=\"{epoch}\"")), "{metrics}");
    let before = watched.value("stream_bytes_total");
    let mut reader = watched.gateway.read(PROXY);
    watched.gateway.publish(&"x".repeat(10_000));
    reader.until("xxx\"}");
    assert!(watched.value("stream_bytes_total") > before + 10_000.0);
    assert_eq!(watched.value("upstream_errors_total{reason=\"timeout\"}"), 0.0);
    assert!(watched.value("memory_bytes") > 1e6);
}

#[test]
fn a_backend_that_fails_is_counted() {
    let watched = Watched::start(&["--upstream", "http://127.0.0.1:9"]);
    assert!(watched.gateway.get(PROXY).starts_with("HTTP/1.1 502"));
    assert_eq!(watched.value("upstream_errors_total{reason=\"failed\"}"), 1.0);
}
