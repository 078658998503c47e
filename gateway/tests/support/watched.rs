//! The program with its listener for operators.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::io::{BufRead, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::process::{Process, exchange};

/// A gateway with its listener for operators.
pub struct Watched {
    pub gateway: Process,
    pub admin: String,
}

impl Watched {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, None)
    }

    /// Starts it with a limit of open files.
    pub fn start_with(arguments: &[&str], files: Option<u32>) -> Self {
        Self::start_in(arguments, files, &[])
    }

    /// Starts it with more variables, too.
    pub fn start_in(arguments: &[&str], files: Option<u32>, variables: &[(&str, &str)]) -> Self {
        // Without a terminal, so that SIGHUP reloads.
        let mut command = Command::new("setsid");
        if let Some(files) = files {
            let limit = format!("ulimit -n {files}; exec \"$@\"");
            command.args(["sh", "-c", &limit, "sh"]);
        }
        let fixed = [env!("CARGO_BIN_EXE_logs-gateway"), "--port", "0", "--admin", "0"];
        command
            .args([&fixed[..], arguments].concat())
            .env_remove("LOGS_GATEWAY_TOKENS")
            .env("LOGS_GATEWAY_DEMO", "true")
            .env_remove("RUST_LOG")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        let mut gateway = Process::start(&mut command);
        let mut line = String::new();
        gateway.stdout.as_mut().expect("a pipe").read_line(&mut line).expect("a second line");
        let admin = line.trim().strip_prefix("logs-gateway for operators on http://");
        Self { admin: admin.unwrap_or_else(|| panic!("no address in {line:?}")).into(), gateway }
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str) -> String {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        exchange(&self.admin, &format!("{head}{headers}\r\n"))
    }

    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&body(&self.ask("GET", path, ""))).expect("JSON")
    }

    pub fn metrics(&self) -> String {
        body(&self.ask("GET", "/metrics", ""))
    }

    /// Returns the value of a series, written as in the text.
    pub fn value(&self, series: &str) -> f64 {
        let metrics = self.metrics();
        let series = format!("logs_gateway_{series} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&series));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{series}: {metrics}"))
    }

    pub fn publish(&self, token: &str, body: &str) -> String {
        self.gateway.exchange(&format!(
            "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: {token}\r\nIdempotency-Key: {}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
            body.len()
        ))
    }

    /// Ends the gateway, and returns its log.
    pub fn log(mut self) -> String {
        self.gateway.signal("-TERM");
        let mut log = String::new();
        let mut stderr = self.gateway.child.stderr.take().expect("piped");
        stderr.read_to_string(&mut log).expect("text");
        self.gateway.end();
        log
    }
}

pub fn body(answer: &str) -> String {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    body.to_owned()
}

pub fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
