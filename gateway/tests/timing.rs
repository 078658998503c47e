//! The life of a stream: pings, heartbeats, and each way in which it ends.

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use logs_gateway::hub::config::Config;
use logs_gateway::reader::timing::StreamTiming;
use serde_json::{Value, json};
use support::{CHANNEL, PROXY, Reader, Server, client, until};

const OTHER: &str = "logs:etl:workspace123:other";

/// The next event of this name; others are skipped.
async fn next_named(reader: &mut Reader, name: &str) -> Value {
    loop {
        let frame =
            reader.frame().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
        if frame.event == name {
            return serde_json::from_str(&frame.data).expect("JSON");
        }
    }
}

async fn gateway(timing: StreamTiming) -> Server {
    Server::tuned(Config::default(), timing).await
}

#[tokio::test]
async fn heartbeats_report_the_position_in_each_granted_channel() {
    let gateway =
        gateway(StreamTiming { heartbeat: Duration::from_millis(100), ..StreamTiming::default() })
            .await;
    gateway.publish_numbers(CHANNEL, 1, 7);
    let request = client()
        .get(format!("{}/logs/stream?channels={CHANNEL},{OTHER},logs:etl:foreign", gateway.url));
    let mut reader = Reader::open(request.header("X-Workspace-Id", "workspace123")).await;
    assert_eq!(reader.data().await["heartbeatMs"], 100);
    let beat = reader.frame().await.expect("a heartbeat");
    let data: Value = serde_json::from_str(&beat.data).expect("JSON");
    assert_eq!(
        (&*beat.event, &*beat.id, &data["seqs"]),
        ("heartbeat", "", &json!({ CHANNEL: 7, OTHER: 0 }))
    );
    assert!(data["serverTime"].is_u64());
    gateway.publish_numbers(OTHER, 1, 2);
    assert_eq!(reader.told_next(2).await, ["1", "2"]);
    assert_eq!(next_named(&mut reader, "heartbeat").await["seqs"], json!({ CHANNEL: 7, OTHER: 2 }));
}

#[tokio::test]
async fn a_stream_that_is_never_idle_receives_heartbeats_too() {
    let gateway =
        gateway(StreamTiming { heartbeat: Duration::from_millis(50), ..StreamTiming::default() })
            .await;
    let mut reader = gateway.read(PROXY).await;
    let (hub, shutdown) = (gateway.hub.clone(), gateway.shutdown.clone());
    std::thread::spawn(move || {
        let (channel, entry) = (
            CHANNEL.parse().expect("a channel"),
            serde_json::value::RawValue::from_string("1".into()).expect("JSON"),
        );
        while !shutdown.is_cancelled() {
            hub.publish(&channel, &entry);
        }
    });
    // On a busy machine the first heartbeat may precede the first log.
    next_named(&mut reader, "message").await;
    let mut last = 0;
    for _ in 0..3 {
        let seq =
            next_named(&mut reader, "heartbeat").await["seqs"][CHANNEL].as_u64().expect("a number");
        assert!(last < seq, "{last} {seq}");
        last = seq;
    }
}

