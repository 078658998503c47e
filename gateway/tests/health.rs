//! Health checks: what they count, and that they cost nothing however many channels there are.

mod support;

use support::{CHANNEL, PROXY, Server, until};

#[tokio::test]
async fn counts_streams_and_read_channels() {
    let gateway = Server::gateway().await;
    let counts = async || {
        let health = gateway.get("/health").await.json;
        (
            health["connections"].as_u64().expect("a number"),
            health["channels"].as_u64().expect("a number"),
        )
    };
    assert_eq!(counts().await, (0, 0));
    let one = gateway.read(&format!("/logs/stream?channels={CHANNEL},logs:etl:a:b")).await;
    let other = gateway.read(PROXY).await;
    assert_eq!(counts().await, (2, 2));
    drop(one);
    until("the first has left", async || counts().await == (1, 1)).await;
    drop(other);
    until("both have left", async || counts().await == (0, 0)).await;
    let again = gateway.read(PROXY).await;
    assert_eq!(counts().await, (1, 1));
    drop(again);
}

#[tokio::test]
async fn reports_connections_and_dropped_lines() {
    let gateway = Server::gateway().await;
    for path in ["/health", "/admin/logs/stats"] {
        let stats = &gateway.get(path).await.json["stats"];
        assert_eq!(stats["openConnections"], 1, "{stats}");
        for name in [
            "maxConnections",
            "connectionsRefused",
            "writeTimeouts",
            "logLinesDropped",
            "logsPublished",
        ] {
            assert!(stats[name].is_u64(), "{name}: {stats}");
        }
    }
}
