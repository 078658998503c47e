//! The flags for where histories are kept, and for how long.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use logs_gateway::engine::disk::{DiskOptions, Fsync};
use logs_gateway::hub::config::Config;

use crate::cli::parse::{parse_count, parse_time};

#[derive(Clone, Debug, Args)]
pub(crate) struct EngineArgs {
    /// Where histories are kept: in memory only, or also on disk, where they survive a restart.
    #[arg(long, value_enum, default_value = "memory")]
    engine: EngineKind,
    /// The folder of the engine disk, which no other gateway uses.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// When the disk must have a log: always (before its publisher has the answer), never, or a time
    /// after which at the latest, such as 1s.
    #[arg(long, value_name = "WHEN", default_value = "always")]
    fsync: FsyncFlag,
    /// Bytes that all channels keep on disk together. Each workspace keeps its share of them.
    #[arg(long, value_name = "BYTES", default_value_t = 10 << 30, value_parser = parse_count)]
    history_disk_bytes: usize,
    /// Bytes that the channels of one workspace keep together, in memory and on disk.
    #[arg(long, value_name = "BYTES", value_parser = parse_count)]
    history_workspace_bytes: Option<usize>,
    /// The age after which a log cannot be read any more, such as 30d.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    history_age: Option<Duration>,
    /// How long the logs of a channel are kept that has neither new ones nor readers.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    history_idle: Option<Duration>,
    /// Channels that are kept in memory; the idlest leave it first. Those with readers stay.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = parse_count)]
    max_channels: usize,
}

impl EngineArgs {
    /// Adds the limits of these flags to those of others.
    pub(crate) fn limits(&self, config: Config) -> Config {
        Config {
            history_disk_bytes: self.history_disk_bytes as u64,
            history_workspace_bytes: self.history_workspace_bytes,
            history_age: self.history_age,
            history_idle: self.history_idle,
            max_channels: self.max_channels,
            ..config
        }
    }

    /// Returns where logs are stored on disk, or `None` if they are kept in memory.
    ///
    /// # Errors
    /// A sentence that says which flag is missing or contradicts another.
    pub(crate) fn disk(&self, config: &Config) -> Result<Option<DiskOptions>, String> {
        match (self.engine, &self.data_dir) {
            (EngineKind::Memory, None) => Ok(None),
            (EngineKind::Memory, Some(folder)) => {
                tracing::warn!(
                    data_dir = %folder.display(),
                    "the engine is memory, which stores nothing in data-dir: add --engine disk"
                );
                Ok(None)
            }
            (EngineKind::Disk, None) => {
                Err("the engine is disk, and data-dir is missing: expected a folder".into())
            }
            (EngineKind::Disk, Some(_)) if config.history.lines == 0 => Err(
                "history-lines is 0, and the engine is disk: expected a history, or --engine memory"
                    .into(),
            ),
            (EngineKind::Disk, Some(folder)) => {
                Ok(Some(DiskOptions { folder: folder.clone(), fsync: self.fsync.0 }))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineKind {
    /// In the memory of the process only.
    Memory,
    /// In a database in the folder of --data-dir.
    Disk,
}

/// A policy as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FsyncFlag(Fsync);

impl FromStr for FsyncFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "always" => Ok(Self(Fsync::Always)),
            "never" => Ok(Self(Fsync::Never)),
            _ => match parse_time(text) {
                Ok(time) => Ok(Self(Fsync::Every(time))),
                Err(_) => Err("expected always, never, or a time such as 1s".into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_policy() {
        let every = |millis| Fsync::Every(Duration::from_millis(millis));
        for (text, policy) in [
            ("always", Fsync::Always),
            ("never", Fsync::Never),
            ("1s", every(1_000)),
            ("250ms", every(250)),
        ] {
            assert_eq!(text.parse(), Ok(FsyncFlag(policy)), "{text}");
        }
        for text in ["", "0s", "sometimes", "Always", "1"] {
            assert!(text.parse::<FsyncFlag>().is_err(), "{text}");
        }
    }
}
