//! All channels: a published log enters the history of its channel, from which all readers fetch
//! it.

pub mod bounds;
pub mod channel;
pub mod config;
pub mod connection;
pub(crate) mod envelope;
pub(crate) mod forwarded;
pub(crate) mod history;
pub(crate) mod recent_ids;
pub mod stats;
pub(crate) mod wake;
pub(crate) mod workspaces;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Epoch;
use serde_json::value::RawValue;

use crate::hub::bounds::{Bounds, Extent};
use crate::hub::channel::{Channel, ChannelInfo};
use crate::hub::config::Config;
use crate::hub::connection::{ConnectionInfo, ReaderHandle, StreamState, now_millis, random_word};
use crate::hub::envelope::Draft;
use crate::hub::history::HistoryPage;
use crate::hub::recent_ids::{Once, RecentIds};
use crate::hub::stats::{Counters, Stats};
use crate::hub::workspaces::Workspaces;
use crate::metrics::Metrics;
use crate::output;
use crate::traces::traceparent::TraceParent;

/// All channels of this gateway.
#[derive(Debug)]
pub struct Hub {
    config: ArcSwap<Config>,
    epoch: Epoch,
    started: Instant,
    /// A channel is kept once a log was published on it: its numbers must not restart within the
    /// epoch.
    channels: RwLock<HashMap<ChannelName, Arc<Channel>>>,
    readers: Mutex<HashMap<String, Arc<ReaderHandle>>>,
    /// The channels that have readers, so that the others cost nothing when an operator asks for
    /// statistics.
    read: Mutex<BTreeMap<ChannelName, Arc<Channel>>>,
    /// The number of readers and of channels with readers, without a lock that a busy channel could
    /// delay.
    open: Open,
    published: AtomicU64,
    ids: RecentIds,
    /// The number of channels of each workspace on which a log was published.
    pub(crate) workspaces: Workspaces,
    /// Negative for a moment if a channel's logs are dropped before its last one is counted.
    held_bytes: AtomicIsize,
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
    /// Returns a hub without channels, in a new epoch.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config: ArcSwap::from_pointee(config),
            epoch: Epoch::draw(|| fastrand::u8(..36)),
            started: Instant::now(),
            channels: RwLock::default(),
            readers: Mutex::default(),
            read: Mutex::default(),
            open: Open::default(),
            published: AtomicU64::default(),
            ids: RecentIds::default(),
            workspaces: Workspaces::default(),
            held_bytes: AtomicIsize::default(),
            trimming: Mutex::default(),
            counters: Counters::default(),
            metrics: Metrics::default(),
        }
    }

    /// Publishes `entry` on `channel`.
    pub fn publish(&self, channel: &ChannelName, entry: &RawValue) -> Published {
        self.publish_traced(channel, entry, None)
    }

    /// Publishes `entry` on `channel` with its position in a trace, which its readers receive.
    pub(crate) fn publish_traced(
        &self,
        channel: &ChannelName,
        entry: &RawValue,
        trace: Option<TraceParent>,
    ) -> Published {
        let timestamp = now_millis();
        let id = format!("log-{timestamp}-{}", random_word());
        let draft = Draft::new(channel, entry, timestamp, &id).with_trace(trace);
        let order = || self.published.fetch_add(1, Ordering::AcqRel) + 1;
        let config = self.config();
        let change = self.channel(channel).publish(order, |seq| draft.seal(seq), config.keep());
        if change.is_first {
            self.workspaces.add(channel.workspace());
        }
        self.held_bytes.fetch_add(change.grown_bytes, Ordering::Relaxed);
        if self.held_bytes() > config.history_total_bytes {
            self.trim();
        }
        Published { delivered: change.readers, timestamp }
    }

    /// Publishes `entry` on `channel`, unless a log with this `id` was published there recently.
    pub(crate) fn publish_once(
        &self,
        channel: &ChannelName,
        id: &str,
        entry: &RawValue,
        trace: Option<TraceParent>,
    ) -> Once {
        self.ids.once(channel, id, Instant::now(), || self.publish_traced(channel, entry, trace))
    }

    /// Returns the newest logs of `channel` before the number `before`, as many as fit into `page`.
    pub(crate) fn page_before(
        &self,
        channel: &ChannelName,
        before: u64,
        page: Bounds,
    ) -> HistoryPage {
        let Some(channel) = self.known_channel(channel) else {
            return HistoryPage::empty(NOTHING);
        };
        let history = channel.history();
        let config = self.config();
        if config.history.lines == 0 {
            return HistoryPage::empty(config.can_be_had(history.extent()));
        }
        history.page_before(before, page)
    }

    /// Returns each channel that has readers, with its readers.
    #[must_use]
    pub fn readers(&self) -> Vec<(ChannelName, Vec<Arc<ConnectionInfo>>)> {
        let channels: Vec<_> = self.read().values().map(Arc::clone).collect();
        channels
            .iter()
            .map(|channel| (channel.name().clone(), channel.connections()))
            .filter(|(_, readers)| !readers.is_empty())
            .collect()
    }

    /// Returns whether `channel` may become one of at most `limit` channels of its workspace on which
    /// a log was published, or is one already. Channels that are only read do not count.
    pub(crate) fn may_publish_on(&self, channel: &ChannelName, limit: usize) -> bool {
        self.workspaces.count(channel.workspace()) < limit
            || self
                .known_channel(channel)
                .is_some_and(|channel| channel.history().extent().newest > 0)
    }

    /// Returns how many channels have readers.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.open.channels.load(Ordering::Relaxed)
    }

    /// Returns how many channels there are, with readers or with a history.
    pub(crate) fn known_channels(&self) -> usize {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).len()
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
            logs_published: read(&self.published),
            logs_delivered: read(&self.counters.delivered),
            logs_skipped: read(&self.counters.skipped),
            readers_cut_off: read(&self.counters.cut),
            history_bytes: self.held_bytes(),
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
        self.all_channels().iter().map(|channel| channel.info(&self.config())).collect()
    }

    /// Returns the time since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the epoch of the sequence numbers.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Changes the limits. Channels shrink when a log is published on them; streams that are open
    /// continue.
    pub fn reconfigure(&self, config: Config) {
        self.config.store(Arc::new(config));
        // A reader that collects logs may wait for more than it can stay behind now.
        for reader in self.handles().values() {
            reader.wake.collect(Bounds { lines: 0, bytes: 0 });
        }
        if self.held_bytes() > config.history_total_bytes {
            self.trim();
        }
    }

    pub(crate) fn config(&self) -> Config {
        **self.config.load()
    }

    /// Returns the number of logs published, which is the order of the last one.
    pub(crate) fn last_order(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// Adds `reader` to a channel, and returns the extent that can be replayed.
    pub(crate) fn join(
        &self,
        channel: &ChannelName,
        reader: &Arc<ReaderHandle>,
    ) -> (Arc<Channel>, Extent) {
        let channel = self.channel(channel);
        // Locked meanwhile, so that the last reader to leave and the first to join agree on whether
        // the channel has readers.
        let mut read = self.read();
        let extent = channel.join(reader);
        read.entry(channel.name().clone()).or_insert_with(|| Arc::clone(&channel));
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
            let change = channel.leave(reader, self.config().keep());
            if change.readers == 0 {
                read.remove(channel.name());
                self.open.channels.store(read.len(), Ordering::Relaxed);
            }
            drop(read);
            self.held_bytes.fetch_add(change.grown_bytes, Ordering::Relaxed);
            if change.readers == 0 {
                self.remove_unused(channel);
            }
        }
    }

    /// Removes a channel without readers if nothing was ever published on it.
    fn remove_unused(&self, channel: Arc<Channel>) {
        let name = channel.name().clone();
        drop(channel);
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        // Channels are cloned under this lock only: if the map holds the last reference, no one is
        // about to publish.
        if channels.get(&name).is_some_and(|channel| {
            Arc::strong_count(channel) == 1 && channel.history().extent().newest == 0
        }) {
            channels.remove(&name);
        }
    }

    /// Drops the logs of the channels that have been quiet longest.
    ///
    /// Frees somewhat more than it must, since it visits all channels.
    fn trim(&self) {
        let Ok(_trimming) = self.trimming.try_lock() else { return };
        let mut channels = self.all_channels();
        channels.sort_by_cached_key(|channel| channel.history().last_order());
        let enough = self.config().history_total_bytes / 16 * 15;
        for channel in channels {
            if self.held_bytes() <= enough {
                return;
            }
            self.held_bytes.fetch_add(channel.drop_lines(), Ordering::Relaxed);
        }
    }

    fn held_bytes(&self) -> usize {
        usize::try_from(self.held_bytes.load(Ordering::Relaxed)).unwrap_or_default()
    }

    fn channel(&self, name: &ChannelName) -> Arc<Channel> {
        self.known_channel(name).unwrap_or_else(|| {
            let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(
                channels
                    .entry(name.clone())
                    .or_insert_with(|| Arc::new(Channel::new(name.clone()))),
            )
        })
    }

    /// Returns a channel on which a log was published, or that has readers.
    fn known_channel(&self, name: &ChannelName) -> Option<Arc<Channel>> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone)
    }

    fn all_channels(&self) -> Vec<Arc<Channel>> {
        self.channels
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(Arc::clone)
            .collect()
    }

    fn read(&self) -> MutexGuard<'_, BTreeMap<ChannelName, Arc<Channel>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handles(&self) -> MutexGuard<'_, HashMap<String, Arc<ReaderHandle>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The extent of a channel on which nothing was published.
const NOTHING: Extent = Extent { oldest: 1, newest: 0 };

#[cfg(test)]
mod tests;
