//! Counts open streams by user, address and workspace. A stream counts while its place exists.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::config::Config;
use crate::limits::kind::Limit;
use crate::limits::subnet::Subnet;

/// The open streams. Holds a count only for who has one open, so its size is bounded by theirs.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    users: HashMap<Arc<str>, usize>,
    addresses: HashMap<Subnet, usize>,
    workspaces: HashMap<Arc<str>, usize>,
}

/// The limit that a new stream would exceed, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) limit: Limit,
    pub(crate) value: usize,
}

/// The place of an open stream. Dropping it admits another one.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    streams: Arc<Streams>,
    user: Option<Arc<str>>,
    address: Subnet,
    workspaces: Box<[Arc<str>]>,
}

impl Streams {
    /// Counts a stream of `user`, unless it is anonymous, from `address` with channels of
    /// `workspaces`, which may repeat. All counts change together, or none.
    ///
    /// # Errors
    /// The first limit that it would exceed.
    pub(crate) fn enter<'a>(
        self: &Arc<Self>,
        config: &Config,
        user: Option<&str>,
        address: IpAddr,
        workspaces: impl Iterator<Item = &'a str>,
    ) -> Result<StreamPlace, Exceeded> {
        let mut workspaces: Vec<_> = workspaces.collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        let address = Subnet::from(address);
        let mut counts = self.counts();
        counts.check(config, user, address, &workspaces)?;
        let user = user.map(|user| add_named(&mut counts.users, user));
        *counts.addresses.entry(address).or_default() += 1;
        let workspaces =
            workspaces.into_iter().map(|name| add_named(&mut counts.workspaces, name)).collect();
        Ok(StreamPlace { streams: Arc::clone(self), user, address, workspaces })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // No code that holds the lock can leave the counts inconsistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn check(
        &self,
        config: &Config,
        user: Option<&str>,
        address: Subnet,
        workspaces: &[&str],
    ) -> Result<(), Exceeded> {
        if let Some(user) = user {
            check(&self.users, user, Limit::StreamsPerUser, config.streams_per_user)?;
        }
        check(&self.addresses, &address, Limit::StreamsPerAddress, config.streams_per_address)?;
        workspaces.iter().try_for_each(|name| {
            let value = config.streams_per_workspace;
            check(&self.workspaces, *name, Limit::StreamsPerWorkspace, value)
        })
    }
}

fn check<K, Q>(
    counts: &HashMap<K, usize>,
    key: &Q,
    limit: Limit,
    value: usize,
) -> Result<(), Exceeded>
where
    K: Borrow<Q> + Hash + Eq,
    Q: Hash + Eq + ?Sized,
{
    let is_full = value > 0 && counts.get(key).is_some_and(|count| *count >= value);
    if is_full { Err(Exceeded { limit, value }) } else { Ok(()) }
}

/// Counts a stream of `name`, and returns the name as it is stored.
fn add_named(counts: &mut HashMap<Arc<str>, usize>, name: &str) -> Arc<str> {
    let stored = counts.get_key_value(name).map(|(stored, _)| Arc::clone(stored));
    let stored = stored.unwrap_or_else(|| name.into());
    *counts.entry(Arc::clone(&stored)).or_default() += 1;
    stored
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        if let Some(user) = &self.user {
            remove(&mut counts.users, user);
        }
        remove(&mut counts.addresses, &self.address);
        for workspace in &self.workspaces {
            remove(&mut counts.workspaces, workspace);
        }
    }
}

fn remove<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    let Some(count) = counts.get_mut(key) else { return };
    *count -= 1;
    if *count == 0 {
        counts.remove(key);
        // After a burst, as many as are open decide on the memory again.
        if counts.capacity() > 4 * counts.len().max(64) {
            counts.shrink_to(2 * counts.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn config(user: usize, address: usize, workspace: usize) -> Config {
        Config {
            streams_per_user: user,
            streams_per_address: address,
            streams_per_workspace: workspace,
            ..Config::default()
        }
    }

    #[test]
    fn a_refused_stream_counts_nowhere() {
        let (streams, config) = (Arc::new(Streams::default()), config(2, 0, 1));
        let first = streams.enter(&config, Some("jane"), HERE, ["a", "a"].into_iter());
        for _ in 0..3 {
            let refused = streams.enter(&config, Some("jane"), HERE, ["b", "a"].into_iter());
            let expected = Exceeded { limit: Limit::StreamsPerWorkspace, value: 1 };
            assert_eq!(refused.expect_err("full"), expected);
        }
        let second = streams.enter(&config, Some("jane"), HERE, ["b"].into_iter());
        let refused = streams.enter(&config, Some("jane"), HERE, ["c"].into_iter());
        assert_eq!(refused.expect_err("full").limit, Limit::StreamsPerUser);
        assert!(streams.enter(&config, None, HERE, ["c"].into_iter()).is_ok());
        drop((first.expect("a place"), second.expect("a place")));
        let counts = streams.counts();
        assert!(counts.users.is_empty() && counts.addresses.is_empty());
        assert!(counts.workspaces.is_empty());
    }

    #[test]
    fn never_more_streams_than_the_limit_whatever_happens_at_once() {
        const MOST: usize = 7;
        let streams = Arc::new(Streams::default());
        let (open, admitted) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let place =
                            streams.enter(&config(MOST, 0, 0), Some("jane"), HERE, [].into_iter());
                        let Ok(place) = place else { continue };
                        assert!(open.fetch_add(1, Ordering::SeqCst) < MOST);
                        admitted.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        open.fetch_sub(1, Ordering::SeqCst);
                        drop(place);
                    }
                });
            }
        });
        assert!(admitted.into_inner() > 0 && streams.counts().users.is_empty());
    }

    proptest! {
        #[test]
        fn counts_what_is_open(steps in prop::collection::vec((any::<bool>(), 0_usize..4), 1..80)) {
            let (streams, config) = (Arc::new(Streams::default()), config(3, 6, 4));
            let mut open: Vec<StreamPlace> = Vec::new();
            for (enters, who) in steps {
                let (user, workspace) = (["a", "b", "c", "d"][who], ["v", "w"][who % 2]);
                if enters {
                    let of = |f: &dyn Fn(&StreamPlace) -> bool| open.iter().filter(|p| f(p)).count();
                    let is_free = of(&|place| place.user.as_deref() == Some(user)) < 3
                        && open.len() < 6
                        && of(&|place| &*place.workspaces[0] == workspace) < 4;
                    let place =
                        streams.enter(&config, Some(user), HERE, [workspace].into_iter());
                    prop_assert_eq!(place.is_ok(), is_free);
                    open.extend(place);
                } else if !open.is_empty() {
                    open.swap_remove(who % open.len());
                }
            }
        }
    }
}
