//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::state::Gateway;
use crate::server::link::Link;

/// The addresses from which a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The other end of the connection.
    pub(crate) peer: IpAddr,
    /// The client that limits and the audit log mean: the peer itself, unless it is a trusted proxy
    /// that names the client.
    pub(crate) client: IpAddr,
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Infallible> {
        let peer = peer(parts);
        Ok(Self { peer, client: gateway.mode.client(&parts.headers, peer) })
    }
}

/// Returns the address at the other end of the connection.
pub(crate) fn peer(parts: &Parts) -> IpAddr {
    // A router without a listener, as in unit tests, has no peer.
    parts.extensions.get().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), Link::peer)
}
