//! The address of the server behind the proxy, and connections to it.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A plain http server, such as `http://127.0.0.1:8080`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Host and port, such as `127.0.0.1:8080`.
    address: String,
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Without the text, which may hold a password.
        let wrong = || "expected http://HOST:PORT, such as http://127.0.0.1:8080".to_owned();
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri
            .authority()
            .filter(|authority| !authority.as_str().contains('@'))
            .ok_or_else(wrong)?;
        // Paths are forwarded unchanged, so a base path could not be honoured.
        if uri.scheme_str() != Some("http") || uri.path() != "/" || uri.query().is_some() {
            return Err(wrong());
        }
        Ok(Self { address: format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80)) })
    }
}

impl Origin {
    /// Opens a connection.
    ///
    /// # Errors
    /// A sentence with the address, for the response to the page.
    pub(crate) async fn connect(&self) -> Result<TcpStream, String> {
        let connect = async {
            let upstream = TcpStream::connect(&self.address).await?;
            upstream.set_nodelay(true)?;
            Ok::<_, io::Error>(upstream)
        };
        let connected =
            timeout(CONNECT_TIME, connect).await.unwrap_or_else(|elapsed| Err(elapsed.into()));
        connected.map_err(|error| format!("upstream {} cannot be reached: {error}", self.address))
    }
}

const CONNECT_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_a_host_with_a_port() {
        for (text, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://localhost", "localhost:80"),
            ("http://[::1]:9", "[::1]:9"),
        ] {
            assert_eq!(text.parse::<Origin>().map(|origin| origin.address), Ok(address.into()));
        }
    }

    #[test]
    fn rejects_anything_else_and_names_what_was_expected() {
        for text in [
            "",
            "127.0.0.1:8080",
            "https://127.0.0.1:8080",
            "http://",
            "http://host/path",
            "http://host/?query",
            "http://user@host",
        ] {
            let error = text.parse::<Origin>().expect_err(text);
            assert!(error.contains("expected http://HOST:PORT"), "{error}");
        }
    }
}
