//! The rates at which logs are read from histories: by each user, from each address, of each
//! workspace.
//!
//! A replay is judged before it begins, by the number of logs in it, which is its cost. What a
//! reader receives live costs nothing here.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::buckets::{Buckets, cost};
use crate::limits::config::Config;
use crate::limits::kind::Limit;
use crate::limits::publishing::TooFast;
use crate::limits::subnet::Subnet;

/// What was replayed lately.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    users: Buckets<String>,
    addresses: Buckets<Subnet>,
    workspaces: Buckets<String>,
}

/// Who asks for a part of the history, and how much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replay<'a> {
    /// `None` for an anonymous reader, who has no name in common with others.
    pub(crate) user: Option<&'a str>,
    pub(crate) address: IpAddr,
    /// The number of logs of each workspace. Each workspace occurs once.
    pub(crate) workspaces: &'a [(&'a str, usize)],
}

impl Replays {
    /// Counts a replay. One that is refused counts nowhere, and one without logs always passes.
    ///
    /// # Errors
    /// The limit that asks for the longest wait.
    pub(crate) fn admit(
        &self,
        config: &Config,
        replay: Replay<'_>,
        now: Instant,
    ) -> Result<(), TooFast> {
        let logs = replay.logs();
        let rates = config.replays;
        if logs == 0 || rates == Rates::default() {
            return Ok(());
        }
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ask = Ask { now, burst: config.replay_burst };
        used.check(rates, replay, ask)?;
        used.take(rates, replay, ask);
        Ok(())
    }
}

/// How many logs may be replayed in a second. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// To each user, whatever the address.
    pub user: usize,
    /// To each address, or to each IPv6 network of 64 bits.
    pub address: usize,
    /// Of the channels of each workspace.
    pub workspace: usize,
}

#[derive(Clone, Copy)]
struct Ask {
    now: Instant,
    burst: Duration,
}

impl Replay<'_> {
    fn logs(&self) -> usize {
        self.workspaces.iter().fold(0, |sum, (_, logs)| sum.saturating_add(*logs))
    }
}

impl Ask {
    /// Returns what `logs` cost: at most a whole bucket, so that a reader whose large replay was cut
    /// never waits longer than the burst.
    fn cost(self, logs: usize, rate: usize) -> Duration {
        cost(logs, rate).min(self.burst)
    }

    fn too_fast(self, limit: Limit, value: usize, wait: Option<Duration>) -> Option<TooFast> {
        wait.map(|wait| TooFast { limit, value, wait })
    }
}

impl Used {
    fn check(&self, rates: Rates, replay: Replay<'_>, ask: Ask) -> Result<(), TooFast> {
        let (logs, address) = (replay.logs(), Subnet::from(replay.address));
        let Ask { now, burst } = ask;
        let user = replay.user.filter(|_| rates.user > 0).and_then(|user| {
            let wait = self.users.wait(user, now, ask.cost(logs, rates.user), burst);
            ask.too_fast(Limit::UserReplayedLogs, rates.user, wait)
        });
        let address = (rates.address > 0).then_some(address).and_then(|address| {
            let wait = self.addresses.wait(&address, now, ask.cost(logs, rates.address), burst);
            ask.too_fast(Limit::AddressReplayedLogs, rates.address, wait)
        });
        let is_limited = |(_, logs): &&(&str, usize)| rates.workspace > 0 && *logs > 0;
        let workspaces = replay.workspaces.iter().filter(is_limited).filter_map(|(name, logs)| {
            let wait = self.workspaces.wait(*name, now, ask.cost(*logs, rates.workspace), burst);
            ask.too_fast(Limit::WorkspaceReplayedLogs, rates.workspace, wait)
        });
        let longest = user.into_iter().chain(address).chain(workspaces).max_by_key(|it| it.wait);
        longest.map_or(Ok(()), Err)
    }

