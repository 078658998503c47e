//! Replaces confidential parts of logs before anything stores or sends them.
//!
//! A rule is a regular expression over the strings and numbers of a log, not over its keys. If a
//! rule cannot be applied to a log, the log is refused.

mod apply;
mod budget;
mod file;
pub(crate) mod rule;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use logs_sse_core::channel::ChannelName;
use serde_json::value::RawValue;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

pub(crate) use crate::redaction::apply::Failed;
use crate::redaction::rule::Rules;

/// The rules in force. They can be replaced while logs are published.
#[derive(Debug, Default)]
pub struct Redaction(ArcSwap<Rules>);

impl Redaction {
    /// Reads the rules of a file.
    ///
    /// # Errors
    /// Everything that is wrong, each with file, line and what is expected.
    pub fn read(path: &Path) -> Result<Self, Vec<String>> {
        Ok(Self(ArcSwap::from_pointee(file::read(path)?)))
    }

    /// Replaces all rules. A rule that keeps its name keeps its count.
    pub fn replace(&self, other: &Self) {
        let mut rules = Rules::clone(&other.0.load());
        rules.continue_counts(&self.0.load());
        self.0.store(Arc::new(rules));
    }

    /// Applies the rules to a log that is JSON. The result has at most `max_bytes`.
    pub(crate) fn apply<'a>(
        &self,
        channel: &ChannelName,
        entry: &'a RawValue,
        max_bytes: usize,
    ) -> Result<Cow<'a, RawValue>, Failed> {
        let rules = self.0.load();
        let is_long = entry.get().len() > LONG && rules.of_channel(channel) != 0;
        let apply = || apply::apply(&rules, channel, entry, max_bytes);
        if is_long { away_from_workers(apply) } else { apply() }
    }

    /// Returns the name of each rule, and how much it has replaced.
    pub(crate) fn counts(&self) -> Vec<(String, u64)> {
        self.0.load().iter().map(|rule| (rule.name.clone(), rule.count.get())).collect()
    }
}

/// Runs `work` so that it delays no stream: another thread takes the tasks of this worker over.
fn away_from_workers<T>(work: impl FnOnce() -> T) -> T {
    let is_worker = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if is_worker { block_in_place(work) } else { work() }
}

/// The size of a log in bytes from which its redaction may take many milliseconds.
const LONG: usize = 16 * 1_024;

#[cfg(test)]
mod tests;
