//! What one user, address, token, channel or workspace may use, so that no one takes the share of
//! the others. Knows no HTTP beyond the refusal.
//!
//! The limits can change while streams are open; what is above a new limit already stays.

pub(crate) mod buckets;
pub mod config;
pub(crate) mod failures;
pub(crate) mod kind;
pub(crate) mod publishing;
pub mod replays;
pub(crate) mod streams;
pub(crate) mod subnet;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::limits::config::Config;
use crate::limits::failures::Failures;
use crate::limits::publishing::Publishing;
use crate::limits::replays::Replays;
use crate::limits::streams::Streams;

/// The limits of a gateway, and what is used of them.
#[derive(Debug, Default)]
pub struct Limits {
    config: ArcSwap<Config>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) publishing: Publishing,
    pub(crate) replays: Replays,
    pub(crate) failures: Failures,
}

impl Limits {
    /// Returns limits of which nothing is used yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config: ArcSwap::from_pointee(config), ..Self::default() }
    }

    /// Changes the limits. Streams that are open stay open.
    pub fn reconfigure(&self, config: Config) {
        self.config.store(Arc::new(config));
    }

    pub(crate) fn config(&self) -> Config {
        **self.config.load()
    }
}
