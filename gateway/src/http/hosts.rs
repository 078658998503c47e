//! The host names that a gateway answers. Otherwise any page could read a gateway on loopback
//! through a name of its own that resolves to 127.0.0.1 (DNS rebinding): the browser would consider
//! the gateway that page's own server.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::rejection::Rejection;

/// The hosts that a request may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// Any host: the network decides who reaches the gateway.
    #[default]
    Any,
    /// The names of the loopback interface, and these.
    LoopbackAnd(Vec<HostName>),
}

impl Hosts {
    /// Returns whether a request may name `authority`, a host with or without a port.
    fn allow(&self, authority: &str) -> bool {
        match self {
            Self::Any => true,
            Self::LoopbackAnd(others) => {
                host_of(authority).is_some_and(|host| host.is_loopback() || others.contains(&host))
            }
        }
    }
}

/// A host name or an address, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// Returns whether it is a loopback name regardless of any name server.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address = self.0.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        // RFC 6761, section 6.3: names below localhost are not looked up.
        address.map_or_else(
            |_| self.0 == "localhost" || self.0.ends_with(".localhost"),
            |address| address.to_canonical().is_loopback(),
        )
    }
}

impl FromStr for HostName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let expected = "expected a host name such as logs.example.com, without a scheme and a port";
        let bare = text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
        let text = if bare { format!("[{text}]") } else { text.to_ascii_lowercase() };
        let authority = text.parse::<Authority>().map_err(|_| expected)?;
        // A name may end with the root's dot, which browsers allow.
        let host = authority.host().strip_suffix('.').unwrap_or(authority.host());
        if authority.as_str() != authority.host() || host.is_empty() {
            Err(expected)
        } else {
            Ok(Self(host.into()))
        }
    }
}

/// Refuses a request that names another host, in its `Host` header or in its target.
pub(crate) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get_all(HOST)
        .iter()
        .map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let target = request.uri().authority().map(ToString::to_string);
    match named.chain(target).find(|host| !hosts.allow(host)) {
        None => next.run(request).await,
        Some(host) => {
            let host: String = host.chars().take(SHOWN).collect();
            Rejection::new(
                StatusCode::MISDIRECTED_REQUEST,
                format!("Host {host:?} is not a name of this gateway; to allow it, start the gateway with --allowed-host NAME"),
            )
            .into_response()
        }
    }
}

/// Returns the host of `authority`, or `None` if it is malformed or has a user.
fn host_of(authority: &str) -> Option<HostName> {
    let authority: Authority = authority.parse().ok()?;
    if authority.as_str().contains('@') { None } else { authority.host().parse().ok() }
}

/// The most characters of a host that an error repeats.
const SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_need_no_name_server() {
        let hosts = Hosts::LoopbackAnd(Vec::new());
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "127.8.9.1",
            "localhost",
            "LOCALHOST:1",
            "localhost.",
            "demo.localhost:8080",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        let others = [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil-localhost",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[fe80::1]",
        ];
        for host in others.iter().chain(&[
            "",
            ":",
            "a b",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "2130706433",
            "\u{fffd}",
        ]) {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn allows_a_name_with_any_port_and_case() {
        let hosts = Hosts::LoopbackAnd(vec![
            "Logs.Example.com".parse().expect("a name"),
            "fd00::1".parse().expect("an address"),
        ]);
        for host in ["logs.example.com:8443", "LOGS.EXAMPLE.COM.", "[fd00::1]:1", "localhost"] {
            assert!(hosts.allow(host), "{host}");
        }
        assert!(!hosts.allow("other.example.com") && !hosts.allow("example.com"));
    }

    #[test]
    fn rejects_a_flag_that_is_more_than_a_host() {
        for text in ["", "http://h", "h:80", "h/", "user@h", "a b", "."] {
            assert!(text.parse::<HostName>().is_err(), "{text:?}");
        }
    }
}
