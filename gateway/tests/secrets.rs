//! Secrets appear in no error, no log line and no response, and reach no proxy of the environment
//! and no redirect.

#[path = "support/program.rs"]
mod program_support;
mod support;

use std::process::Command;

use axum::Router;
use axum::routing::post;
use logs_test_support::{Afterwards, Canned};
use program_support::{Running, ended, program};
use support::{Answer, CHANNEL, PROXY, Reader, Server, client};

/// A gateway behind a proxy on this machine.
fn production(arguments: &[&str]) -> Command {
    let mut command =
        program(&[&["--port", "0", "--trusted-proxy", "127.0.0.1"], arguments].concat());
    command.env_remove("LOGS_GATEWAY_DEMO");
    command
}

const SECRET: &str = "hunter2-hunter2-hunter2";

#[test]
fn no_error_of_the_command_line_repeats_a_secret() {
    for arguments in [
        &["--token", "etl:hunter2-hunter2-hunter2"][..],
        &["--token", "hunter2-hunter2-hunter2"],
        &["--token=hunter2-hunter2-hunter2"],
        &["--token", "etl=good,hunter2-hunter2-hunter2"],
        &["--token", "hunter2-hunter2-hunter2=etl=x y "],
        &["--token", "etl =hunter2-hunter2-hunter2"],
        &["--token", "etl=hunter2-hunter2-hunter2é"],
        &["--token", "etl", "hunter2-hunter2-hunter2"],
        &["--token", "etl=x", "hunter2-hunter2-hunter2"],
        &["--token", "etl=x", "-xhunter2-hunter2-hunter2"],
        &["--token", "--hunter2-hunter2-hunter2"],
        &["--token", "-xhunter2-hunter2-hunter2"],
        &["--tokens", "etl=hunter2-hunter2-hunter2"],
        &["--tokens=etl=hunter2-hunter2-hunter2"],
        &["--upstream", "http://svc:hunter2-hunter2-hunter2@host"],
        &["--upstream", "http://hunter2-hunter2-hunter2@host/?x"],
        &["--upstream", "svc:hunter2-hunter2-hunter2@host"],
        &["--upstream=ftp://svc:hunter2-hunter2-hunter2@host"],
        &["publish", "--url", "http://svc:hunter2-hunter2-hunter2@host"],
        &["publish", "--token", "hunter2-hunter2-hunter2é", "--count", "1"],
        &["publish", "--token", "hunter2-hunter2", "hunter2-hunter2-hunter2"],
        &["--host", "0.0.0.0", "--token", "etl=hunter2"],
        &["--host", "0.0.0.0", "--token", "hunter2-hunter2-hunter2=etl"],
    ] {
        let (code, text) = ended(program(arguments));
        assert!(matches!(code, Some(1 | 2)), "{arguments:?}: {code:?} {text}");
        assert!(!text.contains("hunter2"), "{arguments:?}: {text}");
    }
}

#[test]
fn no_error_about_a_variable_repeats_its_secret() {
    for (variable, value, arguments) in [
        ("LOGS_GATEWAY_TOKENS", "etl:hunter2-hunter2-hunter2", &["--port", "0"][..]),
        ("LOGS_GATEWAY_TOKENS", "etl=a, hunter2-hunter2-hunter2", &["--port", "0"]),
        ("LOGS_GATEWAY_TOKENS", "etl=hunter2-hunter2-hunter2é", &["--port", "0"]),
        ("LOGS_GATEWAY_TOKEN", "hunter2-hunter2-hunter2é", &["publish", "--count", "1"]),
        (
            "LOGS_GATEWAY_UPSTREAM_AUTHORIZATION",
            "hunter2-hunter2-hunter2\n",
            &["--upstream", "http://127.0.0.1:9"],
        ),
    ] {
        let mut command = program(arguments);
        command.env(variable, value);
        let (code, text) = ended(command);
        assert!(
            matches!(code, Some(1 | 2)) && !text.contains("hunter2"),
            "{variable}: {code:?} {text}"
        );
    }
}

#[test]
fn rejects_a_token_that_no_request_can_send_at_the_start() {
    let long = format!("etl={}", "a".repeat(257));
    for (token, expected) in [
        ("etl=sécret-sécret-sécret", "holds characters other than visible ASCII"),
        ("etl=a, faas=b", "without spaces"),
        ("etl= secret", "space"),
        ("etl=secret ", "space"),
        (&long, "257 bytes"),
    ] {
        let (code, text) = ended(program(&["--port", "0", "--token", token]));
        assert!(code == Some(2) && text.contains(expected), "{token}: {text}");
    }
}

#[test]
fn rejects_a_weak_secret_where_strangers_can_reach_the_gateway() {
    for host in ["0.0.0.0", "::", "192.0.2.1", "logs.example.com"] {
        for token in [
            "etl=l5-etl-token",
            "faas=faas-token",
            "etl=function-token",
            "etl=a",
            "etl=0123456789abcdef0123456789abcde",
        ] {
            let tokens = ["--token", "x=0123456789abcdef0123456789abcdef", "--token", token];
            let (code, text) =
                ended(production(&[&["--host", host, "--behind-tls-proxy"], &tokens[..]].concat()));
            assert!(
                code == Some(1) && text.contains("token number 2 ") && text.contains(host),
                "{host} {token}: {text}"
            );
        }
    }
    Running::start(production(&[
        "--host",
        "0.0.0.0",
        "--behind-tls-proxy",
        "--token",
        "etl=0123456789abcdef0123456789abcdef",
    ]));
    Running::start(production(&["--host", "localhost", "--token", "etl=a"]));
}

