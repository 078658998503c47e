//! Responses of a backend to the proxy route: only a readable stream passes, and nothing hangs.

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::routing::get;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use logs_gateway::http::upstream::{Deadlines, Options, Upstream};
use logs_gateway::reader::timing::StreamTiming;
use logs_test_support::{Afterwards, Canned};
use support::{Answer, PATIENCE, PROXY, Reader, Server, Setup, client, tls};

/// A gateway before `url`, with short deadlines.
async fn before(url: &str, timing: StreamTiming, deadlines: Deadlines) -> Server {
    tls();
    let upstream =
        Upstream::with(url.parse().expect("a URL"), Options { deadlines, ..Options::default() })
            .expect("an upstream");
    Server::made(Setup { timing, upstream: Some(upstream), ..Setup::default() }).await
}

/// An upstream that sends `text` and then nothing.
async fn silent_after(text: &'static str) -> Server {
    let send = move || async move {
        let body = stream::iter([Ok::<_, Infallible>(text)])
            .filter(|text| std::future::ready(text != &Ok("")))
            .chain(stream::pending());
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body))
    };
    Server::of(|_| Router::new().route("/logs/stream", get(send))).await
}

/// The response of the proxy route when upstream sends these bytes.
async fn through(answer: &str) -> (Answer, HeaderMap) {
    let upstream =
        Canned::serving(answer.replace('\n', "\r\n").into_bytes(), Afterwards::Close).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    let response = client()
        .get(format!("{}{PROXY}", gateway.url))
        .timeout(PATIENCE)
        .send()
        .await
        .expect("an answer");
    let headers = response.headers().clone();
    (
        Answer {
            status: response.status().as_u16(),
            json: serde_json::from_slice(&response.bytes().await.expect("a body"))
                .unwrap_or_default(),
        },
        headers,
    )
}

#[tokio::test]
async fn anything_but_a_stream_is_a_502_of_our_own() {
    for (head, expected) in [
        ("200 OK\nContent-Type: text/html", "text/html"),
        ("200 OK", "Content-Type \"\""),
        ("200 OK\nContent-Type: text/event-streamhtml", "text/event-streamhtml"),
        ("200 OK\nContent-Type: text/event-stream\nContent-Type: text/html", "text/html"),
        ("201 Created\nContent-Type: text/event-stream", "201"),
        ("204 No Content", "204"),
        ("302 Found\nLocation: https://evil.example/", "302"),
        ("302 Found", "302"),
        ("307 Temporary Redirect\nLocation: /logs/stream", "307"),
        ("400 Bad Request\nContent-Type: text/html", "400"),
        ("407 Proxy Authentication Required\nProxy-Authenticate: Basic", "407"),
        ("410 Gone", "410"),
        ("500 Internal Server Error", "500"),
        ("999 What", "999"),
    ] {
        let (answer, headers) = through(&format!(
            "HTTP/1.1 {head}\nX-Upstream: 1\nSet-Cookie: a=b\n\n<script>alert(1)</script>"
        ))
        .await;
        assert!(answer.status == 502 && answer.error().contains(expected), "{head}: {answer:?}");
        let status: u64 = head[..3].parse().expect("a status");
        assert_eq!(answer.json["upstreamStatus"], status);
        assert!(
            headers["content-type"] == "application/json"
                && headers["x-content-type-options"] == "nosniff",
            "{head}: {headers:?}"
        );
        for name in ["set-cookie", "location", "x-upstream", "proxy-authenticate"] {
            assert!(!headers.contains_key(name), "{head}: {name}");
        }
    }
    let (answer, _) =
        through("HTTP/1.1 101 Switching Protocols\nUpgrade: x\nConnection: upgrade\n\n").await;
    assert_eq!(answer.status, 502, "{answer:?}");
}

