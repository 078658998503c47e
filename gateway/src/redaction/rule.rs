//! The rules, and which of them concern a log.

use std::collections::HashMap;

use logs_sse_core::channel::ChannelName;
use prometheus_client::metrics::counter::Counter;
use regex::{Regex, RegexSet};

use crate::http::workspace_pattern::WorkspacePattern;

/// A rule of the file.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) pattern: Regex,
    pub(crate) replacement: String,
    /// Empty for all services, and so on.
    pub(crate) services: Vec<String>,
    pub(crate) workspaces: Vec<WorkspacePattern>,
    /// The names of the fields in which it applies, at any depth.
    pub(crate) fields: Vec<String>,
    /// How much it has replaced.
    pub(crate) count: Counter,
}

/// All rules, in the order in which they are applied.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
    /// The patterns of all rules without fields at once: most texts match none.
    any: RegexSet,
    by_field: HashMap<String, Mask>,
    without_fields: Mask,
}

/// Some of the rules, one bit for each.
pub(crate) type Mask = u64;

/// The most rules, as many as a mask has bits.
pub(crate) const MOST_RULES: usize = 64;

impl Default for Rules {
    fn default() -> Self {
        Self::new(Vec::new()).expect("no pattern is a valid set")
    }
}

impl Rules {
    /// Returns at most [`MOST_RULES`] rules.
    ///
    /// # Errors
    /// When the patterns are too large together.
    pub(crate) fn new(rules: Vec<Rule>) -> Result<Self, regex::Error> {
        let everywhere = rules.iter().filter(|rule| rule.fields.is_empty());
        let any = RegexSet::new(everywhere.map(|rule| rule.pattern.as_str()))?;
        let (mut by_field, mut without_fields) = (HashMap::<String, Mask>::new(), 0);
        for (index, rule) in rules.iter().enumerate() {
            let bit = 1 << index;
            for field in &rule.fields {
                *by_field.entry(field.clone()).or_default() |= bit;
            }
            without_fields |= if rule.fields.is_empty() { bit } else { 0 };
        }
        Ok(Self { rules, any, by_field, without_fields })
    }

    /// Continues the counts of rules with the same name.
    pub(crate) fn continue_counts(&mut self, before: &Self) {
        for rule in &mut self.rules {
            if let Some(old) = before.rules.iter().find(|old| old.name == rule.name) {
                rule.count = old.count.clone();
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Returns the rules for a channel, whatever the field.
    pub(crate) fn of_channel(&self, channel: &ChannelName) -> Mask {
        let service = channel.service().as_str();
        let concerns = |rule: &Rule| {
            (rule.services.is_empty() || rule.services.iter().any(|own| own == service))
                && (rule.workspaces.is_empty()
                    || rule.workspaces.iter().any(|own| own.matches(channel.workspace())))
        };
        let bits = self.rules.iter().enumerate().filter(|(_, rule)| concerns(rule));
        bits.fold(0, |mask, (index, _)| mask | 1 << index)
    }

    pub(crate) fn without_fields(&self) -> Mask {
        self.without_fields
    }

    pub(crate) fn has_fields(&self) -> bool {
        !self.by_field.is_empty()
    }

    pub(crate) fn of_field(&self, name: &str) -> Mask {
        self.by_field.get(name).copied().unwrap_or_default()
    }

    /// Returns whether any of the rules in `mask` may match.
    pub(crate) fn may_match(&self, text: &str, mask: Mask) -> bool {
        mask & !self.without_fields != 0 || mask != 0 && self.any.is_match(text)
    }
}
