//! The gateway's own log at its most verbose: no content of a log, no secret and no text of a query
//! is in it, whichever route received them.

#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use support::process::{Process, command, connect};
use support::{CHANNEL, PROXY};

/// What is planted, each where only this kind of text is.
const CONTENT: &str = "planted-content-of-a-log";
const SECRET: &str = "planted-secret-of-a-client";
const QUERY: &str = "planted-text-of-a-query";
const TOKEN: &str = "planted-token-of-a-publisher";
const PROXY_SECRET: &str = "planted-secret-that-a-proxy-sends-in-front";

/// A gateway that logs everything to a file.
struct Verbose {
    process: Process,
    log: PathBuf,
}

impl Verbose {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"));
        let mut command = command(&[&["--port", "0"], arguments].concat());
        command
            .env_remove("LOGS_GATEWAY_DEMO")
            .env("RUST_LOG", "trace")
            .env("LOGS_GATEWAY_TOKENS", format!("etl={TOKEN}"))
            .env("LOGS_GATEWAY_UPSTREAM_AUTHORIZATION", format!("Bearer {SECRET}"))
            .stderr(File::create(&log).expect("a file"));
        Self { process: Process::start(&mut command), log }
    }

    /// Sends a request, and reads what comes until the gateway closes or is silent for a moment, as
    /// on a stream.
    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let mut socket = connect(self.process.address());
        socket.set_read_timeout(Some(std::time::Duration::from_millis(150))).expect("a time");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: session={SECRET}\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        // It may be refused before it is read.
        let _ = socket.write_all(&[head.as_bytes(), body].concat());
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Ends the gateway, and returns its log.
    #[track_caller]
    fn end(mut self) -> String {
        let health = self.process.get("/health");
        assert!(health.contains("\"logLinesDropped\":0"), "lines are missing: {health}");
        self.process.signal("-TERM");
        self.process.end();
        let log = fs::read_to_string(&self.log).expect("a log");
        assert!(log.contains("DEBUG request"), "it is not verbose: {log}");
        log
    }
}

#[track_caller]
fn holds_nothing_planted(log: &str) {
    for planted in [CONTENT, SECRET, QUERY, TOKEN, PROXY_SECRET] {
        let line = log.lines().find(|line| line.contains(planted));
        assert_eq!(line, None, "{planted} is in the log");
    }
}

fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn no_content_secret_or_query_of_a_demo_is_logged() {
    receives_everything(Verbose::start("confidential-demo", &["--demo"]), "");
}

#[test]
fn no_content_secret_or_query_of_a_production_gateway_is_logged() {
    let proxy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("confidential-proxy-secret");
    fs::write(&proxy, PROXY_SECRET).expect("a file");
    let arguments = ["--trusted-proxy-secret-file", proxy.to_str().expect("a path")];
    let gateway = Verbose::start("confidential-production", &arguments);
    // A stranger's secret is not shown either.
    gateway.send("GET", PROXY, &format!("X-Proxy-Secret: {SECRET}\r\n"), b"");
    receives_everything(
        gateway,
        &format!(
            "X-Proxy-Secret: {PROXY_SECRET}\r\nX-User-Id: u\r\nX-Workspace-Id: workspace123\r\n"
        ),
    );
}

/// Sends everything that is planted to every route, where `reader` identifies a reader, and searches
/// the log for it.
#[track_caller]
fn receives_everything(gateway: Verbose, reader: &str) {
    let good = format!("X-Service-Token: {TOKEN}\r\n");
    let wrong = format!("X-Service-Token: {SECRET}\r\n");
    let key = format!("{good}Idempotency-Key: {QUERY}\r\n");
    let log = format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{{"message":"{CONTENT}"}}}}"#
    );
    let bodies = [
        log.clone(),
        log.replace("etl", "faas"),
        log.replace("\"workspace123\"", "5"),
        log.replace("logData", "logdata"),
        log[..log.len() - 2].to_owned(),
        format!("{CONTENT} is no JSON"),
        format!("{log}\n{{\"{CONTENT}\":\n{log}"),
        "{\"connectionId\":\"planted-text-of-a-query\"}".to_owned(),
    ];
    let stream = format!("/logs/stream?channels={CHANNEL}&tail=100");
    let history = format!("/logs/history?channel={CHANNEL}&limit=10");
    let paths = ["/logs/publish", "/api/logs/stream", "/admin/logs/stop", "/test/logs"];
    for (path, body) in paths.iter().flat_map(|path| bodies.iter().map(move |body| (path, body))) {
        for headers in [&good, &wrong, &key] {
            for kind in ["application/json", "application/x-ndjson", "text/plain"] {
                let headers = format!("{headers}Content-Type: {kind}\r\n");
                gateway.send("POST", path, &headers, body.as_bytes());
                let zip = format!("{headers}Content-Encoding: gzip\r\n");
                gateway.send("POST", path, &zip, &zipped(body));
                gateway.send("POST", path, &zip, body.as_bytes());
            }
        }
    }
    let read = gateway.send("GET", &stream, reader, b"");
    assert!(read.contains(CONTENT), "nothing was published: {read}");
    let routes =
        [&*stream, &history, PROXY, "/logs/stream?channels=x", "/", "/health", "/nothing?a=b"];
    for path in routes {
        let question = if path.contains('?') { '&' } else { '?' };
        for more in ["", "last_event_id=", "token=", "before=", "epoch=", "batch="] {
            let path = format!("{path}{question}{more}{QUERY}");
            for method in ["GET", "PUT"] {
                gateway.send(method, &path, &format!("{reader}Last-Event-ID: {QUERY}\r\n"), b"");
                gateway.send(method, &path, &format!("X-Workspace-Id: {SECRET},\r\n"), b"");
            }
        }
    }
    holds_nothing_planted(&gateway.end());
}

#[test]
fn nothing_that_passes_to_and_from_a_backend_is_logged() {
    let backend = Verbose::start("confidential-backend", &["--demo"]);
    let gateway =
        Verbose::start("confidential-front", &["--demo", "--upstream", &backend.process.url]);
    let log = format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":"{CONTENT}"}}"#
    );
    let token = format!("X-Service-Token: {TOKEN}\r\n");
    assert!(backend.send("POST", "/logs/publish", &token, log.as_bytes()).contains("true"));
    let history = PROXY.replace("logs/stream", "logs/history");
    let stream = gateway.send("GET", &format!("{PROXY}&tail=10&x={QUERY}"), "", b"");
    let page = gateway.send("GET", &format!("{history}&limit=10&x={QUERY}"), "", b"");
    assert!(stream.contains(CONTENT) && page.contains(CONTENT), "{stream} {page}");
    gateway.send("GET", &format!("{PROXY}&last_event_id={QUERY}"), "", b"");
    gateway.send("GET", &format!("{history}&before={QUERY}"), "", b"");
    holds_nothing_planted(&backend.end());
    gateway.send("GET", &format!("{PROXY}&last_event_id={QUERY}"), "", b"");
    holds_nothing_planted(&gateway.end());
}
