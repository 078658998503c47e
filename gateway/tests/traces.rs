//! Traces: a collector that speaks OTLP over HTTP receives spans of the publisher's trace, and the
//! log carries its position to readers.

#![cfg(unix)]

mod support;
#[path = "support/watched.rs"]
mod watched;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use support::process::{Gateway, exchange};
use support::{PATIENCE, PROXY};
use tokio::net::TcpListener;
use watched::{Watched, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector of traces.
struct Collector {
    url: String,
    spans: Receiver<Span>,
    headers: Receiver<HeaderMap>,
    _runtime: tokio::runtime::Runtime,
}

impl Collector {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let ((received, spans), (header, headers)) = (channel(), channel());
        let app = Router::new().route("/v1/traces", post(collect)).with_state((received, header));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shutdown = tokio_util::sync::CancellationToken::new();
        runtime.spawn(logs_gateway::server::serve(listener, app, shutdown));
        Self { url, spans, headers, _runtime: runtime }
    }

    fn span(&self) -> Span {
        self.spans.recv_timeout(PATIENCE).expect("a span")
    }
}

async fn collect(
    State((received, header)): State<(Sender<Span>, Sender<HeaderMap>)>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("protobuf");
    for resource in request.resource_spans {
        for scope in resource.scope_spans {
            scope.spans.into_iter().for_each(|span| _ = received.send(span));
        }
    }
    // The test may not want them.
    let _ = header.send(headers);
    (StatusCode::OK, Vec::new())
}

/// A gateway that exports soon after each span, and not only every five seconds.
fn exporting(url: &str, arguments: &[&str]) -> Watched {
    let all = [&["--otlp-endpoint", url], arguments].concat();
    let variables =
        [("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=SECRET")];
    Watched::start_in(&all, None, &variables)
}

fn publish(watched: &Watched, traceparent: &str, kind: &str, body: &str) -> String {
    let head = "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token";
    let length = body.len();
    exchange(
        watched.gateway.address(),
        &format!(
            "{head}\r\nContent-Type: {kind}\r\n{traceparent}Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

fn log(message: &str) -> String {
    format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{{"message":"{message}"}}}}"#
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_trace_of_a_publish_reaches_the_collector_and_the_reader() {
    let collector = Collector::start();
    let watched = exporting(&collector.url, &[]);
    let mut reader = watched.gateway.read(PROXY);
    let header = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n");
    publish(&watched, &header, "application/json", &log("traced"));
    reader.until("\"traced\"");
    reader.until("-01\"}");
    let event = reader.text.clone();
    let span = collector.span();
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(span.name, "publish");
    let carried = format!("\"traceparent\":\"00-{TRACE}-{}-01\"}}", hex(&span.span_id));
    assert!(event.contains(&carried), "{carried}: {event}");
    let batch = [log("first"), log("second")].join("\n");
    publish(&watched, &header, "application/x-ndjson", &batch);
    reader.until("\"second\"");
    let events = &reader.text;
    let span = collector.span();
    assert_eq!(hex(&span.trace_id), TRACE);
    assert!(events.contains(&format!("{TRACE}-{}", hex(&span.span_id))), "{events}");
    until("it is counted", || watched.value("trace_exports_total{result=\"success\"}") >= 2.0);
}

#[test]
fn only_what_its_publisher_samples_is_exported() {
    let collector = Collector::start();
    let watched = exporting(&collector.url, &[]);
    let mut reader = watched.gateway.read(PROXY);
    let unsampled = format!("traceparent: 00-{TRACE}-{PARENT}-00\r\n");
    publish(&watched, &unsampled, "application/json", &log("unsampled"));
    publish(&watched, "traceparent: malformed\r\n", "application/json", &log("malformed"));
    publish(&watched, "", "application/json", &log("plain"));
    reader.until("\"plain\"");
    let events = &reader.text;
    assert!(events.contains(&format!("{TRACE}-{PARENT}-00")), "it is passed on: {events}");
    assert_eq!(events.matches("traceparent").count(), 1, "{events}");
    watched.log();
    assert!(collector.spans.try_recv().is_err());
}

#[test]
fn all_requests_are_traced_at_a_ratio_of_one_and_exported_at_the_end() {
    let collector = Collector::start();
    let watched = exporting(&collector.url, &["--trace-ratio", "1"]);
    drop(watched.gateway.read(PROXY));
    watched.log();
    let span = collector.span();
    assert_eq!((span.name.as_str(), span.parent_span_id.len()), ("stream", 0));
}

#[test]
fn without_an_exporter_the_header_still_reaches_the_reader() {
    let watched = Watched::start(&[]);
    let mut reader = watched.gateway.read(PROXY);
    let header = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n");
    publish(&watched, &header, "application/json", &log("traced"));
    reader.until(&format!("\"traceparent\":\"00-{TRACE}-{PARENT}-01\"}}"));
}

#[test]
fn headers_of_the_environment_reach_the_collector_and_no_log() {
    let collector = Collector::start();
    let watched = exporting(&collector.url, &["--trace-ratio", "1"]);
    drop(watched.gateway.read(PROXY));
    assert!(!watched.log().contains("SECRET"));
    collector.span();
    let headers = collector.headers.recv_timeout(PATIENCE).expect("headers");
    assert_eq!(headers["x-key"], "SECRET");
}

#[test]
fn a_collector_that_is_gone_costs_spans_only() {
    let watched = exporting("http://127.0.0.1:9", &["--trace-ratio", "1"]);
    let mut reader = watched.gateway.read(PROXY);
    (0..50).for_each(|n| drop(watched.gateway.publish(&format!("number {n}"))));
    reader.until("number 49");
    until("it failed", || watched.value("trace_exports_total{result=\"failure\"}") >= 1.0);
    let start = Instant::now();
    let log = watched.log();
    assert!(start.elapsed() < Duration::from_secs(10), "it does not end");
    assert!(log.contains("traces are not exported"), "{log}");
}
