//! The file of rules. An error names the line, and repeats no pattern beyond what is wrong in it.

use std::path::Path;

use logs_sse_core::channel::Id;
use prometheus_client::metrics::counter::Counter;
use regex::Regex;

use crate::http::workspace_pattern::WorkspacePattern;
use crate::redaction::rule::{MOST_RULES, Rule, Rules};
use crate::toml_entries::{self, Entry};
use crate::toml_text::Document;

/// Reads the rules of a file.
///
/// # Errors
/// Everything that is wrong, each with file, line and what is expected.
pub(crate) fn read(path: &Path) -> Result<Rules, Vec<String>> {
    let document = Document::read("--redact", path).map_err(|error| vec![error])?;
    parse(&document)
}

pub(crate) fn parse(document: &Document) -> Result<Rules, Vec<String>> {
    let rules = toml_entries::parse(document, "rule", |rule: &Rule| &rule.name, parse_entry)?;
    let whole = |what: String| vec![document.error(0..0, what)];
    if rules.len() > MOST_RULES {
        return Err(whole(format!("{} rules: expected at most {MOST_RULES}", rules.len())));
    }
    // A file without a rule is more likely a mistake than a wish.
    if rules.is_empty() {
        return Err(whole("no [[rule]]: expected at least one".into()));
    }
    Rules::new(rules)
        .map_err(|error| whole(format!("the patterns together: {}", in_one_line(&error))))
}

fn parse_entry(entry: &mut Entry<'_>) -> Option<Rule> {
    entry.expect_keys(&KEYS, |_| "");
    let name = parse_name(entry);
    let replacement = parse_replacement(entry);
    let pattern = parse_pattern(entry, &replacement);
    let services = parse_list(entry, "services", |text| {
        Id::parse("service", text).map(|id| id.to_string()).map_err(|error| error.to_string())
    });
    let workspaces = parse_list(entry, "workspaces", str::parse::<WorkspacePattern>);
    let fields = parse_list(entry, "fields", |text| Ok(text.to_owned()));
    Some(Rule {
        name: name?,
        pattern: pattern?,
        replacement,
        services,
        workspaces,
        fields,
        count: Counter::default(),
    })
}

/// Returns the name, which is a label of a metric.
fn parse_name(entry: &mut Entry<'_>) -> Option<String> {
    let value = entry.required("name")?;
    let (text, span) = entry.text("name", value)?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if text.is_empty() || text.len() > MAX_NAME || !text.bytes().all(is_part) {
        let expected = "expected letters, digits, _, - and ., at most 64";
        entry.wrong(span, format!("name is {text:?}: {expected}"));
    }
    Some(text.to_owned())
}

fn parse_replacement(entry: &mut Entry<'_>) -> String {
    let value = entry.get("replacement");
    let Some((text, span)) = value.and_then(|value| entry.text("replacement", value)) else {
        return "[redacted]".into();
    };
    if text.len() > MAX_REPLACEMENT {
        let what =
            format!("replacement has {} bytes: expected at most {MAX_REPLACEMENT}", text.len());
        entry.wrong(span, what);
    }
    text.to_owned()
}

fn parse_pattern(entry: &mut Entry<'_>, replacement: &str) -> Option<Regex> {
    let value = entry.required("pattern")?;
    let (text, span) = entry.text("pattern", value)?;
    let what = match Regex::new(text) {
        Err(error) => format!("pattern: {}", in_one_line(&error)),
        Ok(pattern) if pattern.is_match("") => {
            "pattern matches the empty text: expected one that matches something".into()
        }
        Ok(pattern) if pattern.is_match(replacement) => {
            "pattern matches its own replacement: expected another replacement".into()
        }
        Ok(pattern) => return Some(pattern),
    };
    entry.wrong(span, what);
    None
}

/// Returns the items of a list, or none if it is absent, which means all.
fn parse_list<T>(
    entry: &mut Entry<'_>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let value = entry.get(name);
    value.map(|value| entry.list(name, value, parse)).unwrap_or_default()
}

/// Returns the last line of an error about a pattern, which says what is wrong. The lines before it
/// draw the place.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

const KEYS: [&str; 6] = ["name", "pattern", "replacement", "services", "workspaces", "fields"];

const MAX_NAME: usize = 64;

const MAX_REPLACEMENT: usize = 256;
