//! Pages of a channel's history: the logs before a number, as the stream sends them.

mod support;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::Html;
use axum::routing::get;
use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::Config;
use logs_gateway::reader::timing::StreamTiming;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use support::{Answer, CHANNEL, PROXY, Reader, Server, client};

const DATASHOP: &str =
    "/api/dapadmin/l5-etl/sse/logs/history?workspace_id=workspace123&workflow_id=workflow456";

/// The three routes to the history of one channel.
fn routes() -> [String; 3] {
    [
        format!("/logs/history?channel={CHANNEL}"),
        format!("/api/logs/history?channel={CHANNEL}"),
        DATASHOP.to_owned(),
    ]
}

/// A page, with its logs as they are written.
#[derive(Debug, Deserialize)]
struct Page {
    channel: String,
    epoch: String,
    oldest: u64,
    newest: u64,
    earlier: u64,
    logs: Vec<Box<RawValue>>,
}

impl Page {
    async fn get(server: &Server, path: &str) -> Self {
        let answer = client().get(format!("{}{path}", server.url)).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let text = answer.text().await.expect("a body");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn seqs(&self) -> Vec<u64> {
        let seq = |log: &RawValue| serde_json::from_str::<Value>(log.get()).ok()?["seq"].as_u64();
        self.logs.iter().map(|log| seq(log).expect("a number")).collect()
    }
}

async fn keeping(lines: usize) -> Server {
    let history = Bounds { lines, bytes: usize::MAX >> 1 };
    Server::tuned(Config { history, ..Config::default() }, StreamTiming::default()).await
}

#[tokio::test]
async fn pages_back_to_the_oldest_log_have_each_envelope_of_the_stream_once() {
    let gateway = keeping(1_000).await;
    gateway.publish_numbers(CHANNEL, 1, 1_100);
    let mut reader = gateway.read(&format!("{PROXY}&tail=10000")).await;
    reader.data().await;
    let mut sent = Vec::new();
    for _ in 0..1_000 {
        sent.push(reader.frame().await.expect("the stream continues").data);
    }
    let epoch = gateway.hub.epoch().to_string();
    for path in routes() {
        let mut pages: Vec<String> = Vec::new();
        let (mut before, mut earlier) = (u64::MAX, u64::MAX);
        while earlier > 0 {
            let path = format!("{path}&before={before}&limit=300&epoch={epoch}");
            let page = Page::get(&gateway, &path).await;
            assert_eq!((&*page.channel, &page.epoch), (CHANNEL, &epoch));
            assert_eq!((page.oldest, page.newest), (101, 1_100));
            let first = page.seqs()[0];
            assert_eq!(page.earlier, first - 101);
            pages.splice(0..0, page.logs.iter().map(|log| log.get().to_owned()));
            (before, earlier) = (first, page.earlier);
        }
        assert_eq!(pages, sent, "{path}");
    }
}

#[tokio::test]
async fn a_page_has_256_logs_before_the_end_by_default() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 400);
    for path in routes() {
        let page = Page::get(&gateway, &path).await;
        assert_eq!((page.seqs(), page.earlier), ((145..=400).collect(), 144));
        assert_eq!(Page::get(&gateway, &format!("{path}&before=7&limit=2")).await.seqs(), [5, 6]);
    }
}

#[tokio::test]
async fn a_page_without_logs_says_what_is_held() {
    let gateway = keeping(3).await;
    let empty = |page: Page| (page.oldest, page.newest, page.earlier, page.logs.len());
    for path in routes() {
        assert_eq!(empty(Page::get(&gateway, &path).await), (1, 0, 0, 0));
    }
    assert_eq!(gateway.hub.channels(), 0);
    gateway.publish_numbers(CHANNEL, 1, 5);
    for before in ["0", "1", "3"] {
        let page = Page::get(&gateway, &format!("{DATASHOP}&before={before}")).await;
        assert_eq!(empty(page), (3, 5, 0, 0), "{before}");
    }
    assert_eq!(Page::get(&gateway, &format!("{DATASHOP}&before=4")).await.seqs(), [3]);

    let gateway = keeping(0).await;
    let _reader = gateway.read(PROXY).await;
    gateway.publish_numbers(CHANNEL, 1, 5);
    assert_eq!(empty(Page::get(&gateway, DATASHOP).await), (6, 5, 0, 0));
}

