//! Authenticates readers. Publishers have [tokens](crate::http::tokens).
//!
//! Everything fails closed: a credential that is missing, unreadable, repeated or ambiguous is
//! refused, and no reader becomes anonymous because of it.

pub mod credentials;
pub mod denied;
pub mod forward;
pub mod grant;
pub mod jwt;
pub(crate) mod lease;
pub mod secret_file;
pub mod trusted_proxy;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use tokio_util::sync::CancellationToken;

use crate::auth::credentials::{authorization, token};
use crate::auth::denied::{Cause, Denied};
use crate::auth::forward::Forward;
use crate::auth::jwt::Jwt;
use crate::auth::trusted_proxy::{TrustedProxies, names_nobody, untrusted};
use crate::http::identity::{Identity, Named};

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

    /// Prepares the authentication of readers, until `shutdown`.
    ///
    /// # Errors
    /// A sentence that says why the keys of readers cannot be read.
    pub async fn start(&self, shutdown: CancellationToken) -> Result<(), String> {
        let Self::Production(readers) = self else { return Ok(()) };
        match &readers.jwt {
            Some(jwt) => jwt.start(shutdown).await,
            None => Ok(()),
        }
    }

    /// Checks that `other` can replace this one while the gateway runs.
    ///
    /// # Errors
    /// A sentence, if there are tokens in only one of them, or with another kind of keys: the old
    /// keys would stay valid although the configuration no longer names them.
    pub fn check_replacement(&self, other: &Self) -> Result<(), String> {
        let kind = |mode: &Self| match mode {
            Self::Demo => None,
            Self::Production(readers) => readers.jwt.as_ref().map(Jwt::has_secrets),
        };
        if kind(self) == kind(other) { Ok(()) } else { Err(OTHER_KEYS.into()) }
    }

    /// Replaces trusted proxies and keys with those of `other`, and ends the streams that depend on
    /// credentials that are invalid now. The mode itself stays.
    pub fn replace(&self, other: &Self) {
        let (Self::Production(own), Self::Production(other)) = (self, other) else { return };
        let (old, new) = (own.proxies.load_full(), other.proxies.load_full());
        own.proxies.store(new.as_deref().map(|new| new.clone().after(old.as_deref()).into()));
        if let (Some(old), None) = (old, new) {
            old.withdraw();
        }
        if let (Some(own), Some(other)) = (&own.jwt, &other.jwt) {
            own.replace_keys(other);
        }
    }

    /// Returns the client of a request from `peer`, which differs behind a trusted proxy.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let Self::Production(readers) = self else { return peer };
        readers.client(headers, peer)
    }
}

/// The ways in which readers are authenticated, of which there is at least one.
#[derive(Debug)]
pub struct Readers {
    proxies: ArcSwapOption<TrustedProxies>,
    /// Whether the headers of a proxy name readers. A reload must not change it: a proxy that only
    /// forwards requests passes the headers of strangers on.
    proxies_name_readers: bool,
    jwt: Option<Jwt>,
    forward: Option<Arc<Forward>>,
}

impl Readers {
    /// Returns readers who are authenticated in one of these ways, or `None` without any. If there
    /// are others, trusted proxies name readers only if `proxies_name_readers`, and the client's
    /// address in any case.
    #[must_use]
    pub fn new(
        proxies: Option<TrustedProxies>,
        proxies_name_readers: bool,
        jwt: Option<Jwt>,
        forward: Option<Arc<Forward>>,
    ) -> Option<Self> {
        let has_others = jwt.is_some() || forward.is_some();
        let has_any = proxies.is_some() || has_others;
        let proxies_name_readers = proxies_name_readers || !has_others;
        let proxies = ArcSwapOption::from_pointee(proxies);
        has_any.then_some(Self { proxies, proxies_name_readers, jwt, forward })
    }

    /// Returns who sends a request that came from `peer`.
    ///
    /// Only one kind of credential decides: the headers of a proxy, or a token, or what the
    /// application says about the session. If one is refused, no other is tried.
    ///
    /// # Errors
    /// Why the request has no valid credential.
    pub(crate) async fn identify(&self, parts: &Parts, peer: IpAddr) -> Result<Identity, Denied> {
        let headers = &parts.headers;
        let named = Named::parse(headers).map_err(Denied::unreadable)?;
        if named != Named::default() && !self.proxies_name_readers {
            return Err(names_nobody());
        }
        let token = match &self.jwt {
            Some(jwt) => self.own_token(token(parts, jwt.places())?),
            None => None,
        };
        if named != Named::default() {
            if token.is_some() {
                return Err(Denied::ambiguous(
                    "the request has both a token and the headers of a proxy: expected one of them",
                ));
            }
            let proxies = self.proxies.load_full().ok_or_else(untrusted)?;
            return proxies.identify(headers, named, peer);
        }
        if let (Some(jwt), Some(token)) = (&self.jwt, token) {
            return jwt.identify(&token).await;
        }
        if let Some(forward) = &self.forward
            && let Some(identity) = forward.identify(headers, self.client(headers, peer)).await?
        {
            return Ok(identity);
        }
        // Without the application to ask, it has no meaning, and so is no credential.
        if self.jwt.is_some() && self.forward.is_none() && authorization(headers)?.is_some() {
            return Err(Denied::unauthenticated(
                Cause::Malformed,
                "Authorization is not a Bearer token",
            ));
        }
        Err(self.missing())
    }

    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let proxies = self.proxies.load();
        proxies.as_ref().map_or(peer, |proxies| proxies.client(headers, peer))
    }

    /// Returns a token that is this gateway's to judge. If the application is asked too, a text
    /// without the shape of a JWT is one of the application's own.
    fn own_token(&self, token: Option<String>) -> Option<String> {
        let is_jwt = |token: &String| token.split('.').count() == 3;
        token.filter(|token| self.forward.is_none() || is_jwt(token))
    }

    fn missing(&self) -> Denied {
        let expected = match (&self.jwt, &self.forward) {
            (_, Some(_)) => "log in to the application, whose cookie the request must carry",
            (Some(_), None) => "expected a token",
            (None, None) => "expected a proxy in front that names its reader",
        };
        Denied::unauthenticated(
            Cause::Missing,
            format!("the request has no credential: {expected}"),
        )
    }
}

/// What was signed with the old keys must not stay valid without notice.
const OTHER_KEYS: &str = "auth-jwt-secret-file or auth-jwks was added, removed or replaced by the other, which takes effect after a restart only: restart, or, to withdraw a secret, replace it in its file";
