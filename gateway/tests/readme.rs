//! The commands in the gateway's README work as they are written.

mod support;

use std::process::Command;

use support::{CHANNEL, Server};

const README: &str = include_str!("../README.md");
const INTEGRATION: &str = include_str!("../../docs/integration.md");

/// Returns the curl commands of the README.
fn curl_commands() -> Vec<&'static str> {
    README.lines().filter(|line| line.starts_with("curl ")).collect()
}

/// Runs a command of the README against `gateway`. Only the address and a time limit differ from
/// what is written.
fn run(command: &str, gateway: &str) -> String {
    let command = command.replace("http://127.0.0.1:8080", gateway).replacen(
        "curl ",
        "curl --silent --show-error --max-time 1 ",
        1,
    );
    let output = Command::new("bash").args(["-c", &command]).output().expect("bash is there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // 28: the time limit, which ends an endless stream.
    let code = output.status.code();
    assert!(
        code == Some(0) || (code == Some(28) && command.contains(" -N ")),
        "{command}: {code:?} {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_commands_work_as_written() {
    let gateway = Server::gateway().await;
    let commands = curl_commands();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in commands {
        let url = gateway.url.clone();
        let text = tokio::task::spawn_blocking(move || run(command, &url)).await.expect("it ends");
        let expected = match command {
            stream if stream.contains(" -N ") => "\"type\":\"connection\"",
            publish if publish.contains("X-Service-Token") => "\"success\":true",
            health if health.contains("/health") => "\"status\":\"healthy\"",
            stats if stats.contains("/admin/") => "\"channels\"",
            _ => "\"delivered\"",
        };
        assert!(text.contains(expected), "{command}: {text}");
    }
}

#[test]
fn the_rust_code_is_the_example_that_is_compiled() {
    let example = include_str!("../../examples/leptos_app.rs");
    let (_, code) = example.split_once("\n\n").expect("a first line and code");
    assert!(
        INTEGRATION.contains(code.trim()),
        "docs/integration.md and examples/leptos_app.rs differ"
    );
}

#[test]
fn the_channel_of_the_tests_is_that_of_the_readme() {
    assert!(README.contains(CHANNEL));
}