#[tokio::test]
async fn a_page_ends_at_a_megabyte_with_one_log_at_least() {
    let gateway = Server::gateway().await;
    let channel = CHANNEL.parse().expect("a channel");
    let text = |bytes: usize| RawValue::from_string(format!("\"{}\"", "x".repeat(bytes)));
    for bytes in [2 << 20, 300_000, 300_000, 300_000, 300_000, 300_000] {
        gateway.hub.publish(&channel, &text(bytes).expect("JSON"));
    }
    let page = Page::get(&gateway, DATASHOP).await;
    assert_eq!((page.seqs(), page.earlier), (vec![4, 5, 6], 3));
    let page = Page::get(&gateway, &format!("{DATASHOP}&before=4")).await;
    assert_eq!((page.seqs(), page.earlier), (vec![2, 3], 1));
    let page = Page::get(&gateway, &format!("{DATASHOP}&before=2")).await;
    assert_eq!((page.seqs(), page.earlier), (vec![1], 0));
}

#[tokio::test]
async fn names_the_parameter_that_is_wrong() {
    let gateway = Server::gateway().await;
    for path in routes() {
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("before=x", "before"),
            ("before=1&before=2", "before"),
            ("epoch=x", "epoch"),
        ] {
            let answer = gateway.get(&format!("{path}&{query}")).await;
            assert!(answer.status == 400 && answer.error().starts_with(name), "{answer:?}");
        }
    }
    for (path, name) in [
        ("/logs/history", "channel is missing"),
        ("/logs/history?channel=etl", "channel"),
        ("/logs/history?channel=logs:etl:a:b,logs:etl:a:c", "resource id"),
        ("/logs/history?channel=logs:etl:a:b:tail=1", "channel"),
        ("/logs/history?channel=logs:etl:a:b&channel=logs:etl:a:b", "channel appears"),
        (&DATASHOP.replace("workflow_id", "id"), "workflow_id is missing"),
        (&format!("{DATASHOP}:tail=1"), "workflow_id has"),
    ] {
        let answer = gateway.get(path).await;
        assert!(answer.status == 400 && answer.error().starts_with(name), "{path}: {answer:?}");
    }
    let answer = Answer::of(client().post(format!("{}/logs/history", gateway.url))).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn a_reader_of_another_workspace_is_refused_with_and_without_upstream() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    backend.publish_numbers(CHANNEL, 1, 1);
    let paths = routes().map(|path| format!("{}{path}", backend.url));
    for url in paths.into_iter().chain([format!("{}{DATASHOP}", front.url)]) {
        for (workspace, status) in [("workspace123", 200), ("workspace124", 403), ("", 400)] {
            let answer = Answer::of(client().get(&url).header("X-Workspace-Id", workspace)).await;
            assert_eq!(answer.status, status, "{url} {workspace:?}: {answer:?}");
            assert!(status == 200 || answer.json.get("logs").is_none());
        }
    }
}

#[tokio::test]
async fn another_epoch_is_a_conflict_that_names_the_current_one() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    let current = backend.hub.epoch().to_string();
    let paths = routes().map(|path| format!("{}{path}", backend.url));
    for url in paths.into_iter().chain([format!("{}{DATASHOP}", front.url)]) {
        let answer = Answer::of(client().get(format!("{url}&epoch=zzzzzz&before=5"))).await;
        assert_eq!((answer.status, &answer.json["epoch"]), (409, &json!(current)), "{answer:?}");
        assert_eq!(answer.json["status"], 409);
        assert!(answer.error().starts_with("epoch is not the current one"));
    }
}

