//! The proxy route in front of another backend: nothing is held back, and each end learns when the
//! other leaves.

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Uri, header};
use axum::routing::get;
use futures_util::{StreamExt, stream};
use support::{CHANNEL, PROXY, Reader, Server, until};
use tokio_util::sync::CancellationToken;

/// What upstream observed: the request, and whether its reader has left.
#[derive(Clone, Default)]
struct Seen {
    requests: Arc<Mutex<Vec<(Uri, HeaderMap)>>>,
    left: CancellationToken,
}

/// An upstream that sends one event and then nothing, as a quiet gateway does.
async fn quiet_upstream(seen: Seen) -> Server {
    Server::of(|_| {
        let handler = move |uri: Uri, headers: HeaderMap| async move {
            seen.requests.lock().expect("unpoisoned").push((uri, headers));
            let leaves = seen.left.clone().drop_guard();
            let first = stream::iter([Ok::<_, Infallible>("id: 7\ndata: first\n\n")]);
            let never = stream::pending().map(move |()| {
                let _ = &leaves;
                Ok("")
            });
            ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(first.chain(never)))
        };
        Router::new().route("/logs/stream", get(handler))
    })
    .await
}

#[tokio::test]
async fn forwards_events_at_once_and_identifies_the_reader_to_upstream() {
    let seen = Seen::default();
    let upstream = quiet_upstream(seen.clone()).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    let request = reqwest::Client::new()
        .get(format!("{}{PROXY}", gateway.url))
        .header("Last-Event-ID", "41")
        .header("X-Service-Token", "secret");
    let mut reader =
        Reader::open(request.header("Cookie", "session=1").header("Authorization", "Bearer page"))
            .await;
    assert_eq!(
        reader.frame().await.map(|frame| (frame.id, frame.data)),
        Some(("7".into(), "first".into()))
    );
    assert_eq!(reader.headers["cache-control"], "no-cache, no-transform");
    let requests = seen.requests.lock().expect("unpoisoned");
    let (uri, headers) = &requests[0];
    let channels: Vec<_> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
    assert_eq!(channels, [("channels".into(), CHANNEL.into())]);
    assert_eq!(
        (&headers["last-event-id"], &headers["x-workspace-id"], &headers["x-user-id"]),
        (
            &"41".parse().expect("a value"),
            &"workspace123".parse().expect("a value"),
            &"demo-user".parse().expect("a value")
        )
    );
    for name in ["x-service-token", "cookie", "authorization"] {
        assert!(!headers.contains_key(name), "a reader's {name} must not reach upstream");
    }
}

#[tokio::test]
async fn forwards_a_cursor_in_the_query_in_the_query() {
    let seen = Seen::default();
    let upstream = quiet_upstream(seen.clone()).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    gateway.read(&format!("{PROXY}&last_event_id=1.abcdef.7%26x")).await.frame().await;
    let requests = seen.requests.lock().expect("unpoisoned");
    let (uri, headers) = &requests[0];
    let query: Vec<_> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
    assert_eq!(
        query,
        [("channels".into(), CHANNEL.into()), ("last_event_id".into(), "1.abcdef.7&x".into())]
    );
    assert!(!headers.contains_key("last-event-id"));
}

#[tokio::test]
async fn passes_on_that_a_reader_takes_batches() {
    let seen = Seen::default();
    let upstream = quiet_upstream(seen.clone()).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    for (ask, expected) in [("&batch=1", Some("1")), ("&batch=0", Some("0")), ("", None)] {
        gateway.read(&format!("{PROXY}{ask}")).await.frame().await;
        let (uri, _) = seen.requests.lock().expect("unpoisoned").pop().expect("a request");
        let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        assert_eq!(
            query.find(|(name, _)| name == "batch").map(|(_, value)| value.into_owned()).as_deref(),
            expected,
            "{uri}"
        );
    }
}

#[tokio::test]
async fn a_reader_resumes_through_two_gateways() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    backend.publish_numbers(CHANNEL, 1, 5);
    assert_eq!(front.resume(PROXY, &backend.cursor("3")).await.told_next(2).await, ["4", "5"]);
    let mut by_query = front.read(&format!("{PROXY}&last_event_id={}", backend.cursor("4"))).await;
    by_query.data().await;
    assert_eq!(by_query.told_next(1).await, ["5"]);
}

#[tokio::test]
async fn says_goodbye_to_readers_of_upstream_too_but_never_inside_an_event() {
    for (sent, goodbye) in [("data: whole\n\n", true), ("data: ha", false)] {
        let send = move || async move {
            (
                [(header::CONTENT_TYPE, "text/event-stream")],
                Body::from_stream(
                    stream::iter([Ok::<_, Infallible>(sent)]).chain(stream::pending()),
                ),
            )
        };
        let upstream = Server::of(|_| Router::new().route("/logs/stream", get(send))).await;
        let gateway = Server::forwarding_to(&upstream.url).await;
        let mut reader = gateway.read(PROXY).await;
        assert_eq!(&reader.piece().await[..], sent.as_bytes());
        gateway.shutdown.cancel();
        assert_eq!(
            reader.frame().await.map(|frame| frame.event),
            goodbye.then(|| "bye".into()),
            "{sent:?}"
        );
    }
}

#[tokio::test]
async fn ends_upstream_when_the_browser_leaves() {
    let seen = Seen::default();
    let upstream = quiet_upstream(seen.clone()).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    let mut reader = gateway.read(PROXY).await;
    reader.frame().await;
    assert!(!seen.left.is_cancelled());
    drop(reader);
    until("upstream's stream is dropped", async || seen.left.is_cancelled()).await;
}

#[tokio::test]
async fn a_backend_that_is_down_is_a_502_without_its_address() {
    // Bound and released again: no server listens there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port");
    let gone = format!("http://{gone}");
    let gateway = Server::forwarding_to(&gone).await;
    let answer = gateway.get(PROXY).await;
    assert_eq!(answer.status, 502);
    assert!(answer.error().starts_with("the backend cannot be reached"), "{answer:?}");
    assert!(!answer.error().contains("127.0.0.1") && !answer.error().contains(&gone), "{answer:?}");
}

#[tokio::test]
async fn two_gateways_in_a_row_deliver() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    let mut reader = front.read(PROXY).await;
    reader.data().await;
    assert_eq!(backend.publish("through two").await, 1);
    assert_eq!(reader.data().await["data"]["message"], "through two");
}

#[tokio::test]
async fn a_forwarded_stream_is_listed_and_stopped_like_others() {
    let seen = Seen::default();
    let upstream = quiet_upstream(seen.clone()).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    let mut reader = gateway.read(PROXY).await;
    reader.frame().await;

    let health = gateway.get("/health").await.json;
    assert_eq!(health["connections"], 1);
    assert_eq!(health["channels"], 1);
    let stats = gateway.get("/admin/logs/stats").await.json;
    let listed = &stats["channels"][CHANNEL];
    assert_eq!(listed["subscribers"], 1, "{stats}");
    assert_eq!(gateway.publish("published here").await, 0, "upstream feeds this stream");

    let stop = serde_json::json!({ "connectionId": listed["connections"][0]["connectionId"] });
    let answer = gateway.post("/admin/logs/stop", "operator-token", stop.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(reader.event().await.expect("a goodbye").0, "bye stop");
    assert_eq!(reader.frame().await, None);
    until("upstream's stream is dropped", async || seen.left.is_cancelled()).await;
    until("it is listed no more", async || gateway.get("/health").await.json["connections"] == 0)
        .await;
}
