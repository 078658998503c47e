//! Identifies who sends a request: the reader, as [`crate::auth`] authenticated it, and the token of a
//! publisher. The headers of a proxy in front are read here only.
//!
//! A header that decides about access is never ignored: an empty, repeated, unreadable or overlong
//! one is an error.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use logs_sse_core::channel::{ChannelName, Id, is_hidden};

use crate::auth::Mode;
use crate::auth::grant::Grant;
use crate::auth::lease::Lease;
use crate::http::caller::peer;
use crate::http::rejection::Rejection;
use crate::http::state::Gateway;

/// The header that names the user, set by the proxy in front.
pub const USER_HEADER: &str = "X-User-Id";

/// The header that names the user's workspace, set by the proxy in front.
pub const WORKSPACE_HEADER: &str = "X-Workspace-Id";

/// The header that carries a service's token.
pub const TOKEN_HEADER: &str = "X-Service-Token";

/// The size limit of these headers in bytes.
pub const MAX_BYTES: usize = 256;

/// A reader, with what it may read and until when.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `None` for an anonymous reader, of a demo.
    user: Option<String>,
    grant: Grant,
    lease: Lease,
}

impl FromRequestParts<Gateway> for Identity {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Rejection> {
        let Mode::Production(readers) = &gateway.mode else {
            return Self::of_demo(&parts.headers);
        };
        readers.identify(parts, peer(parts)).await.map_err(|denied| {
            gateway.hub.metrics().note_auth_failure(denied.cause);
            // An auditor must tell a forged credential from one that has expired.
            denied.rejection.because(denied.cause.name())
        })
    }
}

impl Identity {
    /// Returns an authenticated reader.
    pub(crate) fn new(user: String, grant: Grant, lease: Lease) -> Self {
        Self { user: Some(user), grant, lease }
    }

    /// Returns the reader of a demo, who may read everything unless its headers name a workspace.
    fn of_demo(headers: &HeaderMap) -> Result<Self, Rejection> {
        let Named { user, workspace } = Named::parse(headers)?;
        let grant = workspace.map_or_else(Grant::everything, |id| Grant::of_ids(vec![id]));
        Ok(Self { user, grant, lease: Lease::default() })
    }

    /// Sets `name` as the user if the proxy in front named none.
    #[must_use]
    pub fn or_user(self, name: Option<&str>) -> Self {
        Self { user: self.user.or_else(|| name.map(Into::into)), ..self }
    }

    /// Returns the user, if the proxy in front named one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the user for logs and statistics.
    pub(crate) fn user_or_anonymous(&self) -> &str {
        self.user().unwrap_or("anonymous")
    }

    /// Returns whether this reader may read `channel`.
    #[must_use]
    pub fn may_read(&self, channel: &ChannelName) -> bool {
        self.grant.allows(channel)
    }

    /// Returns the workspaces that its credential grants, for the audit log.
    pub(crate) fn granted_workspaces(&self) -> Vec<String> {
        self.grant.workspaces()
    }

    /// Returns until when this reader may read.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns these headers for a request to a backend for `channel`, which this reader may read.
    pub(crate) fn headers_for(&self, channel: &ChannelName) -> HeaderMap {
        let value = |text: &str| {
            HeaderValue::from_bytes(text.as_bytes())
                .expect("ids and users hold no control characters")
        };
        let user = self.user.iter().map(|user| (HeaderName::from_static("x-user-id"), value(user)));
        let workspace =
            (HeaderName::from_static("x-workspace-id"), value(channel.workspace().as_str()));
        user.chain([workspace]).collect()
    }
}

/// The reader that the headers of a proxy name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) user: Option<String>,
    pub(crate) workspace: Option<Id>,
}

impl Named {
    /// Parses `X-User-Id` and `X-Workspace-Id`, each of which may be absent.
    ///
    /// # Errors
    /// 400 when one of them is empty, repeated, not UTF-8, longer than [`MAX_BYTES`], or holds a
    /// comma (with which proxies join repeated headers), a control character or an invisible
    /// one.
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, Rejection> {
        let workspace = text(headers, WORKSPACE_HEADER)?
            .map(|id| Id::parse(WORKSPACE_HEADER, id))
            .transpose()?;
        let user = text(headers, USER_HEADER)?.map(parse_user).transpose()?;
        Ok(Self { user, workspace })
    }
}

