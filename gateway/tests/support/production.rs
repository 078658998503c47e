//! A gateway without `--demo`, as a process, and requests to it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::process::Stdio;

use serde_json::json;

use crate::support::process::{Process, command, ended};
use crate::support::{Answer, Reader, client};

pub const TOKEN: &str = "hunter2-hunter2-hunter2";

/// The routes of readers for the channel `logs:etl:{workspace}:workflow456`; true for a stream.
pub fn routes(workspace: &str) -> [(String, bool); 6] {
    let (channel, ids) = (
        format!("logs:etl:{workspace}:workflow456"),
        format!("workspace_id={workspace}&workflow_id=workflow456"),
    );
    let datashop = "/api/dapadmin/l5-etl/sse/logs";
    [
        (format!("/logs/stream?channels={channel}&tail=9"), true),
        (format!("/api/logs/stream?channels={channel}&tail=9"), true),
        (format!("{datashop}/stream?{ids}&tail=9"), true),
        (format!("/logs/history?channel={channel}"), false),
        (format!("/api/logs/history?channel={channel}"), false),
        (format!("{datashop}/history?{ids}"), false),
    ]
}

/// A running gateway that authenticates its readers.
pub struct Production {
    pub process: Process,
}

impl Production {
    pub fn start(flags: &[&str]) -> Self {
        // All tests have the same address, from which few refusals are allowed otherwise.
        let own = ["--port", "0", "--max-auth-failures", "0", "--token", &token_flag()];
        let command = command(&[&own[..], flags].concat());
        // Without a terminal, so that SIGHUP reloads.
        let mut setsid = std::process::Command::new("setsid");
        setsid.arg(command.get_program()).args(command.get_args());
        setsid.env_remove("LOGS_GATEWAY_DEMO").stdin(Stdio::null()).stderr(Stdio::null());
        Self { process: Process::start(&mut setsid) }
    }

    /// Runs a gateway that is expected to end by itself.
    pub fn refused(flags: &[&str]) -> (Option<i32>, String) {
        let mut command = command(&[&["--port", "0", "--token", &token_flag()], flags].concat());
        command.env_remove("LOGS_GATEWAY_DEMO");
        ended(command)
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        client().get(format!("{}{path}", self.process.url))
    }

    pub async fn publish(&self, workspace: &str, message: &str) {
        let body = json!({ "service": "etl", "workspace_id": workspace, "workflow_id": "workflow456", "logData": { "message": message } });
        let request = client().post(format!("{}/logs/publish", self.process.url));
        let request = request.header("X-Service-Token", TOKEN).body(body.to_string());
        assert_eq!(Answer::of(request).await.status, 200);
    }
}

/// Opens a stream past its greeting, and returns it with the granted channels.
pub async fn open(request: reqwest::RequestBuilder) -> (Reader, Vec<String>) {
    let mut reader = Reader::open(request).await;
    assert_eq!(reader.status, 200);
    let greeting = reader.data().await;
    let channels = greeting["channels"].as_array().expect("a list");
    let channels = channels.iter().map(|name| name.as_str().expect("a name").to_owned()).collect();
    (reader, channels)
}

/// Returns the status of a request whose response is not read.
pub async fn status(request: reqwest::RequestBuilder) -> u16 {
    Reader::open(request).await.status
}

fn token_flag() -> String {
    format!("etl={TOKEN}")
}
