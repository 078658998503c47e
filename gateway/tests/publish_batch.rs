//! Publishing several logs in one request: each line is judged on its own, within limits.

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use support::{Answer, CHANNEL, PROXY, Server, client};

const NDJSON: &str = "application/x-ndjson";
const ROUTES: [&str; 4] =
    ["/logs/publish", "/api/logs/publish", "/logs/stream", "/api/logs/stream"];

/// A line with a log of the tests' channel.
fn line(message: &Value) -> String {
    json!({ "service": "etl", "workspace_id": "workspace123", "workflow_id": "workflow456", "logData": { "message": message } })
        .to_string()
}

fn lines(messages: std::ops::RangeInclusive<u64>) -> String {
    messages.map(|message| line(&message.into()) + "\n").collect()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(bytes).and_then(|()| zip.finish()).expect("memory")
}

fn request(server: &Server, path: &str) -> reqwest::RequestBuilder {
    client()
        .post(format!("{}{path}", server.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Content-Type", NDJSON)
}

async fn send(server: &Server, body: impl Into<reqwest::Body>) -> Answer {
    Answer::of(request(server, "/logs/publish").body(body)).await
}

/// The counts of an answer: stored, duplicates, refused.
fn counts(answer: &Answer) -> [u64; 3] {
    ["stored", "duplicates", "refused"]
        .map(|name| answer.json[name].as_u64().unwrap_or_else(|| panic!("{answer:?}")))
}

fn stored(server: &Server) -> u64 {
    server.hub.stats().logs_published
}

#[tokio::test]
async fn stores_the_lines_in_their_order_on_every_route() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    for (path, first) in ROUTES.into_iter().zip([1, 11, 21, 31]) {
        let body = lines(first..=first + 9);
        let answer = Answer::of(request(&gateway, path).body(body)).await;
        assert_eq!((answer.status, counts(&answer)), (200, [10, 0, 0]), "{answer:?}");
        assert_eq!((&answer.json["success"], &answer.json["errors"]), (&json!(true), &json!([])));
        assert!(answer.json["timestamp"].is_u64());
        for message in first..=first + 9 {
            let log = reader.data().await;
            assert_eq!((&log["seq"], &log["data"]["message"]), (&json!(message), &json!(message)));
        }
    }
}

#[tokio::test]
async fn judges_each_line_on_its_own() {
    let gateway = Server::gateway().await;
    let body = [
        &line(&json!("a")),
        "",
        " \t",
        r#"{"service":"etl","workspace_id":5,"logData":{}}"#,
        r#"{"service":"faas","workspace_id":"w","logData":{}}"#,
        "[1]",
        r#"{"service":"etl","workspace_id":NaN,"logData":{}}"#,
        r#"{"service":"etl","workspace_id":"w","logData":{},"id":""}"#,
        r#"{"service":"etl","workspace_id":"w","logData":{},"id":NaN}"#,
        r#"{"service":"etl","workspace_id":"w","logData":{},"id": -Infinity}"#,
        &line(&json!("b")),
    ]
    .join("\r\n");
    let answer = send(&gateway, body).await;
    assert_eq!((answer.status, counts(&answer)), (207, [2, 0, 7]), "{answer:?}");
    assert_eq!(answer.json["success"], false);
    let errors = json!([
        { "line": 4, "status": 400, "error": "workspace_id is 5: expected a string" },
        { "line": 5, "status": 403, "error": "Unauthorized log publisher" },
        { "line": 6, "status": 400, "error": "line is not a JSON object: expected {\"service\", \"workspace_id\", \"workflow_id\", \"logData\"}" },
        { "line": 7, "status": 400, "error": "workspace_id is NaN: expected a string" },
        { "line": 8, "status": 400, "error": "id is \"\": expected 1 to 128 visible ASCII characters without spaces" },
        { "line": 9, "status": 400, "error": "id is NaN: expected a string" },
        { "line": 10, "status": 400, "error": "id is -Infinity: expected a string" },
    ]);
    assert_eq!(answer.json["errors"], errors);
    let mut reader = gateway.read(&format!("{PROXY}&tail=9")).await;
    reader.data().await;
    for message in ["a", "b"] {
        assert_eq!(reader.data().await["data"]["message"], message);
    }
}

#[tokio::test]
async fn a_line_that_is_not_text_refuses_only_itself() {
    let gateway = Server::gateway().await;
    let deep = format!("{{\"logData\":{}", "[".repeat(200));
    let body = [
        b"\xef\xbb\xbf",
        line(&json!("a")).as_bytes(),
        b"\n{\"logData\":\"caf\xe9\"}\n\0\n",
        deep.as_bytes(),
        b"\n",
        line(&json!("b")).as_bytes(),
    ]
    .concat();
    let answer = send(&gateway, body).await;
    assert_eq!((answer.status, counts(&answer)), (207, [2, 0, 3]), "{answer:?}");
    let errors: Vec<_> = (0..3)
        .map(|index| answer.json["errors"][index]["error"].as_str().expect("an error").to_owned())
        .collect();
    assert!(errors[0].starts_with("line is not UTF-8: the byte at 15"), "{errors:?}");
    assert!(errors[2].starts_with("line is nested too deeply"), "{errors:?}");
}

#[tokio::test]
async fn a_batch_without_logs_stores_nothing() {
    let gateway = Server::gateway().await;
    for body in ["", "\n\n", " \r\n"] {
        let answer = send(&gateway, body).await;
        assert_eq!((answer.status, counts(&answer)), (200, [0, 0, 0]), "{answer:?}");
    }
}

#[tokio::test]
async fn gzip_and_a_parameter_of_the_type_are_accepted() {
    let gateway = Server::gateway().await;
    let zip = || zipped(lines(1..=500).as_bytes());
    let sent = request(&gateway, "/logs/publish").header("Content-Encoding", "gzip").body(zip());
    let answer = Answer::of(sent).await;
    assert_eq!((answer.status, counts(&answer)), (200, [500, 0, 0]), "{answer:?}");
    let typed = client()
        .post(format!("{}/logs/publish", gateway.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Content-Type", "Application/X-NDJSON; charset=utf-8");
    assert_eq!(counts(&Answer::of(typed.body(lines(1..=2))).await), [2, 0, 0]);

    let cut = zip()[..zip().len() - 3].to_vec();
    let answer =
        Answer::of(request(&gateway, "/logs/publish").header("Content-Encoding", "gzip").body(cut))
            .await;
    assert!(answer.status == 400 && answer.error().contains("not valid gzip"), "{answer:?}");
    let answer = Answer::of(
        request(&gateway, "/logs/publish").header("Content-Encoding", "br").body(lines(1..=2)),
    )
    .await;
    assert!(answer.status == 415 && answer.error().contains("gzip"), "{answer:?}");
    assert_eq!(stored(&gateway), 502);
}

#[tokio::test]
async fn a_batch_above_a_limit_is_refused_as_a_whole() {
    let gateway = Server::gateway().await;
    let long = |bytes: usize| line(&"x".repeat(bytes).into()) + "\n";
    let too_many_bytes = long(1_000_000).repeat(9);
    let refused = [
        request(&gateway, "/logs/publish").body(lines(1..=1_001)),
        request(&gateway, "/logs/publish").body(too_many_bytes.clone()),
        request(&gateway, "/logs/publish")
            .header("Content-Encoding", "gzip")
            .body(zipped(too_many_bytes.as_bytes())),
    ];
    for sent in refused {
        let answer = Answer::of(sent).await;
        assert_eq!(answer.status, 413, "{answer:?}");
        let error = answer.error();
        assert!(error.contains("1000 logs") && error.contains("8388608 bytes"), "{error}");
    }
    assert_eq!(stored(&gateway), 0);

    let blank = "\n".repeat(5_000);
    assert_eq!(counts(&send(&gateway, lines(1..=1_000) + &blank).await), [1_000, 0, 0]);
    assert_eq!(counts(&send(&gateway, long(1_000_000).repeat(8)).await), [8, 0, 0]);
    let answer = send(&gateway, long(1 << 20) + &long(1)).await;
    assert_eq!((answer.status, counts(&answer)), (207, [1, 0, 1]));
    let error = &answer.json["errors"][0];
    assert_eq!((&error["line"], &error["status"]), (&json!(1), &json!(413)));
    assert!(error["error"].as_str().is_some_and(|error| error.contains("at most 1048576")));
}

#[tokio::test]
async fn a_wrong_token_refuses_the_whole_batch_whatever_its_size() {
    let gateway = Server::gateway().await;
    for body in [lines(1..=2), line(&"x".repeat(5 << 20).into()), "not JSON".into()] {
        let stranger = client()
            .post(format!("{}/logs/publish", gateway.url))
            .header("X-Service-Token", "wrong")
            .header("Content-Type", NDJSON);
        let answer = Answer::of(stranger.body(body)).await;
        assert_eq!((answer.status, answer.error()), (403, "Unauthorized log publisher"));
    }
    assert_eq!(stored(&gateway), 0);
}

#[tokio::test]
async fn the_single_log_route_is_unchanged() {
    let gateway = Server::gateway().await;
    for path in ROUTES {
        let body = r#"{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","id":"same","id":5,"logData":{}}"#;
        for kind in ["application/json", "text/plain", ""] {
            let sent = client()
                .post(format!("{}{path}", gateway.url))
                .header("X-Service-Token", "l5-etl-token")
                .header("Content-Type", kind)
                .body(body);
            let answer = sent.send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let text = answer.text().await.expect("a body");
            let start =
                format!(r#"{{"success":true,"channel":"{CHANNEL}","delivered":0,"timestamp":"#);
            let time = text.strip_prefix(&start).and_then(|rest| rest.strip_suffix('}'));
            assert!(time.is_some_and(|time| time.parse::<u64>().is_ok()), "{text}");
        }
    }
    assert_eq!(stored(&gateway), 12, "an id in the body of a single log is a field as any other");
}

#[tokio::test]
async fn other_requests_are_served_while_a_batch_is_stored() {
    let gateway = Server::gateway().await;
    let hub = std::sync::Arc::clone(&gateway.hub);
    // On this runtime's only thread, it runs whenever the batch pauses.
    let seen = tokio::spawn(async move {
        let mut seen = std::collections::BTreeSet::new();
        while !seen.contains(&1_000) {
            seen.insert(hub.stats().logs_published);
            tokio::task::yield_now().await;
        }
        seen.len()
    });
    assert_eq!(counts(&send(&gateway, lines(1..=1_000)).await), [1_000, 0, 0]);
    let pauses = seen.await.expect("no panic");
    assert!(pauses >= 5, "{pauses}");
}
