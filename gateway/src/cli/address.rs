//! The address of the listener for operators.

use std::str::FromStr;

use logs_gateway::server::Listen;

/// An address written `HOST:PORT`, or `PORT` for the loopback interface.
#[derive(Clone, Debug)]
pub(crate) struct AdminAddress {
    pub(crate) host: String,
    port: u16,
}

impl AdminAddress {
    pub(crate) fn listen(&self) -> Listen {
        Listen { host: self.host.clone(), port: self.port, next_free_port: false }
    }
}

impl FromStr for AdminAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let expected = "expected an address such as 127.0.0.1:9464, or a port on this machine";
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare.unwrap_or(host) {
            "" => "127.0.0.1",
            host if bare.is_none() && host.contains([':', '/', ' ']) => return Err(expected),
            host => host,
        };
        let port = port.parse().map_err(|_| expected)?;
        Ok(Self { host: host.into(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_on_this_machine() {
        let parse = |text: &str| text.parse::<AdminAddress>().map(|a| (a.host, a.port));
        assert_eq!(parse("9464"), Ok(("127.0.0.1".into(), 9464)));
        assert_eq!(parse(":9464"), Ok(("127.0.0.1".into(), 9464)));
        assert_eq!(parse("0.0.0.0:0"), Ok(("0.0.0.0".into(), 0)));
        assert_eq!(parse("[::1]:9464"), Ok(("::1".into(), 9464)));
        for wrong in ["", "x", "host", "::1", "::1:9464", "http://a:1", "a:65536", "a:"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
