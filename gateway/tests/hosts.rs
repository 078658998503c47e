//! DNS rebinding: a gateway on loopback accepts loopback names, and those of a flag.

#[path = "support/program.rs"]
mod program_support;
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use program_support::{Running, ended, program};
use support::{CHANNEL, PROXY};

/// The start of the response to a request with these header lines.
fn ask(url: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(url.trim_start_matches("http://")).expect("it listens");
    socket
        .write_all(format!("{request}\r\nConnection: close\r\n\r\n").as_bytes())
        .expect("it reads");
    let mut bytes = [0; 2048];
    let mut text = String::new();
    while !text.contains("\r\n\r\n") {
        match socket.read(&mut bytes).expect("an answer") {
            0 => break,
            count => text.push_str(&String::from_utf8_lossy(&bytes[..count])),
        }
    }
    if text.contains("content-length") {
        let _ = socket.read_to_string(&mut text);
    }
    text
}

fn get(url: &str, path: &str, host: &str) -> String {
    ask(url, &format!("GET {path} HTTP/1.1\r\nHost: {host}"))
}

#[test]
fn refuses_another_name_on_every_route_and_names_the_flag() {
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hosts");
    std::fs::create_dir_all(&site)
        .and_then(|()| std::fs::write(site.join("index.html"), "<!doctype html>"))
        .expect("a page");
    let running = Running::start(program(&[
        "--port",
        "0",
        "--cors-origin",
        "*",
        "--site",
        site.to_str().expect("a path"),
    ]));
    let stream = format!("/logs/stream?channels={CHANNEL}");
    for path in
        ["/", "/index.html", "/health", "/ready", "/admin/logs/stats", &stream, PROXY, "/nowhere"]
    {
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "",
            "127.0.0.1@evil.example",
        ] {
            let answer = get(&running.url, path, host);
            let status = &answer[9..12];
            // An empty host is malformed rather than a wrong name.
            let is_refused =
                status == "421" && answer.contains("--allowed-host") && answer.contains("nosniff");
            assert!(is_refused || host.is_empty() && status == "400", "{path} {host}: {answer}");
        }
    }
    for method in ["POST", "OPTIONS", "HEAD", "PUT"] {
        assert!(
            ask(&running.url, &format!("{method} /logs/stream HTTP/1.1\r\nHost: evil.example"))
                .contains(" 421 "),
            "{method}"
        );
    }
}

#[test]
fn loopback_names_and_those_of_the_flag_are_answered() {
    let running = Running::start(program(&[
        "--port",
        "0",
        "--allowed-host",
        "logs.example.com",
        "--allowed-host",
        "fd00::1",
    ]));
    for host in [
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost:8090",
        "LOCALHOST",
        "[::1]:8090",
        "app.localhost",
        "logs.example.com:443",
        "[fd00::1]",
    ] {
        assert!(get(&running.url, "/health", host).contains(" 200 "), "{host}");
    }
    assert!(get(&running.url, "/health", "other.example.com").contains(" 421 "));
}

#[test]
fn the_target_of_a_request_counts_as_well_as_its_host() {
    let running = Running::start(program(&["--port", "0"]));
    assert!(
        ask(&running.url, "GET http://evil.example/health HTTP/1.1\r\nHost: 127.0.0.1")
            .contains(" 421 ")
    );
    assert!(
        ask(&running.url, "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example")
            .starts_with("HTTP/1.1 4")
    );
}

#[test]
fn a_replay_keeps_the_same_rule() {
    let recording = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hosts.sse");
    std::fs::write(&recording, "data: a\n\n").expect("a file");
    let running =
        Running::start(program(&["replay", recording.to_str().expect("a path"), "--port", "0"]));
    assert!(get(&running.url, "/logs/stream", "evil.example").contains(" 421 "));
    assert!(get(&running.url, "/logs/stream", "localhost").contains(" 200 "));
}

#[test]
fn beyond_loopback_any_name_is_answered_until_one_is_given() {
    let serve = [
        "--host",
        "0.0.0.0",
        "--behind-tls-proxy",
        "--port",
        "0",
        "--token",
        "etl=0123456789abcdef0123456789abcdef",
        "--trusted-proxy",
        "127.0.0.1",
    ];
    let start = |flags: &[&str]| {
        let mut command = program(&[&serve[..], flags].concat());
        command.env_remove("LOGS_GATEWAY_DEMO");
        Running::start(command)
    };
    let open = start(&[]);
    let url = open.url.replace("0.0.0.0", "127.0.0.1");
    assert!(get(&url, "/health", "anything.example").contains(" 200 "));
    let named = start(&["--allowed-host", "logs.example.com"]);
    let url = named.url.replace("0.0.0.0", "127.0.0.1");
    assert!(
        get(&url, "/health", "anything.example").contains(" 421 ")
            && get(&url, "/health", "logs.example.com").contains(" 200 ")
    );
}

#[test]
fn rejects_a_flag_that_is_not_a_host() {
    for name in ["http://logs.example.com", "logs.example.com:80", "a b", ""] {
        let (code, text) = ended(program(&["--port", "0", "--allowed-host", name]));
        assert!(code == Some(2) && text.contains("expected a host name"), "{name}: {text}");
    }
}
