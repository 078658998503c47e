//! A reload and the streams that are open: each setting that the documentation lists is applied, all
//! others are reported, and a rule for slow readers reaches a stream that is stalled already.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/tls.rs"]
mod tls;
#[path = "support/watched.rs"]
mod watched;

use std::collections::BTreeSet;
use std::io::Write;

use support::PROXY;
use support::process::{Gateway, Raw, connect};
use temporary::File;
use tls::{Authority, Certificate};
use watched::{Watched, body, until};

const DOCUMENT: &str = include_str!("../../docs/gateway.md");

/// The hash of the secret `0123456789abcdef`.
const TOKENS: &str = "[[token]]\nname = \"own\"\nservices = [\"etl\"]\nworkspaces = [\"*\"]\nsha256 = \"9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f\"\n";

/// The settings that need no file, each with a value before a reload and one after it.
const PLAIN: [(&str, &str, &str); 31] = [
    ("history-lines", "9000", "8000"),
    ("history-bytes", "900000", "800000"),
    ("history-total-bytes", "9000000", "8000000"),
    ("history-disk-bytes", "90000000", "80000000"),
    ("history-workspace-bytes", "900000", "800000"),
    ("history-age", "\"9days\"", "\"8days\""),
    ("history-idle", "\"9h\"", "\"8h\""),
    ("max-channels", "9000", "8000"),
    ("reader-lines", "900", "800"),
    ("reader-bytes", "90000", "80000"),
    ("slow-reader", "\"gap\"", "\"cut\""),
    ("log-level", "\"info\"", "\"warn\""),
    ("max-streams-per-user", "90", "80"),
    ("max-streams-per-address", "90", "80"),
    ("max-streams-per-workspace", "90", "80"),
    ("max-user-replayed-logs-per-second", "9000", "8000"),
    ("max-address-replayed-logs-per-second", "9000", "8000"),
    ("max-workspace-replayed-logs-per-second", "9000", "8000"),
    ("replay-burst", "\"9s\"", "\"8s\""),
    ("max-token-logs-per-second", "900", "800"),
    ("max-token-bytes-per-second", "900000", "800000"),
    ("max-workspace-logs-per-second", "900", "800"),
    ("max-workspace-bytes-per-second", "900000", "800000"),
    ("max-channel-logs-per-second", "900", "800"),
    ("max-channel-bytes-per-second", "900000", "800000"),
    ("publish-burst", "\"9s\"", "\"8s\""),
    ("max-channels-per-workspace", "900", "800"),
    ("max-log-bytes", "90000", "80000"),
    ("head-timeout", "\"9s\"", "\"8s\""),
    ("body-timeout", "\"9s\"", "\"8s\""),
    ("max-auth-failures", "90", "80"),
];

/// Settings that need a restart.
const FIXED: [(&str, &str); 6] = [
    ("heartbeat", "\"14s\""),
    ("ping", "\"24s\""),
    ("rotate", "\"3h\""),
    ("idle-timeout", "\"74s\""),
    ("drain-timeout", "\"4s\""),
    ("canary", "\"9s\""),
];

/// A setting with its value before a reload, and the one after it.
type Setting = (String, [String; 2]);

/// Returns the settings in the table of the documentation about reloads.
fn documented() -> BTreeSet<String> {
    let (_, section) = DOCUMENT.split_once("### Reloading\n").expect("the section is there");
    let rows = section.lines().take_while(|line| !line.starts_with('#'));
    let first_cells = rows.filter_map(|row| row.strip_prefix("| `")?.split(" | ").next());
    first_cells
        .flat_map(|cell| cell.trim_end_matches('`').split("`, `"))
        .map(ToOwned::to_owned)
        .collect()
}

fn written(settings: &[Setting], which: usize) -> String {
    let line = |(name, values): &Setting| format!("{name} = {}\n", values[which]);
    settings.iter().map(line).collect()
}

fn plain() -> Vec<Setting> {
    PLAIN.map(|(name, old, new)| (name.to_owned(), [old.to_owned(), new.to_owned()])).into()
}

/// Returns two files with the same text, as the values of a setting.
fn files(name: &str, text: &str) -> (Setting, [File; 2]) {
    let files = ["old", "new"].map(|which| File::new(&format!("{name}-{which}"), text));
    let values = files.each_ref().map(|file| format!("{:?}", file.path()));
    ((name.to_owned(), values), files)
}

/// Reloads until the configuration in force has `line`.
fn reload(watched: &Watched, config: &File, text: &str, line: &str) -> String {
    config.write(text);
    watched.gateway.signal("-HUP");
    let shown = || body(&watched.ask("GET", "/debug/config", ""));
    until(line, || shown().contains(line));
    shown()
}

