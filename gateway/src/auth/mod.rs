//! Authenticates readers. Publishers have [tokens](crate::http::tokens).
//!
//! Everything fails closed: a credential that is missing, unreadable, repeated or ambiguous is
//! refused, and no reader becomes anonymous because of it.

pub mod secret_file;
pub mod trusted_proxy;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::request::Parts;

use crate::auth::trusted_proxy::TrustedProxies;
use crate::http::identity::Identity;
use crate::http::rejection::Rejection;

/// What the gateway is for, which decides who may use it. It never changes while it runs.
#[derive(Clone, Debug)]
pub enum Mode {
    /// A trial on one machine: anonymous readers, public tokens, sample logs.
    Demo,
    /// Readers and publishers are authenticated.
    Production(Arc<Readers>),
}

impl Mode {
    /// Returns whether this is a trial.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        matches!(self, Self::Demo)
    }

    /// Replaces how readers are authenticated. The mode itself stays.
    pub fn replace(&self, other: &Self) {
        if let (Self::Production(own), Self::Production(other)) = (self, other) {
            own.proxies.store(other.proxies.load_full());
        }
    }
}

/// The ways in which readers are authenticated, of which there is at least one.
#[derive(Debug)]
pub struct Readers {
    proxies: ArcSwap<TrustedProxies>,
}

impl Readers {
    /// Returns readers whom a proxy in front authenticates.
    #[must_use]
    pub fn behind(proxies: TrustedProxies) -> Self {
        Self { proxies: ArcSwap::from_pointee(proxies) }
    }

    /// Returns who sends a request that came from `peer`.
    ///
    /// # Errors
    /// 400 for a header that cannot be read, 401 without a valid credential.
    pub(crate) fn identify(&self, parts: &Parts, peer: IpAddr) -> Result<Identity, Rejection> {
        self.proxies.load().identify(&parts.headers, peer)
    }
}
