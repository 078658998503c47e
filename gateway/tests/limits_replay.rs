//! Limits of replays: by user, address and workspace, for streams and pages of history.

mod support;

use std::time::Duration;

use logs_gateway::limits::config::Config;
use logs_gateway::limits::replays::Rates;
use support::{Answer, CHANNEL, PROXY, Reader, Server, Setup, client};

const DIRECT: &str = "/logs/stream?channels=logs:etl:workspace123:workflow456";
const OTHER: &str = "logs:etl:other:x";
const OF_OTHER: &str = "/logs/stream?channels=logs:etl:other:x";
const HISTORY: &str = "/logs/history?channel=logs:etl:workspace123:workflow456&limit=40";
const PROXY_HISTORY: &str = "/api/dapadmin/l5-etl/sse/logs/history?workspace_id=workspace123&workflow_id=workflow456&limit=40";

/// Positions, which cursors have in base 36.
const AFTER_50: &str = "1e";
const AFTER_90: &str = "2i";
const AFTER_100: &str = "2s";

/// A gateway with 100 logs on two channels, whose `replays` may have 100 at once and then as good as
/// none.
async fn gateway(replays: Rates) -> Server {
    let limits = Config { replays, replay_burst: Duration::from_secs(100), ..Config::default() };
    let gateway = Server::made(Setup { limits, ..Setup::default() }).await;
    gateway.publish_numbers(CHANNEL, 1, 100);
    gateway.publish_numbers(OTHER, 1, 100);
    gateway
}

async fn open(server: &Server, user: &str, path: &str, positions: Option<&str>) -> Reader {
    let request = client().get(format!("{}{path}", server.url)).header("X-User-Id", user);
    let cursor = positions.map(|positions| server.cursor(positions));
    Reader::open(cursor.into_iter().fold(request, |r, cursor| r.header("Last-Event-ID", cursor)))
        .await
}

/// Checks that a stream was refused because of a limit of 1, by which its reader waits `seconds`.
async fn refused(reader: Reader, limit: &str, seconds: std::ops::RangeInclusive<u64>) {
    assert_eq!(reader.status, 429, "{limit}");
    let wait = reader.headers["retry-after"].to_str().expect("text").parse::<u64>();
    assert!(seconds.contains(&wait.clone().expect("seconds")), "{wait:?}");
    let json: serde_json::Value = serde_json::from_str(&reader.rest().await).expect("JSON");
    assert_eq!((&json["limit"], &json["value"]), (&limit.into(), &1.into()));
    assert!(json["error"].as_str().expect("a sentence").contains("replayed-logs-per-second"));
}

#[tokio::test]
async fn a_user_who_replays_again_and_again_waits_and_the_others_do_not() {
    let gateway = gateway(Rates { user: 1, ..Rates::default() }).await;
    let mut first = open(&gateway, "jane", DIRECT, Some("0")).await;
    assert_eq!(first.data().await["type"], "connection");
    assert_eq!(first.told_next(100).await.last().map(String::as_str), Some("100"));
    for path in [DIRECT, PROXY] {
        refused(
            open(&gateway, "jane", path, Some(AFTER_50)).await,
            "user_replayed_logs_per_second",
            45..=55,
        )
        .await;
    }
    assert_eq!(open(&gateway, "joe", DIRECT, Some("0")).await.status, 200);
    assert_eq!(gateway.hub.connections(), 2, "a refused reader leaves the hub");
    // A stream that replays nothing costs nothing.
    assert_eq!(open(&gateway, "jane", DIRECT, None).await.status, 200);
    assert_eq!(open(&gateway, "jane", DIRECT, Some(AFTER_100)).await.status, 200);
}

#[tokio::test]
async fn a_workspace_at_its_limit_leaves_the_others_alone() {
    let gateway = gateway(Rates { workspace: 1, ..Rates::default() }).await;
    assert_eq!(open(&gateway, "jane", DIRECT, Some("0")).await.status, 200);
    let refusal = open(&gateway, "joe", DIRECT, Some(AFTER_90)).await;
    refused(refusal, "workspace_replayed_logs_per_second", 5..=16).await;
    let both = format!("{DIRECT},{OTHER}");
    let refusal = open(&gateway, "joe", &both, Some("0-0")).await;
    refused(refusal, "workspace_replayed_logs_per_second", 95..=106).await;
    let mut other = open(&gateway, "joe", OF_OTHER, Some("0")).await;
    assert_eq!(other.data().await["type"], "connection");
    assert_eq!(other.told_next(100).await.len(), 100, "the refused stream took nothing from it");
}

#[tokio::test]
async fn pages_of_history_count_too() {
    let gateway = gateway(Rates { address: 1, ..Rates::default() }).await;
    assert_eq!(gateway.get(HISTORY).await.status, 200);
    assert_eq!(gateway.get(PROXY_HISTORY).await.status, 200);
    for path in [HISTORY, PROXY_HISTORY] {
        let Answer { status, json } = gateway.get(path).await;
        assert_eq!((status, &json["limit"]), (429, &"address_replayed_logs_per_second".into()));
    }
    let last = gateway.get(&HISTORY.replace("40", "20")).await;
    assert_eq!((last.status, last.json["logs"].as_array().map(Vec::len)), (200, Some(20)));
}

#[tokio::test]
async fn a_reader_that_comes_back_after_its_wait_misses_nothing() {
    let limits = Config {
        replays: Rates { workspace: 100, ..Rates::default() },
        replay_burst: Duration::from_secs(1),
        ..Config::default()
    };
    let gateway = Server::made(Setup { limits, ..Setup::default() }).await;
    gateway.publish_numbers(CHANNEL, 1, 100);
    assert_eq!(open(&gateway, "jane", DIRECT, Some("0")).await.status, 200);
    let mut reader = open(&gateway, "jane", DIRECT, Some("7")).await;
    support::until("the reader is admitted", async || {
        if reader.status == 429 {
            reader = open(&gateway, "jane", DIRECT, Some("7")).await;
        }
        reader.status == 200
    })
    .await;
    assert_eq!(reader.data().await["type"], "connection");
    let expected: Vec<_> = (8..=100).map(|number: u64| number.to_string()).collect();
    assert_eq!(reader.told_next(93).await, expected);
}
