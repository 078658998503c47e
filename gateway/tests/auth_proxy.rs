//! Readers whom a proxy in front names: where its headers count, and for how long.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
#[path = "support/production.rs"]
mod production;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use jwt::{Issuer, RULES, SECRET};
use production::{Production, open, routes, status};
use support::until;
use temporary::File;

const PROXY: [&str; 2] = ["--trusted-proxy", "127.0.0.1"];
const PROXY_SECRET: &str = "the-proxy-knows-this-secret-0123";

fn named(gateway: &Production, path: &str) -> reqwest::RequestBuilder {
    gateway.get(path).header("X-User-Id", "boss").header("X-Workspace-Id", "a")
}

#[tokio::test]
async fn a_proxy_that_forwards_tokens_names_no_reader_unless_that_is_switched_on() {
    let secret = File::new("proxy-names-secret", SECRET);
    let token = Issuer::secret(SECRET).token(&["a"], 600);
    let tokens = [&["--auth-jwt-secret-file", secret.path()], &RULES[..], &PROXY].concat();
    let asking = [&["--auth-forward-url", "http://127.0.0.1:9/session"][..], &PROXY].concat();
    for (flags, valid) in [(&tokens, 200), (&asking, 503)] {
        let gateway = Production::start(flags);
        for (path, _) in routes("a") {
            assert_eq!(status(named(&gateway, &path)).await, 401, "{flags:?} {path}");
            let both = named(&gateway, &path).bearer_auth(&token);
            assert_eq!(status(both).await, 401, "{flags:?} {path}");
            let one = gateway.get(&path).header("X-Workspace-Id", "a");
            assert_eq!(status(one.bearer_auth(&token)).await, 401, "{flags:?} {path}");
            let token = gateway.get(&path).bearer_auth(&token);
            assert_eq!(status(token).await, valid, "{flags:?} {path}");
        }
        let switched = [&flags[..], &["--trusted-proxy-names-readers"]].concat();
        let switched = Production::start(&switched);
        let path = &routes("a")[5].0;
        assert_eq!(status(named(&switched, path)).await, 200, "{flags:?}");
    }
}

#[tokio::test]
async fn a_stream_comes_back_through_the_proxy_after_a_while_and_misses_no_log() {
    let gateway = Production::start(&[&PROXY[..], &["--trusted-proxy-session", "3s"]].concat());
    let path = &routes("a")[0].0;
    gateway.publish("a", "before").await;
    let (mut reader, _) = open(named(&gateway, path)).await;
    let (mut events, mut cursor) = (Vec::new(), String::new());
    while let Some((event, id)) = reader.event().await {
        cursor = if id.is_empty() { cursor } else { id };
        events.push(event);
    }
    assert!(events.iter().any(|event| event == "1"), "{events:?}");
    assert_eq!(events.last().map(String::as_str), Some("bye expired"), "{events:?}");
    gateway.publish("a", "while away").await;
    let (mut reader, _) = open(named(&gateway, path).header("Last-Event-ID", cursor)).await;
    while let Some((event, _)) = reader.event().await {
        assert_ne!(event, "1", "it arrived before");
        if event == "2" {
            return;
        }
    }
    panic!("the log that was published meanwhile is missing");
}

#[tokio::test]
async fn another_secret_of_the_proxy_ends_the_streams_of_the_old_one() {
    let file = File::new("proxy-rotated-secret", PROXY_SECRET);
    let flags = ["--trusted-proxy-secret-file", file.path(), "--trusted-proxy-session", "never"];
    let gateway = Production::start(&flags);
    let path = &routes("a")[0].0;
    let with = |secret: &str| named(&gateway, path).header("X-Proxy-Secret", secret);
    let (mut reader, _) = open(with(PROXY_SECRET)).await;
    gateway.process.signal("-HUP");
    gateway.publish("a", "1").await;
    assert_eq!(reader.event().await.expect("the stream continues").0, "1");
    let new = PROXY_SECRET.replace("knows", "keeps");
    file.write(&new);
    gateway.process.signal("-HUP");
    assert_eq!(reader.event().await.expect("a goodbye").0, "bye expired");
    until("the new secret counts", async || status(with(&new)).await == 200).await;
    assert_eq!(status(with(PROXY_SECRET)).await, 401);
}
