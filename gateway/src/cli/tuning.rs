//! The flags for histories, slow readers, and the intervals of a stream.

use std::time::Duration;

use clap::{Args, ValueEnum};
use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::{Config, SLOW_PATIENCE, SlowReader};
use logs_gateway::reader::timing::{Spread, StreamTiming};

use crate::cli::parse::{parse_count, parse_time};

#[derive(Clone, Debug, Args)]
pub(crate) struct Tuning {
    /// Logs that each channel keeps for readers that reconnect; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    history_lines: usize,
    /// Bytes that each channel keeps, including 96 for each log.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = parse_count)]
    history_bytes: usize,
    /// Bytes that all channels keep together; the channels that have been quiet longest lose their
    /// logs first.
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20, value_parser = parse_count)]
    history_total_bytes: usize,
    /// Logs that a reader may lag in a channel, once it has caught up.
    #[arg(long, value_name = "N", default_value_t = 8_192, value_parser = parse_count)]
    reader_lines: usize,
    /// Bytes that a reader may lag in a channel, once it has caught up.
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = parse_count)]
    reader_bytes: usize,
    /// What happens to a reader that lags further.
    #[arg(long, value_enum, default_value = "gap")]
    slow_reader: Slow,
    /// Interval of the heartbeat events of each stream, which report its positions.
    #[arg(long, default_value = "15s", value_parser = parse_time)]
    heartbeat: Duration,
    /// Interval of the comments on each stream, which keep proxies from closing it.
    #[arg(long, default_value = "25s", value_parser = parse_time)]
    ping: Duration,
    /// Maximum age of a stream, give or take a tenth. Its reader reconnects at once, to any gateway
    /// that a load balancer chooses.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    rotate: Option<Duration>,
    /// Range of the random delay after which readers reconnect when this gateway shuts down.
    #[arg(long, value_name = "FROM..TO", default_value = "1s..5s")]
    drain_retry: Spread,
}

impl Tuning {
    pub(crate) fn hub(&self) -> Config {
        Config {
            history: Bounds { lines: self.history_lines, bytes: self.history_bytes },
            history_total_bytes: self.history_total_bytes,
            reader: Bounds { lines: self.reader_lines, bytes: self.reader_bytes },
            slow: match self.slow_reader {
                Slow::Gap => SlowReader::Gap,
                Slow::Cut => SlowReader::Cut,
            },
            slow_patience: SLOW_PATIENCE,
            ..Config::default()
        }
    }

    pub(crate) fn timing(&self) -> StreamTiming {
        StreamTiming {
            ping: self.ping,
            heartbeat: self.heartbeat,
            rotate: self.rotate,
            drain_retry: self.drain_retry,
            ..StreamTiming::default()
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Slow {
    /// It skips to the newest logs, and receives a gap event.
    Gap,
    /// Its stream ends, and it reconnects by itself.
    Cut,
}