#[tokio::test]
async fn keeps_statuses_that_decide_how_a_page_reacts() {
    for (status, wait, expected) in [
        ("401 Unauthorized", "", None),
        ("403 Forbidden", "", None),
        ("404 Not Found", "", None),
        ("429 Too Many Requests", "\nRetry-After: 999999999", Some("600")),
        ("503 Service Unavailable", "\nRetry-After: 7", Some("7")),
        ("503 Service Unavailable", "\nRetry-After: soon", None),
        ("503 Service Unavailable", "", None),
    ] {
        let head = format!(
            "HTTP/1.1 {status}{wait}\nContent-Type: text/html\nSet-Cookie: a=b\n\n<script>"
        );
        let (answer, headers) = through(&head).await;
        let number: u16 = status[..3].parse().expect("a status");
        assert_eq!(
            (answer.status, &answer.json["upstreamStatus"]),
            (number, &number.into()),
            "{head}"
        );
        assert!(answer.error().starts_with("the backend "), "{answer:?}");
        assert_eq!(
            headers.get("retry-after").and_then(|value| value.to_str().ok()),
            expected,
            "{head}"
        );
        assert!(
            headers["x-content-type-options"] == "nosniff" && !headers.contains_key("set-cookie"),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn an_encoded_stream_is_refused_by_the_name_of_its_encoding() {
    for encodings in [
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Content-Encoding: identity\nContent-Encoding: gzip",
    ] {
        let (answer, _) = through(&format!(
            "HTTP/1.1 200 OK\nContent-Type: text/event-stream\n{encodings}\n\n\x1f"
        ))
        .await;
        let name = encodings.rsplit(' ').next().expect("a name");
        assert!(answer.status == 502 && answer.error().contains(name), "{answer:?}");
    }
}

#[tokio::test]
async fn a_stream_passes_as_utf_8_and_is_asked_for_unencoded() {
    let stream = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream ; charset=ISO-8859-1\r\nContent-Encoding: Identity\r\n\r\ndata: café\n\n";
    let upstream = Canned::serving(stream.into(), Afterwards::StayOpen).await;
    let gateway = Server::forwarding_to(&upstream.url).await;
    let mut reader = gateway.read(PROXY).await;
    assert_eq!(
        (reader.status, &reader.headers["content-type"]),
        (200, &HeaderValue::from_static("text/event-stream"))
    );
    assert_eq!(reader.frame().await.map(|frame| frame.data), Some("café".into()));
    let request = upstream.requests.lock().expect("unpoisoned")[0].to_ascii_lowercase();
    assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
}

#[tokio::test]
async fn tries_the_other_path_once_and_remembers_it() {
    for path in ["/logs/stream", "/api/logs/stream"] {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (seen, missed) = (Arc::clone(&asked), Arc::clone(&asked));
        let note = |list: &Mutex<Vec<String>>, uri: &Uri| {
            list.lock().expect("unpoisoned").push(uri.path().to_owned());
        };
        let send = move |uri: Uri| async move {
            note(&seen, &uri);
            ([(CONTENT_TYPE, "text/event-stream")], "data: found\n\n")
        };
        let miss = move |uri: Uri| async move {
            note(&missed, &uri);
            axum::http::StatusCode::NOT_FOUND
        };
        let upstream = Server::of(|_| Router::new().route(path, get(send)).fallback(miss)).await;
        let gateway = Server::forwarding_to(&upstream.url).await;
        for _ in 0..2 {
            assert_eq!(
                gateway.read(PROXY).await.frame().await.map(|frame| frame.data),
                Some("found".into()),
                "{path}"
            );
        }
        let asked = asked.lock().expect("unpoisoned").clone();
        let expected: &[&str] =
            if path == "/logs/stream" { &[path, path] } else { &["/logs/stream", path, path] };
        assert_eq!(asked, expected);
    }
}

#[tokio::test]
async fn a_404_names_both_paths() {
    let upstream = Server::of(|_| Router::new()).await;
    let answer = Server::forwarding_to(&upstream.url).await.get(PROXY).await;
    assert_eq!(answer.status, 404);
    assert!(
        answer.error().contains("/logs/stream") && answer.error().contains("/api/logs/stream"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn abandons_an_upstream_that_does_not_respond() {
    for sent in ["", "HTTP/1.1 200 OK\r\nContent-Type: te"] {
        let upstream = Canned::serving(sent.into(), Afterwards::StayOpen).await;
        let gateway = before(
            &upstream.url,
            StreamTiming::default(),
            Deadlines { head: Duration::from_millis(100), ..Deadlines::default() },
        )
        .await;
        let answer = gateway.get(PROXY).await;
        assert!(
            answer.status == 504 && answer.error().contains("did not answer within"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn shutting_down_refuses_readers_that_wait_for_upstream() {
    let upstream = Canned::serving(Vec::new(), Afterwards::StayOpen).await;
    let gateway = before(
        &upstream.url,
        StreamTiming::default(),
        Deadlines { head: Duration::from_secs(3600), ..Deadlines::default() },
    )
    .await;
    let request = client().get(format!("{}{PROXY}", gateway.url));
    let answer = tokio::spawn(async { Answer::of(request).await });
    support::until("upstream is asked", async || {
        !upstream.requests.lock().expect("unpoisoned").is_empty()
    })
    .await;
    gateway.shutdown.cancel();
    assert_eq!(answer.await.expect("it ends").status, 503);
}

/// The body of the proxy route when upstream sends `text` and then nothing, until the deadline.
async fn bridged(text: &'static str) -> String {
    let upstream = silent_after(text).await;
    let timing = StreamTiming { ping: Duration::from_millis(20), ..StreamTiming::default() };
    let gateway = before(
        &upstream.url,
        timing,
        Deadlines { idle: Duration::from_secs(2), ..Deadlines::default() },
    )
    .await;
    let body = whole(&gateway).await;
    body.strip_prefix(text)
        .unwrap_or_else(|| panic!("{body:?} does not begin with {text:?}"))
        .to_owned()
}

#[tokio::test]
async fn pings_bridge_a_silent_upstream_until_the_deadline() {
    for pings in join_all(["", "data: a\n\n", "data: a\r\n\r\n"].map(bridged)).await {
        assert!(!pings.is_empty() && pings.replace(":ping\n\n", "").is_empty(), "{pings:?}");
    }
}

#[tokio::test]
async fn a_ping_never_splits_a_line_or_ends_an_event() {
    for within in join_all(["data: ha", "data: ha\r"].map(bridged)).await {
        assert_eq!(within, "");
    }
    for between in join_all(["data: half\n", "id: 1\r\n"].map(bridged)).await {
        assert!(!between.is_empty() && between.replace(":ping\n", "").is_empty(), "{between:?}");
    }
}

#[tokio::test]
async fn a_stream_of_upstream_rotates_and_says_goodbye_between_events_of_any_line_end() {
    for (text, told) in
        [("data: \"a\"\r\n\r\n", true), ("data: \"a\"\r\r", true), ("data: \"a\"\n", false)]
    {
        let upstream = silent_after(text).await;
        let timing =
            StreamTiming { rotate: Some(Duration::from_millis(100)), ..StreamTiming::default() };
        let gateway = before(
            &upstream.url,
            timing,
            Deadlines { idle: Duration::from_millis(600), ..Deadlines::default() },
        )
        .await;
        let body = whole(&gateway).await;
        assert_eq!(body.contains("event: bye") && body.contains("rotation"), told, "{body:?}");
    }
}

/// The whole body of the proxy route.
async fn whole(gateway: &Server) -> String {
    let reader = Reader::open(client().get(format!("{}{PROXY}", gateway.url))).await;
    assert_eq!(reader.status, 200);
    reader.rest().await
}
