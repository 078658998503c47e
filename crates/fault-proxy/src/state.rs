//! What all connections share: where the proxy forwards to, the plan, and the open streams.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::origin::Origin;
use crate::plan::{Ending, Plan, Step};

/// The shared state of a proxy.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) to: Origin,
    turns: Mutex<Turns>,
    /// Each open stream holds one receiver, so the count of receivers is the count of open
    /// streams.
    pub(crate) endings: broadcast::Sender<Ending>,
    pub(crate) streams: AtomicU64,
    pub(crate) cut: AtomicU64,
}

#[derive(Debug)]
struct Turns {
    plan: Arc<Plan>,
    taken: usize,
}

impl State {
    pub(crate) fn new(to: Origin, plan: Plan) -> Self {
        Self {
            to,
            turns: Mutex::new(Turns { plan: Arc::new(plan), taken: 0 }),
            endings: broadcast::Sender::new(ENDINGS),
            streams: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        }
    }

    /// Counts a new stream, and returns its number and its step.
    pub(crate) fn begin(&self) -> (u64, Step) {
        let number = self.streams.fetch_add(1, Ordering::Relaxed) + 1;
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let step = turns.plan.step(turns.taken).clone();
        turns.taken = turns.taken.wrapping_add(1);
        (number, step)
    }

    pub(crate) fn replace_plan(&self, plan: Plan) {
        *self.turns.lock().unwrap_or_else(PoisonError::into_inner) =
            Turns { plan: Arc::new(plan), taken: 0 };
    }

    /// Ends all open streams, and returns how many.
    pub(crate) fn end_all(&self, ending: Ending) -> usize {
        // An error means that no stream is open.
        self.endings.send(ending).unwrap_or(0)
    }

    pub(crate) fn note_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream that misses more endings than this ends anyway.
const ENDINGS: usize = 4;
