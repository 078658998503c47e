//! A proxy in front that has authenticated the reader, and names it in headers.
//!
//! Anyone can send these headers, so they are only accepted from a proxy that is listed by its
//! network, or knows a secret, or both.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderMap;
use ipnet::IpNet;
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::auth::denied::{Cause, Denied};
use crate::auth::grant::Grant;
use crate::auth::lease::Lease;
use crate::auth::secret_file::Secret;
use crate::http::identity::{Identity, Named, USER_HEADER, WORKSPACE_HEADER, text};
use crate::http::rejection::Rejection;
use crate::http::tokens::{Digest, digest_of};

/// The header with which a proxy proves that it is one.
pub const SECRET_HEADER: &str = "X-Proxy-Secret";

/// Which proxies are trusted. Where both are set, a proxy must be in one of the networks and know
/// the secret.
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    /// The SHA-256 of the secret.
    secret: Option<Digest>,
    /// After which time streams end, so that the proxy decides again.
    session: Option<Duration>,
    /// Cancelled when a proxy is no longer trusted.
    withdrawn: CancellationToken,
}

impl TrustedProxies {
    /// Returns proxies in these networks, which send this secret; `None` if neither is given. Streams
    /// of the readers that they name end after `session`.
    #[must_use]
    pub fn new(
        networks: Vec<Network>,
        secret: Option<&Secret>,
        session: Option<Duration>,
    ) -> Option<Self> {
        let secret = secret.map(|secret| digest_of(secret.as_bytes()));
        let withdrawn = CancellationToken::new();
        let has_any = !networks.is_empty() || secret.is_some();
        has_any.then_some(Self { networks, secret, session, withdrawn })
    }

    /// Returns these proxies in place of `old`, whose streams end unless each proxy of them is
    /// trusted still.
    pub(crate) fn after(mut self, old: Option<&Self>) -> Self {
        let Some(old) = old else { return self };
        let are_listed = |networks: &[Network]| {
            !networks.is_empty() && networks.iter().all(|network| self.networks.contains(network))
        };
        if self.secret == old.secret && (self.networks.is_empty() || are_listed(&old.networks)) {
            self.withdrawn = old.withdrawn.clone();
        } else {
            old.withdraw();
        }
        self
    }

    /// Ends the streams of readers whom these proxies have named.
    pub(crate) fn withdraw(&self) {
        self.withdrawn.cancel();
    }

    /// Returns the reader that a proxy names.
    ///
    /// # Errors
    /// 401 for a request that did not come through a trusted proxy, or in which that proxy names no
    /// reader.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        named: Named,
        peer: IpAddr,
    ) -> Result<Identity, Denied> {
        if !self.trusts(headers, peer).map_err(Denied::unreadable)? {
            return Err(untrusted());
        }
        let Named { user: Some(user), workspace: Some(workspace) } = named else {
            return Err(Denied::unauthenticated(
                Cause::Missing,
                format!(
                    "the proxy in front named no reader: expected {USER_HEADER} and {WORKSPACE_HEADER}"
                ),
            ));
        };
        let lease = Lease::of_proxy(self.session, self.withdrawn.clone());
        Ok(Identity::new(user, Grant::of_ids(vec![workspace]), lease))
    }

    /// Returns the client of a request from `peer`: the last address in `X-Forwarded-For` that is
    /// not a trusted proxy's. A request that no trusted proxy sent came from `peer` itself.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        if !self.trusts(headers, peer).unwrap_or(false) {
            return peer;
        }
        let mut client = peer;
        // Each proxy appends the address that it sees. Before an unknown one is hearsay.
        let values = headers.get_all(FORWARDED_HEADER).iter().rev();
        let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops.take(MAX_HOPS) {
            let text = std::str::from_utf8(hop).unwrap_or_default().trim();
            let Ok(address) = text.parse::<IpAddr>() else { break };
            client = address.to_canonical();
            if !self.lists(client) {
                break;
            }
        }
        client
    }

    /// Returns whether a request from `peer` was sent by a trusted proxy.
    fn trusts(&self, headers: &HeaderMap, peer: IpAddr) -> Result<bool, Rejection> {
        let received = text(headers, SECRET_HEADER)?;
        let knows_secret = match &self.secret {
            None => true,
            Some(secret) => {
                received.is_some_and(|received| digest_of(received.as_bytes()).ct_eq(secret).into())
            }
        };
        let is_listed = self.networks.is_empty() || self.lists(peer);
        Ok(is_listed && knows_secret)
    }

    fn lists(&self, address: IpAddr) -> bool {
        // A socket that accepts both families reports IPv4 clients as ::ffff:10.0.0.1.
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.0.contains(&address))
    }
}

/// Returns the refusal of headers that name a reader and that anyone could have sent.
pub(crate) fn untrusted() -> Denied {
    Denied::unauthenticated(
        Cause::Untrusted,
        "the request names a reader and did not come through a trusted proxy: open the page through the proxy in front",
    )
}

