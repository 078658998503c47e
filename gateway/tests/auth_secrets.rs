//! Credentials of readers appear in no log line and no response, at any level of the log.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
#[path = "support/program.rs"]
mod program_support;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use jwt::{Issuer, RULES, SECRET};
use program_support::{Running, program};
use support::{CHANNEL, Reader, Server, client};
use temporary::File;

const PROXY_SECRET: &str = "the-proxy-knows-this-secret-0123";

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_of_a_reader_appears_in_the_log_or_in_a_response() {
    let refuse = || async { StatusCode::UNAUTHORIZED };
    let application = Server::of(|_| Router::new().route("/session", get(refuse))).await;
    let files = [File::new("secrets-jwt", SECRET), File::new("secrets-proxy", PROXY_SECRET)];
    let url = format!("{}/session", application.url);
    let flags = [
        &["--port", "0", "--token", "etl=hunter2-hunter2-hunter2", "--log-level", "trace"][..],
        &["--auth-forward-url", &url, "--auth-jwt-secret-file", files[0].path()],
        &["--trusted-proxy-names-readers", "--trusted-proxy-secret-file", files[1].path()],
        &["--auth-jwt-cookie", "jwt", "--auth-jwt-query", "t"],
        &RULES,
    ];
    let mut command = program(&flags.concat());
    command.env_remove("LOGS_GATEWAY_DEMO");
    let running = tokio::task::spawn_blocking(|| Running::start(command)).await.expect("it starts");
    let issuer = Issuer::secret(SECRET);
    let (good, bad) = (issuer.token(&["workspace123"], 600), issuer.token(&["a"], -1));
    let signature = |token: &str| token.rsplit('.').next().expect("a signature").to_owned();
    let secrets = [
        signature(&good),
        signature(&bad),
        SECRET.into(),
        PROXY_SECRET.into(),
        "session-cookie-1".into(),
        "guessed-secret-1".into(),
        "hunter2".into(),
    ];
    let path = format!("{}/logs/stream?channels={CHANNEL}", running.url);
    let named = |request: reqwest::RequestBuilder| {
        request.header("X-User-Id", "jane").header("X-Workspace-Id", "workspace123")
    };
    for request in [
        client().get(&path).bearer_auth(&good),
        client().get(&path).bearer_auth(&bad),
        client().get(&path).bearer_auth(&good).bearer_auth(&bad),
        client().get(&path).header("Cookie", format!("jwt={good}")),
        client().get(&path).header("Cookie", format!("jwt={bad}")),
        client().get(&path).header("Cookie", format!("jwt={bad}; jwt={good}")),
        client().get(format!("{path}&t={good}")),
        client().get(format!("{path}&t={bad}")),
        client().get(format!("{path}&t={bad}&t={good}")),
        client().get(format!("{path}:x&t={good}")),
        client().get(format!("{}/nowhere?t={good}", running.url)),
        client().get(&path).header("Cookie", "s=session-cookie-1"),
        client().get(&path).header("Authorization", "Basic session-cookie-1"),
        named(client().get(&path)).header("X-Proxy-Secret", PROXY_SECRET),
        named(client().get(&path)).header("X-Proxy-Secret", "guessed-secret-1"),
    ] {
        let mut reader = Reader::open(request).await;
        let headers = format!("{:?}", reader.headers);
        let text = String::from_utf8_lossy(&reader.piece().await).into_owned();
        for secret in &secrets {
            assert!(!text.contains(secret) && !headers.contains(secret), "{text} {headers}");
        }
    }
    let log = tokio::task::spawn_blocking(|| running.end()).await.expect("it ends");
    assert!(log.contains("TRACE") && log.contains("reader connected"), "{log}");
    for secret in &secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
