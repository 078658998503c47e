//! Time as a value passed in by the caller. Nothing here reads a clock.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on the caller's monotonic clock, as the time since that clock's origin.
///
/// In the page the origin is the start of the page (`performance.now()`); in a test it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// Returns the moment `millis` milliseconds after the origin. Anything that is not a positive
    /// number yields the origin.
    #[must_use]
    pub fn from_millis(millis: f64) -> Self {
        // Not `Duration::try_from_secs_f64`, which reports several errors. The cast turns what is
        // not a positive number into 0, except infinity.
        let nanos = millis * 1_000_000.0 + 0.5;
        Self(Duration::from_nanos(if nanos.is_finite() { nanos as u64 } else { 0 }))
    }

    /// Returns the milliseconds since the origin.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.0.as_secs_f64() * 1_000.0
    }
}

/// Returns `time` in whole milliseconds, saturating.
///
/// `Duration::as_millis` returns 128 bits, whose division and formatting alone take 2 kB of
/// WebAssembly.
pub fn millis(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000).saturating_add(time.subsec_millis().into())
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

/// Returns the time from `earlier` to `self`, or zero if `earlier` is later: readings of a clock
/// may arrive out of order.
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_any_number_without_a_panic() {
        for invalid in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
            assert_eq!(Instant::from_millis(invalid), Instant::default());
        }
    }

    #[test]
    fn a_clock_that_went_back_yields_zero() {
        assert_eq!(Instant::from_millis(5.0) - Instant::from_millis(9.0), Duration::ZERO);
    }
}
