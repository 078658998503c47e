//! One channel: its history and its readers. Publishing waits for no reader; readers are woken and
//! fetch.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use logs_sse_core::channel::ChannelName;
use serde::Serialize;

use crate::hub::bounds::{Bounds, Extent};
use crate::hub::config::{Config, Keep};
use crate::hub::connection::{ConnectionInfo, ReaderHandle};
use crate::hub::envelope::Envelope;
use crate::hub::history::History;

/// A channel. History and readers have a lock each, so that readers can fetch while others are
/// still being woken.
#[derive(Debug)]
pub(crate) struct Channel {
    name: ChannelName,
    readers: Mutex<Vec<Arc<ReaderHandle>>>,
    history: Mutex<History>,
}

/// The effect of a published log or of a reader that left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// The number of readers now.
    pub(crate) readers: usize,
    /// The change of the size of the history, in bytes.
    pub(crate) grown_bytes: isize,
    /// Whether the log was the first of its channel.
    pub(crate) is_first: bool,
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
    pub(crate) fn new(name: ChannelName) -> Self {
        Self { name, readers: Mutex::default(), history: Mutex::default() }
    }

    /// Adds a log and wakes the readers. `order` is called while the history is locked, so that a
    /// reader that knows a later order finds this log.
    pub(crate) fn publish(
        &self,
        order: impl FnOnce() -> u64,
        envelope: impl FnOnce(u64) -> Envelope,
        keep: Keep,
    ) -> Change {
        // Readers cannot join or leave meanwhile, so that those counted are those that receive the
        // log.
        let all_readers = self.readers();
        let readers = || all_readers.iter().filter(|reader| !reader.is_forwarded);
        let bounds = match keep {
            Keep::ForReaders(bounds) if readers().next().is_none() => Bounds { lines: 0, ..bounds },
            Keep::ForReaders(bounds) | Keep::History(bounds) => bounds,
        };
        let mut history = self.history();
        let before = history.bytes();
        let is_first = history.extent().newest == 0;
        let bytes = history.push(order(), envelope, bounds);
        let grown_bytes = history.bytes().cast_signed() - before.cast_signed();
        drop(history);
        let delivered =
            readers().map(|reader| reader.wake.count(Bounds { lines: 1, bytes })).count();
        Change { readers: delivered, grown_bytes, is_first }
    }

    /// Adds `reader`, and returns the extent of the history at that moment. Later logs wake the
    /// reader.
    pub(crate) fn join(&self, reader: &Arc<ReaderHandle>) -> Extent {
        let mut readers = self.readers();
        readers.push(Arc::clone(reader));
        self.history().extent()
    }

    /// Removes `reader`. With the last reader, logs that were kept for readers only are dropped.
    pub(crate) fn leave(&self, reader: &Arc<ReaderHandle>, keep: Keep) -> Change {
        let mut readers = self.readers();
        readers.retain(|other| !Arc::ptr_eq(other, reader));
        let has_local = readers.iter().any(|reader| !reader.is_forwarded);
        let grown_bytes =
            if !has_local && matches!(keep, Keep::ForReaders(_)) { self.drop_lines() } else { 0 };
        Change { readers: readers.len(), grown_bytes, is_first: false }
    }

    /// Returns what operators see of it.
    pub(crate) fn info(&self, config: &Config) -> ChannelInfo {
        let readers = self.readers().len();
        let history = self.history();
        let Extent { oldest, newest } = config.can_be_had(history.extent());
        let held_bytes = history.bytes();
        ChannelInfo { channel: self.name.to_string(), readers, oldest, newest, held_bytes }
    }

    /// Drops all logs, and returns the change of the size of the history, in bytes.
    pub(crate) fn drop_lines(&self) -> isize {
        let mut history = self.history();
        let freed = history.bytes();
        history.clear();
        -freed.cast_signed()
    }

    pub(crate) fn name(&self) -> &ChannelName {
        &self.name
    }

    pub(crate) fn connections(&self) -> Vec<Arc<ConnectionInfo>> {
        self.readers().iter().map(|reader| Arc::clone(&reader.connection)).collect()
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        // No code that holds a lock of this file can leave it inconsistent.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Arc<ReaderHandle>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
