//! How much is held of the channels, and how far readers may be behind. Numbers only.

use std::time::Duration;

use crate::hub::bounds::{Bounds, Extent};

/// How much is held, and how far readers may be behind.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// What each channel holds for those who come back; with 0 lines, nothing.
    pub history: Bounds,
    /// What all channels hold together.
    pub history_total_bytes: usize,
    /// How far a reader may be behind in a channel, once it has caught up with it.
    pub reader: Bounds,
    /// What happens to a reader that is further behind.
    pub slow: SlowReader,
    /// How long a reader that is to be cut may fetch nothing. If it fetches in time, it receives a
    /// `bye`.
    pub slow_patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            history: Bounds { lines: 10_000, bytes: 16 << 20 },
            history_total_bytes: 256 << 20,
            reader: Bounds { lines: 8_192, bytes: 8 << 20 },
            slow: SlowReader::Gap,
            slow_patience: SLOW_PATIENCE,
        }
    }
}

/// What happens to a reader that does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowReader {
    /// It goes on with the newest logs, and is told which it missed.
    Gap,
    /// Its stream ends, and it is told why.
    Cut,
}

impl Config {
    /// How a channel keeps its logs under these bounds.
    pub(crate) fn keep(&self) -> Keep {
        let total = self.history_total_bytes;
        match self.history {
            Bounds { lines: 0, .. } => {
                Keep::ForReaders(Bounds { bytes: self.reader.bytes.min(total), ..self.reader })
            }
            history => Keep::History(Bounds { bytes: history.bytes.min(total), ..history }),
        }
    }

    /// What can be had of a channel by one who comes back.
    pub(crate) fn can_be_had(&self, held: Extent) -> Extent {
        if self.history.lines == 0 { Extent { oldest: held.newest + 1, ..held } } else { held }
    }
}

/// How a channel keeps its logs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// For those who come back too.
    History(Bounds),
    /// For as long as somebody reads, as far as readers may be behind.
    ForReaders(Bounds),
}

/// Longer than a page takes to a reader that reads at all.
pub const SLOW_PATIENCE: Duration = Duration::from_secs(5);
