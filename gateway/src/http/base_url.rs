//! The address of another gateway, to which the paths of its routes are appended.

use std::fmt;
use std::str::FromStr;

/// An http(s) URL without a trailing slash, query, fragment or user.
///
/// It holds no secret, so logs and responses may show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Box<str>);

impl BaseUrl {
    /// Returns the address of `path`, which begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Returns whether requests to it are encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    /// Parses a URL such as `http://127.0.0.1:3000`. No error repeats `text`, which may hold a
    /// password.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        // The parser would silently drop or encode them.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("expected a URL without spaces");
        }
        let url = reqwest::Url::parse(text).map_err(|_| EXPECTED)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("not an http(s) URL: expected one such as http://127.0.0.1:3000");
        }
        // The parsed user is empty for "http://@host", so the text is searched. An @ in a path is
        // not a user.
        let authority =
            text.split_once(':').map_or(text, |(_, rest)| rest).trim_start_matches(['/', '\\']);
        if authority
            .split(['/', '\\', '?', '#'])
            .next()
            .is_some_and(|authority| authority.contains('@'))
        {
            return Err(
                "expected a URL without a user and password: they would show in logs and in the list of processes",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(
                "expected a URL without a query and a fragment: the paths of routes are appended to it",
            );
        }
        Ok(Self(url.as_str().trim_end_matches('/').into()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const EXPECTED: &str = "expected a URL such as http://127.0.0.1:3000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_paths() {
        for (text, expected) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/logs/stream"),
            ("http://127.0.0.1:3000/", "http://127.0.0.1:3000/logs/stream"),
            ("https://Host/api//", "https://host/api/logs/stream"),
            ("http://[::1]:9/a@b", "http://[::1]:9/a@b/logs/stream"),
        ] {
            assert_eq!(
                text.parse::<BaseUrl>().map(|base| base.join("/logs/stream")),
                Ok(expected.into())
            );
        }
    }

    #[test]
    fn rejects_urls_to_which_no_path_can_be_appended() {
        for text in [
            "http://h/?a=1",
            "http://h?",
            "http://h/#x",
            "http://h#",
            "http://h ",
            " http://h",
            "http://h/a b",
            "http://h/\t",
            "http://h\n",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text:?}");
        }
        for text in ["", "h", "127.0.0.1:3000", "ftp://h", "http://", "file:///etc/passwd", "//h"] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn rejects_a_user_without_repeating_it() {
        for text in [
            "http://svc:hunter2@h/i",
            "http://hunter2@h",
            "http://:hunter2@h",
            "http://@h",
            "http:\\\\hunter2@h",
            "https:hunter2@h",
        ] {
            let error = text.parse::<BaseUrl>().expect_err(text);
            assert!(
                error.contains("without a user") && !error.contains("hunter2"),
                "{text}: {error}"
            );
        }
    }
}
