//! The flags that limit what one user, address, token, channel or workspace may use, and the file of
//! redactions.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use logs_gateway::limits::config::{
    AUTH_FAILURES, Config, LOG_BYTES, MAX_LOG_BYTES, Rate, STREAMS_PER_USER, USER_REPLAYED_LOGS,
};
use logs_gateway::limits::replays::Rates;
use logs_gateway::redaction::Redaction;

use crate::cli::parse::parse_time;

#[derive(Clone, Debug, Args)]
pub(crate) struct LimitArgs {
    /// Maximum number of open streams of one user; 0 for no limit. Anonymous readers have none.
    #[arg(long, value_name = "N", default_value_t = STREAMS_PER_USER)]
    max_streams_per_user: usize,
    /// Maximum number of open streams from one address, or from one IPv6 network of 64 bits; 0 for
    /// no limit. Many users may share the address of a proxy.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_streams_per_address: usize,
    /// Maximum number of open streams with channels of one workspace; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_streams_per_workspace: usize,
    /// Logs per second that are replayed to one user from histories; 0 for no limit. Anonymous
    /// readers have none.
    #[arg(long, value_name = "N", default_value_t = USER_REPLAYED_LOGS)]
    max_user_replayed_logs_per_second: usize,
    /// Logs per second that are replayed to one address, or to one IPv6 network of 64 bits; 0 for no
    /// limit. Many users may share the address of a proxy.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_address_replayed_logs_per_second: usize,
    /// Logs per second that are replayed from the channels of one workspace; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_workspace_replayed_logs_per_second: usize,
    /// After a pause, the logs of this time are replayed at once.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    replay_burst: Duration,
    /// Logs per second that are accepted with one token; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_token_logs_per_second: usize,
    /// Bytes per second that are accepted with one token; 0 for no limit.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    max_token_bytes_per_second: usize,
    /// Logs per second that are accepted for one workspace; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_workspace_logs_per_second: usize,
    /// Bytes per second that are accepted for one workspace; 0 for no limit.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    max_workspace_bytes_per_second: usize,
    /// Logs per second that are accepted on one channel; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_channel_logs_per_second: usize,
    /// Bytes per second that are accepted on one channel; 0 for no limit.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    max_channel_bytes_per_second: usize,
    /// After a pause, the logs and bytes of this time are accepted at once.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    publish_burst: Duration,
    /// Maximum number of channels of one workspace on which logs are published; 0 for no limit.
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_channels_per_workspace: usize,
    /// Maximum size of a log, also after decompression: from 1024 bytes to 1 MiB.
    #[arg(long, value_name = "BYTES", default_value_t = LOG_BYTES, value_parser = parse_log_bytes)]
    max_log_bytes: usize,
    /// How long a client may take to send the head of a request.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) head_timeout: Duration,
    /// How long a connection may wait for its next request. Proxies should close it earlier.
    #[arg(long, value_name = "TIME", default_value = "75s", value_parser = parse_time)]
    pub(crate) idle_timeout: Duration,
    /// How long a client may take to send the body of a request.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    body_timeout: Duration,
    /// Requests with a wrong token that one address may send in a minute before it receives 429;
    /// 0 for no limit. Requests with right ones are served in any case.
    #[arg(long, value_name = "N", default_value_t = AUTH_FAILURES)]
    max_auth_failures: usize,
    /// Replace confidential parts of logs before they are stored, by the rules in this TOML file.
    /// SIGHUP reads it again.
    #[arg(long, value_name = "FILE")]
    redact: Option<PathBuf>,
}

impl LimitArgs {
    pub(crate) fn config(&self) -> Config {
        Config {
            streams_per_user: self.max_streams_per_user,
            streams_per_address: self.max_streams_per_address,
            streams_per_workspace: self.max_streams_per_workspace,
            replays: Rates {
                user: self.max_user_replayed_logs_per_second,
                address: self.max_address_replayed_logs_per_second,
                workspace: self.max_workspace_replayed_logs_per_second,
            },
            replay_burst: self.replay_burst,
            token: Rate {
                logs: self.max_token_logs_per_second,
                bytes: self.max_token_bytes_per_second,
            },
            workspace: Rate {
                logs: self.max_workspace_logs_per_second,
                bytes: self.max_workspace_bytes_per_second,
            },
            channel: Rate {
                logs: self.max_channel_logs_per_second,
                bytes: self.max_channel_bytes_per_second,
            },
            burst: self.publish_burst,
            channels_per_workspace: self.max_channels_per_workspace,
            log_bytes: self.max_log_bytes,
            body_timeout: self.body_timeout,
            auth_failures: self.max_auth_failures,
        }
    }

    /// Reads the rules of the file.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub(crate) fn redaction(&self) -> Result<Redaction, Vec<String>> {
        self.redact.as_deref().map_or_else(|| Ok(Redaction::default()), Redaction::read)
    }
}

fn parse_log_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes) if (1_024..=MAX_LOG_BYTES).contains(&bytes) => Ok(bytes),
        _ => Err(format!("expected a number from 1024 to {MAX_LOG_BYTES}")),
    }
}
