//! The intervals of a stream: pings, heartbeats, its maximum age, and the delay before a reader
//! reconnects. Knows no clock.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use logs_sse_wire::protocol::ByeReason;

/// The intervals of every stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamTiming {
    /// The interval of comments, without which proxies would consider the stream dead.
    pub ping: Duration,
    /// The interval of heartbeats, which report the positions.
    pub heartbeat: Duration,
    /// The approximate maximum age of a stream; `None` for no limit.
    pub rotate: Option<Duration>,
    /// The delay after which readers reconnect after a shutdown.
    pub drain_retry: Spread,
    /// How long before its end a credential is announced to expire.
    pub expiry_notice: Duration,
}

impl Default for StreamTiming {
    fn default() -> Self {
        let (ping, heartbeat) = (Duration::from_secs(25), Duration::from_secs(15));
        Self {
            ping,
            heartbeat,
            rotate: None,
            drain_retry: Spread { from: Duration::from_secs(1), to: Duration::from_secs(5) },
            expiry_notice: Duration::from_secs(60),
        }
    }
}

impl StreamTiming {
    /// Returns the maximum age of a stream. It varies by a tenth, so that readers do not all
    /// reconnect at once. `chance` is in 0..1.
    pub(crate) fn max_age(&self, chance: f64) -> Option<Duration> {
        self.rotate.map(|age| age.mul_f64(0.9 + 0.2 * chance))
    }

    /// Returns a random delay in milliseconds before a reader reconnects after a goodbye for
    /// `reason`.
    pub(crate) fn retry_ms(&self, reason: ByeReason) -> u64 {
        millis(self.retry(reason, fastrand::f64()))
    }

    /// Returns the delay before a reader reconnects after a goodbye for `reason`.
    fn retry(&self, reason: ByeReason, chance: f64) -> Duration {
        match reason {
            ByeReason::Shutdown => self.drain_retry.at(chance),
            ByeReason::Rotation | ByeReason::Slow => SOON.at(chance),
            // The gateway spreads those that end together.
            ByeReason::Expired => Duration::ZERO,
            ByeReason::Stop => NOT_SOON,
        }
    }
}

/// A range of delays from which each reader receives one, written `1s..5s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    from: Duration,
    to: Duration,
}

impl Spread {
    fn at(self, chance: f64) -> Duration {
        self.from + (self.to - self.from).mul_f64(chance)
    }
}

impl FromStr for Spread {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once("..").ok_or("expected two times such as 1s..5s")?;
        let time = |text: &str| {
            humantime::parse_duration(text)
                .map_err(|error| format!("expected two times such as 1s..5s: {text:?}: {error}"))
        };
        let (from, to) = (time(from)?, time(to)?);
        if to < from {
            return Err(
                "the first time is after the second: expected two times such as 1s..5s".into()
            );
        }
        Ok(Self { from, to })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}..{}",
            humantime::format_duration(self.from),
            humantime::format_duration(self.to)
        )
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Other streams continue, so a short spread suffices.
const SOON: Spread = Spread { from: Duration::from_millis(100), to: Duration::from_secs(1) };

/// Our client does not reconnect at all after a stop; a browser's own EventSource can only be
/// delayed.
const NOT_SOON: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_spread_as_it_is_displayed() {
        assert_eq!(
            "1s..5s".parse::<Spread>().map(|spread| spread.to_string()),
            Ok("1s..5s".into())
        );
        for text in ["", "1s", "5s..1s", "1s..soon", "..", "1s..2s..3s"] {
            assert!(text.parse::<Spread>().is_err_and(|error| error.contains("1s..5s")), "{text}");
        }
    }

    #[test]
    fn spreads_ages_and_delays() {
        let timing =
            StreamTiming { rotate: Some(Duration::from_secs(100)), ..StreamTiming::default() };
        let millis =
            |reason| [0.0, 0.5, 1.0].map(|chance| timing.retry(reason, chance).as_millis());
        assert_eq!(
            (millis(ByeReason::Shutdown), millis(ByeReason::Rotation)),
            ([1_000, 3_000, 5_000], [100, 550, 1_000])
        );
        assert_eq!(
            [0.0, 1.0].map(|chance| timing.max_age(chance).map(|age| age.as_secs())),
            [Some(90), Some(110)]
        );
    }
}
