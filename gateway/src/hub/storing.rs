//! What the hub asks its engine for: to store logs, to read those that are not in memory, and to
//! delete them.

use std::sync::Arc;
use std::time::Instant;

use logs_sse_core::channel::ChannelName;
use serde_json::value::RawValue;

use crate::engine::receipt::{Outcome, Receipt};
use crate::engine::{Durability, EngineError, NewLog};
use crate::hub::bounds::{Bounds, Extent};
use crate::hub::channel::Channel;
use crate::hub::cold::ColdPage;
use crate::hub::connection::random_word;
use crate::hub::envelope::Draft;
use crate::hub::history::{Entry, HistoryPage};
use crate::hub::recent_ids::Once;
use crate::hub::{Hub, Published};
use crate::traces::traceparent::TraceParent;

impl Hub {
    /// Publishes `entry` on `channel`, and waits until it is stored. It blocks the thread if the
    /// engine is not in memory, so it is for programs without other tasks.
    ///
    /// # Errors
    /// The log was not stored.
    pub fn try_publish(&self, channel: &ChannelName, entry: &RawValue) -> Outcome {
        let receipt = self.submit(channel, entry, None);
        receipt.outcome().unwrap_or_else(|| receipt.wait())
    }

    /// Publishes `entry` on `channel` of a hub that keeps logs in memory.
    ///
    /// # Panics
    /// Panics if the log cannot be stored, which only happens with another engine.
    pub fn publish(&self, channel: &ChannelName, entry: &RawValue) -> Published {
        self.try_publish(channel, entry).expect("memory accepts every log")
    }

    /// Hands `entry` to the engine, which stores it soon. Never waits.
    pub(crate) fn submit(
        &self,
        channel: &ChannelName,
        entry: &RawValue,
        trace: Option<TraceParent>,
    ) -> Receipt {
        self.submit_as(channel, (entry, trace), None)
    }

    /// Hands `entry` to the engine, unless a log with this `id` was published on `channel` recently.
    pub(crate) fn submit_once(
        &self,
        channel: &ChannelName,
        id: &str,
        entry: &RawValue,
        trace: Option<TraceParent>,
    ) -> Once {
        let submit = |hash| self.submit_as(channel, (entry, trace), Some(hash));
        self.ids.once(channel, id, Instant::now(), submit)
    }

    /// Records that the log with this `id` is stored.
    pub(crate) fn settle(&self, channel: &ChannelName, id: &str, published: Published) {
        self.ids.settle(channel, id, published);
    }

    fn submit_as(
        &self,
        channel: &ChannelName,
        (entry, trace): (&RawValue, Option<TraceParent>),
        id: Option<u128>,
    ) -> Receipt {
        let published = self.ledger.clock.micros();
        let (millis, word) = (published / 1_000, random_word());
        let id_text = format_args!("log-{millis}-{word}");
        let draft = Draft::new(channel, entry, published, id_text).with_trace(trace);
        let channel = match self.open_channel(channel) {
            Ok(channel) => channel,
            Err(error) => return Receipt::Done(Err(error)),
        };
        let receipt = self.engine.append(NewLog { channel: Arc::clone(&channel), draft, id });
        self.trim_if_needed(channel.workspace());
        receipt
    }

    /// Returns the newest logs of `channel` before the number `before`, as many as fit into `page`.
    ///
    /// # Errors
    /// The engine cannot read its store.
    pub(crate) async fn page_before(
        &self,
        name: &ChannelName,
        before: u64,
        page: Bounds,
    ) -> Result<HistoryPage, EngineError> {
        let Some(channel) = self.known_channel(name)? else {
            let newest = self.channels.start_of(name);
            return Ok(HistoryPage::empty(Extent { oldest: newest + 1, newest }));
        };
        {
            let history = channel.history();
            let config = self.config();
            if config.history.lines == 0 {
                return Ok(HistoryPage::empty(config.can_be_had(history.extent())));
            }
            if !history.is_beyond_ring(before, page) {
                return Ok(history.page_before(before, page));
            }
        }
        let (engine, name) = (Arc::clone(&self.engine), Arc::clone(channel.name()));
        let logs = self.cold.read(move || engine.read_before(&name, before, page)).await?;
        let held = channel.history().extent();
        let cutoff = self.ledger.cutoff().unwrap_or_default();
        // Those that were deleted meanwhile, or are too old by now, are gone.
        let is_held = |log: &Entry| log.seq >= held.oldest && log.envelope.published() >= cutoff;
        let logs: Vec<_> = logs.into_iter().filter(is_held).collect();
        let earlier = logs.first().map_or(0, |first| first.seq - held.oldest);
        let logs = logs.into_iter().map(|log| log.envelope).collect();
        Ok(HistoryPage { held, earlier, logs })
    }

    /// Deletes the history of `channel` for good, and returns how many logs there were.
    ///
    /// # Errors
    /// The engine could not delete them, and nothing has changed.
    pub async fn purge(&self, channel: &ChannelName) -> Result<u64, EngineError> {
        let channel = self.open_channel(channel)?;
        let purging = self.engine.purge(&channel);
        let purged = purging.await.unwrap_or(Err(EngineError::Closed));
        self.channels.remove_untouched(channel);
        purged
    }

    /// Brings `channels` into memory, on a thread that may block, so that a reader can be opened
    /// without waiting for the engine.
    ///
    /// # Errors
    /// The engine cannot read its store.
    pub(crate) async fn prepare(
        self: &Arc<Self>,
        channels: Vec<ChannelName>,
    ) -> Result<Vec<Arc<Channel>>, EngineError> {
        if self.engine.durability() == Durability::Memory {
            return Ok(Vec::new());
        }
        let hub = Arc::clone(self);
        let open = move || channels.iter().map(|channel| hub.open_channel(channel)).collect();
        self.cold.read(open).await
    }

    /// Returns a page of the engine's store that has the log `seq` of `channel`, if it is stored.
    ///
    /// # Errors
    /// The engine cannot read its store.
    pub(crate) async fn cold_page(
        &self,
        channel: &Arc<Channel>,
        seq: u64,
    ) -> Result<ColdPage, EngineError> {
        self.cold.page_with(&self.engine, channel, seq).await
    }

    /// Stores what was accepted, and refuses what comes later. Blocks.
    pub fn close(&self) {
        self.engine.close();
    }

    /// Returns a channel on which a log was published, or that has readers.
    pub(super) fn known_channel(
        &self,
        name: &ChannelName,
    ) -> Result<Option<Arc<Channel>>, EngineError> {
        match self.channels.in_memory(name) {
            Some(channel) => Ok(Some(channel)),
            None => match self.engine.stored(name)? {
                Some(stored) if stored.extent.newest > 0 => self.open_channel(name).map(Some),
                _ => Ok(None),
            },
        }
    }
}