#[tokio::test]
async fn the_datashop_route_returns_the_page_of_upstream() {
    let backend = Server::gateway().await;
    let front = Server::forwarding_to(&backend.url).await;
    backend.publish_numbers(CHANNEL, 1, 50);
    front.publish_numbers(CHANNEL, 1, 3);
    let query = format!("&before=40&limit=10&epoch={}", backend.hub.epoch());
    let read = async |server: &Server| {
        let url = format!("{}{DATASHOP}{query}", server.url);
        client().get(url).send().await.expect("an answer").text().await.expect("a body")
    };
    assert_eq!(read(&front).await, read(&backend).await);
    assert_eq!(
        Page::get(&front, &format!("{DATASHOP}{query}")).await.seqs(),
        (30..40).collect::<Vec<_>>()
    );
    // The gateway's own routes have its own history.
    assert_eq!(Page::get(&front, &format!("/logs/history?channel={CHANNEL}")).await.newest, 3);
}

#[tokio::test]
async fn a_backend_with_the_other_path_is_found() {
    let page = r#"{"channel":"c","epoch":"abc123","oldest":1,"newest":0,"earlier":0,"logs":[]}"#;
    let backend = Server::of(|_| {
        let send = move |uri: Uri| async move {
            assert_eq!(
                uri.query(),
                Some("channel=logs%3Aetl%3Aworkspace123%3Aworkflow456&limit=256")
            );
            ([(CONTENT_TYPE, "application/json")], page)
        };
        Router::new().route("/api/logs/history", get(send))
    })
    .await;
    let front = Server::forwarding_to(&backend.url).await;
    for _ in 0..2 {
        assert_eq!(Page::get(&front, DATASHOP).await.newest, 0);
    }
}

#[tokio::test]
async fn a_backend_without_a_history_is_a_404_in_our_own_words() {
    let backend = Server::of(|_| {
        Router::new().fallback(async || (StatusCode::NOT_FOUND, Html("<b>Cannot GET</b>")))
    })
    .await;
    let front = Server::forwarding_to(&backend.url).await;
    let answer = front.get(DATASHOP).await;
    assert_eq!((answer.status, &answer.json["upstreamStatus"]), (404, &json!(404)), "{answer:?}");
    assert!(answer.error().contains("no log history: neither /logs/history"), "{answer:?}");
}

#[tokio::test]
async fn only_a_page_passes() {
    for (status, kind, body, expected) in [
        (200, "text/html", "{\"logs\":[]}", 502),
        (200, "application/json", "<script>", 502),
        (200, "application/json", "[]", 502),
        (409, "application/json", "{\"epoch\":\"<b>\"}", 502),
        (409, "text/html", "{\"epoch\":\"abc123\"}", 502),
        (409, "application/json", "{\"epoch\":\"abc123\"}", 409),
        (302, "text/html", "", 502),
        (500, "application/json", "{\"logs\":[]}", 502),
        (401, "text/html", "<b>", 401),
        (503, "text/html", "<b>", 503),
    ] {
        let status = StatusCode::from_u16(status).expect("a status");
        let send = move || async move { (status, [(CONTENT_TYPE, kind)], body) };
        let backend = Server::of(|_| Router::new().fallback(send)).await;
        let front = Server::forwarding_to(&backend.url).await;
        let answer = front.get(DATASHOP).await;
        assert_eq!(answer.status, expected, "{status} {kind} {body}: {answer:?}");
        assert!(!answer.error().contains('<'), "{answer:?}");
    }
    let endless = || async {
        let pieces =
            futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("[".repeat(65_536)));
        ([(CONTENT_TYPE, "application/json")], axum::body::Body::from_stream(pieces))
    };
    let backend = Server::of(|_| Router::new().fallback(endless)).await;
    let front = Server::forwarding_to(&backend.url).await;
    let answer = front.get(DATASHOP).await;
    assert!(answer.status == 502 && answer.error().contains("more than"), "{answer:?}");
}

#[tokio::test]
async fn a_page_and_the_stream_meet_without_a_hole_or_an_overlap() {
    let gateway = Server::gateway().await;
    gateway.publish_numbers(CHANNEL, 1, 300);
    let mut reader: Reader = gateway.read(&format!("{PROXY}&tail=20")).await;
    let start = reader.data().await["seqs"][CHANNEL]["start"].as_u64().expect("a number");
    gateway.publish_numbers(CHANNEL, 301, 310);
    let page = Page::get(&gateway, &format!("{DATASHOP}&before={}", start + 1)).await;
    assert_eq!(page.seqs().last(), Some(&start));
    assert_eq!(reader.told_next(1).await, [(start + 1).to_string()]);
}
