//! Where a gateway keeps its history: in memory, or also on disk. Knows no reader and no HTTP.
//!
//! A log passes through four hands:
//!
//! ```text
//! publisher ─ submit ─> hub ─ NewLog ─> engine ─ Channel::publish ─> ring of the channel ─> readers
//!     <──────────── Receipt ───────────────┘                              ↑
//!                                          engine ── read ──> cold pages ─┘ (older than the ring)
//! ```
//!
//! - The hub makes the draft of the envelope, which is the expensive part, and hands it to
//!   `Engine::append`. This returns a `Receipt` at once and never waits.
//! - The engine numbers the log, stores it, and only then publishes it in its `Channel`. What a
//!   reader has received is therefore stored as the engine promises, so no number can be assigned
//!   twice. The memory engine does all of this inside `append`; an engine that waits for a disk or
//!   a network collects the logs of many publishers and stores them together.
//! - The channel has a ring of its newest logs in memory, which all live readers share. A reader
//!   that needs older ones asks `Engine::read` for a page through a cache
//!   (`crate::hub::cold`), so a thousand readers that come back cost the engine one read.
//! - The epoch belongs to the engine: it changes only when numbers may have been lost.
#[cfg(test)]
mod conformance;
pub mod disk;
pub(crate) mod memory;
pub(crate) mod receipt;

use std::fmt;
use std::sync::Arc;

use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Epoch;

use crate::engine::receipt::Receipt;
use crate::hub::bounds::Bounds;
use crate::hub::channel::Channel;
use crate::hub::config::{Config, Keep};
use crate::hub::envelope::Draft;
use crate::hub::history::{Entry, Stored};

/// Where logs are numbered and stored.
pub(crate) trait Engine: fmt::Debug + Send + Sync {
    /// Returns the epoch of the sequence numbers.
    fn epoch(&self) -> &Epoch;

    /// Returns what a log survives.
    fn durability(&self) -> Durability;

    /// Returns how a channel keeps logs in memory.
    fn keep(&self, config: &Config) -> Keep;

    /// Accepts a log, which is published on its channel once it is stored.
    fn append(&self, log: NewLog) -> Receipt;

    /// Returns what is stored of a channel, or `None` if this engine stores nothing outside the
    /// channel itself, or knows no such channel. May block for a read.
    fn stored(&self, channel: &ChannelName) -> Result<Option<Stored>, EngineError>;

    /// Returns the stored logs of a channel after the number `after`, oldest first, as many as fit
    /// into `page` and at least one if there is any. Blocks.
    fn read(
        &self,
        channel: &ChannelName,
        after: u64,
        page: Bounds,
    ) -> Result<Vec<Entry>, EngineError>;

    /// Returns the newest stored logs of a channel before the number `before`, oldest first, as many
    /// as fit into `page` and at least one if there is any. Blocks.
    fn read_before(
        &self,
        channel: &ChannelName,
        before: u64,
        page: Bounds,
    ) -> Result<Vec<Entry>, EngineError>;

    /// Deletes all logs of a channel for good, and returns how many there were. Numbering continues.
    fn purge(&self, channel: &Arc<Channel>) -> Purging;

    /// Deletes what is beyond age and idle time. Called every few seconds.
    fn sweep(&self);

    /// Returns what the metrics show.
    fn stats(&self) -> EngineStats;

    /// Returns the key of the hashes of ids, and the ids that were stored recently.
    fn recent_ids(&self) -> RecentlyStored;

    /// Stores what was accepted, and ends. Logs that come later are refused. Blocks.
    fn close(&self);
}

/// A log that is about to be stored.
#[derive(Debug)]
pub(crate) struct NewLog {
    pub(crate) channel: Arc<Channel>,
    pub(crate) draft: Draft,
    /// The hash of the publisher's id, if the log has one.
    pub(crate) id: Option<u128>,
}

/// The number of logs that a purge deleted, once it is done.
pub(crate) type Purging = tokio::sync::oneshot::Receiver<Result<u64, EngineError>>;

/// What a log survives once its publisher has the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is lost when the process ends.
    Memory,
    /// It survives the end of the process, and what the fsync policy promises.
    Disk,
}

impl Durability {
    /// Returns the name in answers to publishers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
        }
    }
}

/// Why logs were not stored or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The disk has no room.
    Full,
    /// More logs wait to be stored than fit into memory.
    Busy,
    /// The engine is closed, because the gateway ends.
    Closed,
    /// The store cannot be read or written.
    Failed(String),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the disk of the history is full"),
            Self::Busy => f.write_str("the disk of the history is slower than the publishers"),
            Self::Closed => f.write_str("the history is closed, since the gateway ends"),
            Self::Failed(error) => write!(f, "the history cannot be stored or read: {error}"),
        }
    }
}

impl std::error::Error for EngineError {}

/// What the metrics show of an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Bytes of its files.
    pub disk_bytes: u64,
    /// Bytes that its disk has room for, if there is one that says so.
    pub free_bytes: Option<u64>,
    /// Bytes of logs that wait to be stored.
    pub waiting_bytes: u64,
    /// Whether logs are refused, since the disk has no room.
    pub is_full: bool,
    /// Whether logs are refused until a restart, since the disk failed.
    pub is_broken: bool,
    /// Whether the end of the history was lost before this start.
    pub lost_tail: bool,
}

/// The ids of logs that were stored recently, so that a publisher may repeat a request to the next
/// process.
#[derive(Debug, Default)]
pub(crate) struct RecentlyStored {
    /// The key of the hashes; `None` for a random one.
    pub(crate) key: Option<[u8; 16]>,
    /// Hash, and time of publishing in microseconds since 1970; oldest first.
    pub(crate) ids: Vec<(u128, u64)>,
}
