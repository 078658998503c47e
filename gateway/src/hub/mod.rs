//! All channels: a published log enters the history of its channel, from which all readers fetch
//! it.

pub mod bounds;
pub mod channel;
pub(crate) mod channels;
pub mod clock;
pub(crate) mod cold;
pub mod config;
pub mod connection;
pub(crate) mod envelope;
pub(crate) mod forwarded;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod recent_ids;
pub mod stats;
mod storing;
pub(crate) mod trim;
pub(crate) mod wake;
pub(crate) mod watermarks;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Epoch;

use crate::engine::disk::{DiskEngine, DiskOptions};
use crate::engine::memory::MemoryEngine;
use crate::engine::{Durability, Engine, EngineError, EngineStats};
use crate::hub::bounds::{Bounds, Extent};
use crate::hub::channel::{Channel, ChannelInfo};
use crate::hub::channels::Channels;
use crate::hub::clock::Clock;
use crate::hub::cold::ColdPages;
use crate::hub::config::Config;
use crate::hub::connection::{ConnectionInfo, ReaderHandle, StreamState};
use crate::hub::history::History;
use crate::hub::ledger::Ledger;
use crate::hub::recent_ids::RecentIds;
use crate::hub::stats::{Counters, Stats};
use crate::metrics::Metrics;
use crate::output;

/// All channels of this gateway.
#[derive(Debug)]
pub struct Hub {
    engine: Arc<dyn Engine>,
    ledger: Arc<Ledger>,
    started: Instant,
    channels: Arc<Channels>,
    readers: Mutex<HashMap<String, Arc<ReaderHandle>>>,
    /// The channels that have readers, so that the others cost nothing when an operator asks for
    /// statistics.
    read: Mutex<BTreeMap<ChannelName, Arc<Channel>>>,
    /// The number of readers and of channels with readers, without a lock that a busy channel could
    /// delay.
    open: Open,
    ids: RecentIds,
    cold: ColdPages,
    trimming: Mutex<()>,
    pub(crate) counters: Counters,
    metrics: Metrics,
}

/// Counters of what is open.
#[derive(Debug, Default)]
struct Open {
    readers: AtomicUsize,
    channels: AtomicUsize,
}

/// The result of publishing a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The number of readers of the channel, each of which receives the log.
    pub delivered: usize,
    /// The time of publishing, in milliseconds since 1970 (UTC).
    pub timestamp: u64,
}

impl Default for Hub {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Hub {
    /// Returns a hub without channels, in a new epoch, that keeps logs in memory only.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_clock(config, Clock::default())
    }

    /// Returns such a hub whose time of day is that of `clock`.
    #[must_use]
    pub fn with_clock(config: Config, clock: Clock) -> Self {
        let ledger = Ledger::new(config, clock);
        let channels = Arc::new(Channels::new(Arc::clone(&ledger)));
        Self::of_engine(Arc::new(MemoryEngine::new()), ledger, channels, Metrics::default())
    }

    /// Returns a hub that stores logs on disk, and continues those that are there.
    ///
    /// # Errors
    /// A sentence that says why the folder cannot be used.
    pub fn on_disk(config: Config, options: &DiskOptions, clock: Clock) -> Result<Self, String> {
        let (ledger, metrics) = (Ledger::new(config, clock), Metrics::default());
        let channels = Arc::new(Channels::new(Arc::clone(&ledger)));
        let engine = DiskEngine::open(options, &ledger, &channels, &metrics)?;
        Ok(Self::of_engine(Arc::new(engine), ledger, channels, metrics))
    }

    fn of_engine(
        engine: Arc<dyn Engine>,
        ledger: Arc<Ledger>,
        channels: Arc<Channels>,
        metrics: Metrics,
    ) -> Self {
        let ids = RecentIds::of_engine(engine.recent_ids(), Instant::now(), ledger.clock.micros());
        Self {
            engine,
            channels,
            cold: ColdPages::new(COLD_BYTES.min(ledger.config.load().history_total_bytes)),
            ledger,
            started: Instant::now(),
            readers: Mutex::default(),
            read: Mutex::default(),
            open: Open::default(),
            ids,
            trimming: Mutex::default(),
            counters: Counters::default(),
            metrics,
        }
    }

    /// Returns each channel that has readers, with its readers.
    #[must_use]
    pub fn readers(&self) -> Vec<(ChannelName, Vec<Arc<ConnectionInfo>>)> {
        let channels: Vec<_> = self.read().values().map(Arc::clone).collect();
        channels
            .iter()
            .map(|channel| ((**channel.name()).clone(), channel.connections()))
            .filter(|(_, readers)| !readers.is_empty())
            .collect()
    }

    /// Returns whether `channel` may become one of at most `limit` channels of its workspace on which
    /// a log was published, or is one already. Channels that are only read do not count.
    pub(crate) fn may_publish_on(&self, channel: &ChannelName, limit: usize) -> bool {
        self.ledger.workspace(channel.workspace()).channels() < limit
            || self
                .known_channel(channel)
                .is_ok_and(|channel| channel.is_some_and(|channel| channel.has_logs()))
    }

