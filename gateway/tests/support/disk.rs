//! A gateway that stores its history on disk, as a process, and what it answers.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::support::process::{Process, exchange};

/// A folder that is removed with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("logs-disk-{}-{number}", std::process::id())))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn text(&self) -> &str {
        self.0.to_str().expect("a path")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running gateway with the engine disk.
pub struct Stored {
    pub process: Process,
    admin: String,
}

/// The command of a gateway with its history in `folder`.
pub fn command(folder: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
    let fixed = ["--demo", "--port", "0", "--admin", "0", "--engine", "disk", "--data-dir", folder];
    command
        .args([&fixed[..], arguments].concat())
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

impl Stored {
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::run(&mut command(folder.text(), arguments))
    }

    pub fn run(command: &mut Command) -> Self {
        let mut process = Process::start(command);
        let mut line = String::new();
        process.stdout.as_mut().expect("a pipe").read_line(&mut line).expect("a second line");
        let admin = line.trim().strip_prefix("logs-gateway for operators on http://");
        let admin = admin.unwrap_or_else(|| panic!("no address in {line:?}")).into();
        Self { process, admin }
    }

    /// Kills it as a crash would.
    pub fn crash(mut self) {
        self.process.child.kill().expect("it runs");
        self.process.child.wait().expect("it ended");
    }

    /// Ends it in order.
    pub fn stop(mut self) {
        self.process.signal("-TERM");
        self.process.end();
    }

    /// Publishes a log with this message and id on a workflow, and returns the whole answer.
    pub fn publish(&self, workflow: &str, message: &str, id: &str) -> String {
        publish(self.process.address(), workflow, message, id)
    }

    /// Returns the numbers and messages of all logs of a workflow, by its history's pages.
    pub fn history(&self, workflow: &str) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        let mut before = String::new();
        loop {
            let page = self
                .json(&format!("/logs/history?channel=logs:etl:w:{workflow}&limit=1000{before}"));
            let logs: Vec<_> = page["logs"].as_array().expect("a page").iter().map(log).collect();
            let Some((first, _)) = logs.first() else { return all };
            before = format!("&before={first}");
            all.splice(0..0, logs);
        }
    }

    pub fn json(&self, path: &str) -> Value {
        parse(&self.process.get(path))
    }

    pub fn ask_admin(&self, method: &str, path: &str) -> String {
        exchange(
            &self.admin,
            &format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        )
    }

    pub fn epoch(&self) -> String {
        let health = parse(&self.ask_admin("GET", "/health"));
        health["epoch"].as_str().expect("an epoch").into()
    }

    /// Returns the value of a series, written as in the text.
    pub fn metric(&self, series: &str) -> f64 {
        let metrics = self.ask_admin("GET", "/metrics");
        let series = format!("logs_gateway_{series} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&series));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{series}: {metrics}"))
    }
}

/// Publishes a log with this message and id, and returns the whole answer, which is empty if the
/// gateway is gone.
pub fn publish(address: &str, workflow: &str, message: &str, id: &str) -> String {
    let body = json!({
        "service": "etl", "workspace_id": "w", "workflow_id": workflow, "logData": {"message": message},
    });
    let body = body.to_string();
    let request = format!(
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\nIdempotency-Key: {id}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    try_exchange(address, &request).unwrap_or_default()
}

/// Publishes a batch of messages, each with its id, and returns the whole answer.
pub fn publish_batch(address: &str, workflow: &str, logs: &[(String, String)]) -> String {
    let lines: Vec<_> = logs
        .iter()
        .map(|(id, message)| {
            json!({
                "id": id, "service": "etl", "workspace_id": "w", "workflow_id": workflow,
                "logData": {"message": message},
            })
            .to_string()
        })
        .collect();
    let body = lines.join("\n");
    let request = format!(
        "POST /logs/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    try_exchange(address, &request).unwrap_or_default()
}

fn try_exchange(address: &str, request: &str) -> std::io::Result<String> {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(address)?;
    socket.set_read_timeout(Some(crate::support::PATIENCE))?;
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

pub fn is_stored(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ")
}

pub fn parse(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn log(envelope: &Value) -> (u64, String) {
    let message = envelope["data"]["message"].as_str().expect("a message");
    (envelope["seq"].as_u64().expect("a number"), message.into())
}