#[test]
fn rejects_an_upstream_to_which_no_path_can_be_appended_at_the_start() {
    for url in [
        "http://h/?a=1",
        "http://h/#x",
        "http://h ",
        "http://h/a b",
        "http://user@h",
        "http://u:p@h",
        "ftp://h",
        "h",
        "http://",
    ] {
        for arguments in [&["--port", "0", "--upstream", url][..], &["publish", "--url", url]] {
            let (code, text) = ended(program(arguments));
            assert!(code == Some(2) && text.contains("expected "), "{arguments:?}: {text}");
        }
    }
}

#[tokio::test]
async fn the_authorization_for_upstream_is_sent_and_shows_nowhere() {
    let upstream = Canned::serving(
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
        Afterwards::Close,
    )
    .await;
    for url in [&*upstream.url, "http://127.0.0.1:9"] {
        let mut command = program(&["--port", "0", "--upstream", url]);
        command
            .env("LOGS_GATEWAY_UPSTREAM_AUTHORIZATION", format!("Bearer {SECRET}"))
            .env("RUST_LOG", "trace");
        let running = Running::start(command);
        let answer = Answer::of(client().get(format!("{}{PROXY}", running.url))).await;
        assert!(answer.status == 502 && !format!("{answer:?}").contains(SECRET), "{answer:?}");
        let errors = running.end();
        assert!(errors.contains("upstream") && !errors.contains(SECRET), "{errors}");
    }
    let requests = upstream.requests.lock().expect("unpoisoned");
    assert!(
        requests[0].to_ascii_lowercase().contains(&format!("authorization: bearer {SECRET}\r\n")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_proxy_of_the_environment_sees_nothing_without_the_flag() {
    let proxy = Canned::serving(
        b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
        Afterwards::Close,
    )
    .await;
    let through_proxy = |arguments: &[&str]| {
        let mut command = program(arguments);
        ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"].iter().for_each(|name| {
            command.env(name, &proxy.url);
        });
        command
    };
    let seen = || proxy.requests.lock().expect("unpoisoned").len();
    let publish = ["publish", "--url", "http://192.0.2.1:3000", "--token", SECRET, "--count", "1"];
    let serve = ["--port", "0", "--upstream", "http://127.0.0.1:9"];
    // No machine has this address, which is reserved for documentation.
    let command = through_proxy(&publish);
    let (code, text) = tokio::task::spawn_blocking(|| ended(command)).await.expect("it ends");
    assert!(code == Some(1) && !text.contains(SECRET), "{text}");
    let running = Running::start(through_proxy(&serve));
    assert_eq!(Answer::of(client().get(format!("{}{PROXY}", running.url))).await.status, 502);
    assert_eq!(seen(), 0);
    let command = through_proxy(&[&publish[..], &["--use-env-proxy"]].concat());
    let (_, text) = tokio::task::spawn_blocking(|| ended(command)).await.expect("it ends");
    assert!(seen() == 1 && text.contains("403"), "{text}");
    let running = Running::start(through_proxy(&[&serve[..], &["--use-env-proxy"]].concat()));
    assert_eq!(
        (Answer::of(client().get(format!("{}{PROXY}", running.url))).await.status, seen()),
        (403, 2)
    );
}

#[tokio::test]
async fn a_publisher_follows_no_redirect() {
    let thief = Canned::serving(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        Afterwards::Close,
    )
    .await;
    for status in ["301", "302", "303", "307", "308"] {
        let redirect = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: {}/logs/stream\r\nContent-Length: 0\r\n\r\n",
            thief.url
        );
        let gateway = Canned::serving(redirect.into(), Afterwards::Close).await;
        let command =
            program(&["publish", "--url", &gateway.url, "--token", SECRET, "--count", "1"]);
        let (code, text) = tokio::task::spawn_blocking(|| ended(command)).await.expect("it ends");
        assert!(code == Some(1) && text.contains(status) && !text.contains(SECRET), "{text}");
    }
    assert_eq!(thief.requests.lock().expect("unpoisoned").len(), 0);
}

#[tokio::test]
async fn publish_finds_the_other_name_of_the_route() {
    let publish =
        || async { format!("{{\"success\":true,\"channel\":{CHANNEL:?},\"delivered\":3}}") };
    let node = Server::of(|_| Router::new().route("/api/logs/publish", post(publish))).await;
    let command = program(&["publish", "--url", &node.url, "--count", "2", "--interval", "1ms"]);
    let (code, text) = tokio::task::spawn_blocking(|| ended(command)).await.expect("it ends");
    assert!(code == Some(0) && text.contains("2: ") && text.contains("delivered to 3"), "{text}");
}

#[tokio::test]
async fn the_job_publishes_with_a_token_of_its_service() {
    let tokens =
        ["--token", "x=0123456789abcdef0123456789abcdef", "--token", "etl=hunter2-hunter2-hunter2"];
    let running =
        Running::start(program(&[&["--port", "0", "--job", "--rate", "50"][..], &tokens].concat()));
    let mut reader = Reader::open(client().get(format!("{}{PROXY}", running.url))).await;
    reader.data().await;
    assert_eq!(reader.data().await["channel"], CHANNEL);
    let (code, text) =
        ended(program(&["--port", "0", "--job", "--token", "faas=hunter2-hunter2-hunter2"]));
    assert!(code == Some(1) && text.contains("--token etl="), "{text}");
}