/// Returns the refusal of headers that name a reader where other credentials do.
pub(crate) fn names_nobody() -> Denied {
    Denied::unauthenticated(
        Cause::Untrusted,
        format!(
            "{USER_HEADER} and {WORKSPACE_HEADER} name no reader here: expected a request without them, and a proxy in front that removes them"
        ),
    )
}

/// A network, written `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let network = network.map_err(|_| EXPECTED)?;
        // 10.1.2.3/8 is more likely a mistake than a wish for all of 10.0.0.0/8.
        if network.addr() == network.network() { Ok(Self(network)) } else { Err(HOST_BITS) }
    }
}

/// The header in which proxies name the client.
const FORWARDED_HEADER: &str = "X-Forwarded-For";

/// More proxies than any request passes.
const MAX_HOPS: usize = 16;

const EXPECTED: &str = "expected an address or a network, such as 10.0.0.7 or 10.0.0.0/8";
const HOST_BITS: &str =
    "expected the first address of the network, such as 10.0.0.0/8, or an address without a /";

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str], secret: Option<&str>) -> TrustedProxies {
        let networks = networks.iter().map(|text| text.parse().expect("a network")).collect();
        let secret = secret.map(|text| digest_of(text.as_bytes()));
        TrustedProxies { networks, secret, session: None, withdrawn: CancellationToken::new() }
    }

    #[test]
    fn streams_end_when_a_proxy_is_no_longer_trusted_and_not_otherwise() {
        let two = ["10.0.0.0/8", "192.0.2.7"];
        for (old, new, ends) in [
            ((&two[..1], None), (&two[..1], None), false),
            ((&two[..1], None), (&two, None), false),
            ((&two, Some("hush")), (&two[..1], Some("hush")), true),
            ((&two, Some("hush")), (&[], Some("hush")), false),
            ((&[], Some("hush")), (&two, Some("hush")), true),
            ((&two, Some("hush")), (&two, Some("hist")), true),
            ((&two, None), (&two, Some("hush")), true),
        ] {
            let [old, new] = [old, new].map(|(networks, secret)| proxies(networks, secret));
            let new = new.after(Some(&old));
            assert_eq!(old.withdrawn.is_cancelled(), ends, "{old:?} {new:?}");
            assert!(!new.withdrawn.is_cancelled(), "{old:?} {new:?}");
        }
    }

    fn trusts(proxies: &TrustedProxies, peer: &str, secret: &[&str]) -> Option<bool> {
        let name = || SECRET_HEADER.parse::<axum::http::HeaderName>().expect("a name");
        let headers = secret.iter().map(|text| (name(), text.parse().expect("a value")));
        proxies.trusts(&headers.collect(), peer.parse().expect("an address")).ok()
    }

    #[test]
    fn a_proxy_is_trusted_by_its_network_in_either_family() {
        let listed = proxies(&["10.0.0.0/8", "192.0.2.7", "fd00::/8"], None);
        for peer in ["10.200.0.1", "::ffff:10.0.0.1", "192.0.2.7", "fd12::1"] {
            assert_eq!(trusts(&listed, peer, &[]), Some(true), "{peer}");
        }
        for peer in ["11.0.0.1", "::ffff:192.0.2.8", "127.0.0.1", "::1", "fe80::1"] {
            assert_eq!(trusts(&listed, peer, &[]), Some(false), "{peer}");
        }
    }

    #[test]
    fn a_proxy_must_meet_both_conditions_if_both_are_set() {
        let both = proxies(&["10.0.0.0/8"], Some("hush"));
        assert_eq!(trusts(&both, "10.0.0.1", &["hush"]), Some(true));
        assert_eq!(trusts(&both, "10.0.0.1", &[]), Some(false));
        assert_eq!(trusts(&both, "10.0.0.1", &["hus"]), Some(false));
        assert_eq!(trusts(&both, "11.0.0.1", &["hush"]), Some(false));
        assert_eq!(trusts(&both, "10.0.0.1", &["hush", "hush"]), None, "repeated");
        assert_eq!(trusts(&proxies(&[], Some("hush")), "11.0.0.1", &["hush"]), Some(true));
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        let trusted = proxies(&["10.0.0.0/8"], None);
        let client = |peer: &str, forwarded: &[&str]| {
            let name = || FORWARDED_HEADER.parse::<axum::http::HeaderName>().expect("a name");
            let headers = forwarded.iter().map(|text| (name(), text.parse().expect("a value")));
            trusted.client(&headers.collect(), peer.parse().expect("an address")).to_string()
        };
        assert_eq!(client("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "192.0.2.1", "::ffff:10.0.0.2"]), "192.0.2.1");
        assert_eq!(client("192.0.2.9", &["6.6.6.6"]), "192.0.2.9", "from a stranger");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, \"x\", 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn refuses_a_network_that_is_probably_a_mistake() {
        for text in ["10.1.2.3/8", "10.0.0.0/33", "10.0.0.0/", "proxy", "", "10.0.0", "*"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
