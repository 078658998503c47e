//! Pages of other origins: the headers of preflights and responses.

#[path = "support/program.rs"]
mod program_support;
mod support;

use logs_gateway::http::app::Extras;
use logs_gateway::http::cors::Cors;
use program_support::{Running, ended, program};
use reqwest::Method;
use reqwest::header::HeaderMap;
use support::{CHANNEL, PROXY, Reader, Server, Setup, client};

const APP: &str = "https://app.example.com";
const HISTORY: &str = "/api/dapadmin/l5-etl/sse/logs/history";

async fn gateway(origins: &[&str], credentials: bool) -> Server {
    let origins = origins.iter().map(|origin| origin.parse().expect("an origin")).collect();
    let cors = Cors::new(origins, credentials).expect("flags");
    Server::made(Setup { extras: Extras { cors, ..Extras::default() }, ..Setup::default() }).await
}

async fn preflight(server: &Server, path: &str, origin: &str, asks: &str) -> HeaderMap {
    let request =
        client().request(Method::OPTIONS, format!("{}{path}", server.url)).header("Origin", origin);
    let request = request
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", asks);
    request.send().await.expect("an answer").headers().clone()
}

fn allow(headers: &HeaderMap, what: &str) -> Option<String> {
    headers
        .get(format!("access-control-{what}"))
        .map(|value| value.to_str().expect("text").to_ascii_lowercase())
}

#[tokio::test]
async fn an_allowed_page_may_send_the_headers_it_asks_for() {
    for origins in [&[APP][..], &["https://other.example", APP], &["*"]] {
        let gateway = gateway(origins, false).await;
        for path in [PROXY, "/logs/stream", "/api/logs/stream", "/logs/history", HISTORY, "/health"]
        {
            let headers =
                preflight(&gateway, path, APP, "authorization,x-tenant,last-event-id").await;
            assert_eq!(
                allow(&headers, "allow-headers").as_deref(),
                Some("authorization,x-tenant,last-event-id"),
                "{path}"
            );
            assert_eq!(
                allow(&headers, "allow-origin"),
                Some(if origins == ["*"] { "*" } else { APP }.into()),
                "{path}"
            );
            assert_eq!(allow(&headers, "allow-credentials"), None);
        }
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_allowed_nothing() {
    for (origins, credentials) in [(&[APP][..], false), (&[APP], true), (&[], false)] {
        let gateway = gateway(origins, credentials).await;
        for origin in [
            "https://evil.example",
            "null",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "https://app.example.com:8443",
        ] {
            assert_eq!(
                allow(&preflight(&gateway, PROXY, origin, "authorization").await, "allow-origin"),
                None,
                "{origin}"
            );
            let reader = Reader::open(
                client().get(format!("{}{PROXY}", gateway.url)).header("Origin", origin),
            )
            .await;
            assert_eq!(allow(&reader.headers, "allow-origin"), None, "{origin}");
        }
    }
}

#[tokio::test]
async fn credentials_are_allowed_to_named_origins_only_by_a_flag() {
    let gateway = gateway(&[APP], true).await;
    let answers = [
        preflight(&gateway, PROXY, APP, "authorization").await,
        Reader::open(client().get(format!("{}{PROXY}", gateway.url)).header("Origin", APP))
            .await
            .headers,
    ];
    for headers in answers {
        assert_eq!(
            (
                allow(&headers, "allow-origin").as_deref(),
                allow(&headers, "allow-credentials").as_deref()
            ),
            (Some(APP), Some("true"))
        );
    }
}

#[tokio::test]
async fn a_page_may_read_retry_after() {
    let gateway = gateway(&[APP], false).await;
    for path in
        [format!("/logs/stream?channels={CHANNEL}"), "/logs/stream".into(), "/health".into()]
    {
        let answer = client()
            .get(format!("{}{path}", gateway.url))
            .header("Origin", APP)
            .send()
            .await
            .expect("an answer");
        assert_eq!(
            allow(answer.headers(), "expose-headers").as_deref(),
            Some("retry-after"),
            "{path}"
        );
        assert!(answer.headers().get_all("vary").iter().any(|vary| {
            vary.to_str().is_ok_and(|vary| vary.to_ascii_lowercase().contains("origin"))
        }));
    }
}

#[test]
fn an_origin_that_can_never_match_is_refused_at_start() {
    for (arguments, code, expected) in [
        (&["--cors-origin", "*", "--cors-origin", APP][..], 1, "stands for every origin"),
        (&["--cors-origin", "*", "--cors-credentials"], 1, "by name"),
        (&["--cors-credentials"], 1, "--cors-origin"),
        (&["--cors-origin", "null"], 2, "sandboxed"),
        (
            &["--cors-origin", "https://a.example/"],
            2,
            "browsers send this origin as https://a.example",
        ),
        (&["--cors-origin", "https://a.example/path"], 2, "browsers send"),
        (&["--cors-origin", "a b"], 2, "expected an origin"),
        (&["--cors-origin", "a.example"], 2, "expected an origin"),
        (&["--cors-origin", ""], 2, "expected an origin"),
    ] {
        let (ended_with, text) = ended(program(&[&["--port", "0"], arguments].concat()));
        assert!(
            ended_with == Some(code) && text.contains(expected) && !text.contains("panicked"),
            "{arguments:?}: {text}"
        );
    }
}

#[tokio::test]
async fn the_flags_reach_the_answers() {
    let running =
        Running::start(program(&["--port", "0", "--cors-origin", APP, "--cors-credentials"]));
    let reader =
        Reader::open(client().get(format!("{}{PROXY}", running.url)).header("Origin", APP)).await;
    assert_eq!(
        (
            allow(&reader.headers, "allow-origin").as_deref(),
            allow(&reader.headers, "allow-credentials").as_deref()
        ),
        (Some(APP), Some("true"))
    );
}

#[test]
fn help_names_the_flags_of_hosts_origins_and_proxies() {
    for arguments in [&["--help"][..], &["publish", "--help"]] {
        let (code, text) = ended(program(arguments));
        let flags = if arguments.len() == 1 {
            &["--allowed-host", "--cors-credentials", "--use-env-proxy"][..]
        } else {
            &["--use-env-proxy"]
        };
        assert!(code == Some(0) && flags.iter().all(|flag| text.contains(flag)), "{text}");
    }
}
