//! The flags that limit connections.

use std::time::Duration;

use clap::Args;
use logs_gateway::server::door::{Limits, open_files};

use crate::cli::parse::{parse_count, parse_time};

#[derive(Clone, Debug, Args)]
pub(crate) struct Sockets {
    /// Maximum number of connections. Above it, readers receive 503, while health checks and
    /// publishers are still served. The default is what the limit of open files (ulimit -n) allows.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    max_connections: Option<usize>,
    /// Maximum number of requests that HTTP/2 connections carry at a time, all together, including
    /// open streams.
    #[arg(long, value_name = "N", default_value_t = 65_536, value_parser = parse_count)]
    max_http2_requests: usize,
    /// How long a client may accept no byte while some are due before its connection is closed.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_time)]
    write_timeout: Duration,
}

impl Sockets {
    /// Returns the limits, where each connection needs `files` descriptors.
    pub(crate) fn limits(&self, files: usize) -> Limits {
        let possible = Limits {
            max_http2_requests: self.max_http2_requests,
            write_timeout: self.write_timeout,
            ..Limits::within(open_files(), files)
        };
        let max_connections = self.max_connections.unwrap_or(possible.max_connections);
        if max_connections > possible.max_connections {
            tracing::warn!(
                "--max-connections {max_connections} is more than the limit of open files ({}) allows: about {}",
                open_files(),
                possible.max_connections
            );
        }
        Limits { max_connections, ..possible }
    }
}