/// Reloads all `settings` of a gateway with `rest`, and checks that each one is in force.
fn applies(settings: &[Setting], rest: &str, streams: impl Fn(&Watched) -> Vec<Raw>) -> Watched {
    let before = format!("{rest}{}", written(settings, 0));
    let config = File::new(&format!("keys-{}", settings.len()), &before);
    let watched =
        Watched::start_in(&["--config", config.path()], None, &[("LOGS_GATEWAY_DEMO", "false")]);
    let open = streams(&watched);
    let (last, values) = settings.last().expect("there are some");
    let after = format!("{rest}{}", written(settings, 1));
    let shown = reload(&watched, &config, &after, &format!("{last} = {}", values[1]));
    for (name, values) in settings {
        assert!(shown.contains(&format!("\n{name} = {} #", values[1])), "{name}: {shown}");
    }
    for mut stream in open {
        let secret = "0123456789abcdef";
        let log = r#"{"service":"etl","workspace_id":"w","logData":"after the reload"}"#;
        let answer = watched.publish(secret, log);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        stream.until("after the reload");
    }
    watched
}

#[test]
fn each_setting_that_a_reload_changes_is_documented_and_applied_while_streams_are_open() {
    let secret = "0123456789abcdef0123456789abcdef";
    let rules = "[[rule]]\nname = \"a\"\npattern = '[0-9]{9}'\n";
    let (certificate, authority) = (Certificate::new(), Authority::new("keys"));
    let text = |file: &File| std::fs::read_to_string(file.path()).expect("a file");
    let mut with_files = Vec::new();
    let mut settings = plain();
    for (name, content) in [
        ("redact", rules),
        ("tokens", TOKENS),
        ("auth-jwt-secret-file", secret),
        ("trusted-proxy-secret-file", secret),
    ] {
        let (setting, files) = files(name, content);
        settings.push(setting);
        with_files.push(files);
    }
    let strings = |name: &str, old: &str, new: &str| (name.to_owned(), [old.into(), new.into()]);
    settings.push(strings("trusted-proxy", "[\"127.0.0.1\"]", "[\"127.0.0.1\", \"10.0.0.1\"]"));
    settings.push(strings("trusted-proxy-session", "\"9min\"", "\"8min\""));
    let rest =
        "auth-jwt-issuer = \"i\"\nauth-jwt-audience = \"a\"\ntrusted-proxy-names-readers = true\n";
    let stream = |watched: &Watched| {
        let head = format!(
            "GET /logs/stream?channels=logs:etl:w HTTP/1.1\r\nHost: localhost\r\nX-Proxy-Secret: {secret}\r\nX-User-Id: jane\r\nX-Workspace-Id: w\r\n\r\n"
        );
        let mut socket = connect(watched.gateway.address());
        socket.write_all(head.as_bytes()).expect("it accepts the request");
        let mut raw = Raw { socket, text: String::new() };
        raw.until("\"connectionId\"");
        vec![raw]
    };
    let log = applies(&settings, rest, stream).log();
    assert!(!log.contains("takes effect after a restart"), "{log}");

    let mut over_tls = Vec::new();
    for (name, content) in [
        ("tls-cert", text(&certificate.cert)),
        ("tls-key", text(&certificate.key)),
        ("tls-client-ca", text(&authority.file)),
    ] {
        let (setting, files) = files(name, &content);
        over_tls.push(setting);
        with_files.push(files);
    }
    let own = File::new("keys-own-tokens", TOKENS);
    let rest = format!("tokens = {:?}\ntrusted-proxy = [\"127.0.0.1\"]\n", own.path());
    let log = applies(&over_tls, &rest, |_| Vec::new()).log();
    assert!(!log.contains("takes effect after a restart"), "{log}");

    let checked = settings.into_iter().chain(over_tls).map(|(name, _)| name).collect();
    assert_eq!(documented(), checked, "the table of docs/gateway.md");
}

#[test]
fn a_setting_that_needs_a_restart_is_reported_and_stays() {
    let config = File::new("keys-fixed", "");
    let watched = Watched::start(&["--config", config.path()]);
    let changed = FIXED.map(|(name, value)| format!("{name} = {value}\n")).concat();
    let shown =
        reload(&watched, &config, &format!("{changed}history-lines = 7\n"), "history-lines = 7");
    for (name, value) in FIXED {
        assert!(!shown.contains(&format!("{name} = {value}")), "{name}: {shown}");
    }
    let log = watched.log();
    for (name, _) in FIXED {
        assert!(log.contains(&format!("{name} has changed, which takes effect")), "{name}: {log}");
    }
}

#[test]
fn slow_readers_that_a_reload_cuts_include_those_whose_socket_is_full_already() {
    let config = File::new("keys-slow", "reader-lines = 10\nslow-reader = \"gap\"\n");
    let watched = Watched::start(&["--config", config.path(), "--write-timeout", "1h"]);
    let frozen = Raw::request(watched.gateway.address(), PROXY);
    let health = || watched.gateway.get("/health");
    until("the stream is open", || health().contains("\"connections\":1,"));
    // More than all buffers between a gateway and a reader that does not read.
    let filler = "x".repeat(500_000);
    for _ in 0..40 {
        assert!(watched.gateway.publish(&filler).contains("\"success\":true"));
    }
    assert!(health().contains("\"connections\":1,"), "it is not cut while the rule is gap");
    let cut = "reader-lines = 10\nslow-reader = \"cut\"\n";
    reload(&watched, &config, cut, "slow-reader = \"cut\"");
    until("the reader is cut", || health().contains("\"readersCutOff\":1,"));
    until("its stream has ended", || health().contains("\"connections\":0,"));
    drop(frozen);
}
