//! The two modes: a demo for one machine, and a gateway that starts only with authentication.

#[path = "support/program.rs"]
mod program_support;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::process::Command;

use program_support::{Running, ended, program};
use serde_json::json;
use support::{Answer, PROXY, Reader, client};
use temporary::File;

/// A gateway without `--demo`.
fn production(arguments: &[&str]) -> Command {
    let mut command = program(&[&["--port", "0"], arguments].concat());
    command.env_remove("LOGS_GATEWAY_DEMO");
    command
}

const TOKEN: [&str; 2] = ["--token", "etl=hunter2-hunter2-hunter2"];
const LOCAL_PROXY: [&str; 2] = ["--trusted-proxy", "127.0.0.1"];

#[test]
fn refuses_to_start_until_readers_and_publishers_are_authenticated() {
    let readers =
        ["--auth-forward-url", "--auth-jwt-secret-file", "--auth-jwks", "--trusted-proxy"];
    for (arguments, expected) in [
        (&[][..], &[&readers[..], &["--tokens", "--demo"]].concat()),
        (&TOKEN, &[&readers[..], &["readers are not authenticated", "--demo"]].concat()),
        (&LOCAL_PROXY, &vec!["publishers have no tokens", "--tokens", "--demo"]),
    ] {
        let (code, text) = ended(production(arguments));
        let lines = text.lines().filter(|line| line.starts_with("logs-gateway: "));
        assert!(code == Some(1) && lines.count() == 1, "{arguments:?}: {code:?} {text}");
        for word in expected {
            assert!(text.contains(word), "{arguments:?}: {word} is not in {text}");
        }
    }
}

#[test]
fn a_demo_is_for_this_machine_and_for_anonymous_readers_only() {
    for (arguments, expected) in [
        (&["--host", "0.0.0.0"][..], "other machines can reach --host 0.0.0.0"),
        (&["--host", "::"], "other machines can reach --host ::"),
        (&LOCAL_PROXY, "cannot be combined with"),
    ] {
        let (code, text) = ended(program(&[&["--demo", "--port", "0"], arguments].concat()));
        assert!(code == Some(1) && text.contains(expected), "{arguments:?}: {code:?} {text}");
    }
    let (code, text) = ended(production(&[&TOKEN[..], &LOCAL_PROXY, &["--job"]].concat()));
    assert!(code == Some(2) && text.contains("--demo"), "{code:?} {text}");
    let running = Running::start(program(&["--demo", "--port", "0"]));
    let log = running.end();
    assert!(log.contains("WARN") && log.contains("anyone on this machine may read"), "{log}");
}

#[tokio::test]
async fn only_a_demo_has_the_routes_and_the_tokens_of_a_demo() {
    let demo = Running::start(program(&["--port", "0"]));
    let real = Running::start(production(&[&TOKEN[..], &LOCAL_PROXY].concat()));
    for (method, path) in
        [("GET", "/admin/logs/stats"), ("POST", "/admin/logs/stop"), ("POST", "/test/logs")]
    {
        let method: reqwest::Method = method.parse().expect("a method");
        let ask = async |running: &Running| {
            Answer::of(client().request(method.clone(), format!("{}{path}", running.url))).await
        };
        assert_ne!(ask(&demo).await.status, 404, "{path}");
        assert_eq!(ask(&real).await.status, 404, "{path}");
        let index = async |running: &Running| {
            Answer::of(client().get(&running.url)).await.json["endpoints"].to_string()
        };
        assert!(index(&demo).await.contains(path) && !index(&real).await.contains(path), "{path}");
    }
    let publish = async |running: &Running, token: &str| {
        let body = json!({ "service": "etl", "workspace_id": "w", "logData": {} }).to_string();
        let url = format!("{}/logs/publish", running.url);
        Answer::of(client().post(url).header("X-Service-Token", token).body(body)).await.status
    };
    assert_eq!([publish(&demo, "l5-etl-token").await, publish(&demo, TOKEN[1]).await], [200, 403]);
    let own = &TOKEN[1]["etl=".len()..];
    assert_eq!([publish(&real, "l5-etl-token").await, publish(&real, own).await], [403, 200]);
}

#[tokio::test]
async fn only_a_trusted_proxy_may_name_a_reader() {
    let secret = File::new("modes-secret", &format!("{}\n", "s".repeat(32)));
    let file = ["--trusted-proxy-secret-file", secret.path()];
    let knows = ("X-Proxy-Secret", "s".repeat(32));
    let names = [("X-User-Id", "jane"), ("X-Workspace-Id", "workspace123")];
    let with = async |running: &Running, headers: &[(&str, &str)]| {
        let request = client().get(format!("{}{PROXY}", running.url));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let start = |readers: &[&str]| Running::start(production(&[&TOKEN[..], readers].concat()));
    let listed = start(&LOCAL_PROXY);
    let elsewhere = start(&["--trusted-proxy", "10.0.0.0/8"]);
    let both = start(&[&LOCAL_PROXY[..], &file].concat());
    let named = [&names[..], &[(knows.0, &*knows.1)]].concat();
    for (running, headers, status) in [
        (&listed, &names[..], 200),
        (&listed, &names[..1], 401),
        (&listed, &names[1..], 401),
        (&listed, &[], 401),
        (&elsewhere, &names, 401),
        (&elsewhere, &[], 401),
        (&both, &named, 200),
        (&both, &names, 401),
        (&both, &[&names[..], &[("X-Proxy-Secret", "s")]].concat(), 401),
        (&both, &[&named[..], &[(knows.0, &*knows.1)]].concat(), 400),
    ] {
        let reader = Reader::open(with(running, headers).await).await;
        assert_eq!(reader.status, status, "{headers:?}");
        assert_eq!(reader.headers.contains_key("www-authenticate"), status == 401);
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_is_the_address_that_it_forwards() {
    let running = Running::start(production(&[&TOKEN[..], &LOCAL_PROXY].concat()));
    for forwarded in ["6.6.6.6, 192.0.2.7", "192.0.2.8"] {
        let request = client()
            .get(format!("{}{PROXY}", running.url))
            .header("X-User-Id", "jane")
            .header("X-Workspace-Id", "workspace123")
            .header("X-Forwarded-For", forwarded);
        let mut reader = Reader::open(request).await;
        reader.data().await;
    }
    let log = running.end();
    let plain = log.replace("\u{1b}[3m", "").replace("\u{1b}[0m", "").replace("\u{1b}[2m", "");
    for expected in ["client=192.0.2.7 peer=127.0.0.1", "client=192.0.2.8 peer=127.0.0.1"] {
        assert!(plain.contains(expected), "{expected}: {plain}");
    }
    let demo = Running::start(program(&["--port", "0"]));
    let request = client().get(format!("{}{PROXY}", demo.url));
    let mut reader = Reader::open(request.header("X-Forwarded-For", "192.0.2.9")).await;
    reader.data().await;
    assert!(!demo.end().contains("192.0.2.9"), "no proxy is trusted to forward it");
}

#[test]
fn a_secret_of_a_proxy_must_be_long_and_is_not_repeated() {
    let short = File::new("modes-short", "hunter2-hunter2\n");
    for path in [short.path(), "/no/such/hunter3"] {
        let file = ["--trusted-proxy-secret-file", path];
        let (code, text) = ended(production(&[&TOKEN[..], &file].concat()));
        assert!(
            code == Some(1) && text.contains(path) && !text.contains("hunter2"),
            "{path}: {code:?} {text}"
        );
    }
}
