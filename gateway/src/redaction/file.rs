//! The file of rules. An error names the line, and repeats no pattern beyond what is wrong in it.

use std::ops::Range;
use std::path::Path;

use logs_sse_core::channel::Id;
use prometheus_client::metrics::counter::Counter;
use regex::Regex;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::http::workspace_pattern::WorkspacePattern;
use crate::redaction::rule::{MOST_RULES, Rule, Rules};
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
    let table = document.table().map_err(|error| vec![error])?;
    let mut errors = Vec::new();
    let mut rules: Vec<Rule> = Vec::new();
    for (key, value) in &table {
        let entries = value.get_ref().as_array().filter(|_| key.get_ref() == "rule");
        let Some(entries) = entries else {
            let what = format!("unknown key {}: expected entries [[rule]]", key.get_ref());
            errors.push(document.error(key.span(), what));
            continue;
        };
        for entry in entries {
            match parse_entry(document, entry) {
                Ok(rule) if rules.iter().any(|other| other.name == rule.name) => {
                    let what =
                        format!("name is {:?} for a second rule: expected another", rule.name);
                    errors.push(document.error(entry.span(), what));
                }
                Ok(rule) => rules.push(rule),
                Err(wrong) => errors.extend(wrong),
            }
        }
    }
    if rules.len() > MOST_RULES {
        let what = format!("{} rules: expected at most {MOST_RULES}", rules.len());
        errors.push(document.error(0..0, what));
    }
    // A file without a rule is more likely a mistake than a wish.
    if rules.is_empty() && errors.is_empty() {
        errors.push(document.error(0..0, "no [[rule]]: expected at least one"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Rules::new(rules).map_err(|error| {
        vec![document.error(0..0, format!("the patterns together: {}", in_one_line(&error)))]
    })
}

fn parse_entry(document: &Document, entry: &Spanned<DeValue<'_>>) -> Result<Rule, Vec<String>> {
    let Some(table) = entry.get_ref().as_table() else {
        return Err(vec![document.error(entry.span(), "expected entries [[rule]]")]);
    };
    let mut fields = Fields { document, table, entry: entry.span(), errors: Vec::new() };
    fields.check_names();
    let name = fields.name();
    let replacement = fields.replacement();
    let pattern = fields.pattern(&replacement);
    let services = fields.list("services", |text| {
        Id::parse("service", text).map(|id| id.to_string()).map_err(|error| error.to_string())
    });
    let workspaces = fields.list("workspaces", str::parse::<WorkspacePattern>);
    let names = fields.list("fields", |text| Ok(text.to_owned()));
    match pattern {
        Some(pattern) if fields.errors.is_empty() => Ok(Rule {
            name,
            pattern,
            replacement,
            services,
            workspaces,
            fields: names,
            count: Counter::default(),
        }),
        _ => Err(fields.errors),
    }
}

/// The fields of one entry, and what is wrong with them.
struct Fields<'a> {
    document: &'a Document,
    table: &'a DeTable<'a>,
    entry: Range<usize>,
    errors: Vec<String>,
}

impl<'a> Fields<'a> {
    fn check_names(&mut self) {
        for key in self.table.keys() {
            if !FIELDS.contains(&&**key.get_ref()) {
                let what =
                    format!("unknown key {}: expected one of {}", key.get_ref(), FIELDS.join(", "));
                self.wrong(key.span(), what);
            }
        }
    }

    /// Returns the name, which is a label of a metric.
    fn name(&mut self) -> String {
        let Some((text, span)) = self.text("name") else {
            self.missing("name");
            return String::new();
        };
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if text.is_empty() || text.len() > MAX_NAME || !text.bytes().all(is_part) {
            let expected = "expected letters, digits, _, - and ., at most 64";
            self.wrong(span, format!("name is {text:?}: {expected}"));
        }
        text.to_owned()
    }

    fn replacement(&mut self) -> String {
        let Some((text, span)) = self.text("replacement") else { return "[redacted]".into() };
        if text.len() > MAX_REPLACEMENT {
            let what =
                format!("replacement has {} bytes: expected at most {MAX_REPLACEMENT}", text.len());
            self.wrong(span, what);
        }
        text.to_owned()
    }

    fn pattern(&mut self, replacement: &str) -> Option<Regex> {
        let Some((text, span)) = self.text("pattern") else {
            self.missing("pattern");
            return None;
        };
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
        self.wrong(span, what);
        None
    }

    fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(value) = self.table.get(name) else { return Vec::new() };
        let items = value.get_ref().as_array().filter(|items| !items.is_empty());
        let Some(items) = items else {
            let what = format!("{name}: expected a list of texts with at least one, or no {name}");
            self.wrong(value.span(), what);
            return Vec::new();
        };
        let mut parsed = Vec::new();
        for item in items {
            match item.get_ref().as_str().map_or_else(|| Err("expected a text".into()), &parse) {
                Ok(one) => parsed.push(one),
                Err(error) => self.wrong(item.span(), format!("{name}: {error}")),
            }
        }
        parsed
    }

    /// Returns a text, or `None` if it is absent or none.
    fn text(&mut self, name: &str) -> Option<(&'a str, Range<usize>)> {
        let value = self.table.get(name)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value.span(), format!("{name}: expected a text in quotes"));
        }
        Some((text.unwrap_or_default(), value.span())).filter(|_| text.is_some())
    }

    fn missing(&mut self, name: &str) {
        if !self.table.contains_key(name) {
            self.wrong(self.entry.clone(), format!("{name} is missing in this [[rule]]"));
        }
    }

    fn wrong(&mut self, span: Range<usize>, what: impl std::fmt::Display) {
        self.errors.push(self.document.error(span, what));
    }
}

/// Returns the last line of an error about a pattern, which says what is wrong. The lines before it
/// draw the place.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

const FIELDS: [&str; 6] = ["name", "pattern", "replacement", "services", "workspaces", "fields"];

const MAX_NAME: usize = 64;

const MAX_REPLACEMENT: usize = 256;
