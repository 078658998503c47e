//! The flags that set how much is kept, how far readers may be behind, and the times of a stream.

use std::time::Duration;

use clap::{Args, ValueEnum};
use logs_gateway::hub::bounds::Bounds;
use logs_gateway::hub::config::{Config, SLOW_PATIENCE, SlowReader};
use logs_gateway::reader::timing::{Spread, StreamTiming};

use crate::cli::parse::{parse_count, parse_time};

#[derive(Debug, Args)]
pub(crate) struct Tuning {
    /// Lines that each channel keeps for readers who come back; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    history_lines: usize,
    /// Bytes that each channel keeps, with 96 more for each line.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = parse_count)]
    history_bytes: usize,
    /// Bytes that all channels keep together; the lines of those that were longest quiet go first.
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20, value_parser = parse_count)]
    history_total_bytes: usize,
    /// Lines that a reader may be behind in a channel, once it has caught up.
    #[arg(long, value_name = "N", default_value_t = 8_192, value_parser = parse_count)]
    reader_lines: usize,
    /// Bytes that a reader may be behind in a channel, once it has caught up.
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = parse_count)]
    reader_bytes: usize,
    /// What happens to a reader that is further behind.
    #[arg(long, value_enum, default_value = "gap")]
    slow_reader: Slow,
    /// How often each stream gets a heartbeat event, with what was sent on it.
    #[arg(long, default_value = "15s", value_parser = parse_time)]
    heartbeat: Duration,
    /// How often each stream gets a comment, so that no proxy takes it for dead.
    #[arg(long, default_value = "25s", value_parser = parse_time)]
    ping: Duration,
    /// How old a stream gets, give or take a tenth; its reader comes back at once, to whichever
    /// gateway a balancer chooses.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    rotate: Option<Duration>,
    /// When readers come back after this gateway is told to stop; each takes its own moment.
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
        }
    }

    pub(crate) fn timing(&self) -> StreamTiming {
        StreamTiming {
            ping: self.ping,
            heartbeat: self.heartbeat,
            rotate: self.rotate,
            drain_retry: self.drain_retry,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Slow {
    /// It goes on with the newest lines, and is told which it missed.
    Gap,
    /// Its stream ends; it comes back by itself.
    Cut,
}
