//! The parameters of a stream inside a resource id, for a proxy that passes only ids.

mod support;

use serde_json::json;
use support::{Answer, CHANNEL, PROXY, Reader, Server, client};

const OTHER: &str = "logs:etl:workspace123:other";

/// The three routes to one channel, with `carried` inside the resource id.
fn routes(carried: &str) -> [String; 3] {
    [
        format!("/logs/stream?channels={CHANNEL}{carried}"),
        format!("/api/logs/stream?channels={CHANNEL}{carried}"),
        format!("{PROXY}{carried}"),
    ]
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn an_id_carries_every_parameter_on_every_route() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    let carried = format!(":last_event_id={}:batch=1:tail=1", gateway.cursor("3"));
    for path in routes(&carried).into_iter().chain(routes(&encoded(&carried))) {
        let mut reader = gateway.read(&path).await;
        let greeting = reader.data().await;
        assert_eq!(greeting["channels"], json!([CHANNEL]), "{path}");
        assert_eq!(greeting["received"], json!(["last_event_id", "batch", "tail"]), "{path}");
        assert_eq!(greeting["seqs"][CHANNEL]["start"], 3, "{path}");
        let batch = reader.frame().await.expect("a batch");
        assert_eq!((&*batch.event, batch.id), ("batch", gateway.cursor("5")), "{path}");
    }
}

#[tokio::test]
async fn the_query_and_the_header_win_over_the_id() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    let carried = format!(":last_event_id={}:tail=1:batch=1", gateway.cursor("1"));
    for path in routes(&carried) {
        let path = format!("{path}&batch=0&last_event_id=");
        let by_query = format!("{path}{}", gateway.cursor("3"));
        let mut reader = gateway.read(&path).await;
        assert_eq!(reader.data().await["seqs"][CHANNEL]["start"], 1);
        assert_eq!(reader.told_next(1).await, ["2"]);
        let mut reader = gateway.read(&by_query).await;
        assert_eq!(reader.data().await["seqs"][CHANNEL]["start"], 3);
        assert_eq!(gateway.resume(&by_query, &gateway.cursor("4")).await.told_next(1).await, ["5"]);
    }
}

#[tokio::test]
async fn any_channel_of_a_list_carries_the_parameters_of_the_stream() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 3);
    gateway.publish_numbers(OTHER, 1, 3);
    let cursor = gateway.cursor("2-1");
    for list in [
        format!("{CHANNEL}:last_event_id={cursor},{OTHER}:tail=9"),
        format!("{CHANNEL},{OTHER}:tail=9:last_event_id={cursor}"),
        format!("{CHANNEL}:tail=9&channels={OTHER}:last_event_id={cursor}"),
        format!("{CHANNEL},{OTHER},{CHANNEL}:tail=9:last_event_id={cursor}"),
    ] {
        let mut reader = gateway.read(&format!("/logs/stream?channels={list}")).await;
        let greeting = reader.data().await;
        assert_eq!(greeting["channels"], json!([CHANNEL, OTHER]), "{list}");
        assert_eq!(greeting["received"], json!(["last_event_id", "tail"]), "{list}");
        assert_eq!(reader.told_next(3).await, ["3", "2", "3"], "{list}");
    }
}

#[tokio::test]
async fn authorization_applies_to_the_channel_without_parameters() {
    let gateway = Server::gateway().await;
    for path in routes(":tail=5") {
        for (workspace, granted, refused) in [
            ("workspace123", json!([CHANNEL]), json!([])),
            ("workspace124", json!([]), json!([CHANNEL])),
        ] {
            let request = client().get(format!("{}{path}", gateway.url));
            let mut reader = Reader::open(request.header("X-Workspace-Id", workspace)).await;
            let greeting = reader.data().await;
            assert_eq!((&greeting["channels"], &greeting["refused"]), (&granted, &refused));
        }
    }
}

#[tokio::test]
async fn other_parts_and_repeats_are_refused_by_name() {
    let gateway = Server::gateway().await;
    for carried in [":", ":c", ":user=1", ":tail=1:tail=2", ":batch=2", ":tail=x", ":batch"] {
        for path in routes(carried) {
            let answer = Answer::of(client().get(format!("{}{path}", gateway.url))).await;
            assert_eq!(answer.status, 400, "{path}: {answer:?}");
            let names = ["channels has", "workflow_id has", "batch is", "tail is"];
            assert!(names.iter().any(|name| answer.error().starts_with(name)), "{answer:?}");
        }
    }
    let path = format!("/logs/stream?channels={CHANNEL}:tail=1,{OTHER}:tail=1");
    assert!(gateway.get(&path).await.error().contains("tail more than once"));
}

#[tokio::test]
async fn parameters_inside_the_id_reach_upstream_as_ordinary_ones() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    backend.publish_numbers(CHANNEL, 1, 5);
    let cursor = backend.cursor("3");
    let path = format!("{PROXY}:last_event_id={cursor}:tail=1:batch=1");
    let mut reader = front.read(&path).await;
    let greeting = reader.data().await;
    assert_eq!(greeting["channels"], json!([CHANNEL]));
    assert_eq!(greeting["received"], json!(["last_event_id", "batch", "tail"]));
    assert_eq!(reader.frame().await.map(|frame| frame.id), Some(backend.cursor("5")));
    // The query wins here too.
    let mut reader = front.read(&format!("{path}&last_event_id={}", backend.cursor("4"))).await;
    assert_eq!(reader.data().await["seqs"][CHANNEL]["start"], 4);
}
