//! The controls of the demo page: the rate of the sample job, scenes, and faults of the streams,
//! against the program as `npm run demo` starts it.

#[path = "support/program.rs"]
mod program_support;
mod support;

use program_support::{Running, program};
use serde_json::{Value, json};
use support::{Answer, PROXY, Reader, client, until};

const ROUTE: &str = "/api/dapadmin/l5-etl/sse/logs/stream";

fn demo(arguments: &[&str]) -> Running {
    Running::start(program(&[&["--demo", "--job", "--port", "0"], arguments].concat()))
}

async fn send(running: &Running, control: &str, body: &Value) -> Answer {
    let url = format!("{}/demo/{control}", running.url);
    let request = client().post(url).header("content-type", "application/json");
    Answer::of(request.body(body.to_string())).await
}

async fn state(running: &Running) -> Value {
    Answer::of(client().get(format!("{}/demo/state", running.url))).await.json
}

async fn published(running: &Running) -> u64 {
    state(running).await["published"]["workspace123/workflow456"].as_u64().expect("a number")
}

fn stream(running: &Running) -> reqwest::RequestBuilder {
    client().get(format!("{}{PROXY}", running.url))
}

#[tokio::test]
async fn a_demo_without_a_job_has_no_controls() {
    let running = Running::start(program(&["--demo", "--port", "0"]));
    let answer = Answer::of(client().get(format!("{}/demo/state", running.url))).await;
    assert_eq!(answer.status, 404);
    assert_eq!(send(&running, "fault", &json!({ "name": "cut" })).await.status, 404);
}

#[tokio::test]
async fn the_rate_changes_what_the_job_publishes() {
    let running = demo(&["--rate", "0.001"]);
    until("the first log of the job", async || published(&running).await == 1).await;
    assert_eq!(send(&running, "rate", &json!({ "rate": 400 })).await.status, 200);
    until("a hundred logs", async || published(&running).await > 100).await;
    assert_eq!(send(&running, "rate", &json!({ "rate": 0 })).await.status, 200);
    // A batch that was being sent may still arrive.
    until("the job to pause", async || {
        let before = published(&running).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        published(&running).await == before
    })
    .await;
    assert_eq!(state(&running).await["rate"], 0.0);
}

#[tokio::test]
async fn a_scene_is_published_to_the_workflow_that_it_names() {
    let running = demo(&["--rate", "0.001"]);
    let scenes = ["failed-job", "burst", "traceback", "long-line", "terminal", "hostile", "night"];
    for name in scenes {
        let body = json!({ "name": name, "workspace_id": "w", "workflow_id": name });
        let answer = send(&running, "scene", &body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.json);
        let url = format!("{}{ROUTE}?workspace_id=w&workflow_id={name}&tail=1000", running.url);
        let mut reader = Reader::open(client().get(url)).await;
        let count = usize::try_from(answer.json["published"].as_u64().expect("a count"));
        let lines = reader.told_next(count.expect("a small number")).await;
        assert!(!lines.is_empty(), "{name} published nothing");
    }
}

#[tokio::test]
async fn faults_break_streams_and_refuse_new_ones_until_they_end() {
    let running = demo(&["--rate", "0.001"]);
    for (name, status) in [("cut", 200), ("unavailable", 503), ("signed-out", 200)] {
        // Ends the fault before.
        send(&running, "fault", &json!({ "name": "cut" })).await;
        let mut reader = stream(&running).send().await.expect("a response");
        assert_eq!(send(&running, "fault", &json!({ "name": name })).await.status, 200);
        let broken = loop {
            match reader.chunk().await {
                Ok(Some(_)) => {}
                ended => break ended,
            }
        };
        assert!(broken.is_err(), "{name}: the stream ended in order: {broken:?}");
        let next = stream(&running).send().await.expect("a response");
        assert_eq!(next.status(), status, "{name}");
        assert_eq!(next.headers().contains_key("retry-after"), name == "unavailable");
        if name == "signed-out" {
            assert!(next.text().await.expect("a page").contains("Sign in"));
        }
        assert_eq!(state(&running).await["fault"]["name"] == name, name != "cut");
    }
}

#[tokio::test]
async fn a_silent_stream_stays_open_and_carries_nothing() {
    let running = demo(&["--rate", "50"]);
    let mut reader = stream(&running).send().await.expect("a response");
    assert_eq!(reader.status(), 200);
    reader.chunk().await.expect("the greeting");
    assert_eq!(send(&running, "fault", &json!({ "name": "silence" })).await.status, 200);
    until("silence", async || {
        let quiet = std::time::Duration::from_millis(500);
        tokio::time::timeout(quiet, reader.chunk()).await.is_err()
    })
    .await;
    assert!(stream(&running).send().await.is_ok_and(|response| response.status() == 200));
}

#[tokio::test]
async fn a_control_refuses_what_it_does_not_know() {
    let running = demo(&["--rate", "0.001"]);
    for (control, body, expected) in [
        ("rate", json!({ "rate": -1 }), "expected a number from 0 to 5000"),
        ("rate", json!({ "rate": 5_001 }), "expected a number from 0 to 5000"),
        ("rate", json!({ "rate": "1" }), "invalid type"),
        ("rate", json!({ "rate": 1, "x": 1 }), "unknown field"),
        ("fault", json!({ "name": "flood" }), "unknown variant"),
        (
            "scene",
            json!({ "name": "burst", "workspace_id": "a:b", "workflow_id": "w" }),
            "is not logs:",
        ),
        ("scene", json!({ "name": "burst" }), "missing field"),
    ] {
        let answer = send(&running, control, &body).await;
        assert_eq!(answer.status, 400, "{control} {body}");
        assert!(answer.error().contains(expected), "{control} {body}: {}", answer.error());
    }
    let url = format!("{}/demo/fault", running.url);
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = client().post(&url).header("content-type", kind);
        let answer = Answer::of(request.body(json!({ "name": "cut" }).to_string())).await;
        assert_eq!(answer.status, 415, "a page of another origin can send {kind}");
    }
}

#[tokio::test]
async fn only_a_supervised_gateway_can_be_killed() {
    let alone = demo(&[]);
    let refused = send(&alone, "kill", &json!({})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.error().contains("npm run demo"), "{}", refused.error());
    let supervised = demo(&["--supervised"]);
    assert_eq!(state(&supervised).await["isSupervised"], true);
    let url = format!("{}/demo/kill", supervised.url);
    let request = client().post(url).header("content-type", "application/json");
    assert!(request.body("{}").send().await.is_err(), "the gateway answered");
    let is_gone = async || client().get(format!("{}/health", supervised.url)).send().await.is_err();
    until("the gateway to be gone", is_gone).await;
}
