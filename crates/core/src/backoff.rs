//! Delays between connection attempts. Knows neither clock nor network.

use std::time::Duration;

use crate::time::Instant;

/// Configures how the delays grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The upper bound of the delay after the first failure. Defaults to 1 s.
    pub base: Duration,
    /// The upper bound of the delay after any failure. Defaults to 30 s.
    pub cap: Duration,
    /// How long a link must have been up for the next failure to count as the first. Defaults to 10
    /// s.
    pub settled: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            settled: Duration::from_secs(10),
        }
    }
}

/// Computes how long to wait before the next attempt.
///
/// The backoff is exponential with full jitter: each failure doubles the ceiling up to
/// [`Config::cap`], and the delay is uniformly distributed below it, so that a thousand clients of
/// one gateway do not reconnect in step.
#[derive(Clone, Debug)]
pub struct Backoff {
    config: Config,
    failures: u32,
    good_since: Option<Instant>,
    rng: fastrand::Rng,
}

impl Backoff {
    /// Creates a backoff without failures. Equal seeds produce equal delays.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self { config, failures: 0, good_since: None, rng: fastrand::Rng::with_seed(seed) }
    }

    /// Records that the link came up at `now`.
    pub fn succeeded(&mut self, now: Instant) {
        self.good_since = Some(now);
    }

    /// Records a failure at `now` and returns the delay before the next attempt.
    pub fn failed(&mut self, now: Instant) -> Duration {
        // A flapping link must not reset the delay, so a short success does not count.
        if self.is_settled(now) {
            self.failures = 0;
        }
        self.good_since = None;
        self.failures = self.failures.saturating_add(1);
        self.ceiling().mul_f64(self.rng.f64())
    }

    /// Returns the delay before an attempt that is not expected to succeed: the upper half of
    /// [`Config::cap`]. Does not count as a failure.
    pub fn slow(&mut self) -> Duration {
        self.config.cap.mul_f64((1.0 + self.rng.f64()) / 2.0)
    }

    /// Resets the delay, for example when the user asks for a new connection.
    pub fn reset(&mut self) {
        self.failures = 0;
        self.good_since = None;
    }

    /// Returns whether the link has been up for long enough to count as healthy.
    #[must_use]
    pub fn is_settled(&self, now: Instant) -> bool {
        self.good_since.is_some_and(|since| self.config.settled <= now - since)
    }

    /// Returns the number of failures since the link last settled.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    fn ceiling(&self) -> Duration {
        // 2^31 times any base exceeds any cap, and the shift stays in range.
        let doublings = self.failures.saturating_sub(1).min(31);
        self.config.base.saturating_mul(1 << doublings).min(self.config.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Instant {
        Instant::from_millis(seconds * 1_000.0)
    }

    #[test]
    fn never_waits_longer_than_the_ceiling_of_that_failure() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(Config::default(), seed);
            for ceiling in [1, 2, 4, 8, 16, 30, 30, 30] {
                assert!(backoff.failed(at(0.0)) <= Duration::from_secs(ceiling));
            }
        }
    }

    #[test]
    fn spreads_delays_over_the_whole_range() {
        let delays: Vec<_> = (0..1_000)
            .map(|seed| Backoff::new(Config::default(), seed).failed(at(0.0)).as_secs_f64())
            .collect();
        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let share = delays.iter().filter(|delay| (low..low + 0.1).contains(*delay)).count();
            assert!(
                (50..=150).contains(&share),
                "{share} of 1000 delays between {low} and {}",
                low + 0.1
            );
        }
    }

    #[test]
    fn a_link_that_held_resets_the_delay() {
        let mut backoff = Backoff::new(Config::default(), 1);
        for _ in 0..6 {
            backoff.failed(at(0.0));
        }
        backoff.succeeded(at(100.0));
        backoff.failed(at(110.0));
        assert_eq!(backoff.failures(), 1);
    }

    #[test]
    fn a_flapping_link_does_not_reset_the_delay() {
        let mut backoff = Backoff::new(Config::default(), 1);
        for second in 0..6 {
            backoff.succeeded(at(f64::from(second)));
            backoff.failed(at(f64::from(second) + 0.9));
        }
        assert_eq!(backoff.failures(), 6);
    }

    #[test]
    fn a_slow_delay_lies_between_half_the_cap_and_the_cap() {
        let mut backoff = Backoff::new(Config::default(), 1);
        for _ in 0..1_000 {
            assert!((15.0..=30.0).contains(&backoff.slow().as_secs_f64()));
        }
        assert_eq!(backoff.failures(), 0);
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let mut backoff = Backoff::new(Config { base: Duration::MAX, ..Config::default() }, 1);
        for _ in 0..100 {
            assert!(backoff.failed(at(0.0)) <= Config::default().cap);
        }
    }
}
