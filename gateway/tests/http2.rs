//! HTTP/2: many streams on one connection, each with limits of its own.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/tls.rs"]
mod tls;

use std::process::Stdio;
use std::time::{Duration, Instant};

use axum::http::Request;
use bytes::Bytes;
use h2::Reason;
use support::process::{Process, command};
use support::{PROXY, until as wait_until};
use tls::{Certificate, Http2, get, next, rest, until};

/// A gateway, its certificate, and a connection to it.
struct Served {
    certificate: Certificate,
    gateway: Process,
    /// For publishing and health, so that it is not a part of what is tested.
    other: Http2,
}

impl Served {
    async fn with(arguments: &[&str]) -> Self {
        let certificate = Certificate::new();
        let all = [&["--port", "0"], &certificate.flags()[..], arguments].concat();
        let gateway = Process::start(command(&all).stderr(Stdio::null()));
        let other = Http2::connect(gateway.address(), &certificate.der).await;
        Self { certificate, gateway, other }
    }

    async fn connect(&self) -> Http2 {
        Http2::connect(self.gateway.address(), &self.certificate.der).await
    }

    async fn publish_to(&mut self, workflow: &str, message: &str) -> u16 {
        let body = format!(
            r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"{workflow}","logData":{{"message":"{message}"}}}}"#
        );
        let request = Request::post("https://localhost/logs/publish")
            .header("x-service-token", "l5-etl-token")
            .body(())
            .expect("a request");
        self.other.post(request, Bytes::from(body)).await.0
    }

    async fn health_says(&mut self, what: &str) {
        let other = &mut self.other;
        wait_until(what, async || other.text("/health").await.1.contains(what)).await;
    }
}

fn stream_of(workflow: &str) -> String {
    format!("/logs/stream?channels=logs:etl:workspace123:{workflow}")
}

#[tokio::test]
async fn a_hundred_streams_of_one_connection_receive_each_log() {
    let mut served = Served::with(&[]).await;
    let mut connection = served.connect().await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut body = connection.get(PROXY).await.into_body();
        until(&mut body, "connectionId").await;
        streams.push(body);
    }
    served.health_says("\"connections\":100,").await;
    for number in 0..20 {
        assert_eq!(served.publish_to("workflow456", &format!("number-{number}.")).await, 200);
    }
    for body in &mut streams {
        let text = until(body, "number-19.").await;
        for number in 0..20 {
            assert_eq!(text.matches(&format!("number-{number}.")).count(), 1, "{number}: {text}");
        }
    }
    // Dropping a stream resets it, which the gateway notices without sending.
    streams.truncate(1);
    served.health_says("\"connections\":1,").await;
}

#[tokio::test]
async fn a_stream_that_is_not_read_is_reset_in_time_and_the_others_continue() {
    let mut served = Served::with(&["--write-timeout", "1s"]).await;
    let mut connection = served.connect().await;
    let mut stalled = connection.get(&stream_of("a")).await.into_body();
    let mut read = connection.get(&stream_of("b")).await.into_body();
    until(&mut read, "connectionId").await;
    let filler = "x".repeat(60_000);
    for _ in 0..10 {
        assert_eq!(served.publish_to("a", &filler).await, 200);
    }
    served.health_says("\"writeTimeouts\":1").await;
    assert_eq!(served.publish_to("b", "still open").await, 200);
    until(&mut read, "still open").await;
    let reset = loop {
        match stalled.data().await {
            Some(Ok(_)) => {}
            other => break other,
        }
    };
    let reason = reset.and_then(Result::err).and_then(|error| error.reason());
    assert_eq!(reason, Some(Reason::CANCEL));
    served.health_says("\"connections\":1,").await;
}

#[tokio::test]
async fn a_reader_that_never_reads_is_cut_off_where_slow_readers_are() {
    let flags = ["--slow-reader", "cut", "--reader-lines", "5", "--write-timeout", "30s"];
    let mut served = Served::with(&flags).await;
    let mut connection = served.connect().await;
    let stalled = connection.get(&stream_of("a")).await.into_body();
    let filler = "x".repeat(60_000);
    for _ in 0..30 {
        assert_eq!(served.publish_to("a", &filler).await, 200);
    }
    served.health_says("\"readersCutOff\":1,").await;
    served.health_says("\"connections\":0,").await;
    drop(stalled);
}

#[tokio::test]
async fn a_client_that_keeps_cancelling_loses_its_connection() {
    let mut served = Served::with(&[]).await;
    let mut connection = served.connect().await;
    // One after the other, so that each is really begun.
    for _ in 0..1_100 {
        if connection.sender.clone().ready().await.is_err() {
            break;
        }
        let response = connection.begin(get(PROXY)).await;
        match response.await {
            Ok(response) => drop(response),
            Err(_) => break,
        }
    }
    connection.until_closed().await;
    served.health_says("\"http2ConnectionsCut\":1").await;
    served.health_says("\"connections\":0,").await;
}