    fn take(&mut self, rates: Rates, replay: Replay<'_>, ask: Ask) {
        let logs = replay.logs();
        if let Some(user) = replay.user.filter(|_| rates.user > 0) {
            self.users.take(user, ask.now, ask.cost(logs, rates.user));
        }
        if rates.address > 0 {
            let address = Subnet::from(replay.address);
            self.addresses.take(&address, ask.now, ask.cost(logs, rates.address));
        }
        if rates.workspace > 0 {
            for (name, logs) in replay.workspaces.iter().filter(|(_, logs)| *logs > 0) {
                self.workspaces.take(*name, ask.now, ask.cost(*logs, rates.workspace));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const SECOND: Duration = Duration::from_secs(1);

    fn config(user: usize, address: usize, workspace: usize) -> Config {
        let replays = Rates { user, address, workspace };
        Config { replays, replay_burst: 10 * SECOND, ..Config::default() }
    }

    fn of<'a>(user: Option<&'a str>, workspaces: &'a [(&'a str, usize)]) -> Replay<'a> {
        Replay { user, address: HERE, workspaces }
    }

    #[test]
    fn a_refused_replay_counts_nowhere_and_an_empty_one_passes() {
        let (replays, config, now) = (Replays::default(), config(0, 100, 10), Instant::now());
        let admit =
            |workspaces: &[(&str, usize)]| replays.admit(&config, of(None, workspaces), now);
        assert_eq!(admit(&[("a", 100), ("b", 1)]), Ok(()));
        for _ in 0..50 {
            let refused = admit(&[("b", 20), ("a", 50)]).expect_err("the share of a is used up");
            assert_eq!((refused.limit, refused.value), (Limit::WorkspaceReplayedLogs, 10));
            assert_eq!(refused.wait, 5 * SECOND);
            assert_eq!(admit(&[("a", 0)]), Ok(()));
        }
        assert_eq!(admit(&[("b", 99)]), Ok(()), "nothing was taken from b");
        assert_eq!(admit(&[("c", 100)]), Ok(()));
    }

    #[test]
    fn users_and_addresses_have_a_share_each_and_anonymous_readers_are_no_user() {
        let (replays, now) = (Replays::default(), Instant::now());
        let by_user = config(10, 0, 0);
        let full = [("a", 100)];
        assert_eq!(replays.admit(&by_user, of(Some("jane"), &full), now), Ok(()));
        let refused = replays.admit(&by_user, of(Some("jane"), &full), now);
        assert!(refused.is_err_and(|refused| refused.limit == Limit::UserReplayedLogs));
        for user in [Some("joe"), None, None] {
            assert_eq!(replays.admit(&by_user, of(user, &full), now), Ok(()), "{user:?}");
        }
        let by_address = config(0, 10, 0);
        assert_eq!(replays.admit(&by_address, of(None, &full), now), Ok(()));
        let refused = replays.admit(&by_address, of(Some("joe"), &full), now);
        assert!(refused.is_err_and(|refused| refused.limit == Limit::AddressReplayedLogs));
    }

    #[test]
    fn a_replay_of_any_size_passes_after_a_pause_and_delays_the_next_one_by_the_burst() {
        let (replays, config, start) = (Replays::default(), config(1, 1, 1), Instant::now());
        let huge = [("a", usize::MAX), ("b", usize::MAX)];
        let admit = |now| replays.admit(&config, of(Some("jane"), &huge), now);
        assert_eq!(admit(start), Ok(()));
        assert!(admit(start + SECOND).is_err_and(|refused| refused.wait == 9 * SECOND));
        assert_eq!(admit(start + 10 * SECOND), Ok(()));
    }

    proptest! {
        #[test]
        fn a_reader_who_waits_as_asked_is_admitted_and_none_gets_more_than_the_rate(
            steps in prop::collection::vec((0_u64..2_000, 1_usize..300), 1..60)
        ) {
            let (replays, rate, start) = (Replays::default(), 50, Instant::now());
            let config = config(rate, 0, 0);
            let (mut now, mut admitted) = (start, 0);
            for (pause, logs) in steps {
                now += Duration::from_millis(pause);
                let asked = [("a", logs)];
                let replay = of(Some("jane"), &asked);
                match replays.admit(&config, replay, now) {
                    Ok(()) => admitted += logs,
                    Err(refused) => {
                        prop_assert!(refused.wait <= config.replay_burst);
                        now += refused.wait;
                        prop_assert_eq!(replays.admit(&config, replay, now), Ok(()));
                        admitted += logs;
                    }
                }
            }
            let seconds = (now - start + config.replay_burst).as_secs_f64();
            prop_assert!(admitted as f64 <= rate as f64 * seconds + 1.0);
        }
    }
}
