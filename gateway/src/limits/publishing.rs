//! The rates at which logs are published: with each token, to each workspace, on each channel.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use logs_sse_core::channel::ChannelName;

use crate::limits::buckets::{Buckets, cost};
use crate::limits::config::{Config, Rate};
use crate::limits::kind::Limit;

/// What was published lately.
#[derive(Debug, Default)]
pub(crate) struct Publishing(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    tokens: Scope<String>,
    workspaces: Scope<String>,
    channels: Scope<ChannelName>,
}

#[derive(Debug)]
struct Scope<K> {
    logs: Buckets<K>,
    bytes: Buckets<K>,
}

impl<K> Default for Scope<K> {
    fn default() -> Self {
        Self { logs: Buckets::default(), bytes: Buckets::default() }
    }
}

/// A limit that a log exceeds, its value, and when the log may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFast {
    pub(crate) limit: Limit,
    pub(crate) value: usize,
    pub(crate) wait: Duration,
}

impl Publishing {
    /// Counts a log of some bytes that is published with a token on a channel. A log that is refused
    /// counts nowhere.
    ///
    /// # Errors
    /// The limit that asks for the longest wait.
    pub(crate) fn admit(
        &self,
        config: &Config,
        sent: Sent<'_>,
        now: Instant,
    ) -> Result<(), TooFast> {
        self.judge(config, sent, now, Used::take)
    }

    /// Refuses what [`admit`](Self::admit) refuses, and counts nothing.
    ///
    /// # Errors
    /// The limit that asks for the longest wait.
    pub(crate) fn check(
        &self,
        config: &Config,
        sent: Sent<'_>,
        now: Instant,
    ) -> Result<(), TooFast> {
        self.judge(config, sent, now, |_, _, _, _| {})
    }

    fn judge(
        &self,
        config: &Config,
        sent: Sent<'_>,
        now: Instant,
        count: fn(&mut Used, [Rate; 3], Sent<'_>, Log),
    ) -> Result<(), TooFast> {
        if !config.limits_rates() {
            return Ok(());
        }
        let rates = [config.token, config.workspace, config.channel];
        let log = Log { bytes: sent.2, now, burst: config.burst };
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.check(rates, sent, log)?;
        count(&mut used, rates, sent, log);
        Ok(())
    }
}

/// The token, the channel and the bytes of a log.
pub(crate) type Sent<'a> = (&'a str, &'a ChannelName, usize);

impl Used {
    fn check(
        &self,
        rates: [Rate; 3],
        (token, channel, _): Sent<'_>,
        log: Log,
    ) -> Result<(), TooFast> {
        let workspace = channel.workspace().as_str();
        let waits = [
            self.tokens.wait(token, rates[0], [Limit::TokenLogs, Limit::TokenBytes], log),
            self.workspaces.wait(
                workspace,
                rates[1],
                [Limit::WorkspaceLogs, Limit::WorkspaceBytes],
                log,
            ),
            self.channels.wait(channel, rates[2], [Limit::ChannelLogs, Limit::ChannelBytes], log),
        ];
        let longest = waits.into_iter().flatten().max_by_key(|too_fast| too_fast.wait);
        longest.map_or(Ok(()), Err)
    }

    fn take(&mut self, rates: [Rate; 3], (token, channel, _): Sent<'_>, log: Log) {
        self.tokens.take(token, rates[0], log);
        self.workspaces.take(channel.workspace().as_str(), rates[1], log);
        self.channels.take(channel, rates[2], log);
    }
}

#[derive(Clone, Copy)]
struct Log {
    bytes: usize,
    now: Instant,
    burst: Duration,
}

impl<K: Hash + Eq> Scope<K> {
    fn wait<Q>(&self, key: &Q, rate: Rate, limits: [Limit; 2], log: Log) -> Option<TooFast>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let of = |buckets: &Buckets<K>, limit, amount, value| {
            let cost = (value > 0).then(|| cost(amount, value))?;
            let wait = buckets.wait(key, log.now, cost, log.burst)?;
            Some(TooFast { limit, value, wait })
        };
        let logs = of(&self.logs, limits[0], 1, rate.logs);
        let bytes = of(&self.bytes, limits[1], log.bytes, rate.bytes);
        logs.into_iter().chain(bytes).max_by_key(|too_fast| too_fast.wait)
    }

    fn take<Q>(&mut self, key: &Q, rate: Rate, log: Log)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if rate.logs > 0 {
            self.logs.take(key, log.now, cost(1, rate.logs));
        }
        if rate.bytes > 0 {
            self.bytes.take(key, log.now, cost(log.bytes, rate.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str) -> ChannelName {
        name.parse().expect("a channel")
    }

    #[test]
    fn a_log_that_one_limit_refuses_is_taken_from_no_other() {
        let config = Config {
            token: Rate { logs: 10, bytes: 0 },
            channel: Rate { logs: 1, bytes: 0 },
            burst: Duration::from_secs(1),
            ..Config::default()
        };
        let (publishing, now) = (Publishing::default(), Instant::now());
        let admit = |name: &str| publishing.admit(&config, ("etl", &channel(name), 100), now);
        assert_eq!(admit("logs:etl:w:0"), Ok(()));
        for _ in 0..50 {
            let sent = ("etl", &channel("logs:etl:w:1"), 100);
            assert_eq!(publishing.check(&config, sent, now), Ok(()), "a check counts nothing");
            assert!(admit("logs:etl:w:0").is_err_and(|e| e.limit == Limit::ChannelLogs));
        }
        for number in 1..10 {
            assert_eq!(admit(&format!("logs:etl:w:{number}")), Ok(()));
        }
        let expected =
            TooFast { limit: Limit::TokenLogs, value: 10, wait: Duration::from_millis(100) };
        assert_eq!(admit("logs:etl:w:10"), Err(expected));
    }

    #[test]
    fn workspaces_do_not_share_a_bucket() {
        let config = Config {
            workspace: Rate { logs: 0, bytes: 1_000 },
            burst: Duration::from_secs(1),
            ..Config::default()
        };
        let (publishing, now) = (Publishing::default(), Instant::now());
        let admit = |name: &str| publishing.admit(&config, ("etl", &channel(name), 1_000), now);
        assert_eq!(admit("logs:etl:a:1"), Ok(()));
        let refused = admit("logs:etl:a:2").expect_err("full");
        assert_eq!((refused.limit, refused.wait), (Limit::WorkspaceBytes, Duration::from_secs(1)));
        assert_eq!(admit("logs:etl:b:1"), Ok(()));
    }
}