/// Parses `X-Service-Token`, which may be absent.
///
/// # Errors
/// 400 when it is empty, repeated, longer than [`MAX_BYTES`], or not visible ASCII, which every
/// token is.
pub(crate) fn token(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    match text(headers, TOKEN_HEADER)? {
        Some(token) if !token.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
            Err(Rejection::bad_request(format!(
                "{TOKEN_HEADER} holds characters other than visible ASCII"
            )))
        }
        token => Ok(token),
    }
}

/// Returns the only value of a header.
pub(crate) fn text<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, Rejection> {
    let wrong = |what: &str| Err(Rejection::bad_request(format!("{name} {what}")));
    let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    match values[..] {
        [] => Ok(None),
        [[]] => wrong("is empty: expected a value, or no such header"),
        [value] if value.len() > MAX_BYTES => {
            wrong(&format!("has {} bytes: expected at most {MAX_BYTES}", value.len()))
        }
        [value] => std::str::from_utf8(value).map(Some).or_else(|_| wrong("is not UTF-8")),
        [..] => wrong(
            "appears more than once: the proxy in front must replace the header of a client, not add to it",
        ),
    }
}

/// Parses a user, who appears in logs, statistics and connection ids.
pub(crate) fn parse_user(user: &str) -> Result<String, Rejection> {
    match user.chars().find(|&c| c == ',' || is_hidden(c)) {
        None => Ok(user.into()),
        Some(',') => Err(Rejection::bad_request(format!(
            "{USER_HEADER} holds a comma, with which proxies join repeated headers: expected one user"
        ))),
        Some(found) => Err(Rejection::bad_request(format!(
            "{USER_HEADER} holds U+{:04X}: expected visible characters",
            u32::from(found)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(headers: &[(&str, &[u8])]) -> Result<Identity, Rejection> {
        let header = |(name, value): &(&str, &[u8])| {
            (
                name.parse::<HeaderName>().expect("a name"),
                HeaderValue::from_bytes(value).expect("a value"),
            )
        };
        Identity::of_demo(&headers.iter().map(header).collect())
    }

    fn may_read(workspace: &[u8], channel: &str) -> bool {
        parse(&[("x-workspace-id", workspace)])
            .expect("a workspace")
            .may_read(&channel.parse().expect("a channel"))
    }

    #[test]
    fn a_workspace_reads_its_own_channels_byte_for_byte() {
        assert!(may_read(b"a", "logs:etl:a:b") && may_read("café".as_bytes(), "logs:etl:café:b"));
        assert!(
            !may_read(b"a", "logs:etl:A:b")
                && !may_read("cafe\u{301}".as_bytes(), "logs:etl:café:b")
        );
        assert!(parse(&[]).expect("nothing").may_read(&"logs:etl:a:b".parse().expect("a channel")));
    }

    #[test]
    fn rejects_an_unreadable_header_by_name() {
        let long = [b'a'; MAX_BYTES + 1];
        for name in [USER_HEADER, WORKSPACE_HEADER] {
            let values: [&[u8]; 8] = [
                b"",
                b"caf\xe9",
                b"\xff",
                b"a,b",
                b"a\tb",
                "a\u{202e}b".as_bytes(),
                "\u{a0}".as_bytes(),
                &long,
            ];
            for value in values {
                let rejection = parse(&[(name, value)]).expect_err("refused");
                assert!(
                    format!("{rejection:?}").contains(&format!("error: \"{name}")),
                    "{value:?}: {rejection:?}"
                );
            }
            assert!(parse(&[(name, b"a"), (name, b"a")]).is_err(), "{name} twice");
        }
    }

    #[test]
    fn forwards_the_headers_that_arrived() {
        let channel = "logs:etl:café:b".parse().expect("a channel");
        let headers = parse(&[("x-user-id", b"jane"), ("x-workspace-id", "café".as_bytes())])
            .expect("an identity")
            .headers_for(&channel);
        assert_eq!(
            (headers[USER_HEADER].as_bytes(), headers[WORKSPACE_HEADER].as_bytes()),
            (&b"jane"[..], "café".as_bytes())
        );
        assert!(!parse(&[]).expect("nothing").headers_for(&channel).contains_key(USER_HEADER));
    }
}
