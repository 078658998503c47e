//! The real program as a process.

use std::process::{Command, Stdio};

pub use logs_test_support::process::*;

/// The program with these arguments, in demo mode, and none of the other variables that it reads.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
    command
        .args(arguments)
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

/// Requests to a running gateway.
pub trait Gateway {
    /// Opens a raw stream past its greeting.
    fn read(&self, path: &str) -> Raw;

    /// Publishes a log with this message, and returns the whole answer.
    fn publish(&self, message: &str) -> String;
}

impl Gateway for Process {
    fn read(&self, path: &str) -> Raw {
        let mut raw = Raw::request(self.address(), path);
        raw.until("\"connectionId\"");
        raw
    }

    fn publish(&self, message: &str) -> String {
        self.exchange(&publish_request("/logs/stream", message))
    }
}

pub fn publish_request(path: &str, message: &str) -> String {
    let body = format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{{"message":"{message}"}}}}"#
    );
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    head + &body
}