#[tokio::test]
async fn pings_keep_proxies_from_closing_a_stream() {
    let gateway =
        gateway(StreamTiming { ping: Duration::from_millis(50), ..StreamTiming::default() }).await;
    let mut reader = gateway.read(PROXY).await;
    assert!(reader.piece().await.starts_with(b"data: {\"type\":\"connection\""));
    assert_eq!(&reader.piece().await[..], b":ping\n\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_spreads_those_who_come_back_over_the_span() {
    let gateway = Server::gateway().await;
    let mut readers = Vec::new();
    for _ in 0..100 {
        let mut reader = gateway.read(PROXY).await;
        reader.data().await;
        readers.push(reader);
    }
    gateway.shutdown.cancel();
    let mut waits = Vec::new();
    for mut reader in readers {
        let bye = next_named(&mut reader, "bye").await;
        assert_eq!(bye["reason"], "shutdown");
        waits.push(bye["retryMs"].as_u64().expect("a number"));
        assert_eq!(reader.frame().await, None, "the stream ends");
    }
    let in_quarter =
        |quarter: u64| waits.iter().filter(|wait| (**wait - 1_000) / 1_001 == quarter).count();
    assert!(waits.iter().all(|wait| (1_000..=5_000).contains(wait)), "{waits:?}");
    // Fewer than 8 of 100 delays in a quarter happen once in a million runs.
    assert!((0..4).all(|quarter| in_quarter(quarter) >= 8), "{waits:?}");
    assert!(waits.iter().collect::<HashSet<_>>().len() > 80);
}

#[tokio::test]
async fn is_ready_until_a_shutdown_and_then_reports_503() {
    let gateway = Server::gateway().await;
    let answer = gateway.get("/ready").await;
    assert_eq!((answer.status, answer.json), (200, json!({ "ready": true })));
    gateway.shutdown.cancel();
    let answer = gateway.get("/ready").await;
    assert_eq!((answer.status, answer.json), (503, json!({ "ready": false })));
    let mut late = gateway.read(PROXY).await;
    late.data().await;
    assert_eq!(late.told_next(1).await, ["bye shutdown"], "one who comes now is sent on");
}

#[tokio::test]
async fn a_rotated_stream_resumes_without_loss() {
    let gateway = gateway(StreamTiming {
        rotate: Some(Duration::from_millis(500)),
        ..StreamTiming::default()
    })
    .await;
    let start = Instant::now();
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    gateway.publish_numbers(CHANNEL, 1, 2);
    assert_eq!(reader.told_next(1).await, ["1"]);
    let (_, cursor) = reader.event().await.expect("a log");
    let bye = next_named(&mut reader, "bye").await;
    assert!(start.elapsed() >= Duration::from_millis(450), "{:?}", start.elapsed());
    assert_eq!(bye["reason"], "rotation");
    assert!(bye["retryMs"].as_u64().is_some_and(|wait| (100..=1_000).contains(&wait)), "{bye}");
    assert_eq!(reader.frame().await, None);
    gateway.publish_numbers(CHANNEL, 3, 3);
    assert_eq!(gateway.resume(PROXY, &cursor).await.told_next(1).await, ["3"]);
}

#[tokio::test]
async fn an_operator_ends_one_stream_and_no_other() {
    let gateway = Server::gateway().await;
    let (mut one, mut other) = (gateway.read(PROXY).await, gateway.read(PROXY).await);
    let (connection, _) = (one.data().await["connectionId"].clone(), other.data().await);
    let body = json!({ "connectionId": connection }).to_string();
    for token in ["wrong", "l5-etl-token"] {
        assert_eq!(gateway.post("/admin/logs/stop", token, body.clone()).await.status, 403);
    }
    let answer = gateway.post("/admin/logs/stop", "operator-token", body.clone()).await;
    assert_eq!((answer.status, &answer.json["success"]), (200, &json!(true)));
    assert_eq!(one.told_next(1).await, ["bye stop"]);
    assert_eq!(one.frame().await, None);
    gateway.publish_numbers(CHANNEL, 1, 1);
    assert_eq!(other.told_next(1).await, ["1"]);
    until("the stream is gone", async || gateway.hub.connections() == 1).await;
    let gone = gateway.post("/admin/logs/stop", "operator-token", body.clone()).await;
    assert!(
        gone.status == 404
            && gone.error().contains("connectionId")
            && gone.error().contains("/admin/logs/stats"),
        "{gone:?}"
    );
    for body in ["", "{}", "{\"connectionId\":5}"] {
        let wrong = gateway.post("/admin/logs/stop", "operator-token", body).await;
        assert!(wrong.status == 400 && wrong.error().contains("connectionId"), "{wrong:?}");
    }
}
