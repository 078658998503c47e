//! One channel: its history and its readers. Publishing waits for no reader; readers are woken and
//! fetch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use logs_sse_core::channel::ChannelName;
use serde::Serialize;

use crate::hub::bounds::{Bounds, Extent};
#[cfg(test)]
use crate::hub::clock::Clock;
use crate::hub::config::{Config, Keep};
use crate::hub::connection::{ConnectionInfo, ReaderHandle};
use crate::hub::envelope::Envelope;
use crate::hub::history::History;
#[cfg(test)]
use crate::hub::ledger::Ledger;
use crate::hub::ledger::Workspace;

/// A channel. History and readers have a lock each, so that readers can fetch while others are
/// still being woken.
#[derive(Debug)]
pub(crate) struct Channel {
    name: Arc<ChannelName>,
    workspace: Arc<Workspace>,
    /// Its number among all channels and their deletions, under which pages of it are cached.
    serial: AtomicU64,
    readers: Mutex<Vec<Arc<ReaderHandle>>>,
    history: Mutex<History>,
}

/// A channel as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelInfo {
    /// The full name, such as `logs:etl:workspace:workflow`.
    pub channel: String,
    /// The number of open streams of this channel.
    pub readers: usize,
    /// The number of the oldest log that can be replayed; `newest + 1` if there is none.
    pub oldest: u64,
    /// The number of logs ever published on it.
    pub newest: u64,
    /// The size of its history, in bytes.
    pub held_bytes: usize,
}

impl Channel {
    /// Returns a channel without readers, which counts in its workspace until it is dropped.
    pub(crate) fn new(name: Arc<ChannelName>, workspace: Arc<Workspace>, history: History) -> Self {
        let channel = Self {
            name,
            workspace,
            serial: AtomicU64::new(next_serial()),
            readers: Mutex::default(),
            history: Mutex::new(history),
        };
        channel.workspace.account(channel.overhead().cast_signed());
        if channel.has_logs() {
            channel.workspace.add_channel();
        }
        channel
    }

    /// Adds a log, wakes the readers, and returns how many there are. `order` is called while the
    /// history is locked, so that a reader that knows a later order finds this log.
    pub(crate) fn publish(
        &self,
        order: impl FnOnce() -> u64,
        envelope: impl FnOnce(u64) -> Envelope,
        keep: Keep,
    ) -> usize {
        // Readers cannot join or leave meanwhile, so that those counted are those that receive the
        // log.
        let all_readers = self.readers();
        let readers = || all_readers.iter().filter(|reader| !reader.is_forwarded);
        let bounds = match keep {
            Keep::ForReaders(bounds) if readers().next().is_none() => Bounds { lines: 0, ..bounds },
            Keep::ForReaders(bounds) | Keep::History(bounds) => bounds,
        };
        let bytes = self.change(|history| {
            if history.extent().newest == 0 {
                self.workspace.add_channel();
            }
            history.push(order(), envelope, bounds)
        });
        readers().map(|reader| reader.wake.count(Bounds { lines: 1, bytes })).count()
    }

    /// Adds `reader`, and returns the extent of the history at that moment. Later logs wake the
    /// reader.
    pub(crate) fn join(&self, reader: &Arc<ReaderHandle>) -> Extent {
        let mut readers = self.readers();
        readers.push(Arc::clone(reader));
        self.history().extent()
    }

    /// Removes `reader`, and returns how many are left. With the last reader, logs that were kept
    /// for readers only are dropped.
    pub(crate) fn leave(&self, reader: &Arc<ReaderHandle>, keep: Keep) -> usize {
        let mut readers = self.readers();
        readers.retain(|other| !Arc::ptr_eq(other, reader));
        let has_local = readers.iter().any(|reader| !reader.is_forwarded);
        if !has_local && matches!(keep, Keep::ForReaders(_)) {
            self.drop_lines();
        }
        readers.len()
    }

