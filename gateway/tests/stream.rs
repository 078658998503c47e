//! Reading and publishing over real sockets.

mod support;

use serde_json::{Value, json};
use support::{CHANNEL, PROXY, Reader, Server, until};

#[tokio::test]
async fn greets_and_then_sends_what_is_published() {
    let gateway = Server::gateway().await;
    for path in ["/logs/stream", "/api/logs/stream"] {
        let mut reader = gateway.read(&format!("{path}?channels={CHANNEL}")).await;
        let greeting = reader.frame().await.expect("a greeting");
        assert_eq!(greeting.id, "", "the greeting has no id");
        let greeting: Value = serde_json::from_str(&greeting.data).expect("JSON");
        assert_eq!(
            (&greeting["type"], &greeting["status"], &greeting["channels"]),
            (&json!("connection"), &json!("connected"), &json!([CHANNEL]))
        );
        assert!(
            greeting["userId"].is_string()
                && greeting["connectionId"].is_string()
                && greeting["timestamp"].is_u64(),
            "{greeting}"
        );
        assert_eq!(gateway.publish("hello").await, 1);
        let log = reader.frame().await.expect("a log");
        let envelope: Value = serde_json::from_str(&log.data).expect("JSON");
        assert_eq!(
            (&envelope["channel"], &envelope["data"]["message"]),
            (&json!(CHANNEL), &json!("hello"))
        );
        assert!(
            envelope["id"].as_str().is_some_and(|id| id.starts_with("log-"))
                && envelope["timestamp"].is_u64(),
            "{envelope}"
        );
        assert!(log.id.starts_with("1."), "the stream's id is the cursor: {log:?}");
        drop(reader);
        until("the reader is gone", async || gateway.get("/health").await.json["connections"] == 0)
            .await;
    }
}

#[tokio::test]
async fn no_cache_proxy_or_compressor_may_hold_events_back() {
    let gateway = Server::gateway().await;
    for path in [&format!("/logs/stream?channels={CHANNEL}"), PROXY] {
        let reader = gateway.read(path).await;
        let header = |name| reader.headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(reader.status, 200);
        assert_eq!(header("content-type"), Some("text/event-stream"));
        assert_eq!(header("cache-control"), Some("no-cache, no-transform"));
        assert_eq!(header("x-accel-buffering"), Some("no"));
    }
}

#[tokio::test]
async fn only_the_readers_of_a_channel_receive_its_logs() {
    let gateway = Server::gateway().await;
    let mut one = gateway.read(PROXY).await;
    let mut two =
        gateway.read(&format!("/logs/stream?channels=logs:faas:workspace123:f,{CHANNEL}")).await;
    let mut other = gateway.read("/logs/stream?channels=logs:etl:workspace123").await;
    for reader in [&mut one, &mut two, &mut other] {
        reader.data().await;
    }
    assert_eq!(gateway.publish("for two").await, 2);
    let body = json!({ "service": "etl", "workspace_id": "workspace123", "logData": "for the whole service" });
    assert_eq!(
        gateway.post("/api/logs/publish", "l5-etl-token", body.to_string()).await.json["delivered"],
        1
    );
    assert_eq!(
        (one.data().await["data"]["message"].clone(), two.data().await["data"]["message"].clone()),
        (json!("for two"), json!("for two"))
    );
    assert_eq!(other.data().await["data"], "for the whole service");
}

#[tokio::test]
async fn a_channel_of_another_workspace_is_left_out_and_named() {
    let gateway = Server::gateway().await;
    let url = format!("{}/logs/stream?channels={CHANNEL},logs:etl:other:w", gateway.url);
    let mut reader = Reader::open(
        reqwest::Client::new()
            .get(url)
            .header("X-User-Id", "user123")
            .header("X-Workspace-Id", "workspace123"),
    )
    .await;
    let greeting = reader.data().await;
    assert_eq!(
        (reader.status, &greeting["channels"], &greeting["userId"]),
        (200, &json!([CHANNEL]), &json!("user123"))
    );
    assert_eq!(
        (&greeting["refused"], &greeting["seqs"]["logs:etl:other:w"]),
        (&json!(["logs:etl:other:w"]), &json!(null))
    );
}

#[tokio::test]
async fn an_entry_arrives_as_it_was_sent() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    let entry = r#"{"z": 1.10, "big": 123456789012345678901234567890, "text": "naïve \u2713 \"q\" <b>", "nested": {"b": null, "a": []}}"#;
    let body = format!(
        "{{\"service\":\"etl\",\"workspace_id\":\"workspace123\",\"workflow_id\":\"workflow456\",\n\"logData\":\n{entry}}}"
    );
    assert_eq!(gateway.post("/logs/stream", "l5-etl-token", body).await.status, 200);
    assert!(reader.frame().await.expect("a log").data.contains(entry));
}

