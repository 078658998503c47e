//! Keeps the history in memory only: the ring of each channel is all there is.

use std::sync::Arc;

use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Epoch;

use crate::engine::receipt::Receipt;
use crate::engine::{
    Durability, Engine, EngineError, EngineStats, NewLog, Purging, RecentlyStored,
};
use crate::hub::Published;
use crate::hub::bounds::Bounds;
use crate::hub::channel::Channel;
use crate::hub::config::{Config, Keep};
use crate::hub::history::{Entry, Stored};

/// The engine without a store. Each process has an epoch of its own.
#[derive(Debug)]
pub(crate) struct MemoryEngine {
    epoch: Epoch,
}

impl MemoryEngine {
    pub(crate) fn new() -> Self {
        Self { epoch: Epoch::draw(|| fastrand::u8(..36)) }
    }
}

impl Engine for MemoryEngine {
    fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    fn durability(&self) -> Durability {
        Durability::Memory
    }

    fn keep(&self, config: &Config) -> Keep {
        config.keep()
    }

    fn append(&self, log: NewLog) -> Receipt {
        let NewLog { channel, draft, .. } = log;
        let ledger = channel.workspace().ledger();
        let timestamp = draft.published() / 1_000;
        let keep = self.keep(&ledger.config.load());
        let delivered = channel.publish(|| ledger.next_order(), |seq| draft.seal(seq), keep);
        Receipt::Done(Ok(Published { delivered, timestamp }))
    }

    fn stored(&self, _: &ChannelName) -> Result<Option<Stored>, EngineError> {
        Ok(None)
    }

    fn read(&self, _: &ChannelName, _: u64, _: Bounds) -> Result<Vec<Entry>, EngineError> {
        Ok(Vec::new())
    }

    fn read_before(&self, _: &ChannelName, _: u64, _: Bounds) -> Result<Vec<Entry>, EngineError> {
        Ok(Vec::new())
    }

    fn purge(&self, channel: &Arc<Channel>) -> Purging {
        let (done, purging) = tokio::sync::oneshot::channel();
        let before = channel.history().extent();
        channel.purge();
        // An error means that the caller is gone.
        let _ = done.send(Ok(before.newest + 1 - before.oldest));
        purging
    }

    fn sweep(&self) {}

    fn stats(&self) -> EngineStats {
        EngineStats::default()
    }

    fn recent_ids(&self) -> RecentlyStored {
        RecentlyStored::default()
    }

    fn close(&self) {}
}
