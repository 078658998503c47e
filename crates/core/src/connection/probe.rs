//! Tracks the one probe that asks why an attempt failed: whether it is running, and whether it is
//! too soon for another. Sends nothing itself.

use std::time::Duration;

use super::state::ProbeId;
use crate::time::Instant;

/// The last probe, and when it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProbeState {
    probe: Option<ProbeId>,
    sent_at: Option<Instant>,
}

impl ProbeState {
    /// Records that `probe` was sent at `now`.
    pub(super) fn begin(&mut self, now: Instant, probe: ProbeId) {
        *self = Self { probe: Some(probe), sent_at: Some(now) };
    }

    /// Records that the result is no longer needed, and returns the probe if it was running.
    pub(super) fn end(&mut self) -> Option<ProbeId> {
        self.probe.take()
    }

    /// Returns whether this probe is running. Results of any other are stale.
    pub(super) fn is_current(&self, probe: ProbeId) -> bool {
        self.probe == Some(probe)
    }

    /// Returns whether it is too soon for another probe at `now`.
    pub(super) fn is_recent(&self, now: Instant) -> bool {
        self.sent_at.is_some_and(|last| now - last < MIN_INTERVAL)
    }

    /// Returns how long the next attempt should wait for the probe's result, or `None` if it need
    /// not wait.
    ///
    /// Otherwise a short delay before the attempt would cancel the probe every time.
    pub(super) fn delays_retry_until(&self, now: Instant) -> Option<Instant> {
        self.probe?;
        self.sent_at.map(|sent| sent + MAX_WAIT).filter(|end| now < *end)
    }
}

/// Minimum time between probes, so that a page whose server is down for an hour does not probe on
/// every retry.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

/// How long the next attempt waits for the probe's result.
const MAX_WAIT: Duration = Duration::from_secs(2);
