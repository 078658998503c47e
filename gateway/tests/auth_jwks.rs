//! Keys at a URL: when they are read again, and what happens while they cannot be.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
#[path = "support/production.rs"]
mod production;
mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use jwt::{Issuer, RULES, SECRET, set};
use production::{Production, open, routes, status};
use support::{Server, until};

fn with(gateway: &Production, path: &str, token: &str) -> reqwest::RequestBuilder {
    gateway.get(path).bearer_auth(token)
}

fn first_route() -> String {
    routes("a")[0].0.clone()
}

/// A server with a JWK set that can be changed, and taken down.
async fn key_server(keys: &str) -> (Server, Arc<Mutex<Option<String>>>) {
    let served = Arc::new(Mutex::new(Some(keys.to_owned())));
    let state = Arc::clone(&served);
    let respond = move || async move {
        let keys = state.lock().expect("unpoisoned").clone();
        keys.ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    };
    (Server::of(|_| Router::new().route("/keys", get(respond))).await, served)
}

async fn fetching(server: &Server, flags: &[&str]) -> Production {
    let url = format!("{}/keys", server.url);
    let flags: Vec<String> =
        ["--auth-jwks", &url].iter().chain(&RULES).chain(flags).map(ToString::to_string).collect();
    let start = move || {
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        Production::start(&flags)
    };
    tokio::task::spawn_blocking(start).await.expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_works_without_a_restart_and_an_old_one_ends_its_streams() {
    let (old, new) = (Issuer::ed("old"), Issuer::ed("new"));
    let (server, keys) = key_server(&set(&[&old])).await;
    let gateway = fetching(&server, &["--auth-jwks-refresh", "1s"]).await;
    let path = first_route();
    let (mut reader, _) = open(with(&gateway, &path, &old.token(&["a"], 600))).await;
    assert_eq!(status(with(&gateway, &path, &new.token(&["a"], 600))).await, 401);
    *keys.lock().expect("unpoisoned") = Some(set(&[&old, &new]));
    until("the new key works", async || {
        status(with(&gateway, &path, &new.token(&["a"], 600))).await == 200
    })
    .await;
    assert_eq!(status(with(&gateway, &path, &old.token(&["a"], 600))).await, 200);
    let (mut kept, _) = open(with(&gateway, &path, &new.token(&["a"], 600))).await;
    *keys.lock().expect("unpoisoned") = Some(set(&[&new]));
    while let Some((event, _)) = reader.event().await {
        assert!(event == "heartbeat" || event == "bye expired", "{event}");
    }
    assert_eq!(status(with(&gateway, &path, &old.token(&["a"], 600))).await, 401);
    gateway.publish("a", "still open").await;
    assert_eq!(kept.data().await["data"]["message"], "still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_read_refuse_a_start_and_expire_later() {
    let ed = Issuer::ed("d");
    let (server, keys) = key_server(&set(&[&ed])).await;
    let gateway =
        fetching(&server, &["--auth-jwks-refresh", "1s", "--auth-jwks-max-age", "7s"]).await;
    let path = first_route();
    *keys.lock().expect("unpoisoned") = None;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(status(with(&gateway, &path, &ed.token(&["a"], 60))).await, 200, "the last keys");
    until("the keys are too old", async || {
        status(with(&gateway, &path, &ed.token(&["a"], 60))).await == 503
    })
    .await;
    let response = with(&gateway, &path, &ed.token(&["a"], 60)).send().await.expect("an answer");
    assert!(response.headers().contains_key("retry-after"));
    *keys.lock().expect("unpoisoned") = Some(set(&[&ed]));
    until("the keys are read again", async || {
        status(with(&gateway, &path, &ed.token(&["a"], 60))).await == 200
    })
    .await;
    for (body, expected) in [
        (None, "status 500"),
        (Some("[]".into()), "not a JWK set"),
        (Some("x".repeat(300_000)), "more than"),
    ] {
        *keys.lock().expect("unpoisoned") = body;
        let url = format!("{}/keys", server.url);
        let refused = move || Production::refused(&[&["--auth-jwks", &url], &RULES[..]].concat());
        let (code, text) = tokio::task::spawn_blocking(refused).await.expect("it ends");
        assert!(code == Some(1) && text.contains(expected), "{text}");
        assert!(text.contains("--auth-jwks http://"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_with_unknown_keys_wait_for_one_reading_of_the_keys_at_most() {
    let ed = Issuer::ed("d");
    let keys = set(&[&ed]);
    let readings = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&readings);
    let respond = move || async move {
        let number = {
            let mut readings = counted.lock().expect("unpoisoned");
            *readings += 1;
            *readings
        };
        if number > 1 {
            std::future::pending::<()>().await;
        }
        keys
    };
    let server = Server::of(|_| Router::new().route("/keys", get(respond))).await;
    let gateway = fetching(&server, &[]).await;
    let path = first_route();
    let secret = Issuer::secret(SECRET);
    assert_eq!(status(with(&gateway, &path, &secret.token(&["a"], 60))).await, 401);
    assert_eq!(*readings.lock().expect("unpoisoned"), 1, "no key of a set is a secret");
    let strangers = (0..4).map(|number| {
        let token = Issuer::ed(&format!("stranger{number}")).token(&["a"], 60);
        status(with(&gateway, &path, &token))
    });
    assert_eq!(futures_util::future::join_all(strangers).await, [401; 4]);
    assert_eq!(*readings.lock().expect("unpoisoned"), 2);
    assert_eq!(status(with(&gateway, &path, &ed.token(&["a"], 60))).await, 200);
}
