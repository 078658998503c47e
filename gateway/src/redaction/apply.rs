//! Applies the rules to a log: finds its strings and numbers, and writes those that change.

use std::borrow::Cow;

use logs_sse_core::channel::ChannelName;
use serde_json::value::RawValue;

use crate::json::edits::{Edits, With};
use crate::json::lexer::{Lexer, Malformed};
use crate::json::text::unescaped;
use crate::redaction::budget::Budget;
use crate::redaction::rule::{MOST_RULES, Mask, Rule, Rules};

/// Why the rules could not be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The redacted log is too large.
    TooLarge,
    /// The rules took too long.
    TooSlow,
    /// What rules insert is matched by others again and again.
    Unstable,
    /// The log is not JSON, although it was parsed before.
    Malformed,
}

impl From<Malformed> for Failed {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

pub(crate) fn apply<'a>(
    rules: &Rules,
    channel: &ChannelName,
    entry: &'a RawValue,
    max_bytes: usize,
) -> Result<Cow<'a, RawValue>, Failed> {
    let concerned = rules.of_channel(channel);
    if concerned == 0 {
        return Ok(Cow::Borrowed(entry));
    }
    let lexer = Lexer::new(entry.get());
    let mut walk = Walk {
        rules,
        concerned,
        lexer,
        edits: Edits::default(),
        counts: [0; MOST_RULES],
        budget: Budget::default(),
        max_bytes,
    };
    walk.value(concerned & rules.without_fields(), 0)?;
    if walk.edits.is_empty() {
        return Ok(Cow::Borrowed(entry));
    }
    let (edits, counts) = (walk.edits, walk.counts);
    let redacted = edits.apply(entry.get());
    if redacted.len() > max_bytes {
        return Err(Failed::TooLarge);
    }
    let redacted = RawValue::from_string(redacted).map_err(|_| Failed::Malformed)?;
    for (rule, count) in rules.iter().zip(counts) {
        rule.count.inc_by(count);
    }
    Ok(Cow::Owned(redacted))
}

struct Walk<'a> {
    rules: &'a Rules,
    /// The rules for this channel.
    concerned: Mask,
    lexer: Lexer<'a>,
    edits: Edits,
    /// How much each rule has replaced.
    counts: [u64; MOST_RULES],
    budget: Budget,
    max_bytes: usize,
}

impl Walk<'_> {
    /// Walks a value to which the rules in `mask` apply.
    fn value(&mut self, mask: Mask, depth: usize) -> Result<(), Failed> {
        // The depth of a log was checked before. Here the limit keeps the stack from overflowing.
        if depth > MAX_DEPTH {
            return Err(Failed::Malformed);
        }
        match self.lexer.peek() {
            Some(b'"') => self.string(mask),
            Some(b'{') => self.object(mask, depth + 1),
            Some(b'[') => self.array(mask, depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(mask),
            _ => {
                let words = ["true", "false", "null"];
                let is_word = words.iter().any(|word| self.lexer.skip_word(word));
                if is_word { Ok(()) } else { Err(Failed::Malformed) }
            }
        }
    }

    fn object(&mut self, mask: Mask, depth: usize) -> Result<(), Failed> {
        self.lexer.expect(b'{')?;
        if self.lexer.skip(b'}') {
            return Ok(());
        }
        loop {
            let key = self.lexer.string()?;
            self.lexer.expect(b':')?;
            let mut mask = mask;
            if self.rules.has_fields() {
                let key = unescaped(&self.lexer.text()[key.inner()]);
                mask |= self.rules.of_field(&key) & self.concerned;
            }
            self.value(mask, depth)?;
            if !self.lexer.skip(b',') {
                return Ok(self.lexer.expect(b'}')?);
            }
        }
    }

    fn array(&mut self, mask: Mask, depth: usize) -> Result<(), Failed> {
        self.lexer.expect(b'[')?;
        if self.lexer.skip(b']') {
            return Ok(());
        }
        loop {
            self.value(mask, depth)?;
            if !self.lexer.skip(b',') {
                return Ok(self.lexer.expect(b']')?);
            }
        }
    }

    fn string(&mut self, mask: Mask) -> Result<(), Failed> {
        let string = self.lexer.string()?;
        let text = unescaped(&self.lexer.text()[string.inner()]);
        if let Some(redacted) = self.redacted(&text, mask)? {
            self.edits.push(string.range, With::Owned(quoted(&redacted)));
        }
        Ok(())
    }

    /// A number may be confidential, too. Once a rule has changed it, it is a string.
    fn number(&mut self, mask: Mask) -> Result<(), Failed> {
        let range = self.lexer.number();
        if let Some(redacted) = self.redacted(&self.lexer.text()[range.clone()], mask)? {
            self.edits.push(range, With::Owned(quoted(&redacted)));
        }
        Ok(())
    }

    /// Returns the text after all rules in `mask`, or `None` if none of them matches.
    ///
    /// What is left around a replacement may match again, so the rules are applied until nothing
    /// changes.
    fn redacted(&mut self, text: &str, mask: Mask) -> Result<Option<String>, Failed> {
        if !self.rules.may_match(text, mask) {
            return Ok(None);
        }
        let mut current = Cow::Borrowed(text);
        for _ in 0..MOST_PASSES {
            let mut is_stable = true;
            for (index, rule) in self.rules.iter().enumerate() {
                if mask & 1 << index == 0 {
                    continue;
                }
                let changed = replaced(rule, &current, self.max_bytes, &mut self.budget)?;
                if let Some((changed, count)) = changed {
                    self.counts[index] += count;
                    current = Cow::Owned(changed);
                    is_stable = false;
                }
            }
            if is_stable {
                return Ok(match current {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(text) => Some(text),
                });
            }
        }
        Err(Failed::Unstable)
    }
}

/// Replaces all matches of a rule. Returns `None` if there are none.
pub(crate) fn replaced(
    rule: &Rule,
    text: &str,
    max_bytes: usize,
    budget: &mut Budget,
) -> Result<Option<(String, u64)>, Failed> {
    let (mut changed, mut copied, mut count) = (String::new(), 0, 0);
    budget.spend(text.len())?;
    for found in rule.pattern.find_iter(text) {
        budget.spend(text.len() - found.start())?;
        // An empty match has nothing to hide.
        if found.is_empty() {
            continue;
        }
        changed.extend([&text[copied..found.start()], &rule.replacement]);
        if changed.len() > max_bytes {
            return Err(Failed::TooLarge);
        }
        copied = found.end();
        count += 1;
    }
    if count == 0 {
        return Ok(None);
    }
    changed.push_str(&text[copied..]);
    Ok(Some((changed, count)))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string serializes")
}

/// Above the limit of what is published.
const MAX_DEPTH: usize = 128;

/// One pass for the matches, one to see that none is left, and some for rules that build on others.
const MOST_PASSES: usize = 8;
