//! The faults proxy while it runs: what passes untouched, whose turn it is, its control routes, its
//! command.

#[path = "support/faults.rs"]
mod faults_support;
mod support;

use std::io::{BufRead, BufReader, ErrorKind};
use std::process::{Command, Stdio};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use faults_support::{Afterwards, Canned, HEAD, Proxy, STREAM, chunked, frames, plain};
use serde_json::json;
use support::{PATIENCE, PROXY, Server, until};

#[tokio::test]
async fn other_requests_pass_untouched_and_take_no_step() {
    let gateway = Server::gateway().await;
    let proxy = Proxy::before(&gateway.url, "hang").await;
    assert_eq!(proxy.server.publish("through faults").await, 0);
    assert_eq!(proxy.server.get("/no-such-file").await.status, 404);
    let head = reqwest::Client::new()
        .head(format!("{}{STREAM}", proxy.server.url))
        .timeout(PATIENCE)
        .send()
        .await;
    head.expect("HEAD is no stream");
    assert_eq!(proxy.stats().await, (0, 0, 0));
}

#[tokio::test]
async fn a_long_body_passes_both_ways() {
    let echo = Server::of(|_| {
        Router::new()
            .route("/echo", post(|body: Bytes| async { body }))
            .layer(axum::extract::DefaultBodyLimit::disable())
    })
    .await;
    let proxy = Proxy::before(&echo.url, "hang").await;
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let answer = reqwest::Client::new()
        .post(format!("{}/echo", proxy.server.url))
        .body(body.clone())
        .send()
        .await
        .expect("an answer");
    assert!(answer.bytes().await.expect("a body") == body);
}

#[tokio::test]
async fn upstream_is_asked_for_one_exchange_per_connection() {
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
    let gateway = Server::gateway().await;
    let proxy = Proxy::before(&gateway.url, "split size=1").await;
    let mut reader = proxy.server.read(PROXY).await;
    reader.data().await;
    assert_eq!(gateway.publish("in ever so many pieces: aé–𝄞").await, 1);
    assert_eq!(reader.data().await["data"]["message"], "in ever so many pieces: aé–𝄞");
    assert_eq!(
        proxy.server.post("/faults/cut", "", "").await.json,
        json!({ "success": true, "cut": 1 })
    );
    assert_eq!(reader.frame().await, None);
}

#[tokio::test]
async fn streams_take_their_steps_in_turn() {
    let upstream = Canned::serving(plain(b"data: 1\n\n"), Afterwards::Close).await;
    let proxy = Proxy::before(&upstream.url, "status code=503; html; pass").await;
    let mut kinds = Vec::new();
    for _ in 0..4 {
        let reader = proxy.server.read(STREAM).await;
        kinds.push((
            reader.status,
            reader.headers["content-type"].to_str().expect("text").to_owned(),
        ));
    }
    let kinds: Vec<_> = kinds.iter().map(|(status, kind)| (*status, kind.as_str())).collect();
    let (page, stream) = ((200, "text/html; charset=utf-8"), (200, "text/event-stream"));
    assert_eq!(kinds, [(503, "application/json"), page, stream, stream]);
    assert_eq!(
        proxy.server.post("/faults/plan", "", "status code=410; status code=404; loop").await.json,
        json!({ "success": true })
    );
    for status in [410, 404, 410, 404] {
        assert_eq!(proxy.server.get(STREAM).await.status, status);
    }
}

#[tokio::test]
async fn a_plan_that_is_none_is_told_and_the_old_one_holds() {
    let proxy = Proxy::before("http://127.0.0.1:1", "status code=410; status code=404").await;
    assert_eq!(proxy.server.get(STREAM).await.status, 410);
    let answer = proxy.server.post("/faults/plan", "", "pass; cut after=soon").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.error(),
        "step 2, \"cut after=soon\": after=\"soon\": expected bytes such as 1000, or a time such as 2s of at most 24h"
    );
    let answer = proxy.server.post("/faults/plan", "", "pass;".repeat(20_000)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(proxy.server.post("/faults/plan", "", vec![0xff]).await.status, 400);
    assert_eq!(proxy.server.get(STREAM).await.status, 404, "its counting goes on");
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
        let answer = proxy.server.post(route, "", "").await;
        assert_eq!(answer.json, json!({ "success": true, "cut": 4 }));
        for mut wire in wires {
            let (_, end) = wire.rest().await;
            assert_eq!(
                end.err().map(|error| error.kind()),
                reset.then_some(ErrorKind::ConnectionReset),
                "{route}"
            );
        }
        assert_eq!(proxy.stats().await, (4, 0, 4));
        assert_eq!(proxy.server.post(route, "", "").await.json["cut"], 0);
    }
}

