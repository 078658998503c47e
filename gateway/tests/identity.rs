//! The reader named by the headers of the proxy in front: the same on each route of the stream, and
//! never guessed.

mod support;

use axum::http::{HeaderName, HeaderValue};
use logs_gateway::http::upstream::Upstream;
use logs_gateway::reader::timing::StreamTiming;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::time::Duration;
use support::{Answer, CHANNEL, PROXY, Reader, Server, Setup, client, tls};

const OWN: &str = "/logs/stream?channels=logs:etl:workspace123:workflow456";
const API: &str = "/api/logs/stream?channels=logs:etl:workspace123:workflow456";

/// A GET with these headers, with any bytes and repeats.
fn get(url: &str, headers: &[(&str, &[u8])]) -> reqwest::RequestBuilder {
    headers.iter().fold(client().get(url), |request, (name, value)| {
        request.header(
            name.parse::<HeaderName>().expect("a name"),
            HeaderValue::from_bytes(value).expect("a value"),
        )
    })
}

async fn greeting(url: &str, headers: &[(&str, &[u8])]) -> Value {
    Reader::open(get(url, headers)).await.data().await
}

/// A backend, a gateway that forwards to it, and the addresses of all routes of the stream of both.
async fn all_routes(timing: StreamTiming) -> ([Server; 2], Vec<String>) {
    let backend = Server::tuned(Default::default(), timing).await;
    tls();
    let upstream = Some(Upstream::new(&backend.url).expect("a URL"));
    let front = Server::made(Setup { timing, upstream, ..Setup::default() }).await;
    let urls = vec![
        format!("{}{OWN}", backend.url),
        format!("{}{API}", backend.url),
        format!("{}{PROXY}", backend.url),
        format!("{}{PROXY}", front.url),
    ];
    ([backend, front], urls)
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_refused_on_every_route() {
    let (_servers, urls) = all_routes(StreamTiming::default()).await;
    let long = vec![b'a'; 257];
    for url in &urls {
        for name in ["X-Workspace-Id", "X-User-Id"] {
            let values: [&[u8]; 8] = [
                b"caf\xe9",
                b"\xff",
                b"",
                b" ",
                b"a,workspace123",
                b"work\tspace",
                "a\u{202e}b".as_bytes(),
                &long,
            ];
            let once = values.map(|value| vec![(name, value)]);
            let twice = [
                vec![(name, &b"workspace123"[..]), (name, b"other")],
                vec![(name, b"workspace123"), (name, b"workspace123")],
            ];
            for headers in once.iter().chain(&twice) {
                let answer = Answer::of(get(url, headers)).await;
                assert!(
                    answer.status == 400 && answer.error().starts_with(name),
                    "{url} {headers:?}: {answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn another_workspace_is_refused_on_every_route_and_its_own_is_granted() {
    let (_servers, urls) = all_routes(StreamTiming::default()).await;
    for url in &urls {
        for other in ["other", "Workspace123", "workspace12", "café", "workspace123%20", "*"] {
            let headers = [("X-Workspace-Id", other.as_bytes())];
            if other == "*" {
                assert_eq!(Answer::of(get(url, &headers)).await.status, 400, "{url}");
            } else {
                let greeting = greeting(url, &headers).await;
                assert_eq!(
                    (&greeting["channels"], &greeting["refused"]),
                    (&json!([]), &json!([CHANNEL])),
                    "{url} {other}"
                );
            }
        }
        assert_eq!(
            greeting(url, &[("x-workspace-id", b"workspace123")]).await["channels"],
            json!([CHANNEL]),
            "{url}"
        );
    }
}

#[tokio::test]
async fn upstream_is_not_asked_for_another_workspace() {
    // No server listens there: a request to upstream would be a 502.
    let front = Server::forwarding_to("http://127.0.0.1:9").await;
    assert_eq!(
        greeting(&format!("{}{PROXY}", front.url), &[("X-Workspace-Id", b"other")]).await["channels"],
        json!([])
    );
}

#[tokio::test]
async fn a_workspace_of_letters_beyond_ascii_passes_through_two_gateways() {
    let (servers, _) = all_routes(StreamTiming::default()).await;
    let path = "/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=caf%C3%A9&workflow_id=w";
    for headers in [&[("X-Workspace-Id", "café".as_bytes())][..], &[]] {
        assert_eq!(
            greeting(&format!("{}{path}", servers[1].url), headers).await["channels"],
            json!(["logs:etl:café:w"])
        );
    }
}

#[tokio::test]
async fn the_user_is_the_one_the_proxy_names_on_every_route() {
    let (_servers, urls) = all_routes(StreamTiming::default()).await;
    for url in &urls {
        assert_eq!(
            greeting(url, &[("X-User-Id", "jané@example.com".as_bytes())]).await["userId"],
            "jané@example.com",
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_demo_names_its_readers_on_the_datashop_route() {
    let demo = Server::gateway().await;
    tls();
    let upstream = Some(Upstream::new(&demo.url).expect("a URL"));
    let front = Server::made(Setup { upstream, ..Setup::default() }).await;
    for (server, path, user) in
        [(&demo, PROXY, "demo-user"), (&demo, OWN, "anonymous"), (&front, PROXY, "demo-user")]
    {
        assert_eq!(server.read(path).await.data().await["userId"], user, "{path}");
    }
}

#[tokio::test]
async fn rejects_a_repeated_id() {
    let (servers, _) = all_routes(StreamTiming::default()).await;
    for server in &servers {
        for twice in [
            "workspace_id=other",
            "workspace%5Fid=workspace123",
            "workflow_id=w",
            "service=etl&service=faas",
        ] {
            let answer = server.get(&format!("{PROXY}&{twice}")).await;
            assert!(
                answer.status == 400 && answer.error().contains("more than once"),
                "{twice}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_refused_and_a_missing_one_is_wrong() {
    let gateway = Server::gateway().await;
    let log = json!({ "service": "etl", "workspace_id": "w", "workflow_id": "f", "logData": {} })
        .to_string();
    let post = async |path: &str, tokens: &[&[u8]]| {
        let request = client().post(format!("{}{path}", gateway.url)).body(log.clone());
        let token = |token: &&[u8]| HeaderValue::from_bytes(token).expect("a value");
        Answer::of(
            tokens
                .iter()
                .map(token)
                .fold(request, |request, token| request.header("X-Service-Token", token)),
        )
        .await
    };
    let long = vec![b'a'; 257];
    for path in ["/logs/stream", "/api/logs/stream", "/api/logs/publish", "/admin/logs/stop"] {
        let tokens: [&[&[u8]]; 6] = [
            &[b""],
            &[b"caf\xe9"],
            &["café".as_bytes()],
            &[b"l5-etl-token", b"l5-etl-token"],
            &[b"l5-etl-token", b"a"],
            &[&long],
        ];
        for tokens in tokens {
            let answer = post(path, tokens).await;
            assert!(
                answer.status == 400 && answer.error().starts_with("X-Service-Token"),
                "{path} {tokens:?}: {answer:?}"
            );
        }
        assert_eq!(post(path, &[]).await.status, 403, "{path}");
        assert_eq!(post(path, &[b"wrong"]).await.status, 403, "{path}");
    }
}

/// Values that an attacker may try, including the right one.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let near = prop_oneof![
        "workspace123",
        "other",
        "(workspace123|other|,| |\u{a0}|%20){1,3}",
        "[wW]orkspace12[34]?",
        "workspace123[é\u{200b}]"
    ];
    let any = prop::collection::vec(prop_oneof![32_u8..127, 128_u8..=255], 0..12);
    prop_oneof![4 => near.prop_map(String::into_bytes), 1 => any]
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    (
        prop::sample::select(vec![
            "X-Workspace-Id",
            "x-workspace-id",
            "X-WORKSPACE-ID",
            "X-User-Id",
            "X-Workspace",
        ]),
        value(),
    )
}

/// Whether a stream with these headers may read workspace123.
fn may_read(headers: &[(&str, Vec<u8>)]) -> bool {
    let named: Vec<_> =
        headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("X-Workspace-Id")).collect();
    match named[..] {
        [] => true,
        [(_, value)] => value.trim_ascii() == b"workspace123",
        [..] => false,
    }
}

#[test]
fn no_headers_of_another_workspace_deliver_a_byte_on_any_route() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let timing = StreamTiming { heartbeat: Duration::from_millis(5), ..StreamTiming::default() };
    let (servers, urls) = runtime.block_on(all_routes(timing));
    servers[0].publish_numbers(CHANNEL, 4711, 4711);
    let cursor = servers[0].cursor("0");
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let found = runner.run(&prop::collection::vec(header(), 0..4), |headers| {
        for url in &urls {
            let request: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, &value[..]))
                .chain([("Last-Event-ID", cursor.as_bytes())])
                .collect();
            let text = runtime.block_on(async {
                let mut reader = Reader::open(get(url, &request)).await;
                let mut text = String::new();
                while let Some(frame) = reader.frame().await {
                    if frame.event == "heartbeat" {
                        break;
                    }
                    text.push_str(&frame.data);
                }
                text
            });
            prop_assert!(!text.contains("4711") || may_read(&headers), "{url}: {text}");
        }
        Ok(())
    });
    found.unwrap_or_else(|failure| panic!("{failure}"));
    // The same search succeeds where reading is allowed, so the test above can fail.
    let allowed = runtime.block_on(async {
        let mut reader = Reader::open(get(
            &urls[3],
            &[("X-Workspace-Id", b"workspace123"), ("Last-Event-ID", cursor.as_bytes())],
        ))
        .await;
        (reader.data().await, reader.data().await).1
    });
    assert_eq!(allowed["data"], 4711);
}
