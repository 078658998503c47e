//! How many questions the application is asked at a time, and whose.
//!
//! Anyone can send an invented cookie, and each is a question. So the questions of one client's
//! network leave room for those of others, and the questions about open streams have slots of their
//! own: strangers can neither keep others from logging in nor let sessions become stale.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::subnet::Subnet;

/// The slots of all questions.
#[derive(Debug)]
pub(super) struct Slots {
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    /// Those of each network that asks now.
    networks: Mutex<HashMap<Subnet, Arc<Semaphore>>>,
}

/// The right to ask one question, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _own: Option<OwnedSemaphorePermit>,
    _shared: Option<OwnedSemaphorePermit>,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(MAX_REQUESTS)),
            streams: Arc::new(Semaphore::new(MAX_REQUESTS)),
            networks: Mutex::default(),
        }
    }
}

impl Slots {
    /// Waits for a slot for a request from `client`.
    pub(super) async fn of_client(&self, client: IpAddr) -> Slot {
        let network = self.of_network(client.into());
        // One of its own first, so that those who wait for the shared ones are few of each network.
        let own = network.acquire_owned().await.ok();
        Slot { _own: own, _shared: Arc::clone(&self.requests).acquire_owned().await.ok() }
    }

    /// Waits for a slot for a question about an open stream.
    pub(super) async fn of_streams(&self) -> Slot {
        Slot { _own: None, _shared: Arc::clone(&self.streams).acquire_owned().await.ok() }
    }

    fn of_network(&self, network: Subnet) -> Arc<Semaphore> {
        let mut all = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= FEW {
            // Each permit and each wait holds its semaphore.
            all.retain(|_, slots| Arc::strong_count(slots) > 1);
        }
        let slots = all.entry(network).or_insert_with(|| Arc::new(Semaphore::new(MAX_OF_NETWORK)));
        Arc::clone(slots)
    }
}

/// More would wait in the application itself.
const MAX_REQUESTS: usize = 64;

/// Half of them, since a hospital or a proxy without `trusted-proxy` is one address.
const MAX_OF_NETWORK: usize = MAX_REQUESTS / 2;

/// Networks above which those without a question are forgotten.
const FEW: usize = 1_024;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_network_leaves_room_for_others_and_for_open_streams() {
        let slots = Slots::default();
        let now = |address: &str| slots.of_client(address.parse().expect("one")).now_or_never();
        let mut held: Vec<_> = (0..MAX_OF_NETWORK).map(|_| now("2001:db8::1")).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(now("2001:db8::2").is_none(), "the same network");
        held.extend((0..MAX_OF_NETWORK).map(|_| now("192.0.2.1")));
        assert!(held.iter().all(Option::is_some));
        assert!(now("192.0.2.2").is_none(), "all are taken");
        assert!(slots.of_streams().now_or_never().is_some());
        held.clear();
        assert!(now("2001:db8::2").is_some() && now("192.0.2.2").is_some());
    }

    #[test]
    fn networks_without_a_question_are_forgotten() {
        let slots = Slots::default();
        let network = |address: [u8; 4]| Subnet::from(IpAddr::from(address));
        let asking = slots.of_network(network([192, 0, 2, 1]));
        for number in 0..10_000_u32 {
            slots.of_network(network(number.to_be_bytes()));
        }
        let networks = slots.networks.lock().expect("unpoisoned");
        assert!(networks.len() <= FEW && networks.contains_key(&network([192, 0, 2, 1])));
        drop(asking);
    }
}
