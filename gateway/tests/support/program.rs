//! The program, run to its end or until the test ends.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

pub use logs_test_support::process::ended;

/// The program with these arguments, in demo mode, and none of the other variables that it reads.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
    command.args(arguments);
    let proxies = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ];
    let own = [
        "LOGS_GATEWAY_TOKENS",
        "LOGS_GATEWAY_TOKEN",
        "LOGS_GATEWAY_UPSTREAM_AUTHORIZATION",
        "RUST_LOG",
    ];
    proxies.iter().chain(&own).for_each(|name| {
        command.env_remove(name);
    });
    command.env("LOGS_GATEWAY_DEMO", "true");
    command
}

/// A running gateway that ends with the test.
pub struct Running {
    child: Child,
    pub url: String,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("logs-gateway listening on ").map(ToOwned::to_owned);
        let url = url.unwrap_or_else(|| panic!("no address in {line:?}: {}", errors(&mut child)));
        Self { child, url }
    }

    /// Ends it in order, since it writes its log in the background, and returns what it wrote to
    /// standard error.
    pub fn end(mut self) -> String {
        let done = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(done.success(), "it has ended by itself");
        read_errors(&mut self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn errors(child: &mut Child) -> String {
    let _ = child.kill();
    read_errors(child)
}

fn read_errors(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
    text
}