#[tokio::test]
async fn responds_to_a_publisher_with_the_channel_and_the_number_of_readers() {
    let gateway = Server::gateway().await;
    for path in ["/logs/stream", "/api/logs/publish"] {
        let body = json!({ "service": "function", "workspace_id": "workspace123", "function_id": "function456", "logData": {} });
        let answer = gateway.post(path, "function-token", body.to_string()).await;
        assert_eq!(
            (answer.status, &answer.json["success"], &answer.json["delivered"]),
            (200, &json!(true), &json!(0))
        );
        assert_eq!(answer.json["channel"], "logs:function:workspace123:function456");
        assert!(answer.json["timestamp"].is_u64());
    }
}

#[tokio::test]
async fn a_token_publishes_for_its_own_service_only() {
    let gateway = Server::gateway().await;
    let body = |service: &str| {
        json!({ "service": service, "workspace_id": "w", "workflow_id": "f", "logData": {} })
            .to_string()
    };
    for (token, service) in [("wrong", "etl"), ("faas-token", "etl"), ("l5-etl-token", "faas")] {
        let answer = gateway.post("/logs/stream", token, body(service)).await;
        assert_eq!(
            (answer.status, answer.error()),
            (403, "Unauthorized log publisher"),
            "{token:?} for {service}"
        );
    }
    let sly = json!({ "service": "etl", "workspace_id": "w", "function_id": "f", "logData": {} });
    assert_eq!(gateway.post("/logs/stream", "l5-etl-token", sly.to_string()).await.status, 403);
}

#[tokio::test]
async fn a_refusal_names_the_malformed_field() {
    let gateway = Server::gateway().await;
    for (path, field) in [
        ("/logs/stream", "channels"),
        ("/logs/stream?channels=", "channels"),
        ("/logs/stream?channels=logs:etl", "channels"),
        ("/logs/stream?channels=logs:etl:a%0Ab:c", "channels"),
        ("/api/dapadmin/l5-etl/sse/logs/stream?workflow_id=a", "workspace_id"),
        ("/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=a", "workflow_id"),
        ("/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=a%3Ab&workflow_id=a", "workspace_id"),
        ("/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=a&workflow_id=a&service=", "service"),
    ] {
        let answer = gateway.get(path).await;
        assert!(answer.status == 400 && answer.error().starts_with(field), "{path}: {answer:?}");
    }
    for (body, field) in
        [("", "body"), ("{\"service\":\"etl\"}", "workspace_id"), ("{\"service\":7}", "service")]
    {
        let answer = gateway.post("/logs/stream", "l5-etl-token", body).await;
        assert!(answer.status == 400 && answer.error().starts_with(field), "{body}: {answer:?}");
    }
    let large = gateway.post("/logs/stream", "l5-etl-token", vec![b' '; 2 << 20]).await;
    assert!(large.status == 413 && large.error().starts_with("body"), "{large:?}");
    assert_eq!(gateway.post("/test/logs", "", "{\"channel\":5}").await.status, 400);
    assert_eq!(gateway.get("/nowhere").await.status, 404);
    assert_eq!(gateway.post("/health", "", "").await.status, 405);
}

#[tokio::test]
async fn statistics_list_the_readers_of_each_channel() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(PROXY).await;
    let connection = reader.data().await["connectionId"].clone();
    let health = gateway.get("/health").await.json;
    assert_eq!(
        (&health["status"], &health["connections"], &health["channels"]),
        (&json!("healthy"), &json!(1), &json!(1))
    );
    assert!(health["uptime"].is_f64() && health["stats"].is_object());
    let stats = gateway.get("/admin/logs/stats").await.json;
    assert_eq!(stats["channels"][CHANNEL]["subscribers"], 1);
    assert_eq!(stats["channels"][CHANNEL]["connections"][0]["connectionId"], connection);
    assert!(
        gateway.get("/").await.json["endpoints"].as_object().is_some_and(|routes| routes.len() > 5)
    );
}

#[tokio::test]
async fn publishes_a_test_log() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    assert_eq!(gateway.post("/test/logs", "", "").await.json["delivered"], 1);
    assert!(
        reader.data().await["data"]["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("Test log message from gateway"))
    );
}

#[tokio::test]
async fn shutting_down_ends_open_streams() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    gateway.shutdown.cancel();
    assert_eq!(reader.frame().await.map(|frame| frame.event), Some("bye".into()));
    assert_eq!(reader.frame().await, None);
}