    /// Returns what operators see of it.
    pub(crate) fn info(&self, config: &Config) -> ChannelInfo {
        let readers = self.readers().len();
        let history = self.history();
        let Extent { oldest, newest } = config.can_be_had(history.extent());
        let held_bytes = history.bytes();
        ChannelInfo { channel: self.name.to_string(), readers, oldest, newest, held_bytes }
    }

    /// Drops all logs that are in memory.
    pub(crate) fn drop_lines(&self) {
        self.change(History::clear);
    }

    /// Drops the oldest logs that are in memory and weigh `bytes` or more together.
    pub(crate) fn drop_bytes(&self, bytes: usize) {
        self.change(|history| history.drop_bytes(bytes));
    }

    /// Records that the engine stores no log before the number `oldest` any more.
    pub(crate) fn trimmed(&self, oldest: u64) {
        self.change(|history| history.trimmed(oldest));
    }

    /// Deletes all logs for good, and wakes the readers, which report what they miss. Returns the
    /// highest number that is deleted.
    pub(crate) fn purge(&self) -> u64 {
        let readers = self.readers();
        self.serial.store(next_serial(), Ordering::Release);
        let newest = self.change(|history| {
            history.purge();
            history.extent().newest
        });
        for reader in readers.iter() {
            reader.wake.collect(Bounds { lines: 0, bytes: 0 });
            reader.wake.count(Bounds { lines: 1, bytes: 0 });
        }
        newest
    }

    /// Returns whether a log was published on it, ever.
    pub(crate) fn has_logs(&self) -> bool {
        self.locked().extent().newest > 0
    }

    pub(crate) fn name(&self) -> &Arc<ChannelName> {
        &self.name
    }

    pub(crate) fn workspace(&self) -> &Arc<Workspace> {
        &self.workspace
    }

    pub(crate) fn serial(&self) -> u64 {
        self.serial.load(Ordering::Acquire)
    }

    pub(crate) fn connections(&self) -> Vec<Arc<ConnectionInfo>> {
        self.readers().iter().map(|reader| Arc::clone(&reader.connection)).collect()
    }

    /// Returns the history, without logs that are too old to be read.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        let mut history = self.locked();
        if let Some(cutoff) = self.workspace.ledger().cutoff() {
            let before = history.bytes();
            history.expire(cutoff);
            self.workspace.account(history.bytes().cast_signed() - before.cast_signed());
        }
        history
    }

    /// Returns the bytes that it occupies, with its history.
    pub(crate) fn held_bytes(&self) -> usize {
        self.locked().bytes() + self.overhead()
    }

    /// Changes the history, and accounts for the difference.
    fn change<T>(&self, change: impl FnOnce(&mut History) -> T) -> T {
        let mut history = self.locked();
        let before = history.bytes();
        let result = change(&mut history);
        self.workspace.account(history.bytes().cast_signed() - before.cast_signed());
        result
    }

    /// Returns the bytes that it occupies without its history.
    pub(crate) fn overhead(&self) -> usize {
        let resource = self.name.resource().map_or(0, |id| id.as_str().len());
        let ids = self.name.service().as_str().len() + self.name.workspace().as_str().len();
        CHANNEL_BYTES + ids + resource
    }

    fn locked(&self) -> MutexGuard<'_, History> {
        // No code that holds a lock of this file can leave it inconsistent.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Arc<ReaderHandle>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.workspace.account(-self.held_bytes().cast_signed());
        if self.has_logs() {
            self.workspace.remove_channel();
        }
    }
}

fn next_serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The bytes of a channel besides its ids and its history: the channel, its name, its slot in the
/// map, and what the allocator adds to each, on a 64-bit machine.
const CHANNEL_BYTES: usize = 448;

#[cfg(test)]
impl Channel {
    /// A channel of a hub of its own.
    pub(crate) fn of_test(name: &str) -> Self {
        let name: ChannelName = name.parse().expect("a channel");
        let ledger = Ledger::new(Config::default(), Clock::default());
        let workspace = ledger.workspace(name.workspace());
        Self::new(Arc::new(name), workspace, History::default())
    }
}