#[tokio::test]
async fn its_own_routes_say_what_they_expect() {
    let proxy = Proxy::before("http://127.0.0.1:1", "pass").await;
    let answer = proxy.server.get("/faults/plan").await;
    assert_eq!((answer.status, answer.error()), (405, "expected POST"));
    let answer = proxy.server.post("/faults/stats", "", "").await;
    assert_eq!((answer.status, answer.error()), (405, "expected GET"));
    assert_eq!(proxy.server.get("/faults/other").await.status, 404);
    assert_eq!(
        proxy.server.get("/faults/stats").await.json,
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
async fn an_upstream_that_is_down_is_named() {
    let gone = Canned::serving(Vec::new(), Afterwards::Close).await.url.clone();
    until("it is gone", async || reqwest::get(&gone).await.is_err_and(|error| error.is_connect()))
        .await;
    let proxy = Proxy::before(&gone, "pass").await;
    for path in [STREAM, "/page"] {
        let answer = proxy.server.get(path).await;
        assert_eq!(answer.status, 502);
        assert!(
            answer.error().contains(gone.trim_start_matches("http://"))
                && answer.error().contains("refused"),
            "{answer:?}"
        );
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
    command.arg("faults").args(arguments).env_remove("RUST_LOG");
    command
}

#[test]
fn the_command_says_what_is_wrong_and_the_help_has_the_language() {
    let to = ["--to", "http://127.0.0.1:1"];
    for (arguments, expected) in [
        (&["--listen", "0.0.0.0:0"][..], "seen by other machines"),
        (&["--listen", "8080"], "expected one such as 127.0.0.1:8081"),
        (&["--plan", "pass; cutt"], "step 2, \"cutt\": \"cutt\" is not one of pass"),
        (&["--plan", "@no-such.plan"], "no-such.plan: "),
        (&["--to", "https://host"], "expected http://HOST:PORT"),
    ] {
        let arguments =
            if arguments[0] == "--to" { arguments.to_vec() } else { [&to, arguments].concat() };
        let output = program(&arguments).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    let help = program(&["--help"]).output().expect("it starts");
    assert!(
        String::from_utf8_lossy(&help.stdout).contains(logs_gateway::faults::LANGUAGE.trim_end()),
        "{help:?}"
    );
}

#[tokio::test]
async fn the_command_takes_a_plan_from_a_file_and_ends_at_once_with_open_streams() {
    let plan = std::env::temp_dir().join(format!("faults-{}.plan", std::process::id()));
    std::fs::write(&plan, "status code=410;\nhang;\n").expect("a file");
    for signal in ["-INT", "-TERM"] {
        let at_file = format!("@{}", plan.display());
        let arguments =
            ["--listen", "127.0.0.1:0", "--to", "http://127.0.0.1:1", "--plan", &at_file];
        let mut child = program(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line
            .trim()
            .strip_prefix("logs-gateway listening on ")
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        assert_eq!(reqwest::get(format!("{url}{STREAM}")).await.expect("an answer").status(), 410);
        let hanging = tokio::spawn(reqwest::get(format!("{url}{STREAM}")));
        until("it hangs", async || {
            reqwest::get(format!("{url}/faults/stats"))
                .await
                .expect("stats")
                .text()
                .await
                .expect("text")
                .contains("\"open\":1")
        })
        .await;
        let start = Instant::now();
        assert!(
            Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status()
                .expect("kill is there")
                .success()
        );
        assert!(
            tokio::task::spawn_blocking(move || child.wait())
                .await
                .expect("joined")
                .expect("a child")
                .success()
        );
        assert!(start.elapsed().as_secs() < 2, "it took {:?}", start.elapsed());
        assert!(hanging.await.expect("joined").is_err());
    }
    let _ = std::fs::remove_file(plan);
}
