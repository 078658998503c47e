//! Readers with a JSON Web Token: which tokens are accepted, for what, and until when.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
#[path = "support/production.rs"]
mod production;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::time::Duration;

use jwt::{ISSUER, Issuer, RULES, SECRET, claims, encoded, now, set};
use production::{Production, open, routes, status};
use serde_json::{Value, json};
use support::{Answer, Server, client, until};
use temporary::File;

fn with(gateway: &Production, path: &str, token: &str) -> reqwest::RequestBuilder {
    gateway.get(path).bearer_auth(token)
}

fn first_route() -> String {
    routes("a")[0].0.clone()
}

/// A gateway that knows these issuers by the file of a JWK set.
fn knowing(name: &str, issuers: &[&Issuer], flags: &[&str]) -> (Production, File) {
    let file = File::new(&format!("jwks-{name}"), &set(issuers));
    let all = [&["--auth-jwks", file.path()], &RULES[..], flags].concat();
    (Production::start(&all), file)
}

#[tokio::test]
async fn a_token_opens_the_channels_of_its_workspaces_on_every_route() {
    let secret = File::new("jwt-secret", SECRET);
    let (rsa, ec, ed) = (Issuer::rsa("r"), Issuer::ec("e"), Issuer::ed("d"));
    let (public, _file) = knowing("routes", &[&rsa, &ec, &ed], &["--auth-jwt-workspace-patterns"]);
    let shared = [&["--auth-jwt-secret-file", secret.path()], &RULES[..]].concat();
    let shared = Production::start(&shared);
    let hs = Issuer::secret(SECRET);
    for gateway in [&public, &shared] {
        gateway.publish("a", "of a").await;
        gateway.publish("b1", "of b1").await;
        gateway.publish("c", "of c").await;
    }
    for (gateway, issuer) in [(&public, &rsa), (&public, &ec), (&public, &ed), (&shared, &hs)] {
        let others = if issuer.algorithm() == "HS256" { "b1" } else { "b*" };
        let token = issuer.token(&["a", others], 600);
        for workspace in ["a", "b1", "c"] {
            let is_granted = workspace != "c";
            for (path, is_stream) in routes(workspace) {
                let request = with(gateway, &path, &token);
                if is_stream {
                    let (mut reader, channels) = open(request).await;
                    assert_eq!(!channels.is_empty(), is_granted, "{} {path}", issuer.kid);
                    if is_granted {
                        assert_eq!(
                            reader.data().await["data"]["message"],
                            format!("of {workspace}")
                        );
                    }
                } else {
                    let expected = if is_granted { 200 } else { 403 };
                    assert_eq!(status(request).await, expected, "{} {path}", issuer.kid);
                }
                let anonymous = Answer::of(gateway.get(&path)).await;
                assert_eq!(anonymous.status, 401, "{path}: {anonymous:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused_and_not_repeated() {
    let (rsa, ec, ed) = (Issuer::rsa("r"), Issuer::ec("e"), Issuer::ed("d"));
    let (stranger, swapped) = (Issuer::ed("unknown"), Issuer::ed("d"));
    let (gateway, file) = knowing("refused", &[&rsa, &ec, &ed], &[]);
    let good = claims(&["a"], 60);
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        ed.signed(&ed.header(), &claims)
    };
    let header = |name: &str, value: Value| {
        let mut header = ed.header();
        header[name] = value;
        ed.signed(&header, &good)
    };
    // What a confused verifier would use as the secret of HS256: the public key, in any spelling.
    let public = rsa.jwk();
    let spellings = [
        set(&[&rsa, &ec, &ed]),
        public.to_string(),
        public["n"].as_str().expect("a text").to_owned(),
        String::new(),
    ];
    let confused = spellings.iter().map(|text| {
        let header = json!({ "alg": "HS256", "kid": "r" });
        Issuer::secret(text).signed(&header, &good)
    });
    let unsigned = |alg: &str| {
        format!("{}.{}.", encoded(json!({ "alg": alg }).to_string()), encoded(good.to_string()))
    };
    let valid = ed.token(&["a"], 60);
    let tokens = [
        changed("exp", json!(now() - 1)),
        changed("exp", json!((now() + 60).to_string())),
        changed("exp", Value::Null),
        changed("nbf", json!(now() + 60)),
        changed("nbf", json!((now() + 60).to_string())),
        changed("aud", json!("others")),
        changed("aud", json!([])),
        changed("aud", Value::Null),
        changed("iss", json!("https://evil.example.com/")),
        changed("iss", Value::Null),
        changed("sub", Value::Null),
        changed("workspaces", json!({ "a": true })),
        changed("workspaces", Value::Null),
        header("crit", json!(["b64"])),
        header("alg", json!("RS256")),
        header("kid", json!("r")),
        header("kid", json!("other")),
        stranger.token(&["a"], 60),
        swapped.token(&["a"], 60),
        // A key in the token, and one at an address of its choice.
        stranger.signed(&json!({ "alg": "EdDSA", "kid": "unknown", "jwk": stranger.jwk() }), &good),
        stranger.signed(&json!({ "alg": "EdDSA", "jku": "http://127.0.0.1:9/keys" }), &good),
        unsigned("none"),
        unsigned("None"),
        unsigned("EdDSA"),
        valid[..valid.len() - 4].to_owned(),
        format!("{valid}AAAA"),
        valid.replace('.', ""),
        format!("{valid}.{valid}"),
        "a.b.c".into(),
        "x".repeat(20_000),
    ];
    assert_eq!(status(with(&gateway, &first_route(), &valid)).await, 200);
    for token in tokens.into_iter().chain(confused) {
        for (path, _) in [&routes("a")[0], &routes("a")[5]] {
            let answer = Answer::of(with(&gateway, path, &token)).await;
            let expected = if token.len() > 16 * 1024 { 400 } else { 401 };
            assert_eq!(answer.status, expected, "{token}: {answer:?}");
            assert!(!answer.error().contains(&token[..3.min(token.len())]), "{answer:?}");
        }
    }
    drop(file);
}

#[tokio::test]
async fn a_401_asks_for_a_token() {
    let ed = Issuer::ed("d");
    let (gateway, _file) = knowing("challenge", &[&ed], &[]);
    let response = gateway.get(&first_route()).send().await.expect("an answer");
    assert_eq!(response.status(), 401);
    let challenge = response.headers()["www-authenticate"].to_str().expect("text");
    assert!(challenge.starts_with("Bearer"), "{challenge}");
}

#[tokio::test]
async fn a_token_is_read_where_it_was_switched_on_only() {
    let ed = Issuer::ed("d");
    let flags = ["--auth-jwt-cookie", "logs", "--auth-jwt-query", "access_token"];
    let (everywhere, _file) = knowing("places", &[&ed], &flags);
    let (bearer, _other) = knowing("bearer", &[&ed], &[]);
    let (token, other) = (ed.token(&["a"], 60), ed.token(&["b"], 60));
    let cookie = |token: &str| format!("theme=dark; logs={token}");
    let query = |token: &str| format!("{}&access_token={token}", first_route());
    let path = first_route();
    for (gateway, status_of_others) in [(&everywhere, 200), (&bearer, 401)] {
        let in_cookie = gateway.get(&path).header("Cookie", cookie(&token));
        assert_eq!(status(in_cookie).await, status_of_others);
        assert_eq!(status(gateway.get(&query(&token))).await, status_of_others);
        assert_eq!(status(gateway.get(&path).header("Authorization", "Basic eDp5")).await, 401);
        let twice = with(gateway, &path, &token).bearer_auth(&token);
        assert_eq!(status(twice).await, 400);
    }
    let same = with(&everywhere, &query(&token), &token).header("Cookie", cookie(&token));
    assert_eq!(status(same).await, 200);
    for request in [
        with(&everywhere, &path, &token).header("Cookie", cookie(&other)),
        with(&everywhere, &query(&other), &token),
        everywhere.get(&path).header("Cookie", format!("{}; {}", cookie(&token), cookie(&token))),
    ] {
        assert_eq!(status(request).await, 400, "ambiguous");
    }
    // A valid cookie does not help a wrong token, and the other way round.
    let wrong = everywhere.get(&path).header("Cookie", cookie("a.b.c"));
    assert_eq!(status(wrong).await, 401);
}

#[tokio::test]
async fn a_reader_that_returns_with_a_fresh_token_misses_no_log() {
    let ed = Issuer::ed("d");
    let (gateway, _file) = knowing("expiry", &[&ed], &["--auth-expiry-notice", "1s"]);
    gateway.publish("a", "before").await;
    let path = first_route();
    let (mut reader, _) = open(with(&gateway, &path, &ed.token(&["a"], 5))).await;
    let (mut events, mut cursor, mut published) = (Vec::new(), String::new(), 0);
    while let Some((event, id)) = reader.event().await {
        if event == "1" || event == "auth-expiring" {
            published += 1;
            gateway.publish("a", &format!("log {published}")).await;
        }
        cursor = if id.is_empty() { cursor } else { id };
        events.push(event);
    }
    let (bye, rest) = events.split_last().expect("events");
    assert!(bye == "bye expired" && rest.contains(&"auth-expiring".into()), "{events:?}");
    gateway.publish("a", "while away").await;
    let stale = with(&gateway, &path, &ed.token(&["a"], -1)).header("Last-Event-ID", &cursor);
    assert_eq!(status(stale).await, 401);
    let fresh = with(&gateway, &path, &ed.token(&["a"], 60)).header("Last-Event-ID", &cursor);
    let (mut reader, _) = open(fresh).await;
    let mut seqs: Vec<u64> = rest.iter().filter_map(|event| event.parse().ok()).collect();
    while seqs.last() != Some(&4) {
        let (event, _) = reader.event().await.expect("the stream continues");
        seqs.extend(event.parse::<u64>());
    }
    assert_eq!(seqs, [1, 2, 3, 4], "each log once: {events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_stream_ends_with_its_token_too() {
    let upstream = Server::gateway().await;
    let ed = Issuer::ed("d");
    let file = File::new("jwks-upstream", &set(&[&ed]));
    let flags = ["--auth-jwks", file.path(), "--upstream", &upstream.url];
    let flags = [&flags[..], &RULES, &["--auth-expiry-notice", "1s"]].concat();
    let gateway = Production::start(&flags);
    let stream = &routes("a")[2].0;
    let (mut reader, _) = open(with(&gateway, stream, &ed.token(&["a"], 5))).await;
    upstream.publish_numbers("logs:etl:a:workflow456", 1, 1);
    let mut events = Vec::new();
    while let Some((event, _)) = reader.event().await {
        events.push(event);
    }
    assert_eq!(events, ["1", "auth-expiring", "bye expired"]);
    assert_eq!(status(with(&gateway, stream, &ed.token(&["a"], -1))).await, 401);
    let foreign = status(with(&gateway, &routes("b")[5].0, &ed.token(&["a"], 60))).await;
    assert_eq!(foreign, 403, "the history of another workspace");
}

/// What allows http to other machines.
const PLAIN: &str = "--auth-plain-http";

#[test]
fn http_is_for_this_machine_or_for_a_network_that_is_trusted() {
    for flags in [
        &["--auth-forward-url", "http://127.0.0.1:9/session"][..],
        &["--auth-forward-url", "http://[::1]:9/session"],
        &["--auth-forward-url", "http://LOCALHOST:9/session"],
        &["--auth-forward-url", "http://192.0.2.7/session", PLAIN],
    ] {
        Production::start(flags);
    }
}

#[tokio::test]
async fn secrets_rotate_by_a_reload_that_ends_no_stream_of_a_kept_one() {
    let other = "fedcba9876543210fedcba9876543210";
    let (old, new) = (Issuer::secret(SECRET), Issuer::secret(other));
    let file = File::new("jwt-rotate", &format!("{SECRET}\n"));
    let gateway = [&["--auth-jwt-secret-file", file.path()], &RULES[..]].concat();
    let gateway = Production::start(&gateway);
    let path = first_route();
    let (mut reader, _) = open(with(&gateway, &path, &old.token(&["a"], 600))).await;
    assert_eq!(status(with(&gateway, &path, &new.token(&["a"], 600))).await, 401);
    file.write(&format!("{SECRET}\n{other}\n"));
    gateway.process.signal("-HUP");
    until("both are valid", async || {
        status(with(&gateway, &path, &new.token(&["a"], 600))).await == 200
    })
    .await;
    gateway.publish("a", "1").await;
    assert_eq!(reader.data().await["data"]["message"], "1");
    file.write(other);
    gateway.process.signal("-HUP");
    assert_eq!(reader.event().await.expect("a goodbye").0, "bye expired");
    assert_eq!(status(with(&gateway, &path, &old.token(&["a"], 600))).await, 401);
    // A file with a mistake changes nothing.
    file.write("short");
    gateway.process.signal("-HUP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status(with(&gateway, &path, &new.token(&["a"], 600))).await, 200);
}

#[tokio::test]
async fn refusals_are_counted_by_their_cause() {
    let ed = Issuer::ed("d");
    let (mut gateway, _file) = knowing("metrics", &[&ed], &["--admin", "0"]);
    let path = first_route();
    let stranger = Issuer::ed("d");
    let other = ed.signed(&ed.header(), &{
        let mut claims = claims(&["a"], 60);
        claims["aud"] = json!("others");
        claims
    });
    for (request, expected) in [
        (gateway.get(&path), 401),
        (with(&gateway, &path, &ed.token(&["a"], -1)), 401),
        (with(&gateway, &path, &stranger.token(&["a"], 60)), 401),
        (with(&gateway, &path, &other), 401),
        (with(&gateway, &path, "a b"), 400),
        (with(&gateway, &path, "a").bearer_auth("b"), 400),
        (gateway.get(&path).header("X-User-Id", "jane"), 401),
        (with(&gateway, &path, &ed.token(&["a"], 60)), 200),
    ] {
        assert_eq!(status(request).await, expected);
    }
    let mut line = String::new();
    let stdout = gateway.process.stdout.as_mut().expect("a pipe");
    std::io::BufRead::read_line(stdout, &mut line).expect("a second line");
    let admin = line.trim().strip_prefix("logs-gateway for operators on ").expect("an address");
    let metrics = client().get(format!("{admin}/metrics")).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("text");
    for (cause, count) in [
        ("missing", 1),
        ("expired", 1),
        ("signature", 1),
        ("claims", 1),
        ("malformed", 1),
        ("ambiguous", 1),
        ("untrusted", 1),
        ("refused", 0),
        ("unavailable", 0),
    ] {
        let series = format!("logs_gateway_auth_failures_total{{cause=\"{cause}\"}} {count}\n");
        assert!(metrics.contains(&series), "{series} is not in {metrics}");
    }
}

#[test]
fn what_would_accept_tokens_made_for_others_refuses_a_start() {
    let secret = File::new("jwt-start", SECRET);
    let short = File::new("jwt-short", "hunter2-hunter2");
    let file = ["--auth-jwt-secret-file", secret.path()];
    for (flags, expected) in [
        (&file[..], "--auth-jwt-issuer is missing"),
        (&[&file[..], &["--auth-jwt-issuer", ISSUER]].concat(), "--auth-jwt-audience is missing"),
        (&[&["--auth-jwt-secret-file", short.path()], &RULES[..]].concat(), "expected at least 32"),
        (&["--auth-jwt-leeway", "10min"], "at most 5min"),
        (&["--auth-jwks", "http://svc:hunter2@host/"], "without a user"),
        (&[&["--auth-jwks", "/no/such/keys"], &RULES[..]].concat(), "No such file"),
        (&["--auth-jwt-user-claim", "a..b"], "a path"),
        (&[&["--auth-jwks", "http://login.internal/keys"], &RULES[..]].concat(), PLAIN),
        (&["--auth-forward-url", "http://10.0.0.7:3000/session"], PLAIN),
        (&["--auth-forward-url", "http://localhost.example.com/session"], PLAIN),
        (&["--auth-forward-url", "http://[::2]/session"], PLAIN),
        (&["--trusted-proxy-session", "0s"], "never"),
        (&[&file[..], &RULES, &["--trusted-proxy-names-readers"]].concat(), "needs a proxy"),
    ] {
        let (code, text) = Production::refused(flags);
        assert!(matches!(code, Some(1 | 2)) && !text.contains("hunter2"), "{flags:?}: {text}");
        assert!(text.contains(expected), "{flags:?}: {text}");
    }
}
