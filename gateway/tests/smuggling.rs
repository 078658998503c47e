//! Requests with two readings, sent through a real nginx: both servers count the same requests, and
//! none reaches the gateway behind nginx's back.

#![cfg(unix)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use support::process::{Process, command, connect};

/// Headers and bodies, each with more than one reading or none. `*` stands for the request that must
/// not be smuggled.
const CASES: [(&str, &str); 38] = [
    ("plain", "GET /case HTTP/1.1\r\nHost: localhost\r\n\r\n*"),
    ("body", "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}*"),
    (
        "chunked",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n*",
    ),
    (
        "coding and length",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n*",
    ),
    (
        "length and coding",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 300\r\n\r\n0\r\n\r\n*",
    ),
    (
        "two lengths",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n*",
    ),
    (
        "the same length twice",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}*",
    ),
    ("list of lengths", "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0, 60\r\n\r\n*"),
    ("length with plus", "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}*"),
    ("length in hex", "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x2\r\n\r\n{}*"),
    ("negative length", "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n*"),
    (
        "huge length",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551618\r\n\r\n{}*",
    ),
    ("length with space", "POST /case HTTP/1.1\r\nHost: localhost\r\nContent-Length : 60\r\n\r\n*"),
    ("length of a get", "GET /case HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}*"),
    (
        "identity",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}*",
    ),
    (
        "unknown coding",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}*",
    ),
    (
        "two codings",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n*",
    ),
    (
        "compressed and chunked",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n*",
    ),
    (
        "chunked twice",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n*",
    ),
    (
        "coding after a tab",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\u{b}chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n*",
    ),
    (
        "space before the colon",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n*",
    ),
    (
        "folded line",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nX: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n*",
    ),
    (
        "folded coding",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n*",
    ),
    (
        "coding in HTTP/1.0",
        "POST /case HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n*",
    ),
    (
        "chunk size in hex",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n*",
    ),
    (
        "chunk size too large",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n*",
    ),
    (
        "negative chunk size",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n*",
    ),
    (
        "chunk with a bare line feed",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n*",
    ),
    (
        "line feed in a chunk extension",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n*",
    ),
    (
        "trailer",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 60\r\n\r\n*",
    ),
    ("bare carriage return", "GET /case HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n*"),
    ("NUL", "GET /case HTTP/1.1\r\nHost: localhost\r\nX: \0y\r\n\r\n*"),
    ("no host", "GET /case HTTP/1.1\r\n\r\n*"),
    ("two hosts", "GET /case HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n*"),
    ("bare line feeds", "GET /case HTTP/1.1\nHost: localhost\n\n*"),
    (
        "wrong expectation",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n{}*",
    ),
    (
        "expectation",
        "POST /case HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}*",
    ),
    (
        "upgrade",
        "GET /case HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, Content-Length\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n*",
    ),
];

/// A gateway that logs each request, behind an nginx that keeps its connections and passes bodies on
/// as they come, or not.
struct Chain {
    nginx: Process,
    gateway: Process,
    folder: PathBuf,
}

impl Chain {
    /// Returns `None` without nginx, which CI has.
    fn start(name: &str, location: &str) -> Option<Self> {
        if let Err(error) = Command::new("nginx").arg("-v").stderr(Stdio::null()).status() {
            assert!(std::env::var_os("CI").is_none(), "nginx is required in CI: {error}");
            eprintln!("skipped: nginx is not installed (package nginx-light): {error}");
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("smuggling-{name}"));
        // An error means that there is none of an earlier run.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let log = File::create(folder.join("gateway.log")).expect("a file");
        let gateway = Process::start(
            command(&["--port", "0", "--log-level", "logs_gateway=debug"]).stderr(log),
        );
        let address = free_address();
        let config = folder.join("nginx.conf");
        fs::write(&config, configuration(&folder, &address, gateway.address(), location))
            .expect("a file");
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(&config).stdin(Stdio::null()).stderr(Stdio::null());
        Some(Self { nginx: Process::start_at(&address, &mut nginx), gateway, folder })
    }

