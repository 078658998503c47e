//! Limits of open streams: by user, address and workspace, also of forwarded ones.

mod support;

use futures_util::future::join_all;
use logs_gateway::limits::config::Config;
use support::{PROXY, Reader, Server, Setup, client, until};

const OTHER: &str = "/logs/stream?channels=logs:etl:other:x";

async fn gateway(limits: Config) -> Server {
    Server::made(Setup { limits, ..Setup::default() }).await
}

async fn open(server: &Server, user: Option<&str>, path: &str) -> Reader {
    let request = client().get(format!("{}{path}", server.url));
    Reader::open(user.into_iter().fold(request, |r, user| r.header("X-User-Id", user))).await
}

/// Checks that a stream was refused because of a limit.
async fn refused(reader: Reader, limit: &str, value: u64) {
    assert_eq!(reader.status, 429, "{limit}");
    let seconds = reader.headers["retry-after"].to_str().expect("text").parse::<u64>();
    assert!((5..=15).contains(&seconds.expect("seconds")));
    let json: serde_json::Value = serde_json::from_str(&reader.rest().await).expect("JSON");
    assert_eq!(
        (&json["status"], &json["limit"], &json["value"]),
        (&429.into(), &limit.into(), &value.into())
    );
    assert!(json["error"].as_str().expect("a sentence").contains("max-streams-per-"), "{json}");
}

#[tokio::test]
async fn a_user_has_a_limit_of_streams_and_anonymous_readers_have_none() {
    let gateway = gateway(Config { streams_per_user: 2, ..Config::default() }).await;
    let first = open(&gateway, Some("jane"), PROXY).await;
    let _second = open(&gateway, Some("jane"), OTHER).await;
    refused(open(&gateway, Some("jane"), PROXY).await, "streams_per_user", 2).await;
    assert_eq!(open(&gateway, Some("joe"), PROXY).await.status, 200);
    let anonymous = join_all((0..8).map(|_| open(&gateway, None, OTHER))).await;
    let demo = join_all((0..8).map(|_| open(&gateway, None, PROXY))).await;
    assert!(anonymous.iter().chain(&demo).all(|reader| reader.status == 200));
    drop(first);
    until("the place is free", async || open(&gateway, Some("jane"), PROXY).await.status == 200)
        .await;
}

#[tokio::test]
async fn a_workspace_at_its_limit_leaves_the_others_alone() {
    let limits = Config { streams_per_workspace: 2, ..Config::default() };
    let gateway = gateway(limits).await;
    let _open = join_all((0..2).map(|_| open(&gateway, None, PROXY))).await;
    refused(open(&gateway, None, PROXY).await, "streams_per_workspace", 2).await;
    // Two channels of a workspace are one stream of it.
    let two = "/logs/stream?channels=logs:etl:other:x,logs:etl:other:y";
    assert_eq!(open(&gateway, None, two).await.status, 200);
}

#[tokio::test]
async fn an_address_at_its_limit_may_still_publish() {
    let gateway = gateway(Config { streams_per_address: 3, ..Config::default() }).await;
    let _open = join_all((0..3).map(|_| open(&gateway, None, OTHER))).await;
    refused(open(&gateway, None, PROXY).await, "streams_per_address", 3).await;
    gateway.publish("hello").await;
}

#[tokio::test]
async fn exactly_the_limit_opens_when_many_connect_at_once() {
    let gateway = gateway(Config { streams_per_user: 7, ..Config::default() }).await;
    for _ in 0..3 {
        let all = join_all((0..40).map(|_| open(&gateway, Some("jane"), PROXY))).await;
        let opened = all.iter().filter(|reader| reader.status == 200).count();
        assert_eq!(opened, 7);
        assert_eq!(gateway.hub.connections(), 7);
        drop(all);
        until("all are gone", async || gateway.hub.connections() == 0).await;
    }
}

#[tokio::test]
async fn forwarded_streams_count_too() {
    let upstream = Server::gateway().await;
    support::tls();
    let target = logs_gateway::http::upstream::Upstream::new(&upstream.url).expect("a URL");
    let limits = Config { streams_per_user: 1, ..Config::default() };
    let setup = Setup { limits, upstream: Some(target), ..Setup::default() };
    let gateway = Server::made(setup).await;
    let first = open(&gateway, Some("jane"), PROXY).await;
    assert_eq!(first.status, 200);
    refused(open(&gateway, Some("jane"), PROXY).await, "streams_per_user", 1).await;
    assert_eq!(upstream.hub.connections(), 1, "the refused one was not forwarded");
    drop(first);
    until("the place is free", async || open(&gateway, Some("jane"), PROXY).await.status == 200)
        .await;
}
