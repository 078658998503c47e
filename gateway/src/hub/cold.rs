//! Logs that are older than the ring of their channel: pages of an engine's store, which the readers
//! that come back share.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use crate::engine::{Engine, EngineError};
use crate::hub::bounds::Bounds;
use crate::hub::channel::Channel;
use crate::hub::history::Entry;

/// Some consecutive logs of a channel.
#[derive(Clone, Debug)]
pub(crate) struct ColdPage(Arc<[Entry]>);

impl ColdPage {
    /// Returns the log with this number, if the page has it.
    pub(crate) fn log(&self, seq: u64) -> Option<&Entry> {
        let first = self.0.first()?.seq;
        let index = usize::try_from(seq.checked_sub(first)?).ok()?;
        // Numbers are dense in a store; if they were not, a log is missing rather than wrong.
        self.0.get(index).filter(|entry| entry.seq == seq)
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.0.iter().map(|entry| entry.envelope.as_bytes().len()).sum();
        self.0.len() as u64 >= PAGE_LOGS || bytes >= MAX_PAGE_BYTES
    }
}

/// The pages that were read last.
#[derive(Debug)]
pub(crate) struct ColdPages {
    cache: Cache<Key, ColdPage, Weigh>,
    /// Bounds the threads and connections of readers that come back at the same time.
    reads: Semaphore,
}

/// A channel, by its serial number, and a number after which a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    channel: u64,
    after: u64,
}

#[derive(Clone, Debug)]
struct Weigh;

impl Weighter<Key, ColdPage> for Weigh {
    fn weight(&self, _: &Key, page: &ColdPage) -> u64 {
        page.0.iter().map(Entry::bytes).sum::<usize>() as u64 + 1
    }
}

impl ColdPages {
    pub(crate) fn new(bytes: usize) -> Self {
        let items = (bytes / EXPECTED_PAGE_BYTES).max(16);
        let cache = Cache::with_weighter(items, bytes as u64, Weigh);
        Self { cache, reads: Semaphore::new(MAX_READS) }
    }

    /// Returns a page that has the log `seq` of `channel`, if it is stored.
    ///
    /// Readers that ask for the same page at the same time share one read.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn page_with(
        &self,
        engine: &Arc<dyn Engine>,
        channel: &Arc<Channel>,
        seq: u64,
    ) -> Result<ColdPage, EngineError> {
        let whole = Key { channel: channel.serial(), after: (seq - 1) / PAGE_LOGS * PAGE_LOGS };
        let page = self.get(engine, channel, whole).await?;
        if page.log(seq).is_some() {
            return Ok(page);
        }
        // The page was read before this log was stored, its logs fill it by bytes, or its beginning
        // was deleted since.
        if !page.is_full() {
            self.cache.remove(&whole);
        }
        self.get(engine, channel, Key { after: seq - 1, ..whole }).await
    }

    async fn get(
        &self,
        engine: &Arc<dyn Engine>,
        channel: &Arc<Channel>,
        key: Key,
    ) -> Result<ColdPage, EngineError> {
        let (engine, name) = (Arc::clone(engine), Arc::clone(channel.name()));
        let page = Bounds { lines: PAGE_LOGS as usize, bytes: MAX_PAGE_BYTES };
        let read = self.read(move || engine.read(&name, key.after, page));
        self.cache.get_or_insert_async(&key, async { Ok(ColdPage(read.await?.into())) }).await
    }

    /// Runs `read`, which asks an engine, on a thread that may block.
    ///
    /// # Errors
    /// The engine cannot read its store.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let failed = |error: &dyn std::fmt::Display| EngineError::Failed(error.to_string());
        let _permit = self.reads.acquire().await.map_err(|error| failed(&error))?;
        tokio::task::spawn_blocking(read).await.map_err(|error| failed(&error))?
    }

    /// Returns the bytes that it occupies.
    pub(crate) fn bytes(&self) -> usize {
        usize::try_from(self.cache.weight()).unwrap_or(usize::MAX)
    }
}

/// More would only wait for the same disk.
const MAX_READS: usize = 8;

/// As many logs as a reader sends at once.
const PAGE_LOGS: u64 = 256;

/// A page of long logs ends before it has all of its numbers.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// Of logs of usual length.
const EXPECTED_PAGE_BYTES: usize = 128 << 10;
