//! A log that is published again with the same id is stored once, and a gateway that shuts down
//! stores none.

mod support;

use futures_util::future::join_all;
use serde_json::json;
use support::{Answer, Server, client};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A log of the channel with this workflow.
fn log(workflow: &str, id: Option<&str>) -> String {
    let mut log = json!({ "service": "etl", "workspace_id": "w", "workflow_id": workflow, "logData": { "message": "m" } });
    if let Some(id) = id {
        log["id"] = id.into();
    }
    log.to_string()
}

async fn publish(server: &Server, workflow: &str, key: &str) -> Answer {
    let request = client()
        .post(format!("{}/logs/publish", server.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Idempotency-Key", key);
    Answer::of(request.body(log(workflow, None))).await
}

async fn publish_lines(server: &Server, lines: &[String]) -> Answer {
    let request = client()
        .post(format!("{}/logs/publish", server.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Content-Type", "application/x-ndjson");
    Answer::of(request.body(lines.join("\n"))).await
}

/// The counts of an answer: stored, duplicates, refused.
fn counts(answer: &Answer) -> [Option<u64>; 3] {
    ["stored", "duplicates", "refused"].map(|name| answer.json[name].as_u64())
}

fn stored(server: &Server) -> u64 {
    server.hub.stats().logs_published
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_stores_nothing() {
    let gateway = Server::gateway().await;
    let first = publish(&gateway, "a", "1").await;
    assert_eq!((first.status, &first.json["delivered"]), (200, &json!(0)));
    // The answer is the first one, although a reader has come.
    let mut reader = gateway.read("/logs/stream?channels=logs:etl:w:a").await;
    reader.data().await;
    let second = publish(&gateway, "a", "1").await;
    assert_eq!((second.status, &second.json), (200, &first.json));
    assert_eq!(stored(&gateway), 1);

    let other = publish(&gateway, "a", "2").await;
    assert_eq!(
        (&other.json["delivered"], reader.data().await["seq"].clone()),
        (&json!(1), json!(2))
    );
    assert_eq!(publish(&gateway, "b", "1").await.json["channel"], "logs:etl:w:b");
    assert_eq!(stored(&gateway), 3);
}

#[tokio::test]
async fn a_repeated_batch_stores_only_what_is_new() {
    let gateway = Server::gateway().await;
    let mut lines: Vec<_> = (0..5).map(|id| log("a", Some(&format!("p-{id}")))).collect();
    assert_eq!(counts(&publish_lines(&gateway, &lines).await), [5, 0, 0].map(Some));
    lines.push(log("a", Some("p-5")));
    lines.push(log("b", Some("p-0")));
    lines.push(log("a", Some("p-5")));
    lines.push(log("a", None));
    lines.push("{}".into());
    let answer = publish_lines(&gateway, &lines).await;
    assert_eq!((answer.status, counts(&answer)), (207, [3, 6, 1].map(Some)));
    assert_eq!(answer.json["errors"][0]["line"], 10);
    assert_eq!(stored(&gateway), 8);
    // The header and the field name the same ids.
    publish(&gateway, "a", "p-3").await;
    assert_eq!(stored(&gateway), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_with_one_id_store_one_log_and_get_one_answer() {
    let gateway = Server::gateway().await;
    for round in 0..20 {
        let key = format!("round-{round}");
        let answers = join_all((0..8).map(|_| publish(&gateway, "a", &key))).await;
        assert!(
            answers.iter().all(|answer| answer.status == 200 && answer.json == answers[0].json)
        );
        assert_eq!(stored(&gateway), round + 1);
    }
    let lines: Vec<_> = (0..100).map(|id| log("b", Some(&format!("p-{id}")))).collect();
    let answers = join_all((0..4).map(|_| publish_lines(&gateway, &lines))).await;
    let sum =
        |name: &str| answers.iter().filter_map(|answer| answer.json[name].as_u64()).sum::<u64>();
    assert_eq!((sum("stored"), sum("duplicates"), stored(&gateway)), (100, 300, 120));
}

#[tokio::test]
async fn a_log_that_was_refused_is_stored_when_it_is_corrected() {
    let gateway = Server::gateway().await;
    let wrong = log("a", Some("1")).replace("logData", "log");
    assert_eq!(publish_lines(&gateway, &[wrong]).await.status, 207);
    let answer = publish_lines(&gateway, &[log("a", Some("1"))]).await;
    assert_eq!((answer.status, &answer.json["stored"]), (200, &json!(1)));
}

#[tokio::test]
async fn an_invalid_key_is_refused_by_name_and_a_batch_has_none() {
    let gateway = Server::gateway().await;
    for key in ["", "a b", &"x".repeat(129)] {
        let answer = publish(&gateway, "a", key).await;
        assert!(
            answer.status == 400 && answer.error().starts_with("Idempotency-Key is "),
            "{answer:?}"
        );
    }
    let batch = client()
        .post(format!("{}/logs/publish", gateway.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Content-Type", "application/x-ndjson")
        .header("Idempotency-Key", "1")
        .body(log("a", None));
    let answer = Answer::of(batch).await;
    assert!(
        answer.status == 400 && answer.error().contains("expected an id per line"),
        "{answer:?}"
    );
    assert_eq!(stored(&gateway), 0);
}

#[tokio::test]
async fn a_gateway_that_shuts_down_stores_nothing_and_says_when_to_come_back() {
    for kind in ["application/json", "application/x-ndjson"] {
        let gateway = Server::gateway().await;
        let body = log("a", Some("1"));
        let head = format!(
            "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nX-Service-Token: l5-etl-token\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut socket = TcpStream::connect(gateway.url.trim_start_matches("http://"))
            .await
            .expect("a connection");
        socket.write_all(head.as_bytes()).await.expect("sent");
        // It is sent once the gateway waits for the body.
        let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut received = [0; 25];
        socket.read_exact(&mut received).await.expect("a response");
        assert_eq!(&received, expected);
        gateway.shutdown.cancel();
        socket.write_all(body.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("a response");
        assert!(answer.starts_with("HTTP/1.1 503"), "{kind}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nretry-after: "), "{kind}: {answer}");
        assert!(answer.contains("stored nothing"), "{kind}: {answer}");
        assert_eq!(stored(&gateway), 0);
    }
}
