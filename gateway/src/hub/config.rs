//! Limits: how much history is kept, and how far readers may lag.

use std::time::Duration;

use crate::hub::bounds::{Bounds, Extent};

/// The limits of histories and readers.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The history of each channel, for readers that reconnect; none with 0 lines.
    pub history: Bounds,
    /// The limit of all histories together, as far as they are in memory.
    pub history_total_bytes: usize,
    /// The limit of all histories on disk.
    pub history_disk_bytes: u64,
    /// The limit of the histories of one workspace; `None` for no other than that of all.
    pub history_workspace_bytes: Option<usize>,
    /// The age after which a log cannot be read any more; `None` for no limit.
    pub history_age: Option<Duration>,
    /// How long the history of a channel without new logs and readers is kept; `None` for as long
    /// as there is room.
    pub history_idle: Option<Duration>,
    /// How many channels are kept in memory. Those with readers are kept in any case.
    pub max_channels: usize,
    /// How far a reader may lag in a channel, once it has caught up.
    pub reader: Bounds,
    /// What happens to a reader that lags further.
    pub slow: SlowReader,
    /// How long a reader that lags too far may fetch nothing before it is cut. If it fetches in
    /// time, it receives a `bye`.
    pub slow_patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            history: Bounds { lines: 10_000, bytes: 16 << 20 },
            history_total_bytes: 256 << 20,
            history_disk_bytes: 10 << 30,
            history_workspace_bytes: None,
            history_age: None,
            history_idle: None,
            max_channels: 1_000_000,
            reader: Bounds { lines: 8_192, bytes: 8 << 20 },
            slow: SlowReader::Gap,
            slow_patience: SLOW_PATIENCE,
        }
    }
}

/// What happens to a reader that does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowReader {
    /// It skips to the newest logs, and receives a gap event.
    Gap,
    /// Its stream ends with a `bye`.
    Cut,
}

impl Config {
    /// Returns how a channel keeps its logs under these limits.
    pub(crate) fn keep(&self) -> Keep {
        let total = self.history_total_bytes;
        match self.history {
            Bounds { lines: 0, .. } => {
                Keep::ForReaders(Bounds { bytes: self.reader.bytes.min(total), ..self.reader })
            }
            history => Keep::History(Bounds { bytes: history.bytes.min(total), ..history }),
        }
    }

    /// Returns the part of a channel that can be replayed.
    pub(crate) fn can_be_had(&self, held: Extent) -> Extent {
        if self.history.lines == 0 { Extent { oldest: held.newest + 1, ..held } } else { held }
    }
}

/// How a channel keeps its logs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// Also for readers that reconnect.
    History(Bounds),
    /// For current readers only, as far as they may lag.
    ForReaders(Bounds),
}

/// Longer than one page takes to reach any reader that reads at all.
pub const SLOW_PATIENCE: Duration = Duration::from_secs(5);
