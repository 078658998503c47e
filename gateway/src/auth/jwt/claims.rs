//! The claims that name the reader and what it may read.

use std::str::FromStr;

use logs_sse_core::channel::Id;
use serde_json::{Map, Value};

use crate::auth::denied::{Cause, Denied};
use crate::auth::grant::{ChannelPattern, Grant};
use crate::http::identity::parse_user;
use crate::http::workspace_pattern::WorkspacePattern;

/// The names of the claims.
#[derive(Clone, Debug)]
pub struct ClaimNames {
    /// The claim with the user.
    pub user: ClaimName,
    /// The claim with the workspaces.
    pub workspaces: ClaimName,
    /// Whether these are patterns, and not ids.
    pub has_patterns: bool,
    /// The claim with the patterns of channels, which every token then has.
    pub channels: Option<ClaimName>,
}

/// The name of a claim, or its path: `datashop.workspaces` is the member `workspaces` of the claim
/// `datashop`, unless a claim has that whole name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimName(String);

impl FromStr for ClaimName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.split('.').any(str::is_empty) {
            return Err(
                "expected a claim such as workspaces, or a path such as datashop.workspaces",
            );
        }
        Ok(Self(text.into()))
    }
}

impl ClaimName {
    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        claims.get(&self.0).or_else(|| {
            let mut names = self.0.split('.');
            let first = claims.get(names.next()?)?;
            names.try_fold(first, |value, name| value.get(name))
        })
    }
}

impl ClaimNames {
    /// Returns the user and the grant.
    ///
    /// # Errors
    /// 401 with the name of the claim that is missing or cannot be read.
    pub(crate) fn read(&self, claims: &Map<String, Value>) -> Result<(String, Grant), Denied> {
        let user = self.user.find(claims).and_then(Value::as_str);
        let user = user.filter(|user| !user.is_empty() && user.len() <= MAX_USER_BYTES);
        let user = user.ok_or_else(|| wrong(&self.user, "a text of 1 to 256 bytes"))?;
        let user = parse_user(user).map_err(|_| wrong(&self.user, "visible characters"))?;
        let channels = self.channels.as_ref().map(|name| {
            list::<ChannelPattern>(claims, name, "patterns of channels", |text| text.parse().ok())
        });
        Ok((user, self.workspaces(claims)?.only(channels.transpose()?)))
    }

    fn workspaces(&self, claims: &Map<String, Value>) -> Result<Grant, Denied> {
        let name = &self.workspaces;
        if self.has_patterns {
            let parse = |text: &str| text.parse::<WorkspacePattern>().ok();
            let patterns = list(claims, name, "patterns of workspaces", parse)?;
            return Ok(Grant::of_patterns(patterns, None));
        }
        list(claims, name, "ids of workspaces", |text| Id::parse("workspace", text).ok())
            .map(Grant::of_ids)
    }
}

/// Reads a list, or a single item.
fn list<T>(
    claims: &Map<String, Value>,
    name: &ClaimName,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Denied> {
    let expected = || wrong(name, &format!("a list of at most {MAX_ITEMS} {what}"));
    let items = match name.find(claims) {
        Some(Value::Array(items)) if items.len() <= MAX_ITEMS => &items[..],
        Some(one @ Value::String(_)) => std::slice::from_ref(one),
        _ => return Err(expected()),
    };
    let parsed = items.iter().map(|item| item.as_str().and_then(&parse));
    parsed.collect::<Option<_>>().ok_or_else(expected)
}

fn wrong(name: &ClaimName, expected: &str) -> Denied {
    let error = format!("the claim {} of the token: expected {expected}", name.0);
    Denied::unauthenticated(Cause::Claims, error)
}

/// As of the header `X-User-Id`.
const MAX_USER_BYTES: usize = crate::http::identity::MAX_BYTES;

/// A reader of more uses patterns.
const MAX_ITEMS: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, channels: Option<&str>) -> Result<Grant, String> {
        read_as(false, claims, channels)
    }

    fn read_as(
        has_patterns: bool,
        claims: &Value,
        channels: Option<&str>,
    ) -> Result<Grant, String> {
        let name = |text: &str| text.parse().expect("a name");
        let names = ClaimNames {
            user: name("sub"),
            workspaces: name("datashop.workspaces"),
            has_patterns,
            channels: channels.map(name),
        };
        let claims = claims.as_object().expect("an object");
        names.read(claims).map(|(_, grant)| grant).map_err(|denied| denied.rejection.error().into())
    }

    fn allows(grant: &Grant, channel: &str) -> bool {
        grant.allows(&channel.parse().expect("a channel"))
    }

    #[test]
    fn a_path_or_a_whole_name_finds_a_claim() {
        for claims in [
            json!({ "sub": "u", "datashop": { "workspaces": ["a"] } }),
            json!({ "sub": "u", "datashop.workspaces": "a" }),
            json!({ "sub": "u", "datashop.workspaces": "a", "datashop": { "workspaces": "b" } }),
        ] {
            let grant = read(&claims, None).expect("a grant");
            assert!(allows(&grant, "logs:etl:a:b") && !allows(&grant, "logs:etl:b:b"), "{claims}");
        }
    }

    #[test]
    fn a_star_is_a_character_of_an_id_unless_the_claim_has_patterns() {
        let claims = json!({ "sub": "u", "datashop.workspaces": ["a*"] });
        let [ids, patterns] =
            [false, true].map(|has| read_as(has, &claims, None).expect("a grant"));
        assert!(allows(&ids, "logs:etl:a*:b") && !allows(&ids, "logs:etl:ab:b"));
        assert!(allows(&patterns, "logs:etl:a*:b") && allows(&patterns, "logs:etl:ab:b"));
        let all = json!({ "sub": "u", "datashop.workspaces": ["*"] });
        assert!(read(&all, None).is_err_and(|error| error.contains("ids of workspaces")));
        let some =
            json!({ "sub": "u", "datashop.workspaces": ["a"], "channels": ["logs:etl:a:*"] });
        let some = read(&some, Some("channels")).expect("a grant");
        assert!(allows(&some, "logs:etl:a:b") && !allows(&some, "logs:faas:a:b"));
    }

    #[test]
    fn a_claim_that_cannot_be_read_is_not_absent() {
        for claims in [
            json!({ "datashop.workspaces": "a" }),
            json!({ "sub": "", "datashop.workspaces": "a" }),
            json!({ "sub": 5, "datashop.workspaces": "a" }),
            json!({ "sub": "a\u{202e}b", "datashop.workspaces": "a" }),
            json!({ "sub": "x".repeat(257), "datashop.workspaces": "a" }),
            json!({ "sub": "u" }),
            json!({ "sub": "u", "datashop": { "workspaces": null } }),
            json!({ "sub": "u", "datashop": "workspaces" }),
            json!({ "sub": "u", "datashop.workspaces": ["a", 5] }),
            json!({ "sub": "u", "datashop.workspaces": ["a", "b:c"] }),
            json!({ "sub": "u", "datashop.workspaces": { "a": true } }),
        ] {
            assert!(read(&claims, None).is_err_and(|error| error.contains("claim")), "{claims}");
        }
        let claims = json!({ "sub": "u", "datashop.workspaces": "a" });
        assert!(read(&claims, Some("channels")).is_err(), "a token without the claim has none");
    }
}
