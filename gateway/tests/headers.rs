//! Headers of every response, whichever route or layer makes it: no browser guesses a type, stores
//! JSON or frames it.

#![cfg(unix)]

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use logs_test_support::process::Raw;
use support::process::{Process, command, connect};
use support::{CHANNEL, PROXY};

/// The head of a response, in lower case.
struct Head(String);

impl Head {
    /// Sends `request` and reads the head of its response.
    fn of(address: &str, request: &str) -> Self {
        let mut socket = connect(address);
        // A request that is refused early may not be read to its end.
        let _ = socket.write_all(request.as_bytes());
        let mut raw = Raw { socket, text: String::new() };
        raw.until("\r\n\r\n");
        let head = raw.text.split("\r\n\r\n").next().expect("a part");
        Self(head.to_ascii_lowercase())
    }

    fn status(&self) -> &str {
        self.0.split(' ').nth(1).expect("a status")
    }

    fn header(&self, name: &str) -> &str {
        let mut values = self
            .0
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(given, value)| (given == name).then_some(value));
        let value = values.next().unwrap_or_default();
        assert!(values.next().is_none(), "{name} twice: {}", self.0);
        value
    }

    /// Checks the headers that every response has.
    #[track_caller]
    fn is_protected(&self, request: &str) {
        let request: String = request.chars().take(80).collect();
        let (kind, head) = (self.header("content-type"), &self.0);
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{request:?}: {head}");
        if kind == "application/json" || kind == "text/event-stream" {
            let cache =
                if kind == "text/event-stream" { "no-cache, no-transform" } else { "no-store" };
            assert_eq!(self.header("cache-control"), cache, "{request:?}: {head}");
        }
        // Metrics and empty responses are nothing to frame.
        if !kind.is_empty() && !kind.starts_with("text/plain") {
            let policy = self.header("content-security-policy");
            assert!(policy.contains("frame-ancestors"), "{request:?}: {head}");
        }
    }
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

/// A demo with everything on, and the address of its listener for operators.
fn gateway() -> (Process, String) {
    start(|_| ())
}

/// A gateway with everything on that asks readers for credentials.
fn production() -> (Process, String) {
    start(|command| {
        command
            .args(["--trusted-proxy", "192.0.2.1"])
            .env_remove("LOGS_GATEWAY_DEMO")
            .env("LOGS_GATEWAY_TOKENS", "etl=l5-etl-token-of-production-32-bytes");
    })
}

fn start(configure: impl FnOnce(&mut Command)) -> (Process, String) {
    let site = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("headers-site");
    std::fs::create_dir_all(&site).expect("a folder");
    std::fs::write(site.join("index.html"), "<p>page").expect("a page");
    let site = site.to_str().expect("a path");
    let arguments =
        ["--port", "0", "--admin", "0", "--site", site, "--cors-origin", "https://a.example"];
    let mut command = command(&arguments);
    configure(&mut command);
    let mut gateway = Process::start(command.stderr(Stdio::null()));
    let mut line = String::new();
    let lines = gateway.stdout.as_mut().expect("piped");
    std::io::BufRead::read_line(lines, &mut line).expect("a line");
    let admin = line.trim().split_once("http://").expect("an address").1.to_owned();
    (gateway, admin)
}

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

#[test]
fn every_response_of_every_route_is_protected() {
    checks_every_route(gateway());
    checks_every_route(production());
}

#[track_caller]
fn checks_every_route((gateway, admin): (Process, String)) {
    let stream = format!("/logs/stream?channels={CHANNEL}");
    let history = PROXY.replace("logs/stream", "logs/history");
    let paths = [
        "/",
        "/index.html",
        "/nothing",
        "/.env",
        "/%ff",
        "/health",
        "/ready",
        "/admin/logs/stats",
        "/admin/logs/stop",
        "/test/logs",
        &stream,
        "/logs/stream",
        "/api/logs/stream?channels=",
        "/logs/publish",
        "/api/logs/publish",
        &format!("/logs/history?channel={CHANNEL}"),
        "/logs/history",
        PROXY,
        "/api/dapadmin/l5-etl/sse/logs/stream",
        &history,
    ];
    let headers = [
        "",
        "Accept: text/html\r\n",
        "X-Workspace-Id: other\r\n",
        "X-Workspace-Id: \r\n",
        "X-Service-Token: wrong\r\n",
        "X-Service-Token: l5-etl-token\r\nContent-Encoding: br\r\nContent-Length: 0\r\n",
        "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n",
    ];
    for (path, headers) in paths.iter().flat_map(|path| headers.map(|headers| (path, headers))) {
        for method in METHODS {
            let request = request(method, path, headers);
            Head::of(gateway.address(), &request).is_protected(&request);
        }
    }
    let paths = [
        "/",
        "/metrics",
        "/health",
        "/ready",
        "/admin/channels",
        "/admin/connections",
        "/admin/connections/1",
        "/debug/config",
        "/nothing",
    ];
    for (path, method) in paths.iter().flat_map(|path| METHODS.map(|method| (path, method))) {
        let request = request(method, path, "");
        Head::of(&admin, &request).is_protected(&request);
    }
}

#[test]
fn what_is_refused_before_the_routes_is_protected() {
    let (gateway, admin) = gateway();
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: foreign.example\r\n\r\n", "421"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n",
            "417",
        ),
    ] {
        for address in [gateway.address(), &admin] {
            let head = Head::of(address, request);
            assert_eq!(head.status(), status, "{request:?}");
            head.is_protected(request);
        }
    }
}

/// The HTTP library makes these before there is a request, without a body that a browser could show.
#[test]
fn a_head_that_cannot_be_read_is_refused_without_content() {
    let (gateway, _) = gateway();
    let long =
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(256 * 1_024));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(200));
    let path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(70_000));
    for (request, status) in [
        (&*long, "431"),
        (&*many, "431"),
        (&*path, "414"),
        ("GET / HTTP/1.1\nHost: localhost\n\n", "400"),
        ("GET / HTTP/9.9\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", "400"),
    ] {
        let head = Head::of(gateway.address(), request);
        assert_eq!(head.status(), status, "{:?}", request.chars().take(80).collect::<String>());
        assert_eq!((head.header("content-length"), head.header("content-type")), ("0", ""));
    }
}

#[test]
fn a_head_of_128_kib_is_too_large() {
    let (gateway, _) = gateway();
    for (bytes, status) in [(100, "200"), (120, "200"), (136, "431"), (400, "431")] {
        let filler = "x".repeat(bytes * 1_024);
        let request = request("GET", "/ready", &format!("X-Filler: {filler}\r\n"));
        assert_eq!(Head::of(gateway.address(), &request).status(), status, "{bytes} KiB");
    }
}
