//! The cost of publishing: CPU time for each log of a batch, as the routes do the work, without a
//! socket; and its ratio with limits and redaction to that without. Run it with `cargo run --release -p logs-gateway --example publish_cost`; it prints its
//! figures as JSON.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use logs_gateway::auth::Mode;
use logs_gateway::http::app::{Extras, app};
use logs_gateway::http::state::Gateway;
use logs_gateway::http::tokens::Tokens;
use logs_gateway::hub::Hub;
use logs_gateway::limits::Limits;
use logs_gateway::limits::config::{Config, Rate};
use logs_gateway::observers::Observers;
use logs_gateway::reader::timing::StreamTiming;
use logs_gateway::redaction::Redaction;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cases = [
        ("plain", Config::default(), ""),
        ("limits", high_limits(), ""),
        ("redaction", Config::default(), RULES),
        ("both", high_limits(), RULES),
    ];
    let mut figures = Vec::new();
    for (name, entry) in [("usual", USUAL), ("nested", NESTED)] {
        let all = cases.map(|(with, limits, rules)| (with, routes(limits, rules)));
        let mut least = [f64::INFINITY; 4];
        // In turns, so that other work of the machine concerns all cases alike.
        for _ in 0..ROUNDS {
            for ((_, routes), least) in all.iter().zip(&mut least) {
                *least = least.min(publish(routes, entry).await);
            }
        }
        for ((with, _), nanos) in all.iter().zip(least) {
            let ratio = (nanos / least[0] * 100.0).round() / 100.0;
            figures.push(json!({
                "entry": name, "bytes": entry.len(), "with": with, "nanosPerLog": nanos.round(), "timesPlain": ratio,
            }));
        }
    }
    println!("{}", json!(figures));
}

/// All limits that a log can exceed, so high that none does.
fn high_limits() -> Config {
    let high = Rate { logs: 1 << 30, bytes: 1 << 40 };
    Config {
        token: high,
        workspace: high,
        channel: high,
        channels_per_workspace: 1_000_000,
        ..Config::default()
    }
}

fn routes(limits: Config, rules: &str) -> Router {
    let redaction = if rules.is_empty() {
        Redaction::default()
    } else {
        Redaction::read(Path::new(rules)).expect("rules")
    };

    let gateway = Gateway {
        mode: Mode::Demo,
        hub: Arc::new(Hub::default()),
        tokens: Arc::new(Tokens::demo()),
        upstream: None,
        timing: StreamTiming::default(),
        limits: Arc::new(Limits::new(limits)),
        redaction: Arc::new(redaction),
        shutdown: CancellationToken::new().into(),
        observers: Observers::default(),
    };
    app(gateway, &Extras::default())
}

/// Publishes batches of `entry`, and returns the CPU time of each log in nanoseconds.
async fn publish(routes: &Router, entry: &str) -> f64 {
    let line = format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{entry}}}"#
    );
    let body = [line.as_str()].repeat(LINES).join("\n");
    let start = cpu_nanos();
    for _ in 0..BATCHES {
        let request = Request::post("/logs/publish")
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header("X-Service-Token", "l5-etl-token")
            .body(Body::from(body.clone()))
            .expect("a request");
        let answer = routes.clone().oneshot(request).await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }
    (cpu_nanos() - start) as f64 / (BATCHES * LINES) as f64
}

/// Returns the CPU time of this thread, which other processes do not change.
fn cpu_nanos() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("a number")
}

/// Four rules, two of which concern these logs.
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/redact.example.toml");

const USUAL: &str = r#"{"level":"INFO","pipeline":"INGESTION","status":"12 sec","message":"Read 1,204 rows from s3://lake/in","timestamp":"2026-11-27T16:08:12.345Z","execution_id":"8f14e45f","meta":{"execID":"e-17","pipelineID":"p-4","timestamp":1795472915237}}"#;

const NESTED: &str = r#"{"level":"ERROR","message":"line \"7\" of\tfile\nis wrong: \u00e9","context":{"rows":[1,2.5,-3e2,true,null],"deep":{"a":{"b":{"c":[{"d":"x"},{"d":"y"}]}}},"k1":1,"k2":2,"k3":3,"k4":4,"k5":5,"k6":6,"k7":7,"k8":8,"k9":9,"k10":10,"k11":11,"k12":12,"k13":13,"k14":14,"k15":15,"k16":16,"k17":17,"k18":18}}"#;

const LINES: usize = 1_000;
const BATCHES: usize = 20;
const ROUNDS: usize = 12;
