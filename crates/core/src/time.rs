//! A moment as a number that is handed in. Nothing here asks what time it is.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on the caller's monotonic clock, as the time since that clock's own origin.
///
/// In the page the origin is the start of the page (`performance.now()`); in a test it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The moment `millis` milliseconds after the origin. What is not a positive number counts as
    /// the origin.
    #[must_use]
    pub fn from_millis(millis: f64) -> Self {
        Self(Duration::try_from_secs_f64(millis / 1_000.0).unwrap_or_default())
    }

    /// Milliseconds since the origin.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.0.as_secs_f64() * 1_000.0
    }
}

/// Whole milliseconds, as `Duration::as_millis` gives them; that has 128 bits, whose division and
/// printing alone are 2 kB of WebAssembly.
pub fn millis(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000).saturating_add(time.subsec_millis().into())
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

/// The time from `earlier` to `self`; zero when `earlier` is the later one, as a clock may have
/// been read out of turn.
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
    fn takes_any_number_without_a_panic() {
        for odd in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
            assert_eq!(Instant::from_millis(odd), Instant::default());
        }
    }

    #[test]
    fn a_clock_that_went_back_gives_no_time() {
        assert_eq!(Instant::from_millis(5.0) - Instant::from_millis(9.0), Duration::ZERO);
    }
}