    /// Sends bytes to nginx, and returns what it answers until it closes or is silent for a moment.
    fn send(&self, bytes: &str) -> String {
        let mut socket = connect(self.nginx.address());
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time");
        // It may be refused before it is read.
        let _ = socket.write_all(bytes.as_bytes());
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Ends both, and returns how often each path was requested: as nginx sent it, and as the gateway
    /// received it.
    fn counts(mut self) -> [BTreeMap<String, usize>; 2] {
        self.nginx.signal("-QUIT");
        self.nginx.end();
        self.gateway.signal("-TERM");
        self.gateway.end();
        let read = |file| fs::read_to_string(self.folder.join(file)).expect("a log");
        let count = |paths: Vec<String>| {
            let mut counts = BTreeMap::new();
            paths.into_iter().for_each(|path| *counts.entry(path).or_default() += 1);
            counts
        };
        let forwarded = read("access.log");
        let sent = forwarded.lines().filter_map(|line| line.split_once(' '));
        // Without a status of the gateway, nginx answered by itself.
        let sent = sent.filter(|(status, _)| *status != "-");
        let received = read("gateway.log");
        let received = received.lines().filter(|line| line.contains("started processing request"));
        let path = |line: &str| line.split('"').nth(1).map(str::to_owned);
        [
            count(sent.map(|(_, path)| path.to_owned()).collect()),
            count(received.filter_map(path).collect()),
        ]
    }
}

/// An address whose port was free a moment ago.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

fn configuration(folder: &Path, listen: &str, gateway: &str, location: &str) -> String {
    let folder = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};\n")).concat();
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
        events {{}}
        http {{
            {paths}
            log_format sent '$upstream_status $uri';
            access_log {folder}/access.log sent;
            upstream gateway {{ server {gateway}; keepalive 4; }}
            server {{
                listen {listen};
                server_name localhost;
                location / {{
                    proxy_pass http://gateway;
                    proxy_set_header Host $host;
                    {location}
                }}
            }}
        }}"
    )
}

#[track_caller]
fn both_count_the_same(name: &str, location: &str) {
    let Some(chain) = Chain::start(name, location) else { return };
    for (number, (case, request)) in CASES.iter().enumerate() {
        let smuggled = format!("GET /smuggled-{number} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        // The gateway reads the body on one of these routes only.
        let publish = request
            .replacen("localhost", "localhost\r\nX-Service-Token: l5-etl-token", 1)
            .replace("/case", "/logs/publish");
        for request in [request.replace("/case", &format!("/case-{number}")), publish] {
            chain.send(&request.replace('*', &smuggled));
        }
        // The next request on nginx's connection to the gateway receives its own response.
        let probe = format!("/probe-{number}");
        let answer = chain
            .send(&format!("GET {probe} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        assert!(answer.contains(&format!("no route GET {probe}:")), "after {case}: {answer}");
    }
    let [sent, received] = chain.counts();
    assert!(sent.contains_key("/case-0") && sent.contains_key("/smuggled-0"), "{sent:?}");
    let case = |path: &str| {
        let number = path.rsplit('-').next().and_then(|number| number.parse::<usize>().ok());
        number.map_or("any", |number| CASES[number].0)
    };
    let differing: Vec<_> = sent
        .keys()
        .chain(received.keys())
        .filter(|path| sent.get(*path) != received.get(*path))
        .map(|path| (path, case(path), sent.get(path), received.get(path)))
        .collect();
    assert!(differing.is_empty(), "nginx sent and the gateway received: {differing:?}");
}

#[test]
fn nginx_and_the_gateway_count_the_same_requests_on_connections_that_are_kept() {
    both_count_the_same(
        "kept",
        "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off; proxy_request_buffering off;",
    );
}

#[test]
fn nginx_and_the_gateway_count_the_same_requests_with_the_defaults_of_nginx() {
    both_count_the_same("defaults", "");
}
