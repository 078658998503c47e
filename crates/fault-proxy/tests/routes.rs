//! The proxy at run time: what passes unchanged, the order of the steps, and the control routes.

mod support;

use std::io::ErrorKind;

use logs_test_support::{Afterwards, Answer, Canned, HEAD, chunked, frames, plain, until};
use serde_json::json;
use support::{Proxy, STREAM};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn other_requests_pass_unchanged_and_consume_no_step() {
    let upstream = Canned::serving(plain(b"passed"), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "hang").await;
    assert_eq!(proxy.post("/logs/stream", "a log").await.body, b"passed");
    assert_eq!(proxy.get("/no-such-file").await.body, b"passed");
    let head = format!("HEAD {STREAM} HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(Answer::read(proxy.send(head.as_bytes()).await).await.status, 200);
    assert_eq!(proxy.stats().await, (0, 0, 0));
}

#[tokio::test]
async fn a_long_body_passes_both_ways() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let echo = format!("http://{}", listener.local_addr().expect("an address"));
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let length = body.len();
    let proxy = Proxy::before(&echo, "hang").await;
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        let is_whole = |request: &[u8]| {
            let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            head.filter(|at| request.len() == at + 4 + length)
        };
        let head = loop {
            match is_whole(&request) {
                Some(head) => break head,
                None => socket.read_buf(&mut request).await.expect("bytes"),
            };
        };
        socket.write_all(&plain(&request[head + 4..])).await.expect("it reads");
    });
    assert!(proxy.post("/echo", &body).await.body == body);
    server.await.expect("no panic");
}

#[tokio::test]
async fn requests_one_exchange_per_connection_from_upstream() {
    let upstream = Canned::serving(plain(b""), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "pass").await;
    for path in [STREAM, "/page"] {
        proxy
            .send(
                format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: keep-alive\r\n\r\n")
                    .as_bytes(),
            )
            .await
            .rest()
            .await
            .1
            .expect("FIN");
        let request = upstream.requests.lock().expect("unpoisoned").pop().expect("a request");
        assert_eq!(
            request,
            format!("GET {path} HTTP/1.1\r\nConnection: close\r\nHost: test\r\n\r\n")
        );
    }
}

#[tokio::test]
async fn a_live_stream_passes_and_is_cut_on_request() {
    let upstream = Canned::serving(plain(&frames(20)), Afterwards::StayOpen).await;
    let proxy = Proxy::before(&upstream.url, "split size=1").await;
    let mut wire = proxy.open(STREAM).await;
    assert_eq!(wire.some(plain(&frames(20)).len()).await, plain(&frames(20)));
    let answer = proxy.post("/faults/cut", "").await;
    assert_eq!(answer.json(), json!({ "success": true, "cut": 1 }));
    assert!(wire.piece().await.expect("FIN").is_empty());
}

#[tokio::test]
async fn streams_take_their_steps_in_turn() {
    let upstream = Canned::serving(plain(b"data: 1\n\n"), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "status code=503; html; pass").await;
    let mut kinds = Vec::new();
    for _ in 0..4 {
        let answer = proxy.get(STREAM).await;
        kinds.push((answer.status, answer.header("content-type").expect("a type").to_owned()));
    }
    let kinds: Vec<_> = kinds.iter().map(|(status, kind)| (*status, kind.as_str())).collect();
    let (page, stream) = ((200, "text/html; charset=utf-8"), (200, "text/event-stream"));
    assert_eq!(kinds, [(503, "application/json"), page, stream, stream]);
    assert_eq!(
        proxy.post("/faults/plan", "status code=410; status code=404; loop").await.json(),
        json!({ "success": true })
    );
    for status in [410, 404, 410, 404] {
        assert_eq!(proxy.get(STREAM).await.status, status);
    }
}

#[tokio::test]
async fn rejects_a_malformed_plan_and_keeps_the_old_one() {
    let proxy = Proxy::before("http://127.0.0.1:1", "status code=410; status code=404").await;
    assert_eq!(proxy.get(STREAM).await.status, 410);
    let answer = proxy.post("/faults/plan", "pass; cut after=soon").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.error(),
        "step 2, \"cut after=soon\": after=\"soon\": expected bytes such as 1000, or a time such as 2s of at most 24h"
    );
    let answer = proxy.post("/faults/plan", "pass;".repeat(20_000)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(proxy.post("/faults/plan", vec![0xff]).await.status, 400);
    assert_eq!(proxy.get(STREAM).await.status, 404, "the old plan continues");
}

#[tokio::test]
async fn all_open_streams_are_cut_or_reset_at_once() {
    let upstream = Canned::serving(chunked(&frames(10), 100), Afterwards::StayOpen).await;
    for (route, reset) in [("/faults/cut", false), ("/faults/reset", true)] {
        let proxy = Proxy::before(&upstream.url, "pass; stall after=0; hang; delay for=1h").await;
        let mut wires = Vec::new();
        for _ in 0..4 {
            wires.push(proxy.open(STREAM).await);
        }
        until("all are open", async || proxy.stats().await == (4, 4, 0)).await;
        // The first one's bytes are on their way: a reset would be free to lose them.
        wires[0].some(HEAD.len()).await;
        let answer = proxy.post(route, "").await;
        assert_eq!(answer.json(), json!({ "success": true, "cut": 4 }));
        for mut wire in wires {
            let (_, end) = wire.rest().await;
            assert_eq!(
                end.err().map(|error| error.kind()),
                reset.then_some(ErrorKind::ConnectionReset),
                "{route}"
            );
        }
        assert_eq!(proxy.stats().await, (4, 0, 4));
        assert_eq!(proxy.post(route, "").await.json()["cut"], 0);
    }
}

#[tokio::test]
async fn control_routes_name_what_they_expect() {
    let proxy = Proxy::before("http://127.0.0.1:1", "pass").await;
    let answer = proxy.get("/faults/plan").await;
    assert_eq!((answer.status, &*answer.error()), (405, "expected POST"));
    let answer = proxy.post("/faults/stats", "").await;
    assert_eq!((answer.status, &*answer.error()), (405, "expected GET"));
    assert_eq!(proxy.get("/faults/other").await.status, 404);
    assert_eq!(
        proxy.get("/faults/stats").await.json(),
        json!({ "streams": 0, "open": 0, "cut": 0 })
    );
    let (got, _) = proxy.send(b"POST /faults/plan HTTP/1.1\r\n\r\n").await.rest().await;
    assert!(got.starts_with(b"HTTP/1.1 411 "), "{}", String::from_utf8_lossy(&got));
    let (got, _) = proxy
        .send(format!("GET /{} HTTP/1.1\r\n", "a".repeat(100_000)).as_bytes())
        .await
        .rest()
        .await;
    assert!(got.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&got));
}

#[tokio::test]
async fn names_an_upstream_that_is_down() {
    let gone = Canned::serving(Vec::new(), Afterwards::Close).await.url.clone();
    let address = gone.trim_start_matches("http://");
    until("it is gone", async || TcpStream::connect(address).await.is_err()).await;
    let proxy = Proxy::before(&gone, "pass").await;
    for path in [STREAM, "/page"] {
        let answer = proxy.get(path).await;
        assert_eq!(answer.status, 502);
        assert!(
            answer.error().contains(address) && answer.error().contains("refused"),
            "{answer:?}"
        );
    }
}
