//! Patterns of workspaces: an id in which `*` stands for any characters, also none.

use std::fmt;
use std::str::FromStr;

use logs_sse_core::channel::Id;

/// A pattern such as `prod_*`, which matches whole ids, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspacePattern(String);

impl WorkspacePattern {
    /// Returns the pattern that matches every workspace.
    #[must_use]
    pub fn any() -> Self {
        Self("*".into())
    }

    /// Returns whether the pattern matches the whole id.
    #[must_use]
    pub fn matches(&self, workspace: &Id) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else {
            return self.0 == workspace.as_str();
        };
        let Some(mut text) = workspace.as_str().strip_prefix(start) else { return false };
        let mut parts: Vec<_> = rest.split('*').collect();
        let end = parts.pop().unwrap_or_default();
        // The first place of each part leaves the most for the parts after it.
        for part in parts {
            let Some(at) = text.find(part) else { return false };
            text = &text[at + part.len()..];
        }
        text.ends_with(end)
    }
}

impl fmt::Display for WorkspacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspacePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What remains must be able to match an id, and a lone * matches all.
        match Id::parse("workspace", &text.replace('*', "x")) {
            Ok(_) => Ok(Self(text.into())),
            Err(error) => {
                Err(format!("expected a workspace, in which * matches anything: {error}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, workspace: &str) -> bool {
        let id = Id::parse("workspace", workspace).expect(workspace);
        pattern.parse::<WorkspacePattern>().expect(pattern).matches(&id)
    }

    #[test]
    fn a_star_matches_any_characters() {
        for (pattern, workspace) in
            [("prod_*", "prod_1"), ("prod_*", "prod_"), ("*", "a"), ("a*b*c", "aXbbYc"), ("a", "a")]
        {
            assert!(matches(pattern, workspace), "{pattern} {workspace}");
        }
        for (pattern, workspace) in
            [("prod_*", "Prod_1"), ("prod_*", "xprod_1"), ("a*a", "a"), ("a", "ab"), ("*b", "ba")]
        {
            assert!(!matches(pattern, workspace), "{pattern} {workspace}");
        }
        for wrong in ["", "a:b", "a,*", " a"] {
            assert!(wrong.parse::<WorkspacePattern>().is_err(), "{wrong}");
        }
    }

    /// Tries every length for each star.
    fn matches_slowly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|at| matches_slowly(rest, &text[at..])),
            [byte, rest @ ..] => text.first() == Some(byte) && matches_slowly(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn decides_as_the_obvious_version(pattern in "[ab*]{1,8}", text in "[ab]{1,10}") {
            let expected = matches_slowly(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(matches(&pattern, &text), expected);
        }
    }
}
