//! The time of day, which a test can set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of the time of day.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Microseconds since 1970; `None` for the system's clock.
    set: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// Returns a clock that stands at `since_1970` until it is moved.
    #[must_use]
    pub fn standing(since_1970: Duration) -> Self {
        Self { set: Some(Arc::new(AtomicU64::new(micros(since_1970)))) }
    }

    /// Moves a standing clock; the system's clock is left as it is.
    pub fn advance(&self, time: Duration) {
        if let Some(now) = &self.set {
            now.fetch_add(micros(time), Ordering::Relaxed);
        }
    }

    /// Returns the time in microseconds since 1970 (UTC).
    #[must_use]
    pub fn micros(&self) -> u64 {
        match &self.set {
            Some(now) => now.load(Ordering::Relaxed),
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros),
        }
    }
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