#[tokio::test]
async fn a_burst_of_cancelled_requests_loses_its_connection() {
    let mut served = Served::with(&[]).await;
    let mut connection = served.connect().await;
    for _ in 0..2_000 {
        if connection.sender.clone().ready().await.is_err() {
            break;
        }
        let (response, mut stream) = connection.begin_with(get("/health"), false).await;
        stream.send_reset(Reason::CANCEL);
        drop(response);
    }
    connection.until_closed().await;
    served.health_says("\"http2ConnectionsCut\":1").await;
}

#[tokio::test]
async fn above_the_limit_readers_wait_and_publishers_are_served() {
    let mut served = Served::with(&["--max-http2-requests", "3"]).await;
    let mut connection = served.connect().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(connection.get(PROXY).await.into_body());
    }
    let refused = connection.get(PROXY).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    assert!(!refused.headers().contains_key("connection"), "{refused:?}");
    assert_eq!(served.publish_to("workflow456", "served").await, 200);
    served.health_says("\"http2Requests\":4").await;
    streams.clear();
    served.health_says("\"http2Requests\":1").await;
    assert_eq!(connection.get(PROXY).await.status(), 200);
}

#[tokio::test]
async fn a_request_has_one_host_and_it_is_one_of_the_gateways() {
    let served = Served::with(&["--host", "127.0.0.1"]).await;
    let mut connection = served.connect().await;
    let to = |uri: &str, host: Option<&str>| {
        let request = Request::get(uri);
        let request = match host {
            Some(host) => request.header("host", host),
            None => request,
        };
        request.body(()).expect("a request")
    };
    for (uri, host, expected) in [
        ("https://localhost/ready", None, 200),
        ("https://localhost/ready", Some("localhost"), 200),
        ("https://localhost/ready", Some("127.0.0.1"), 400),
        ("https://evil.example/ready", None, 421),
        ("https://user@localhost/ready", None, 400),
    ] {
        let response = connection.begin(to(uri, host)).await.await.expect("a response");
        assert_eq!(response.status(), expected, "{uri} {host:?}");
    }
}

#[tokio::test]
async fn heads_and_bodies_have_limits() {
    let served = Served::with(&[]).await;
    let mut connection = served.connect().await;
    let large = Request::get("https://localhost/ready")
        .header("x-filler", "x".repeat(40_000))
        .body(())
        .expect("a request");
    match connection.begin(large).await.await {
        Ok(response) => assert_eq!(response.status(), 431),
        Err(error) => panic!("expected 431: {error}"),
    }
    assert_eq!(connection.text("/ready").await.0, 200, "the connection continues");
    let request = Request::post("https://localhost/logs/publish")
        .header("x-service-token", "l5-etl-token")
        .body(())
        .expect("a request");
    let (response, mut stream) = connection.begin_with(request, false).await;
    // More than the windows: it is sent as the gateway reads.
    let _ = stream.send_data(Bytes::from(vec![b' '; 2 << 20]), true);
    assert_eq!(response.await.expect("a response").status(), 413);
}

#[tokio::test]
async fn a_drain_ends_each_stream_with_a_goodbye() {
    let mut served = Served::with(&[]).await;
    let mut connection = served.connect().await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(connection.get(PROXY).await.into_body());
    }
    served.gateway.signal("-TERM");
    for body in streams {
        let text = rest(body).await;
        assert!(text.contains("event: bye") && text.contains("\"shutdown\""), "{text}");
    }
    assert_eq!(connection.reason().await, None);
    let ended = tokio::task::spawn_blocking(move || served.gateway.end());
    assert_eq!(ended.await.expect("it ends").code(), Some(0));
}

#[tokio::test]
async fn a_stream_that_is_not_read_does_not_delay_a_drain() {
    let mut served = Served::with(&[]).await;
    let mut connection = served.connect().await;
    let stalled = connection.get(&stream_of("a")).await.into_body();
    let filler = "x".repeat(60_000);
    for _ in 0..10 {
        assert_eq!(served.publish_to("a", &filler).await, 200);
    }
    let start = Instant::now();
    served.gateway.signal("-TERM");
    let ended = tokio::task::spawn_blocking(move || served.gateway.end());
    assert_eq!(ended.await.expect("it ends").code(), Some(0));
    assert!(
        start.elapsed() < Duration::from_millis(4_500),
        "it took the whole time for a stream that is not read: {:?}",
        start.elapsed()
    );
    drop(stalled);
}

#[tokio::test]
async fn an_upstream_stream_passes_over_http_2() {
    let backend = support::Server::gateway().await;
    let served = Served::with(&["--upstream", &backend.url]).await;
    let mut connection = served.connect().await;
    let mut body = connection.get(PROXY).await.into_body();
    until(&mut body, "connectionId").await;
    backend.publish("through").await;
    until(&mut body, "through").await;
    assert!(next(&mut connection.get("/ready").await.into_body()).await.is_some());
}
