//! The one question after the reason of a failure: whether it is under way, and whether it is too
//! soon for another. Asks nothing itself.

use std::time::Duration;

use super::state::ProbeId;
use crate::time::Instant;

/// What was asked, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProbeState {
    probe: Option<ProbeId>,
    asked_at: Option<Instant>,
}

impl ProbeState {
    /// Notes that `probe` was sent at `now`.
    pub(super) fn begin(&mut self, now: Instant, probe: ProbeId) {
        *self = Self { probe: Some(probe), asked_at: Some(now) };
    }

    /// Notes that nobody waits for the answer any more, and gives the probe that was under way.
    pub(super) fn end(&mut self) -> Option<ProbeId> {
        self.probe.take()
    }

    /// Whether this is the probe that is under way. What another one says is too late.
    pub(super) fn is_current(&self, probe: ProbeId) -> bool {
        self.probe == Some(probe)
    }

    /// Whether it is too soon for another one at `now`.
    pub(super) fn is_recent(&self, now: Instant) -> bool {
        self.asked_at.is_some_and(|last| now - last < BETWEEN)
    }

    /// Until when the next attempt should wait for the answer; `None` when there is none to wait
    /// for.
    ///
    /// A short delay before the attempt would otherwise cut the question off, time after time.
    pub(super) fn holds_until(&self, now: Instant) -> Option<Instant> {
        self.probe?;
        self.asked_at.map(|asked| asked + PATIENCE).filter(|end| now < *end)
    }
}

/// A page whose server is down for an hour asks twice a minute at most.
const BETWEEN: Duration = Duration::from_secs(5);

/// How long the next attempt waits for the reason of the last one.
const PATIENCE: Duration = Duration::from_secs(2);
