//! Readers whom the application knows: what it is asked, what its answers mean, and for how long.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
#[path = "support/production.rs"]
mod production;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jwt::{Issuer, RULES, SECRET};
use production::{Production, open, routes, status};
use support::{Answer, Server, until};
use temporary::File;

/// An application with sessions, which are named by a cookie.
#[derive(Clone, Default)]
struct Application(Arc<Mutex<Sessions>>);

#[derive(Default)]
struct Sessions {
    /// The workspaces of each session.
    known: BTreeMap<String, String>,
    /// What it answers instead, if it is broken.
    broken: Option<Broken>,
    /// The headers of each question.
    asked: Vec<HeaderMap>,
}

#[derive(Clone, Copy, Debug)]
enum Broken {
    Status(u16),
    Redirects,
    NamesNobody,
    NamesTwo,
    Hangs,
}

impl Application {
    async fn start(sessions: &[(&str, &str)]) -> (Self, Server) {
        let application = Self::default();
        sessions.iter().for_each(|(name, workspaces)| application.log_in(name, workspaces));
        let state = application.clone();
        let server = Server::of(|_| Router::new().route("/session", get(answer)).with_state(state));
        (application, server.await)
    }

    fn log_in(&self, name: &str, workspaces: &str) {
        self.lock().known.insert(format!("session={name}"), workspaces.into());
    }

    fn log_out(&self, name: &str) {
        self.lock().known.remove(&format!("session={name}"));
    }

    fn questions(&self) -> usize {
        self.lock().asked.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.0.lock().expect("unpoisoned")
    }
}

async fn answer(State(application): State<Application>, headers: HeaderMap) -> Response {
    let cookie = headers.get("cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (workspaces, broken) = {
        let mut sessions = application.lock();
        sessions.asked.push(headers.clone());
        (sessions.known.get(cookie).cloned(), sessions.broken)
    };
    if cookie.starts_with("session=stranger") {
        return std::future::pending().await;
    }
    // Long enough for others to ask meanwhile.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let user = ("x-user-id", "jane".to_owned());
    match (broken, workspaces) {
        (Some(Broken::Status(status)), _) => {
            StatusCode::from_u16(status).expect("a status").into_response()
        }
        (Some(Broken::Redirects), _) => {
            (StatusCode::FOUND, [("location", "/login")]).into_response()
        }
        (Some(Broken::NamesNobody), _) => [("x-workspace-ids", "a")].into_response(),
        (Some(Broken::NamesTwo), _) => {
            let mut response = [user, ("x-workspace-ids", "a".into())].into_response();
            response.headers_mut().append("x-user-id", "joe".parse().expect("a value"));
            response
        }
        (Some(Broken::Hangs), _) => std::future::pending().await,
        (None, None) => StatusCode::UNAUTHORIZED.into_response(),
        (None, Some(workspaces)) => [user, ("x-workspace-ids", workspaces)].into_response(),
    }
}

async fn asking(application: &Server, flags: &[&str]) -> Production {
    let url = format!("{}/session", application.url);
    let own = ["--auth-forward-url", &url];
    let flags: Vec<String> = own.iter().chain(flags).map(ToString::to_string).collect();
    let start = move || {
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        Production::start(&flags)
    };
    tokio::task::spawn_blocking(start).await.expect("it starts")
}

fn with(gateway: &Production, path: &str, session: &str) -> reqwest::RequestBuilder {
    gateway.get(path).header("Cookie", format!("session={session}"))
}

