//! What all channels share: the limits, the clock, the order of publishing, and how many bytes the
//! histories hold, in all and by workspace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use logs_sse_core::channel::Id;

use crate::hub::clock::{Clock, micros};
use crate::hub::config::Config;

/// What all channels of a hub share.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) config: ArcSwap<Config>,
    pub(crate) clock: Clock,
    /// The order of the last log that was published.
    orders: AtomicU64,
    /// The order with which this process began.
    first_order: AtomicU64,
    /// Negative for a moment if a channel's logs are dropped before its last one is counted.
    held: AtomicIsize,
    workspaces: Mutex<HashMap<Id, Weak<Workspace>>>,
}

/// The bytes that the channels of one workspace hold.
#[derive(Debug)]
pub(crate) struct Workspace {
    ledger: Arc<Ledger>,
    name: Id,
    held: AtomicIsize,
    /// The channels in memory on which a log was published.
    channels: AtomicUsize,
}

impl Ledger {
    pub(crate) fn new(config: Config, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            config: ArcSwap::from_pointee(config),
            clock,
            orders: AtomicU64::new(0),
            first_order: AtomicU64::new(0),
            held: AtomicIsize::new(0),
            workspaces: Mutex::default(),
        })
    }

    /// Continues the order of an engine's logs.
    pub(crate) fn continue_after(&self, order: u64) {
        self.orders.store(order, Ordering::Release);
        self.first_order.store(order, Ordering::Release);
    }

    /// Returns the order of the next log. To be called while its history is locked.
    pub(crate) fn next_order(&self) -> u64 {
        self.orders.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Returns the order of the last log.
    pub(crate) fn last_order(&self) -> u64 {
        self.orders.load(Ordering::Acquire)
    }

    /// Returns the number of logs since the start.
    pub(crate) fn published(&self) -> u64 {
        self.last_order() - self.first_order.load(Ordering::Acquire)
    }

    pub(crate) fn held_bytes(&self) -> usize {
        usize::try_from(self.held.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// Returns the time before which logs are too old to be read, in microseconds since 1970, or
    /// `None` if logs of any age are read.
    pub(crate) fn cutoff(&self) -> Option<u64> {
        let age = self.config.load().history_age?;
        Some(self.clock.micros().saturating_sub(micros(age)))
    }

    /// Returns the account of the workspace `name`.
    pub(crate) fn workspace(self: &Arc<Self>, name: &Id) -> Arc<Workspace> {
        let mut workspaces = self.workspaces();
        if let Some(known) = workspaces.get(name).and_then(Weak::upgrade) {
            return known;
        }
        // Accounts without channels are dropped when as many are left over as are in use.
        if workspaces.len() == workspaces.capacity() {
            workspaces.retain(|_, workspace| workspace.strong_count() > 0);
        }
        let workspace = Arc::new(Workspace {
            ledger: Arc::clone(self),
            name: name.clone(),
            held: AtomicIsize::new(0),
            channels: AtomicUsize::new(0),
        });
        workspaces.insert(name.clone(), Arc::downgrade(&workspace));
        workspace
    }

    /// Returns all workspaces with channels, and the bytes that each holds.
    pub(crate) fn by_workspace(&self) -> Vec<(Arc<Workspace>, usize)> {
        let all: Vec<_> = self.workspaces().values().filter_map(Weak::upgrade).collect();
        all.into_iter().map(|workspace| (Arc::clone(&workspace), workspace.held_bytes())).collect()
    }

    fn workspaces(&self) -> MutexGuard<'_, HashMap<Id, Weak<Workspace>>> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workspace {
    /// Adds to the bytes held, or subtracts from them.
    pub(crate) fn account(&self, grown_bytes: isize) {
        self.held.fetch_add(grown_bytes, Ordering::Relaxed);
        self.ledger.held.fetch_add(grown_bytes, Ordering::Relaxed);
    }

    pub(crate) fn held_bytes(&self) -> usize {
        usize::try_from(self.held.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// Counts a channel on which a log was published.
    pub(crate) fn add_channel(&self) {
        self.channels.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that such a channel left memory.
    pub(crate) fn remove_channel(&self) {
        self.channels.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns the number of channels in memory on which a log was published.
    pub(crate) fn channels(&self) -> usize {
        self.channels.load(Ordering::Relaxed)
    }

    pub(crate) fn name(&self) -> &Id {
        &self.name
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
