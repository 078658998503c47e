//! Random credentials, channels and routes against a running gateway that authenticates readers in
//! every way at once: no byte of a log reaches a reader without a grant for its channel.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
#[path = "support/production.rs"]
mod production;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fastrand::Rng;
use futures_util::StreamExt;
use futures_util::stream::iter;
use jwt::{Issuer, RULES, SECRET, claims};
use production::{Production, TOKEN, routes};
use serde_json::json;
use support::{Answer, PATIENCE, Server, client};
use temporary::File;

/// One contains a `*`, which is a character of that id and no pattern.
const WORKSPACES: [&str; 5] = ["a", "ab", "b", "a*", "ä"];
const SERVICES: [&str; 2] = ["etl", "faas"];
const RESOURCES: [&str; 2] = ["w1", "w2"];
const PROXY_SECRET: &str = "the-proxy-knows-this-secret-0123";

/// A service, a workspace and a resource.
type Channel = [&'static str; 3];

fn channels() -> Vec<Channel> {
    let mut all = Vec::new();
    for service in SERVICES {
        for workspace in WORKSPACES {
            all.extend(RESOURCES.map(|resource| [service, workspace, resource]));
        }
    }
    all
}

fn marker(channel: Channel) -> String {
    format!("<{}>", channel.join("/"))
}

/// What a request sends, and what that grants.
#[derive(Debug)]
struct Credential {
    headers: Vec<(&'static str, String)>,
    query: Option<String>,
    grants: Grants,
}

#[derive(Debug)]
enum Grants {
    Nothing,
    Ids(Vec<&'static str>),
    /// Patterns of workspaces, and patterns of services and resources.
    Patterns(Vec<&'static str>, Vec<[&'static str; 3]>),
}

impl Credential {
    fn allows(&self, channel: Channel) -> bool {
        match &self.grants {
            Grants::Nothing => false,
            Grants::Ids(ids) => ids.contains(&channel[1]),
            Grants::Patterns(workspaces, patterns) => {
                workspaces.iter().any(|pattern| matches(pattern, channel[1]))
                    && patterns.iter().any(|pattern| {
                        pattern.iter().zip(channel).all(|(pattern, part)| matches(pattern, part))
                    })
            }
        }
    }
}

/// Tries every length for each star.
fn matches(pattern: &str, text: &str) -> bool {
    fn slowly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|at| slowly(rest, &text[at..])),
            [byte, rest @ ..] => text.first() == Some(byte) && slowly(rest, &text[1..]),
        }
    }
    slowly(pattern.as_bytes(), text.as_bytes())
}

fn some<T: Copy>(chance: &mut Rng, all: &[T]) -> Vec<T> {
    (0..chance.usize(0..5)).map(|_| all[chance.usize(0..all.len())]).collect()
}

