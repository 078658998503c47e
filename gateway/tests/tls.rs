//! TLS: certificates and their reload, protocols, certificates of clients, and strangers.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/tls.rs"]
mod tls;

use std::io::{BufRead, BufReader, Lines};
use std::process::{ChildStderr, Command, Stdio};
use std::time::Duration;

use logs_gateway::server::tls::{Files, Tls};
use support::process::{Process, command, connect as connect_plain, ended, publish_request};
use support::{PROXY, until as wait_until};
use temporary::File;
use tls::{Authority, Certificate, Http2, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

fn gateway(certificate: &Certificate, arguments: &[&str]) -> Process {
    let arguments = [&["--port", "0"], &certificate.flags()[..], arguments].concat();
    let process = Process::start(command(&arguments).stderr(Stdio::null()));
    assert!(process.url.starts_with("https://"), "{}", process.url);
    process
}

/// Sends a request of HTTP/1.1 and returns the whole answer.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("it accepts bytes");
    let mut answer = Vec::new();
    // A connection that is reset after its answer still answered.
    let _ = tokio::time::timeout(tls::PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("it closes");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(gateway: &Process, certificate: &Certificate, path: &str) -> String {
    let der = &certificate.der;
    let mut stream = connect(gateway.address(), der, "http/1.1", None).await.expect("a handshake");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    exchange(&mut stream, &request).await
}

async fn health_says(gateway: &Process, certificate: &Certificate, what: &str) {
    wait_until(what, async || get(gateway, certificate, "/health").await.contains(what)).await;
}

#[tokio::test]
async fn clients_choose_http_2_or_http_1_1_and_browsers_stay_with_https() {
    let certificate = Certificate::new();
    let gateway = gateway(&certificate, &[]);
    let mut http2 = Http2::connect(gateway.address(), &certificate.der).await;
    let response = http2.get("/ready").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000");
    assert!(response.headers().contains_key("date"));
    let answer = get(&gateway, &certificate, "/ready").await;
    assert!(
        answer.starts_with("HTTP/1.1 200")
            && answer.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
}

#[test]
fn refuses_to_start_with_files_that_cannot_serve() {
    let (one, other) = (Certificate::new(), Certificate::new());
    let (empty, garbage) = (File::new("tls-empty", ""), File::new("tls-garbage", "hunter2\n"));
    let torn = std::fs::read_to_string(one.key.path()).expect("a file").replace("-----END", "");
    let torn = File::new("tls-torn", &torn);
    let (cert, key) = (one.cert.path(), one.key.path());
    for (cert, key, named, expected) in [
        ("/no/such/cert.pem", key, "/no/such/cert.pem", "No such file"),
        (cert, "/no/such/key.pem", "/no/such/key.pem", "No such file"),
        (empty.path(), key, empty.path(), "contains no certificate"),
        (cert, garbage.path(), garbage.path(), "contains no private key"),
        (cert, torn.path(), torn.path(), "not valid PEM"),
        (key, key, key, "contains no certificate"),
        (cert, other.key.path(), other.key.path(), "does not belong to the certificate"),
    ] {
        let flags = ["--port", "0", "--tls-cert", cert, "--tls-key", key];
        let (code, text) = ended(command(&flags));
        assert!(code == Some(1) && text.contains(named) && text.contains(expected), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("MI"), "it shows the key: {text}");
    }
    let (code, text) = ended(command(&["--port", "0", "--tls-cert", cert]));
    assert!(code == Some(2) && text.contains("--tls-key"), "{text}");
}

#[test]
fn other_machines_are_served_by_tls_or_behind_a_proxy_only() {
    let others =
        ["--host", "0.0.0.0", "--port", "0", "--token", "etl=0123456789abcdef0123456789abcdef"];
    let others = [&others[..], &["--trusted-proxy", "10.0.0.0/8"]].concat();
    let production = |flags: &[&str]| {
        let mut command = command(&[&others[..], flags].concat());
        command.env_remove("LOGS_GATEWAY_DEMO");
        command
    };
    let (code, text) = ended(production(&[]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("--tls-cert") && text.contains("--behind-tls-proxy"), "{text}");
    let certificate = Certificate::new();
    for flags in [&certificate.flags()[..], &["--behind-tls-proxy"]] {
        drop(Process::start(production(flags).stderr(Stdio::null())));
    }
}

/// A gateway that reloads at SIGHUP, with the lines of its log.
fn reloading(certificate: &Certificate) -> (Process, Lines<BufReader<ChildStderr>>) {
    let mut setsid = Command::new("setsid");
    setsid
        .arg(env!("CARGO_BIN_EXE_logs-gateway"))
        .args(["--port", "0"])
        .args(certificate.flags())
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let mut gateway = Process::start(&mut setsid);
    let log = BufReader::new(gateway.child.stderr.take().expect("piped")).lines();
    (gateway, log)
}

fn reload(gateway: &Process, log: &mut Lines<BufReader<ChildStderr>>) -> String {
    gateway.signal("-HUP");
    let is_result = |line: &String| {
        line.contains("stays in force") || line.contains("configuration was reloaded")
    };
    log.by_ref().map_while(Result::ok).find(is_result).expect("a result in the log")
}

#[tokio::test]
async fn a_reload_changes_the_certificate_and_no_stream_ends() {
    let mut certificate = Certificate::new();
    let (old, new) = (certificate.der.clone(), Certificate::new());
    let (gateway, mut log) = reloading(&certificate);
    let mut connection = Http2::connect(gateway.address(), &old).await;
    let mut stream = connection.get(PROXY).await.into_body();
    tls::until(&mut stream, "connectionId").await;

    certificate.cert.write("nothing");
    let result = reload(&gateway, &mut log);
    assert!(
        result.contains("stays in force") && result.contains(certificate.cert.path()),
        "{result}"
    );
    Http2::connect(gateway.address(), &old).await;

    certificate.write_over_with(&new);
    let result = reload(&gateway, &mut log);
    assert!(result.contains("was reloaded"), "{result}");
    let mut second = Http2::connect(gateway.address(), &new.der).await;
    assert!(connect(gateway.address(), &old, "h2", None).await.is_err(), "the old one is gone");
    let request = publish_of("still open");
    assert_eq!(second.post(request.0, request.1).await.0, 200);
    tls::until(&mut stream, "still open").await;
}

/// A request that publishes over HTTP/2.
fn publish_of(message: &str) -> (axum::http::Request<()>, bytes::Bytes) {
    let whole = publish_request("/logs/stream", message);
    let body = whole.split_once("\r\n\r\n").expect("a body").1.to_owned();
    let request = axum::http::Request::post("https://localhost/logs/stream")
        .header("x-service-token", "l5-etl-token")
        .body(())
        .expect("a request");
    (request, body.into())
}

#[test]
fn a_changed_file_is_noticed_without_a_signal() {
    let mut certificate = Certificate::new();
    let (cert, key) = (certificate.cert.path().into(), certificate.key.path().into());
    let loaded = Tls::load(Files { cert, key, client_ca: None }).expect("valid files");
    assert_eq!(loaded.refresh(), Ok(false));
    let other = Certificate::new();
    let kept = std::fs::read_to_string(certificate.key.path()).expect("a key");
    certificate.write_over_with(&other);
    certificate.key.write(&kept);
    assert!(loaded.refresh().is_err_and(|error| error.contains("does not belong")));
    certificate.write_over_with(&other);
    assert_eq!(loaded.refresh(), Ok(true));
}

#[tokio::test]
async fn a_stranger_without_a_handshake_is_closed_in_time_and_counted() {
    let certificate = Certificate::new();
    let gateway = gateway(&certificate, &[]);
    let answer = gateway.get("/ready");
    assert!(!answer.contains("HTTP/1.1"), "it answers without TLS: {answer}");
    health_says(&gateway, &certificate, "\"tlsHandshakesFailed\":1").await;
    let mut silent = connect_plain(gateway.address());
    silent.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    let closed = tokio::task::spawn_blocking(move || {
        std::io::Read::read(&mut silent, &mut [0; 16]).is_ok_and(|count| count == 0)
    });
    assert!(closed.await.expect("it ends"), "it stays open");
    health_says(&gateway, &certificate, "\"tlsHandshakesFailed\":2").await;
}

#[tokio::test]
async fn http_1_1_keeps_its_rules_over_tls() {
    let certificate = Certificate::new();
    let gateway = gateway(&certificate, &[]);
    let der = &certificate.der;
    let mut stream = connect(gateway.address(), der, "http/1.1", None).await.expect("a handshake");
    let answer = exchange(&mut stream, "GET /ready HTTP/1.1\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");

    let mut reader = connect(gateway.address(), der, "http/1.1", None).await.expect("a handshake");
    let request = format!("GET {PROXY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    reader.write_all(request.as_bytes()).await.expect("it accepts bytes");
    health_says(&gateway, &certificate, "\"connections\":1,").await;
    drop(reader);
    health_says(&gateway, &certificate, "\"connections\":0,").await;
}

#[tokio::test]
async fn publishers_need_a_certificate_where_clients_are_asked_for_one() {
    let (certificate, ours, foreign) =
        (Certificate::new(), Authority::new("ours"), Authority::new("foreign"));
    let gateway = gateway(&certificate, &["--tls-client-ca", ours.file.path()]);
    let publish = publish_request("/logs/stream", "hello");
    let (address, der) = (gateway.address(), &certificate.der);

    let mut stranger = connect(address, der, "http/1.1", None).await.expect("a handshake");
    let answer = exchange(&mut stranger, &publish).await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("certificate"), "{answer}");
    let mut http2 = Http2::connect(address, der).await;
    let (request, body) = publish_of("hello");
    assert_eq!(http2.post(request, body).await.0, 403);
    assert_eq!(http2.get(PROXY).await.status(), 200, "readers need none");

    let mut publisher =
        connect(address, der, "http/1.1", Some(ours.client)).await.expect("a handshake");
    let answer = exchange(&mut publisher, &publish).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    // In TLS 1.3 the client learns of its refusal with the first answer.
    if let Ok(mut stream) = connect(address, der, "http/1.1", Some(foreign.client)).await {
        let _ = stream.write_all(publish.as_bytes()).await;
        assert!(stream.read_to_end(&mut Vec::new()).await.is_err(), "it is served");
    }
}