    /// Returns how many channels have readers.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.open.channels.load(Ordering::Relaxed)
    }

    /// Returns how many channels there are, with readers or with a history.
    pub(crate) fn known_channels(&self) -> usize {
        self.channels.len()
    }

    /// Returns how many streams are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.open.readers.load(Ordering::Relaxed)
    }

    /// Ends the stream with this id, and returns whether there is one.
    #[must_use]
    pub fn stop(&self, connection_id: &str) -> bool {
        self.handles().get(connection_id).map(|reader| reader.stop.cancel()).is_some()
    }

    /// Returns the counters since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            logs_published: self.ledger.published(),
            logs_delivered: read(&self.counters.delivered),
            logs_skipped: read(&self.counters.skipped),
            readers_cut_off: read(&self.counters.cut),
            history_bytes: self.held_bytes(),
            channels_in_memory: self.channels.len(),
            log_lines_dropped: output::log_lines_dropped(),
        }
    }

    /// Returns the counters for metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns all open streams, and what each is doing.
    #[must_use]
    pub fn streams(&self) -> Vec<(Arc<ConnectionInfo>, StreamState)> {
        let handles = self.handles();
        handles.values().map(|reader| (Arc::clone(&reader.connection), reader.state())).collect()
    }

    /// Returns all channels, in any order.
    #[must_use]
    pub fn channel_infos(&self) -> Vec<ChannelInfo> {
        self.channels.all().iter().map(|channel| channel.info(&self.config())).collect()
    }

    /// Returns what a log survives once its publisher has the answer.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.engine.durability()
    }

    /// Returns the state of the engine.
    #[must_use]
    pub fn engine_stats(&self) -> EngineStats {
        self.engine.stats()
    }

    /// Returns the time since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the epoch of the sequence numbers.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        self.engine.epoch()
    }

    /// Changes the limits. Channels shrink when a log is published on them; streams that are open
    /// continue.
    pub fn reconfigure(&self, config: Config) {
        self.ledger.config.store(Arc::new(config));
        // A reader that collects logs may wait for more than it can stay behind now.
        for reader in self.handles().values() {
            reader.wake.collect(Bounds { lines: 0, bytes: 0 });
        }
        self.trim_if_over(&config);
    }

    /// Returns the limits in force.
    #[must_use]
    pub fn config(&self) -> Config {
        **self.ledger.config.load()
    }

    /// Returns the time in microseconds since 1970.
    pub(crate) fn now_micros(&self) -> u64 {
        self.ledger.clock.micros()
    }

    /// Returns the number of logs published, which is the order of the last one.
    pub(crate) fn last_order(&self) -> u64 {
        self.ledger.last_order()
    }

    /// Adds `reader` to a channel, and returns the extent that can be replayed.
    pub(crate) fn join(
        &self,
        channel: &ChannelName,
        reader: &Arc<ReaderHandle>,
    ) -> (Arc<Channel>, Extent) {
        let channel = self.channel_for_reader(channel);
        // Locked meanwhile, so that the last reader to leave and the first to join agree on whether
        // the channel has readers.
        let mut read = self.read();
        let extent = channel.join(reader);
        read.entry((**channel.name()).clone()).or_insert_with(|| Arc::clone(&channel));
        self.open.channels.store(read.len(), Ordering::Relaxed);
        drop(read);
        (channel, self.config().can_be_had(extent))
    }

    pub(crate) fn enter(&self, reader: &Arc<ReaderHandle>) {
        let mut handles = self.handles();
        handles.insert(reader.connection.connection_id.clone(), Arc::clone(reader));
        self.open.readers.store(handles.len(), Ordering::Relaxed);
    }

    /// Removes `reader` from the hub and from its channels.
    pub(crate) fn leave(
        &self,
        reader: &Arc<ReaderHandle>,
        channels: impl Iterator<Item = Arc<Channel>>,
    ) {
        let mut handles = self.handles();
        handles.remove(&reader.connection.connection_id);
        self.open.readers.store(handles.len(), Ordering::Relaxed);
        drop(handles);
        for channel in channels {
            let mut read = self.read();
            let left = channel.leave(reader, self.engine.keep(&self.config()));
            if left == 0 {
                read.remove(&**channel.name());
                self.open.channels.store(read.len(), Ordering::Relaxed);
            }
            drop(read);
            if left == 0 {
                self.channels.remove_untouched(channel);
            }
        }
    }

    fn held_bytes(&self) -> usize {
        self.ledger.held_bytes() + self.cold.bytes() + self.channels.extra_bytes()
    }

    /// Returns a channel, and makes room for it if it is new.
    fn open_channel(&self, name: &ChannelName) -> Result<Arc<Channel>, EngineError> {
        if let Some(channel) = self.channels.in_memory(name) {
            return Ok(channel);
        }
        let channel = self.channels.open(name, &*self.engine)?;
        self.evict_channels();
        Ok(channel)
    }

    /// Returns the channel of a reader, which [`prepare`](Self::prepare) brought into memory.
    fn channel_for_reader(&self, name: &ChannelName) -> Arc<Channel> {
        self.open_channel(name).unwrap_or_else(|error| {
            tracing::error!(channel = %name, %error, "a reader waits for a channel in vain");
            let workspace = self.ledger.workspace(name.workspace());
            Arc::new(Channel::new(Arc::new(name.clone()), workspace, History::default()))
        })
    }

    fn read(&self) -> MutexGuard<'_, BTreeMap<ChannelName, Arc<Channel>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handles(&self) -> MutexGuard<'_, HashMap<String, Arc<ReaderHandle>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the cache of stored logs may occupy: the pages of a few hundred readers that come back at
/// different positions.
const COLD_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests;
