//! The gateway that is measured: its address, its paths, and how it expects a log.

use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// Address of the gateway, as host:port.
    #[arg(long)]
    pub(crate) gateway: String,
    /// Path and query of the stream.
    #[arg(long)]
    pub(crate) stream: String,
    /// Path and query to which logs are posted.
    #[arg(long)]
    pub(crate) publish: String,
    /// Headers of each request, as `Name: value`; repeatable.
    #[arg(long = "header")]
    pub(crate) headers: Vec<String>,
    /// The body of a post.
    #[arg(long, value_enum, default_value = "wrapped")]
    pub(crate) body: BodyForm,
}

/// The form of the body of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BodyForm {
    /// `{"service", "workspace_id", "workflow_id", "logData"}`, as services publish.
    Wrapped,
    /// The log alone, for gateways that know channels by their URL.
    Bare,
}

impl Target {
    /// Returns the request that opens a stream.
    pub(crate) fn stream_request(&self) -> String {
        let headers = self.header_lines();
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{headers}\r\n",
            self.stream, self.gateway
        )
    }

    /// Returns the request that publishes `body`.
    pub(crate) fn publish_request(&self, content_type: &str, body: &str) -> String {
        let headers = self.header_lines();
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.publish,
            self.gateway,
            body.len()
        )
    }

    /// Returns a log with a number, and with a time that its readers subtract from theirs.
    pub(crate) fn log(&self, number: u64, micros: u128) -> String {
        let log = format!(
            r#"{{"level":"INFO","pipeline":"INGESTION","status":"12 sec","message":"Read 1,204 rows from s3://lake/in (log {number})","number":{number},"at":{micros}}}"#
        );
        match self.body {
            BodyForm::Bare => log,
            BodyForm::Wrapped => format!(
                r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{log}}}"#
            ),
        }
    }

    fn header_lines(&self) -> String {
        self.headers.iter().map(|header| format!("{header}\r\n")).collect()
    }
}
