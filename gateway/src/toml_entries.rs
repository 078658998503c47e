//! A TOML file with entries of one kind, such as `[[token]]`: reads each entry, and collects all
//! that is wrong in the file, each with its line. Knows no setting.

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::toml_text::Document;

/// Parses all entries of a document. `kind` is the name of their table, and `name_of` returns what
/// must differ between two entries. An entry with an error is left out, whatever `parse_entry`
/// returns.
///
/// # Errors
/// Everything that is wrong, each with file, line and what is expected.
pub(crate) fn parse<T>(
    document: &Document,
    kind: &str,
    name_of: impl Fn(&T) -> &str,
    parse_entry: impl Fn(&mut Entry<'_>) -> Option<T>,
) -> Result<Vec<T>, Vec<String>> {
    let table = document.table().map_err(|error| vec![error])?;
    let mut errors = Vec::new();
    let mut parsed: Vec<T> = Vec::new();
    for (key, value) in &table {
        let entries = value.get_ref().as_array().filter(|_| key.get_ref() == kind);
        let Some(entries) = entries else {
            let what = format!("unknown key {}: expected entries [[{kind}]]", key.get_ref());
            errors.push(document.error(key.span(), what));
            continue;
        };
        for value in entries {
            let Some(table) = value.get_ref().as_table() else {
                let what = format!("expected entries [[{kind}]]");
                errors.push(document.error(value.span(), what));
                continue;
            };
            let mut entry = Entry { document, kind, table, span: value.span(), errors: Vec::new() };
            let Some(one) = parse_entry(&mut entry).filter(|_| entry.errors.is_empty()) else {
                errors.append(&mut entry.errors);
                continue;
            };
            if parsed.iter().any(|other| name_of(other) == name_of(&one)) {
                entry.name_is_taken(name_of(&one));
                errors.append(&mut entry.errors);
            } else {
                parsed.push(one);
            }
        }
    }
    if errors.is_empty() { Ok(parsed) } else { Err(errors) }
}

/// One entry, and what is wrong with it.
pub(crate) struct Entry<'a> {
    document: &'a Document,
    kind: &'a str,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    errors: Vec<String>,
}

impl<'a> Entry<'a> {
    /// Adds an error for each key that is not one of `keys`. `hint` returns what the error adds to
    /// the name of such a key.
    pub(crate) fn expect_keys(&mut self, keys: &[&str], hint: impl Fn(&str) -> &'static str) {
        for key in self.table.keys().filter(|key| !keys.contains(&&**key.get_ref())) {
            let (name, expected) = (key.get_ref(), keys.join(", "));
            let what = format!("unknown key {name}{}: expected one of {expected}", hint(name));
            self.wrong(key.span(), what);
        }
    }

    /// Returns the value of a key, or `None` if it is absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(name)
    }

    /// Returns the value of a key. That it is absent is an error.
    pub(crate) fn required(&mut self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        let value = self.table.get(name);
        if value.is_none() {
            let what = format!("{name} is missing in this [[{}]]", self.kind);
            self.wrong(self.span.clone(), what);
        }
        value
    }

    /// Returns a text and its place. A value that is no text is an error.
    pub(crate) fn text(
        &mut self,
        name: &str,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Option<(&'a str, Range<usize>)> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value.span(), format!("{name}: expected a text in quotes"));
        }
        text.map(|text| (text, value.span()))
    }

    /// Returns the items of a list that `parse` accepts. The others are errors, and so is an empty
    /// list.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        value: &'a Spanned<DeValue<'a>>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let items = value.get_ref().as_array().filter(|items| !items.is_empty());
        let Some(items) = items else {
            self.wrong(value.span(), format!("{name}: expected a list of texts with at least one"));
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

    /// Adds an error about the part of the file in `span`.
    pub(crate) fn wrong(&mut self, span: Range<usize>, what: impl Display) {
        self.errors.push(self.document.error(span, what));
    }

    /// Adds an error about the whole entry.
    pub(crate) fn wrong_entry(&mut self, what: impl Display) {
        self.wrong(self.span.clone(), what);
    }

    fn name_is_taken(&mut self, name: &str) {
        self.wrong_entry(format!("name is {name:?} for a second {}: expected another", self.kind));
    }
}
