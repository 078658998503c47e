//! CORS: the origins whose pages may call the routes.

use std::str::FromStr;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// The other origins whose pages may call the routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    /// No other origin may call the routes.
    #[default]
    Off,
    /// Any origin, without cookies.
    Any,
    /// A list of origins.
    Origins {
        /// The origins that are allowed.
        origins: Vec<HeaderValue>,
        /// Whether their requests may carry cookies.
        credentials: bool,
    },
}

impl Cors {
    /// Checks the values of the flags.
    ///
    /// # Errors
    /// When `*` is combined with other origins or credentials, or there are credentials but no
    /// origin.
    pub fn new(origins: Vec<Origin>, credentials: bool) -> Result<Self, &'static str> {
        let any = origins.contains(&Origin::Any);
        match origins.len() {
            0 if credentials => {
                Err("--cors-credentials needs --cors-origin: whose pages may send cookies?")
            }
            0 => Ok(Self::Off),
            _ if any && credentials => Err(
                "--cors-credentials needs origins by name: with --cors-origin '*' any page could read as the user",
            ),
            1 if any => Ok(Self::Any),
            _ if any => {
                Err("--cors-origin '*' stands for every origin: leave the others out, or '*'")
            }
            _ => Ok(Self::Origins {
                origins: origins.into_iter().filter_map(Origin::into_value).collect(),
                credentials,
            }),
        }
    }

    /// Returns the layer that responds to preflights and adds headers, or `None` if no other origin
    /// is allowed.
    pub(crate) fn layer(&self) -> Option<CorsLayer> {
        let (origins, credentials) = match self {
            Self::Off => return None,
            Self::Any => (AllowOrigin::any(), false),
            Self::Origins { origins, credentials } => {
                (AllowOrigin::list(origins.iter().cloned()), *credentials)
            }
        };
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .allow_credentials(credentials)
            .allow_methods([Method::GET, Method::POST]);
        // A host application sends custom headers, such as Authorization, to the proxy that checks
        // them.
        Some(layer.allow_headers(AllowHeaders::mirror_request()).expose_headers([RETRY_AFTER]))
    }
}

/// One value of `--cors-origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The value `*`, which stands for every origin.
    Any,
    /// An origin exactly as browsers send it.
    One(HeaderValue),
}

impl Origin {
    fn into_value(self) -> Option<HeaderValue> {
        match self {
            Self::Any => None,
            Self::One(origin) => Some(origin),
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    /// Parses an origin. One that no browser ever sends would never match, so it is an error.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text == "null" {
            return Err("\"null\" is the origin of every sandboxed frame and local file: expected that of a site".into());
        }
        match as_sent(text).filter(|_| !text.contains('*')) {
            Some(sent) if sent == text => {
                HeaderValue::from_str(text).map(Self::One).map_err(|_| EXPECTED.into())
            }
            Some(sent) => Err(format!("browsers send this origin as {sent}")),
            None => Err(EXPECTED.into()),
        }
    }
}

/// Returns the origin of the page at `url` as a browser sends it, if it has one.
fn as_sent(url: &str) -> Option<String> {
    let parsed = reqwest::Url::parse(url).ok()?;
    let origin = parsed.origin();
    if origin.is_tuple() {
        return Some(origin.ascii_serialization());
    }
    // A custom scheme of an application, such as capacitor: or chrome-extension:.
    let host = parsed.host_str().filter(|host| !host.is_empty())?;
    let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", parsed.scheme(), host.to_ascii_lowercase()))
}

const EXPECTED: &str = "expected an origin such as https://app.example.com, or '*' for all";

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(texts: &[&str]) -> Vec<Origin> {
        texts
            .iter()
            .map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
            .collect()
    }

    #[test]
    fn accepts_an_origin_as_browsers_send_it() {
        assert_eq!("*".parse(), Ok(Origin::Any));
        for text in [
            "https://a.example",
            "http://localhost:8080",
            "http://[::1]:1",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ] {
            assert_eq!(text.parse(), Ok(Origin::One(HeaderValue::from_static(text))));
        }
    }

    #[test]
    fn rejects_an_origin_that_never_matches_and_names_the_one_that_does() {
        for (text, sent) in [
            ("https://a.example/", "https://a.example"),
            ("https://a.example/path", "https://a.example"),
            ("https://a.example?q", "https://a.example"),
            ("https://A.example", "https://a.example"),
            ("HTTPS://a.example", "https://a.example"),
            ("https://a.example:443", "https://a.example"),
            ("http://a.example:80", "http://a.example"),
            ("https://user:pw@a.example", "https://a.example"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            (" https://a.example", "https://a.example"),
            ("capacitor://localhost/", "capacitor://localhost"),
        ] {
            assert_eq!(
                text.parse::<Origin>(),
                Err(format!("browsers send this origin as {sent}")),
                "{text}"
            );
        }
    }

    #[test]
    fn rejects_anything_that_is_not_an_origin() {
        for text in [
            "",
            "null",
            "a.example",
            "a b",
            "https://",
            "https://a b",
            "//a.example",
            "file:///a",
            "data:,a",
            "**",
            "https://*",
            "https://*.example.com",
        ] {
            assert!(
                text.parse::<Origin>().is_err_and(|error| error.contains("expected")),
                "{text}"
            );
        }
    }

    #[test]
    fn rejects_any_origin_with_others_or_with_credentials() {
        assert_eq!(Cors::new(origins(&["*"]), false), Ok(Cors::Any));
        assert_eq!(Cors::new(Vec::new(), false), Ok(Cors::Off));
        assert!(Cors::new(origins(&["https://a.example"]), true).is_ok());
        for (texts, credentials) in [
            (&["*", "https://a.example"][..], false),
            (&["https://a.example", "*"], false),
            (&["*"], true),
            (&[], true),
        ] {
            assert!(
                Cors::new(origins(texts), credentials)
                    .is_err_and(|error| error.contains("--cors-")),
                "{texts:?}"
            );
        }
    }
}
