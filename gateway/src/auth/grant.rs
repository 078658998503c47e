//! What a reader may read.

use std::str::FromStr;

use logs_sse_core::channel::{ChannelName, Id};

use crate::http::workspace_pattern::WorkspacePattern;

/// The channels that a reader may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    workspaces: Workspaces,
    /// Of these workspaces, only channels that match one of the patterns; `None` for all.
    channels: Option<Vec<ChannelPattern>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Workspaces {
    /// Every workspace, in a demo.
    All,
    /// Ids, compared byte for byte. A `*` in one is an ordinary character.
    Ids(Vec<Id>),
    Patterns(Vec<WorkspacePattern>),
}

impl Grant {
    /// Returns the grant of an anonymous reader in a demo.
    #[must_use]
    pub fn everything() -> Self {
        Self { workspaces: Workspaces::All, channels: None }
    }

    /// Returns the grant of all channels of these workspaces.
    #[must_use]
    pub fn of_ids(ids: Vec<Id>) -> Self {
        Self { workspaces: Workspaces::Ids(ids), channels: None }
    }

    /// Returns the grant of those `channels` that are in one of the `workspaces`.
    #[must_use]
    pub fn of_patterns(
        workspaces: Vec<WorkspacePattern>,
        channels: Option<Vec<ChannelPattern>>,
    ) -> Self {
        Self { workspaces: Workspaces::Patterns(workspaces), channels }
    }

    /// Returns the grant of those channels of it that match one of the patterns, if there are any.
    #[must_use]
    pub(crate) fn only(self, channels: Option<Vec<ChannelPattern>>) -> Self {
        Self { channels, ..self }
    }

    /// Returns the workspaces, as ids or patterns, for the audit log; `*` for all.
    pub(crate) fn workspaces(&self) -> Vec<String> {
        match &self.workspaces {
            Workspaces::All => vec!["*".into()],
            Workspaces::Ids(ids) => ids.iter().map(|id| id.as_str().to_owned()).collect(),
            Workspaces::Patterns(patterns) => patterns.iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns whether the reader may read `channel`.
    #[must_use]
    pub fn allows(&self, channel: &ChannelName) -> bool {
        let workspace = channel.workspace();
        let is_in_workspace = match &self.workspaces {
            Workspaces::All => true,
            Workspaces::Ids(ids) => ids.contains(workspace),
            Workspaces::Patterns(patterns) => {
                patterns.iter().any(|pattern| pattern.matches(workspace))
            }
        };
        let matches = |patterns: &Vec<ChannelPattern>| {
            patterns.iter().any(|pattern| pattern.matches(channel))
        };
        is_in_workspace && self.channels.as_ref().is_none_or(matches)
    }
}

/// A pattern of channels, such as `logs:etl:prod_*:*`, in which `*` stands for any characters of one
/// part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelPattern {
    service: WorkspacePattern,
    workspace: WorkspacePattern,
    resource: Option<WorkspacePattern>,
}

impl ChannelPattern {
    /// Returns whether the pattern matches the whole name. One of three parts matches only channels
    /// of three parts.
    #[must_use]
    pub fn matches(&self, channel: &ChannelName) -> bool {
        let matches_resource = match (&self.resource, channel.resource()) {
            (None, None) => true,
            (Some(pattern), Some(resource)) => pattern.matches(resource),
            _ => false,
        };
        matches_resource
            && self.service.matches(channel.service())
            && self.workspace.matches(channel.workspace())
    }
}

impl FromStr for ChannelPattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let parts = text.strip_prefix("logs:").ok_or(EXPECTED)?.split(':');
        let parts: Result<Vec<WorkspacePattern>, _> = parts.map(str::parse).collect();
        let mut parts = parts.map_err(|_| EXPECTED)?.into_iter();
        let (service, workspace) = (parts.next().ok_or(EXPECTED)?, parts.next().ok_or(EXPECTED)?);
        let resource = parts.next();
        match parts.next() {
            None => Ok(Self { service, workspace, resource }),
            Some(_) => Err(EXPECTED),
        }
    }
}

const EXPECTED: &str =
    "expected a pattern of channels such as logs:etl:prod_*:*, in which * matches within one part";

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(text: &str) -> ChannelName {
        text.parse().expect(text)
    }

    #[test]
    fn a_channel_must_match_a_workspace_and_a_pattern() {
        let patterns =
            |texts: &[&str]| texts.iter().map(|text| text.parse().expect(text)).collect();
        let workspaces = vec!["prod_*".parse().expect("a pattern")];
        let grant =
            Grant::of_patterns(workspaces, Some(patterns(&["logs:etl:*:w*", "logs:faas:*"])));
        for name in ["logs:etl:prod_a:w1", "logs:faas:prod_a"] {
            assert!(grant.allows(&channel(name)), "{name}");
        }
        for name in [
            "logs:etl:test:w1",
            "logs:etl:prod_a:x",
            "logs:etl:prod_a",
            "logs:faas:prod_a:w1",
            "logs:faas:test",
        ] {
            assert!(!grant.allows(&channel(name)), "{name}");
        }
        assert!(!Grant::of_patterns(Vec::new(), None).allows(&channel("logs:etl:a:b")));
    }

    #[test]
    fn a_star_in_an_id_is_an_ordinary_character() {
        let grant = Grant::of_ids(vec![Id::parse("workspace", "prod*").expect("an id")]);
        assert!(grant.allows(&channel("logs:etl:prod*:b")));
        assert!(!grant.allows(&channel("logs:etl:prod1:b")));
    }

    #[test]
    fn refuses_a_pattern_that_is_no_name_of_a_channel() {
        for text in ["", "*", "logs:etl", "logs:", "logs:a:b:c:d", "etl:a:b", "logs::a", "logs:a:,"]
        {
            assert!(text.parse::<ChannelPattern>().is_err(), "{text}");
        }
    }
}
