//! What a reload refuses: another mode, and whatever the next start would refuse.

#![cfg(unix)]

mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStderr, Command, Stdio};

use support::process::{Process, Raw, connect};
use temporary::File;

/// A loopback address in a form that the gateway takes for a name, so for one that other machines
/// may reach.
const OTHERS_REACH: &str = "host = \"127.1\"\nbehind-tls-proxy = true\n";

const DEMO: &str = "demo = true\n";

/// The hash of [`SECRET`].
const TOKENS: &str = "[[token]]\nname = \"own\"\nservices = [\"etl\"]\nworkspaces = [\"*\"]\nsha256 = \"9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f\"\n";
const SECRET: &str = "0123456789abcdef";

/// A gateway without a terminal, its configuration and its log.
struct Reloading {
    gateway: Process,
    log: Lines<BufReader<ChildStderr>>,
    config: File,
}

impl Reloading {
    fn start(name: &str, config: &str) -> Self {
        let config = File::new(&format!("reload-{name}"), config);
        let mut setsid = Command::new("setsid");
        setsid
            .args([env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0", "--config", config.path()])
            .env_remove("LOGS_GATEWAY_TOKENS")
            .env_remove("LOGS_GATEWAY_DEMO")
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        let mut gateway = Process::start(&mut setsid);
        let log = BufReader::new(gateway.child.stderr.take().expect("piped")).lines();
        Self { gateway, log, config }
    }

    /// Reloads with this configuration, and returns the line of the log about it.
    fn reload(&mut self, config: &str) -> String {
        self.config.write(config);
        self.gateway.signal("-HUP");
        let is_result = |line: &String| {
            line.contains("stays in force") || line.contains("configuration was reloaded")
        };
        self.log.by_ref().map_while(Result::ok).find(is_result).expect("a result in the log")
    }

    /// Returns the status of a log that is published with `secret`.
    fn publish(&self, secret: &str) -> String {
        let body = r#"{"service":"etl","workspace_id":"w","logData":{}}"#;
        let answer = self.gateway.exchange(&format!(
            "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: {secret}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }
}

#[test]
fn a_reload_makes_no_demo_of_a_gateway_and_no_gateway_of_a_demo() {
    let tokens = File::new("reload-mode-tokens", TOKENS);
    let named = format!("tokens = {:?}\n", tokens.path());
    let proxy = "trusted-proxy = [\"127.0.0.1\"]\n";
    let mut reloading = Reloading::start("mode", &format!("{OTHERS_REACH}{proxy}{named}"));
    for (config, expected) in [
        (DEMO, "stays in force: demo has changed"),
        ("", "stays in force: neither readers nor publishers are authenticated"),
        (proxy, "stays in force: publishers have no tokens"),
        (&named, "stays in force: readers are not authenticated"),
        (&format!("{OTHERS_REACH}{DEMO}"), "other machines can reach --host 127.1"),
    ] {
        let result = reloading.reload(config);
        assert!(result.contains(expected), "{config}: {result}");
        assert_eq!([reloading.publish("l5-etl-token"), reloading.publish(SECRET)], ["403", "200"]);
    }
    let mut demo = Reloading::start("demo-mode", DEMO);
    let result = demo.reload(&format!("{proxy}{named}"));
    assert!(result.contains("stays in force: demo has changed"), "{result}");
    assert_eq!([demo.publish("l5-etl-token"), demo.publish(SECRET)], ["200", "403"]);
}

#[test]
fn a_reload_neither_adds_nor_removes_the_keys_of_readers() {
    let tokens = File::new("reload-keys-tokens", TOKENS);
    let secret = File::new("reload-keys-secret", "0123456789abcdef0123456789abcdef");
    let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let set = File::new("reload-keys-set", set);
    let proxy = format!("tokens = {:?}\ntrusted-proxy = [\"127.0.0.1\"]\n", tokens.path());
    let rules = "auth-jwt-issuer = \"i\"\nauth-jwt-audience = \"a\"\n";
    let with_secret = format!("{proxy}{rules}auth-jwt-secret-file = {:?}\n", secret.path());
    let with_set = format!("{proxy}{rules}auth-jwks = {:?}\n", set.path());
    let mut reloading = Reloading::start("keys", &with_secret);
    for config in [&proxy, &with_set] {
        let result = reloading.reload(config);
        assert!(result.contains("stays in force: auth-jwt-secret-file or auth-jwks"), "{result}");
    }
    let result = reloading.reload(&with_secret);
    assert!(result.contains("was reloaded"), "{result}");
    let mut without = Reloading::start("no-keys", &proxy);
    let result = without.reload(&with_secret);
    assert!(result.contains("stays in force: auth-jwt-secret-file or auth-jwks"), "{result}");
}

#[test]
fn streams_end_when_their_proxy_is_no_longer_trusted() {
    let tokens = File::new("reload-proxy-tokens", TOKENS);
    let config =
        |proxies: &str| format!("tokens = {:?}\ntrusted-proxy = [{proxies}]\n", tokens.path());
    let mut reloading = Reloading::start("proxy", &config("\"127.0.0.1\""));
    let path = "/logs/stream?channels=logs:etl:w";
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nX-User-Id: jane\r\nX-Workspace-Id: w\r\n\r\n"
    );
    let open = |reloading: &Reloading| {
        let mut socket = connect(reloading.gateway.address());
        socket.write_all(head.as_bytes()).expect("it accepts the request");
        let mut raw = Raw { socket, text: String::new() };
        raw.until("\r\n\r\n");
        raw
    };
    let mut reader = open(&reloading);
    assert!(reader.text.starts_with("HTTP/1.1 200"), "{}", reader.text);
    let result = reloading.reload(&config("\"10.0.0.1\", \"127.0.0.1\""));
    assert!(result.contains("was reloaded"), "{result}");
    assert_eq!(reloading.publish(SECRET), "200");
    reader.until("\"seq\":1");
    let result = reloading.reload(&config("\"10.0.0.1\""));
    assert!(result.contains("was reloaded"), "{result}");
    assert!(open(&reloading).text.starts_with("HTTP/1.1 401"));
    reader.until("\"reason\":\"expired\"");
    assert!(!reader.text.contains("\"seq\":2"), "{}", reader.text);
}

#[test]
fn own_tokens_are_not_replaced_by_those_of_the_demo() {
    let tokens = File::new("reload-own", TOKENS);
    let mut reloading = Reloading::start("demo", DEMO);
    assert_eq!(reloading.publish("l5-etl-token"), "200");
    let result = reloading.reload(&format!("{DEMO}tokens = {:?}\n", tokens.path()));
    assert!(result.contains("was reloaded"), "{result}");
    assert_eq!([reloading.publish("l5-etl-token"), reloading.publish(SECRET)], ["403", "200"]);
    let result = reloading.reload(DEMO);
    assert!(result.contains("stays in force: no tokens are set any more"), "{result}");
    assert_eq!([reloading.publish("l5-etl-token"), reloading.publish(SECRET)], ["403", "200"]);
}

#[test]
fn what_refuses_a_start_refuses_a_reload() {
    let mut reloading = Reloading::start("start", DEMO);
    for (config, expected) in [
        ("cors-credentials = true\n", "cors"),
        ("site = \"/nonexistent\"\n", "it has no index.html"),
        (OTHERS_REACH, "other machines can reach --host 127.1"),
    ] {
        let result = reloading.reload(&format!("{DEMO}{config}"));
        assert!(result.contains("stays in force") && result.contains(expected), "{result}");
    }
    let result = reloading.reload(&format!("{DEMO}history-lines = 10\n"));
    assert!(result.contains("was reloaded"), "{result}");
}

#[test]
fn a_reload_that_loses_a_protection_changes_nothing() {
    let rules = File::new("reload-rules", "[[rule]]\nname = \"a\"\npattern = '[0-9]+'\n");
    let secret = File::new("reload-secret", &"s".repeat(40));
    let tokens = File::new("reload-protected-tokens", TOKENS);
    let named = format!("tokens = {:?}\n", tokens.path());
    let proxy = "trusted-proxy = [\"127.0.0.1\"]\n";
    let redact = format!("redact = {:?}\n", rules.path());
    let proxy_secret = format!("trusted-proxy-secret-file = {:?}\n", secret.path());
    let mut reloading =
        Reloading::start("protected", &format!("{named}{proxy}{redact}{proxy_secret}"));
    for (config, expected) in [
        (format!("{named}{proxy}{proxy_secret}"), "redact is not set any more"),
        (format!("{named}{proxy}{redact}"), "trusted-proxy-secret-file is not set any more"),
    ] {
        let result = reloading.reload(&config);
        assert!(result.contains("stays in force") && result.contains(expected), "{result}");
    }
    let history = "/logs/history?channel=logs:etl:w";
    let headers = "X-User-Id: jane\r\nX-Workspace-Id: w\r\n";
    let read = |headers: &str| {
        let head = format!("GET {history} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        reloading.gateway.exchange(&format!("{head}{headers}\r\n"))
    };
    assert_eq!(reloading.publish(SECRET), "200");
    assert!(read(headers).starts_with("HTTP/1.1 401"), "the secret is still required");
}
