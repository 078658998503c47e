//! Limits of publishing: rates, sizes and channels. What is refused says when to come back, and what
//! is accepted is delivered.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use logs_gateway::limits::config::{Config, Rate};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use support::{Server, Setup, client, until};

async fn gateway(limits: Config) -> Server {
    Server::made(Setup { limits, ..Setup::default() }).await
}

fn log(workspace: &str, workflow: &str, number: usize) -> String {
    json!({ "service": "etl", "workspace_id": workspace, "workflow_id": workflow, "logData": number })
        .to_string()
}

/// Publishes lines as a batch, and returns status, headers and answer.
async fn batch(server: &Server, lines: &[String]) -> (u16, HeaderMap, Value) {
    let request = client()
        .post(format!("{}/logs/publish", server.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Content-Type", "application/x-ndjson")
        .body(lines.join("\n"));
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    (status, headers, serde_json::from_str(&text).expect("JSON"))
}

/// The numbers of the lines that were refused, from 1.
fn refused(answer: &Value) -> BTreeSet<usize> {
    let errors = answer["errors"].as_array().expect("a list");
    errors.iter().map(|error| error["line"].as_u64().expect("a number") as usize).collect()
}

/// The logs in a channel's history, oldest first.
async fn history(server: &Server, channel: &str) -> Vec<u64> {
    let page = server.get(&format!("/logs/history?channel={channel}&limit=1000")).await;
    let logs = page.json["logs"].as_array().unwrap_or_else(|| panic!("{page:?}"));
    logs.iter().map(|log| log["data"].as_u64().expect("a number")).collect()
}

#[tokio::test]
async fn lines_above_the_rate_say_when_to_come_back_and_keep_their_order() {
    let rate = Rate { logs: 10, bytes: 0 };
    let burst = Duration::from_secs(1);
    let gateway = gateway(Config { channel: rate, burst, ..Config::default() }).await;
    let mut left: Vec<_> = (1..=25).map(|number| log("w", "a", number)).collect();
    let (status, headers, answer) = batch(&gateway, &left).await;
    assert_eq!((status, &headers["retry-after"]), (207, &"1".parse().expect("a value")));
    let error = &answer["errors"][0];
    assert_eq!(
        (&error["status"], &error["limit"], &error["value"], &error["retryAfter"]),
        (&json!(429), &json!("channel_logs_per_second"), &json!(10), &json!(1))
    );
    assert!(error["error"].as_str().expect("a sentence").contains("max-channel-logs-per-second"));
    // Another channel is not concerned.
    assert_eq!(batch(&gateway, &[log("w", "b", 1)]).await.0, 200);
    let mut numbers = refused(&answer);
    while !numbers.is_empty() {
        left = numbers.iter().map(|number| left[number - 1].clone()).collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        numbers = refused(&batch(&gateway, &left).await.2);
    }
    assert_eq!(history(&gateway, "logs:etl:w:a").await, (1..=25).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_line_behind_one_that_must_wait_on_the_same_channel_waits_too() {
    let rate = Rate { logs: 0, bytes: 100 };
    let burst = Duration::from_secs(10);
    let gateway = gateway(Config { channel: rate, burst, ..Config::default() }).await;
    let of_size = |workflow: &str, bytes: usize| {
        json!({ "service": "etl", "workspace_id": "w", "workflow_id": workflow, "logData": "x".repeat(bytes) })
            .to_string()
    };
    let lines = [of_size("a", 600), of_size("a", 600), of_size("a", 1), of_size("b", 1)];
    let (_, _, answer) = batch(&gateway, &lines).await;
    assert_eq!(refused(&answer), [2, 3].into(), "{answer}");
    assert_eq!(answer["errors"][1]["limit"], "channel_bytes_per_second");
}

#[tokio::test]
async fn a_single_log_above_the_rate_is_a_429_and_stored_nowhere() {
    let rate = Rate { logs: 1, bytes: 1 };
    for (limits, name) in [
        (Config { token: Rate { bytes: 0, ..rate }, ..Config::default() }, "token_logs_per_second"),
        (
            Config { workspace: Rate { logs: 0, ..rate }, ..Config::default() },
            "workspace_bytes_per_second",
        ),
    ] {
        let burst = Duration::from_millis(1);
        let gateway = gateway(Config { burst, ..limits }).await;
        let mut stored = 0;
        // On a slow machine, the next log may be due already.
        let refused = loop {
            let answer = gateway.post("/logs/publish", "l5-etl-token", log("w", "a", 1)).await;
            if answer.status != 200 {
                break answer;
            }
            stored += 1;
            assert!(stored < 20, "nothing is refused");
        };
        assert_eq!((refused.status, &refused.json["limit"]), (429, &json!(name)), "{refused:?}");
        assert_eq!(gateway.hub.stats().logs_published, stored);
    }
}

#[tokio::test]
async fn a_log_that_is_too_large_names_the_limit() {
    let gateway = gateway(Config { log_bytes: 2_000, ..Config::default() }).await;
    let large = json!({ "service": "etl", "workspace_id": "w", "logData": "x".repeat(2_000) });
    let answer = gateway.post("/logs/publish", "l5-etl-token", large.to_string()).await;
    assert_eq!(
        (answer.status, &answer.json["limit"], &answer.json["value"]),
        (413, &json!("log_bytes"), &json!(2_000))
    );
    let (status, _, answer) = batch(&gateway, &[large.to_string(), log("w", "a", 1)]).await;
    let error = &answer["errors"][0];
    assert_eq!(
        (status, &error["status"], &error["limit"]),
        (207, &json!(413), &json!("log_bytes"))
    );
    let many = vec![log("w", "a", 1); 1_001];
    assert_eq!(batch(&gateway, &many).await.2["limit"], "batch_logs");
}

#[tokio::test]
async fn a_workspace_has_a_limit_of_channels_which_readers_do_not_use_up() {
    let gateway = gateway(Config { channels_per_workspace: 3, ..Config::default() }).await;
    let names: Vec<_> = (0..20).map(|number| format!("logs:etl:w:read{number}")).collect();
    let reader = gateway.read(&format!("/logs/stream?channels={}", names.join(","))).await;
    assert_eq!(reader.status, 200);
    let lines: Vec<_> = (0..5).map(|number| log("w", &format!("f{number}"), 1)).collect();
    let (_, headers, answer) = batch(&gateway, &lines).await;
    assert_eq!(refused(&answer), [4, 5].into());
    assert_eq!(answer["errors"][0]["limit"], "channels_per_workspace");
    assert!(headers.contains_key("retry-after"));
    // Those that exist go on, and so do other workspaces.
    let (_, _, answer) = batch(&gateway, &[log("w", "f0", 2), log("v", "f9", 1)]).await;
    assert_eq!(refused(&answer), [].into());
}

#[tokio::test]
async fn a_workspace_at_its_limits_takes_nothing_from_another() {
    let limits = Config {
        workspace: Rate { logs: 50, bytes: 0 },
        burst: Duration::from_secs(1),
        ..Config::default()
    };
    let gateway = std::sync::Arc::new(gateway(limits).await);
    let mut quiet = gateway.read("/logs/stream?channels=logs:etl:quiet:f").await;
    quiet.data().await;
    let floods: Vec<_> = (0..4)
        .map(|flood| {
            let gateway = std::sync::Arc::clone(&gateway);
            tokio::spawn(async move {
                let lines: Vec<_> =
                    (0..500).map(|number| log("loud", &format!("f{flood}"), number)).collect();
                let (mut stored, mut waits) = (0, 0);
                for _ in 0..10 {
                    let (_, headers, answer) = batch(&gateway, &lines).await;
                    stored += answer["stored"].as_u64().expect("a count");
                    waits += usize::from(headers.contains_key("retry-after"));
                }
                (stored, waits)
            })
        })
        .collect();
    for number in 0..50 {
        let answer = gateway.post("/logs/publish", "l5-etl-token", log("quiet", "f", number)).await;
        assert_eq!((answer.status, &answer.json["delivered"]), (200, &json!(1)), "{answer:?}");
        assert_eq!(quiet.data().await["data"], number);
    }
    let (mut stored, mut waits) = (0, 0);
    for flood in floods {
        let (one, asked) = flood.await.expect("it ends");
        (stored, waits) = (stored + one, waits + asked);
    }
    assert_eq!(waits, 40, "each batch is more than the burst");
    assert_eq!(gateway.hub.stats().logs_published, stored + 50, "what is accepted is stored");
    until("all of the loud workspace is there", async || {
        let mut found = 0;
        for flood in 0..4 {
            let page = gateway.get(&format!("/logs/history?channel=logs:etl:loud:f{flood}")).await;
            found += page.json["logs"].as_array().map_or(0, Vec::len) as u64;
        }
        found == stored
    })
    .await;
}
