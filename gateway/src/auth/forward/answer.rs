//! Reads what the application answers about a credential. Whatever is unexpected grants nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use logs_sse_core::channel::Id;
use moka::Expiry;
use tokio::time::Instant;

use crate::auth::grant::Grant;
use crate::error_chain::error_chain;
use crate::http::identity::{MAX_BYTES, USER_HEADER, parse_user};

/// The header of the answer that lists the workspaces of the reader, separated by commas.
const WORKSPACES_HEADER: &str = "X-Workspace-Ids";

/// What the application says about a credential.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Granted(Arc<Granted>, Instant),
    /// The session is unknown (401).
    Unauthenticated,
    /// The reader is known and refused (403).
    Forbidden,
    /// Anything else, with what was wrong.
    Unavailable(Arc<str>),
}

/// A reader whom the application knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) user: String,
    pub(crate) grant: Grant,
}

impl Answer {
    pub(crate) async fn read(response: Result<reqwest::Response, reqwest::Error>) -> Self {
        let mut response = match response {
            Ok(response) => response,
            Err(error) => return Self::unavailable(error_chain(&error.without_url())),
        };
        let answer = match response.status().as_u16() {
            200 => match Granted::read(response.headers()) {
                Ok(granted) => Self::Granted(granted.into(), Instant::now()),
                Err(error) => Self::unavailable(error),
            },
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            status => Self::unavailable(format!("status {status}: expected 200, 401 or 403")),
        };
        drain(&mut response).await;
        answer
    }

    fn unavailable(error: String) -> Self {
        Self::Unavailable(error.into())
    }
}

impl Granted {
    fn read(headers: &HeaderMap) -> Result<Self, String> {
        let user = only(headers, USER_HEADER)?;
        if user.is_empty() || user.len() > MAX_BYTES {
            return Err(format!("{USER_HEADER}: expected 1 to {MAX_BYTES} bytes"));
        }
        let user = parse_user(user).map_err(|rejection| rejection.error().to_owned())?;
        let list = only(headers, WORKSPACES_HEADER)?;
        let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        let ids = items.map(|item| Id::parse(WORKSPACES_HEADER, item));
        let ids: Vec<_> = ids.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        if ids.len() > MAX_WORKSPACES {
            let count = ids.len();
            return Err(format!("{WORKSPACES_HEADER} has {count} ids: expected {MAX_WORKSPACES}"));
        }
        Ok(Self { user, grant: Grant::of_ids(ids) })
    }
}

/// Returns the only value of a header.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, String> {
    let values: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
    match values[..] {
        [value] => {
            std::str::from_utf8(value.as_bytes()).map_err(|_| format!("{name} is not UTF-8"))
        }
        [] => Err(format!("200 without {name}")),
        [..] => Err(format!("{name} appears more than once")),
    }
}

/// Reads a short body, so that the connection can be used again. Its content has no meaning.
async fn drain(response: &mut reqwest::Response) {
    let mut left = MAX_BODY;
    while let Ok(Some(piece)) = response.chunk().await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// How long an answer is remembered.
pub(super) struct UntilStale {
    /// A grant is valid for this long.
    pub(super) cache: Duration,
}

impl<K> Expiry<K, Answer> for UntilStale {
    fn expire_after_create(
        &self,
        _: &K,
        answer: &Answer,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(match answer {
            Answer::Granted(_, at) => self.cache.saturating_sub(at.elapsed()),
            _ => self.cache.min(REFUSAL),
        })
    }

    fn expire_after_update(
        &self,
        key: &K,
        answer: &Answer,
        now: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, answer, now)
    }
}

/// Briefly, since the same cookie is valid once its user has logged in.
const REFUSAL: Duration = Duration::from_secs(1);

/// A reader of more is an operator, and uses a token with patterns.
const MAX_WORKSPACES: usize = 1_000;

/// Pages and errors of applications are shorter.
const MAX_BODY: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<Granted, String> {
        let header = |(name, value): &(&str, &[u8])| {
            let name = name.parse::<HeaderName>().expect("a name");
            (name, HeaderValue::from_bytes(value).expect("a value"))
        };
        Granted::read(&headers.iter().map(header).collect())
    }

    #[test]
    fn an_answer_needs_exactly_one_user_and_one_list() {
        let granted = read(&[("x-user-id", b"jane"), ("x-workspace-ids", b"a, b,")]).expect("both");
        for (channel, is_allowed) in
            [("logs:etl:a:x", true), ("logs:etl:b", true), ("logs:etl:c:x", false)]
        {
            assert_eq!(granted.grant.allows(&channel.parse().expect("a channel")), is_allowed);
        }
        assert!(read(&[("x-user-id", b"jane"), ("x-workspace-ids", b"")]).is_ok(), "no workspace");
        for wrong in [
            &[("x-user-id", &b"jane"[..])][..],
            &[("x-workspace-ids", b"a")],
            &[("x-user-id", b""), ("x-workspace-ids", b"a")],
            &[("x-user-id", b"jane"), ("x-user-id", b"jane"), ("x-workspace-ids", b"a")],
            &[("x-user-id", b"jane"), ("x-workspace-ids", b"a"), ("x-workspace-ids", b"b")],
            &[("x-user-id", b"ja\xff"), ("x-workspace-ids", b"a")],
            &[("x-user-id", b"a,b"), ("x-workspace-ids", b"a")],
            &[("x-user-id", b"jane"), ("x-workspace-ids", b"*")],
            &[("x-user-id", b"jane"), ("x-workspace-ids", b"a:b")],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