fn first_route() -> String {
    routes("a")[0].0.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_application_opens_its_workspaces_on_every_route() {
    let (application, server) = Application::start(&[("one", "a, b")]).await;
    let gateway = asking(&server, &[]).await;
    for workspace in ["a", "b", "c"] {
        gateway.publish(workspace, &format!("of {workspace}")).await;
    }
    for workspace in ["a", "b", "c"] {
        let is_granted = workspace != "c";
        for (path, is_stream) in routes(workspace) {
            if is_stream {
                let (mut reader, channels) = open(with(&gateway, &path, "one")).await;
                assert_eq!(!channels.is_empty(), is_granted, "{path}");
                if is_granted {
                    assert_eq!(reader.data().await["data"]["message"], format!("of {workspace}"));
                }
            } else {
                let expected = if is_granted { 200 } else { 403 };
                assert_eq!(status(with(&gateway, &path, "one")).await, expected, "{path}");
            }
            assert_eq!(status(with(&gateway, &path, "two")).await, 401, "{path}");
            let before = application.questions();
            assert_eq!(status(gateway.get(&path)).await, 401, "{path}");
            assert_eq!(application.questions(), before, "there is nothing to ask about");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_receives_cookies_and_authorization_only() {
    let (application, server) = Application::start(&[("one", "a")]).await;
    let gateway = asking(&server, &[]).await;
    let request = with(&gateway, &first_route(), "one")
        .header("Authorization", "Bearer opaque")
        .header("X-Forwarded-For", "192.0.2.1")
        .header("X-Custom", "1")
        .header("Referer", "http://a/?secret=1")
        .header("Last-Event-ID", "7");
    assert_eq!(status(request).await, 200);
    let asked = application.lock().asked[0].clone();
    let mut names: Vec<_> = asked.keys().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["accept", "authorization", "cookie", "host"], "{asked:?}");
    for request in [
        with(&gateway, &first_route(), "one").bearer_auth("a").bearer_auth("b"),
        with(&gateway, &first_route(), &"x".repeat(40_000)),
    ] {
        assert!(matches!(status(request).await, 400 | 431), "refused without asking");
    }
    assert_eq!(application.questions(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_application_answers_else_grants_nothing() {
    let (application, server) = Application::start(&[("one", "a")]).await;
    let gateway = asking(&server, &["--auth-forward-timeout", "300ms"]).await;
    for (number, (broken, expected)) in [
        (Broken::Status(401), 401),
        (Broken::Status(403), 403),
        (Broken::Status(204), 503),
        (Broken::Status(404), 503),
        (Broken::Status(500), 503),
        (Broken::Redirects, 503),
        (Broken::NamesNobody, 503),
        (Broken::NamesTwo, 503),
        (Broken::Hangs, 503),
    ]
    .into_iter()
    .enumerate()
    {
        application.lock().broken = Some(broken);
        let session = format!("broken{number}");
        let response = with(&gateway, &first_route(), &session).send().await.expect("an answer");
        assert_eq!(response.status(), expected, "{broken:?}");
        let headers = response.headers();
        assert_eq!(headers.contains_key("retry-after"), expected == 503, "{broken:?}");
        assert_eq!(headers.contains_key("www-authenticate"), expected == 401, "{broken:?}");
    }
    drop(server);
    let answer = Answer::of(with(&gateway, &first_route(), "one")).await;
    assert_eq!(answer.status, 503, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_of_one_session_ask_once() {
    let (application, server) = Application::start(&[("one", "a"), ("two", "b")]).await;
    let gateway = asking(&server, &[]).await;
    let path = first_route();
    let all = (0..50).map(|_| status(with(&gateway, &path, "one")));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|status| *status == 200), "{all:?}");
    assert_eq!(application.questions(), 1);
    assert_eq!(status(with(&gateway, &path, "two")).await, 200);
    assert_eq!(application.questions(), 2, "another session is another question");
    // A login makes the same cookie valid, so a refusal is not remembered for long.
    assert_eq!(status(with(&gateway, &path, "three")).await, 401);
    application.log_in("three", "a");
    until("the login counts", async || status(with(&gateway, &path, "three")).await == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_or_changes_ends_its_streams_and_no_others() {
    let all = [("one", "a"), ("two", "a"), ("three", "a,b")];
    let (application, server) = Application::start(&all).await;
    let gateway = asking(&server, &["--auth-forward-cache", "1s"]).await;
    let path = first_route();
    let (mut first, _) = open(with(&gateway, &path, "one")).await;
    let (mut second, _) = open(with(&gateway, &path, "one")).await;
    let (mut kept, _) = open(with(&gateway, &path, "two")).await;
    let (mut changed, _) = open(with(&gateway, &path, "three")).await;
    let before = application.questions();
    until("it asked again", async || application.questions() > before + 3).await;
    gateway.publish("a", "while all are logged in").await;
    for reader in [&mut first, &mut second, &mut kept, &mut changed] {
        assert_eq!(reader.event().await.expect("the stream continues").0, "1");
    }
    application.log_out("one");
    application.log_in("three", "b");
    for reader in [&mut first, &mut second, &mut changed] {
        assert_eq!(reader.event().await.expect("a goodbye").0, "bye expired");
        assert_eq!(reader.frame().await, None);
    }
    assert_eq!(status(with(&gateway, &path, "one")).await, 401);
    let (_, channels) = open(with(&gateway, &path, "three")).await;
    assert!(channels.is_empty(), "{channels:?}");
    gateway.publish("a", "afterwards").await;
    assert_eq!(kept.event().await.expect("the stream continues").0, "2");
    drop(kept);
    // A gateway notices only by a ping without an answer that a client is gone.
    until("no stream is left to ask about", async || {
        let before = application.questions();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        application.questions() == before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_ends_streams_once_the_answer_is_stale_and_no_sooner() {
    let (application, server) = Application::start(&[("one", "a")]).await;
    let gateway = asking(&server, &["--auth-forward-cache", "3s"]).await;
    let path = first_route();
    let (mut reader, _) = open(with(&gateway, &path, "one")).await;
    let asked = application.questions();
    application.lock().broken = Some(Broken::Status(502));
    until("it asked in vain", async || application.questions() > asked).await;
    application.lock().broken = None;
    let asked = application.questions();
    until("it asked again", async || application.questions() > asked).await;
    gateway.publish("a", "after the outage").await;
    assert_eq!(reader.event().await.expect("the stream continues").0, "1");
    application.lock().broken = Some(Broken::Status(502));
    assert_eq!(reader.event().await.expect("a goodbye").0, "bye expired");
    assert_eq!(status(with(&gateway, &path, "one")).await, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_not_rescued_by_a_session() {
    let (application, server) = Application::start(&[("one", "a")]).await;
    let secret = File::new("forward-secret", SECRET);
    let flags = [&["--auth-jwt-secret-file", secret.path()], &RULES[..]].concat();
    let gateway = asking(&server, &flags).await;
    let issuer = Issuer::secret(SECRET);
    let path = first_route();
    let token = |seconds| issuer.token(&["a"], seconds);
    assert_eq!(status(gateway.get(&path).bearer_auth(token(60))).await, 200);
    let wrong = with(&gateway, &path, "one").bearer_auth(token(-60));
    assert_eq!(status(wrong).await, 401);
    assert_eq!(application.questions(), 0, "the token alone decides");
    assert_eq!(status(with(&gateway, &path, "one").bearer_auth("opaque")).await, 200);
    assert_eq!(status(with(&gateway, &path, "one")).await, 200);
    let named = with(&gateway, &path, "one").header("X-User-Id", "admin");
    assert_eq!(status(named).await, 401, "no proxy is trusted");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_with_invented_sessions_keep_nobody_out() {
    let (application, server) = Application::start(&[("one", "a")]).await;
    // None of the questions about strangers is answered in time, nor given up.
    let times = ["--auth-forward-cache", "2s", "--auth-forward-timeout", "60s"];
    let gateway = asking(&server, &[&["--trusted-proxy", "127.0.0.1"], &times[..]].concat()).await;
    let path = first_route();
    let from = |session: &str, client: &str| {
        with(&gateway, &path, session).header("X-Forwarded-For", client)
    };
    let (mut kept, _) = open(from("one", "192.0.2.1")).await;
    let mut strangers = tokio::task::JoinSet::new();
    for number in 0..300 {
        strangers.spawn(from(&format!("stranger{number}"), "203.0.113.9").send());
    }
    let of_strangers = |asked: &[HeaderMap]| {
        let is_one = |headers: &&HeaderMap| {
            headers["cookie"].to_str().is_ok_and(|cookie| cookie.contains("stranger"))
        };
        asked.iter().filter(is_one).count()
    };
    until("strangers are asked about", async || of_strangers(&application.lock().asked) >= 32)
        .await;
    for number in 0..10 {
        let session = format!("late{number}");
        application.log_in(&session, "a");
        assert_eq!(status(from(&session, "192.0.2.2")).await, 200, "{session}");
    }
    // It is asked about the open stream too, which would end otherwise.
    let asked = || {
        let is_one = |headers: &&HeaderMap| headers["cookie"] == "session=one";
        application.lock().asked.iter().filter(is_one).count()
    };
    until("the open stream is asked about", async || asked() >= 3).await;
    gateway.publish("a", "still open").await;
    assert_eq!(kept.event().await.expect("the stream continues").0, "1");
    assert_eq!(of_strangers(&application.lock().asked), 32);
}
