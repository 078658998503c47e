//! The map of channels: each has one object while it is used. Channels that are idle leave it, and
//! the numbers of each continue when it comes back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use logs_sse_core::channel::ChannelName;

use crate::engine::{Engine, EngineError};
use crate::hub::channel::Channel;
use crate::hub::history::History;
use crate::hub::ledger::Ledger;
use crate::hub::watermarks::Watermarks;

/// All channels in memory.
#[derive(Debug)]
pub(crate) struct Channels {
    ledger: Arc<Ledger>,
    map: RwLock<Map>,
    /// Their number, without a lock.
    count: AtomicUsize,
    /// Where channels continue that no engine stores. Locked after the map.
    watermarks: Mutex<Watermarks>,
    /// The bytes that those occupy.
    extra_bytes: AtomicUsize,
}

type Map = HashMap<Arc<ChannelName>, Arc<Channel>>;

impl Channels {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            map: RwLock::default(),
            count: AtomicUsize::new(0),
            watermarks: Mutex::default(),
            extra_bytes: AtomicUsize::new(0),
        }
    }

    /// Returns the channel `name`, and brings it into memory if it is not there.
    ///
    /// # Errors
    /// The engine cannot say where its numbering continues.
    pub(crate) fn open(
        &self,
        name: &ChannelName,
        engine: &dyn Engine,
    ) -> Result<Arc<Channel>, EngineError> {
        if let Some(known) = self.in_memory(name) {
            return Ok(known);
        }
        // The map stays locked while the engine is asked: if the channel left and came back
        // meanwhile, the answer would be out of date.
        let mut map = self.write();
        if let Some(known) = map.get(name) {
            return Ok(Arc::clone(known));
        }
        let history = match engine.stored(name)? {
            Some(stored) => History::of_engine(&stored),
            None => History::after_number(self.watermarks().start_of(name)),
        };
        let workspace = self.ledger.workspace(name.workspace());
        let name = Arc::new(name.clone());
        let channel = Arc::new(Channel::new(Arc::clone(&name), workspace, history));
        map.insert(name, Arc::clone(&channel));
        self.count.store(map.len(), Ordering::Relaxed);
        Ok(channel)
    }

    /// Returns the number after which a channel continues that is neither in memory nor stored.
    pub(crate) fn start_of(&self, name: &ChannelName) -> u64 {
        self.watermarks().start_of(name)
    }

    /// Returns the channel `name` if it is in memory.
    pub(crate) fn in_memory(&self, name: &ChannelName) -> Option<Arc<Channel>> {
        self.read().get(name).map(Arc::clone)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Channel>> {
        self.read().values().map(Arc::clone).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Removes a channel without readers if nothing was published on it since it came.
    pub(crate) fn remove_untouched(&self, channel: Arc<Channel>) {
        let name = Arc::clone(channel.name());
        drop(channel);
        let mut map = self.write();
        if map.get(&*name).is_some_and(|channel| channel.history().is_untouched()) {
            self.remove(&mut map, &name);
        }
    }

    /// Removes the channels whose last log came first, until `limit` are left. Channels in use stay.
    pub(crate) fn shrink(&self, limit: usize) {
        if self.len() <= limit {
            return;
        }
        let mut idlest: Vec<_> = self
            .read()
            .iter()
            .filter(|(_, channel)| Arc::strong_count(channel) == 1)
            .map(|(name, channel)| (channel.history().last_order(), Arc::clone(name)))
            .collect();
        // Somewhat more than it must, since it visits all channels.
        let excess = self.len().saturating_sub(limit - limit / 16).min(idlest.len());
        if excess < idlest.len() {
            idlest.select_nth_unstable(excess);
        }
        self.remove_all(idlest[..excess].iter().map(|(_, name)| name));
    }

    /// Removes the channels without readers whose last log was published before `time`, in
    /// microseconds since 1970.
    pub(crate) fn remove_idle_since(&self, time: u64) {
        let idle: Vec<_> = self
            .read()
            .iter()
            .filter(|(_, channel)| Arc::strong_count(channel) == 1)
            .filter(|(_, channel)| channel.history().last_published() < time)
            .map(|(name, _)| Arc::clone(name))
            .collect();
        self.remove_all(idle.iter());
    }

    /// Returns the bytes of what is kept besides the channels.
    pub(crate) fn extra_bytes(&self) -> usize {
        self.extra_bytes.load(Ordering::Relaxed)
    }

    /// Removes channels in portions, between which others may use the map.
    fn remove_all<'a>(&self, names: impl Iterator<Item = &'a Arc<ChannelName>>) {
        let names: Vec<_> = names.collect();
        for portion in names.chunks(AT_ONCE) {
            let mut map = self.write();
            portion.iter().for_each(|name| self.remove(&mut map, name));
        }
    }

    /// Removes a channel unless it is in use.
    fn remove(&self, map: &mut Map, name: &Arc<ChannelName>) {
        // Channels are cloned under this lock only: if the map holds the last reference, no one is
        // about to publish.
        let Some(channel) = map.get(&**name).filter(|channel| Arc::strong_count(channel) == 1)
        else {
            return;
        };
        let history = channel.history();
        if !history.is_stored() {
            let mut watermarks = self.watermarks();
            watermarks.remember(name, history.extent().newest);
            self.extra_bytes.store(watermarks.bytes(), Ordering::Relaxed);
        }
        drop(history);
        map.remove(&**name);
        self.count.store(map.len(), Ordering::Relaxed);
    }

    fn watermarks(&self) -> MutexGuard<'_, Watermarks> {
        self.watermarks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Map> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn lock_of_test(&self) -> impl Drop + '_ {
        self.write()
    }
}

/// How many channels are removed while the map is locked.
const AT_ONCE: usize = 1_000;
