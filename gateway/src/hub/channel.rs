//! One channel: its history and those who read it. What is published waits for no reader; they are
//! woken, and fetch it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use logs_sse_core::channel::ChannelName;

use crate::hub::bounds::{Bounds, Extent};
use crate::hub::config::Keep;
use crate::hub::connection::{ConnectionInfo, ReaderHandle};
use crate::hub::envelope::Envelope;
use crate::hub::history::History;

/// A channel. Its history and its readers have a lock each, so that readers fetch while others are
/// still being woken.
#[derive(Debug)]
pub(crate) struct Channel {
    name: ChannelName,
    readers: Mutex<Vec<Arc<ReaderHandle>>>,
    history: Mutex<History>,
}

/// What publishing a log or leaving did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// How many readers there are now.
    pub(crate) readers: usize,
    /// How many bytes more the history holds, or, below zero, fewer.
    pub(crate) grown_bytes: isize,
}

impl Channel {
    pub(crate) fn new(name: ChannelName) -> Self {
        Self { name, readers: Mutex::default(), history: Mutex::default() }
    }

    /// Adds a log and wakes the readers. `order` is asked while the history is locked: whoever
    /// knows of a later order finds this log.
    pub(crate) fn publish(
        &self,
        order: impl FnOnce() -> u64,
        envelope: impl FnOnce(u64) -> Envelope,
        keep: Keep,
    ) -> Change {
        // The readers are held still meanwhile, so that those counted are those who get it.
        let readers = self.readers();
        let bounds = match keep {
            Keep::ForReaders(bounds) if readers.is_empty() => Bounds { lines: 0, ..bounds },
            Keep::ForReaders(bounds) | Keep::History(bounds) => bounds,
        };
        let mut history = self.history();
        let before = history.bytes();
        let bytes = history.push(order(), envelope, bounds);
        let grown_bytes = history.bytes().cast_signed() - before.cast_signed();
        drop(history);
        readers.iter().for_each(|reader| reader.wake.count(Bounds { lines: 1, bytes }));
        Change { readers: readers.len(), grown_bytes }
    }

    /// Lets `reader` in, and gives what there is at that moment: whatever comes later wakes it.
    pub(crate) fn join(&self, reader: &Arc<ReaderHandle>) -> Extent {
        let mut readers = self.readers();
        readers.push(Arc::clone(reader));
        self.history().extent()
    }

    /// Lets `reader` go, and with the last of them what was held for readers only.
    pub(crate) fn leave(&self, reader: &Arc<ReaderHandle>, keep: Keep) -> Change {
        let mut readers = self.readers();
        readers.retain(|other| !Arc::ptr_eq(other, reader));
        let grown_bytes = if readers.is_empty() && matches!(keep, Keep::ForReaders(_)) {
            self.drop_lines()
        } else {
            0
        };
        Change { readers: readers.len(), grown_bytes }
    }

    /// Drops all lines, and gives by how many bytes the history grew: none, or fewer.
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
        // Nothing is left half done by any code that holds a lock of this file.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Arc<ReaderHandle>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