fn credential(chance: &mut Rng, issuer: &Issuer) -> Credential {
    let mut made = match chance.u32(0..10) {
        0 => Credential { headers: Vec::new(), query: None, grants: Grants::Nothing },
        1..4 => of_proxy(chance),
        4..6 => of_session(chance),
        _ => of_token(chance, issuer),
    };
    // A second credential of another kind takes nothing over from the first.
    if chance.u32(0..6) == 0 {
        let other = if chance.bool() { of_proxy(chance) } else { of_token(chance, issuer) };
        let is_proxy = |credential: &Credential| {
            credential.headers.iter().any(|(name, _)| *name == "X-User-Id")
        };
        let names = |credential: &Credential| {
            credential.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let repeats = names(&made).iter().any(|name| names(&other).contains(name));
        // The cookies of a proxy's own session mean nothing here.
        let has_token = made.query.is_some() || names(&made).contains(&"Authorization");
        let is_pair = is_proxy(&made) != is_proxy(&other) && (is_proxy(&made) || has_token);
        if is_pair && !repeats {
            made.headers.extend(other.headers);
            made.query = made.query.or(other.query);
            made.grants = Grants::Nothing;
        }
    }
    made
}

fn of_proxy(chance: &mut Rng) -> Credential {
    let workspace = WORKSPACES[chance.usize(0..WORKSPACES.len())];
    let (user, id) = (("X-User-Id", "jane".into()), ("X-Workspace-Id", workspace.into()));
    let secret = |text: &str| ("X-Proxy-Secret", text.to_owned());
    let (headers, is_good) = match chance.u32(0..6) {
        0 => (vec![user, id], false),
        1 => (vec![user, id, secret("wrong")], false),
        2 => (vec![user, secret(PROXY_SECRET)], false),
        3 => (vec![user, id.clone(), id, secret(PROXY_SECRET)], false),
        _ => (vec![user, id, secret(PROXY_SECRET)], true),
    };
    let grants = if is_good { Grants::Ids(vec![workspace]) } else { Grants::Nothing };
    Credential { headers, query: None, grants }
}

/// The application's sessions are named by what they grant: `ids:a|b`.
fn of_session(chance: &mut Rng) -> Credential {
    let ids = some(chance, &WORKSPACES[..3]);
    let is_known = chance.u32(0..4) > 0;
    let name = if is_known { "session" } else { "other" };
    let headers = vec![("Cookie", format!("{name}={}", ids.join("|")))];
    let grants = if is_known { Grants::Ids(ids) } else { Grants::Nothing };
    Credential { headers, query: None, grants }
}

fn of_token(chance: &mut Rng, issuer: &Issuer) -> Credential {
    let workspaces = some(chance, &["a", "a*", "*", "b", "*b", "ä"]);
    let patterns =
        some(chance, &[["*", "*", "*"], ["etl", "*", "w*"], ["*", "a*", "w1"], ["faas", "b", "*"]]);
    let mut claims = claims(&workspaces, 600);
    claims["channels"] =
        patterns.iter().map(|pattern| format!("logs:{}", pattern.join(":"))).collect();
    let mut is_good = true;
    match chance.u32(0..8) {
        0 => claims["exp"] = json!(jwt::now() - 1),
        1 => claims["aud"] = json!("others"),
        2 => claims["channels"] = json!(null),
        _ => {}
    }
    for (name, good) in [("aud", json!("others")), ("channels", json!(null))] {
        is_good &= claims[name] != good;
    }
    is_good &= claims["exp"].as_i64() > Some(jwt::now());
    let stranger = Issuer::secret("another secret of another issuer");
    let token = if chance.u32(0..8) == 0 {
        is_good = false;
        stranger.signed(&stranger.header(), &claims)
    } else {
        issuer.signed(&issuer.header(), &claims)
    };
    let (headers, query) = match chance.u32(0..3) {
        0 => (vec![("Authorization", format!("Bearer {token}"))], None),
        1 => (vec![("Cookie", format!("jwt={token}"))], None),
        _ => (Vec::new(), Some(token)),
    };
    let grants = if is_good { Grants::Patterns(workspaces, patterns) } else { Grants::Nothing };
    Credential { headers, query, grants }
}

/// A path, and the channels that it asks for.
fn request(chance: &mut Rng, all: &[Channel]) -> (String, Vec<Channel>) {
    let one = all[chance.usize(0..all.len())];
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let name = |[service, workspace, resource]: Channel| {
        encoded(&format!("logs:{service}:{workspace}:{resource}"))
    };
    let ids = |[service, workspace, resource]: Channel| {
        format!("workspace_id={}&workflow_id={resource}&service={service}", encoded(workspace))
    };
    let api = if chance.bool() { "/api" } else { "" };
    match chance.u32(0..4) {
        0 => (format!("{api}/logs/history?channel={}", name(one)), vec![one]),
        1 => (format!("/api/dapadmin/l5-etl/sse/logs/history?{}", ids(one)), vec![one]),
        2 => (format!("/api/dapadmin/l5-etl/sse/logs/stream?{}&tail=9", ids(one)), vec![one]),
        _ => {
            let mut wanted = vec![one];
            wanted.extend(some(chance, all));
            wanted.sort_unstable();
            wanted.dedup();
            let names: Vec<_> = wanted.iter().map(|channel| name(*channel)).collect();
            let batch = if chance.bool() { "&batch=1" } else { "" };
            (format!("{api}/logs/stream?channels={}&tail=9{batch}", names.join(",")), wanted)
        }
    }
}

/// Returns the status and the text of a response; of a stream, up to its second heartbeat.
async fn read(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.timeout(PATIENCE).send().await.expect("an answer");
    let status = response.status().as_u16();
    let (mut text, mut pieces) = (String::new(), response.bytes_stream());
    while text.matches("event: heartbeat").count() < 2 {
        let Some(piece) = pieces.next().await else { break };
        text.push_str(&String::from_utf8_lossy(&piece.expect("bytes")));
    }
    (status, text)
}

/// An application whose sessions name what they grant.
async fn application() -> Server {
    let answer = async |headers: HeaderMap| -> Response {
        let cookie = headers.get("cookie").and_then(|value| value.to_str().ok());
        match cookie.and_then(|cookie| cookie.strip_prefix("session=")) {
            None => StatusCode::UNAUTHORIZED.into_response(),
            Some(ids) => {
                [("x-user-id", "jane".to_owned()), ("x-workspace-ids", ids.replace('|', ","))]
                    .into_response()
            }
        }
    };
    Server::of(|_| Router::new().route("/session", get(answer))).await
}

/// A gateway with one log on every channel, and what it depends on.
async fn gateway(name: &str) -> (Production, Server, [File; 2]) {
    let application = application().await;
    let file = |kind: &str, text| File::new(&format!("oracle-{name}-{kind}"), text);
    let files = [file("jwt", SECRET), file("proxy", PROXY_SECRET)];
    let url = format!("{}/session", application.url);
    let flags = [
        &["--auth-forward-url", &url, "--auth-jwt-secret-file", files[0].path()][..],
        &["--trusted-proxy", "127.0.0.1", "--trusted-proxy-secret-file", files[1].path()],
        &["--trusted-proxy-names-readers", "--auth-jwt-workspace-patterns"],
        &["--auth-jwt-cookie", "jwt", "--auth-jwt-query", "t"],
        &["--auth-jwt-channels-claim", "channels", "--heartbeat", "100ms"],
        &["--token", &format!("faas={TOKEN}")],
        &RULES,
    ];
    let flags: Vec<String> = flags.concat().iter().map(ToString::to_string).collect();
    let start = move || Production::start(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let gateway = tokio::task::spawn_blocking(start).await.expect("it starts");
    for channel @ [service, workspace, resource] in channels() {
        let body = json!({ "service": service, "workspace_id": workspace, "workflow_id": resource, "logData": { "message": marker(channel) } });
        let request = client().post(format!("{}/logs/publish", gateway.process.url));
        let request = request.header("X-Service-Token", TOKEN).body(body.to_string());
        assert_eq!(Answer::of(request).await.status, 200, "{channel:?}");
    }
    (gateway, application, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_a_log_reaches_a_reader_without_a_grant() {
    let (gateway, _application, _files) = gateway("random").await;
    let issuer = Issuer::secret(SECRET);
    let all = channels();
    let seed = std::env::var("LOGS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    let mut chance = Rng::with_seed(seed);
    let cases: Vec<_> =
        (0..800).map(|_| (credential(&mut chance, &issuer), request(&mut chance, &all))).collect();
    let outcomes = iter(cases).map(|(credential, (path, wanted))| {
        let token = credential.query.as_ref().map(|token| format!("&t={token}"));
        let request = gateway.get(&format!("{path}{}", token.unwrap_or_default()));
        let headers = credential.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
        });
        async move { (read(request).await, credential, path, wanted) }
    });
    let outcomes: Vec<_> = outcomes.buffer_unordered(32).collect().await;
    let (mut delivered, mut refused) = (0, 0);
    for ((status, text), credential, path, wanted) in outcomes {
        for channel in &all {
            let is_due = wanted.contains(channel) && credential.allows(*channel);
            assert_eq!(
                text.contains(&marker(*channel)),
                is_due,
                "seed {seed}: {channel:?} on {path} with {credential:?}: {status} {text}"
            );
            delivered += usize::from(is_due);
        }
        refused += usize::from(status >= 400);
        if matches!(credential.grants, Grants::Nothing) {
            assert!(matches!(status, 400 | 401), "seed {seed}: {path} {credential:?}: {status}");
        }
    }
    assert!(delivered > 50 && refused > 50, "{delivered} logs, {refused} refusals: too few");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_cannot_be_read_is_refused_on_every_route() {
    let (gateway, _application, _files) = gateway("headers").await;
    let issuer = Issuer::secret(SECRET);
    let mut all = claims(&["*"], 600);
    all["channels"] = json!("logs:*:*:*");
    let bearer = format!("Bearer {}", issuer.signed(&issuer.header(), &all));
    let long = vec![b'a'; 257];
    let good: [(&str, &[u8]); 3] = [
        ("X-User-Id", b"jane"),
        ("X-Workspace-Id", b"a"),
        ("X-Proxy-Secret", PROXY_SECRET.as_bytes()),
    ];
    for (path, _) in routes("a") {
        let path = path.replace("workflow456", "w1");
        let send = |headers: Vec<(&'static str, Vec<u8>)>| {
            let request = headers.into_iter().fold(gateway.get(&path), |request, (name, value)| {
                request.header(name, HeaderValue::from_bytes(&value).expect("a value"))
            });
            read(request)
        };
        let owned = |(name, value): &(&'static str, &[u8])| (*name, value.to_vec());
        assert_eq!(send(good.iter().map(owned).collect()).await.0, 200, "{path}");
        for (name, value) in good {
            let bad: [&[&[u8]]; 5] =
                [&[b""], &[value, value], &[b"\xff\xfe"], &[&long], &[value, b"other"]];
            for values in bad {
                let mut headers: Vec<_> =
                    good.iter().filter(|(other, _)| *other != name).map(owned).collect();
                headers.extend(values.iter().map(|value| (name, value.to_vec())));
                let (status, text) = send(headers).await;
                assert_eq!(status, 400, "{path} {name} {values:?}");
                assert!(!text.contains(&marker(["etl", "a", "w1"])), "{text}");
            }
        }
        let bearer = bearer.as_bytes().to_vec();
        assert_eq!(send(vec![("Authorization", bearer.clone())]).await.0, 200, "{path}");
        for headers in [
            vec![("Authorization", bearer.clone()), ("Authorization", bearer.clone())],
            vec![("Authorization", bearer.clone()), ("Cookie", b"jwt=other.token.x".to_vec())],
            vec![("Authorization", bearer.clone()), ("X-User-Id", b"jane".to_vec())],
            vec![("Authorization", b"Bearer \xff".to_vec())],
            vec![("Authorization", b"Bearer ".to_vec())],
            vec![("Cookie", b"jwt=a.b.c; jwt=a.b.c".to_vec())],
        ] {
            assert_eq!(send(headers.clone()).await.0, 400, "{path} {headers:?}");
        }
    }
}
