//! TOML with line numbers: entries of a table, and errors that name file, line, expected and
//! received. Knows no setting.

use std::fmt::Display;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text of a TOML file.
#[derive(Debug)]
pub struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// Reads a file. `flag` is where its path was given, which errors mention.
    ///
    /// # Errors
    /// A sentence with the path and the reason.
    pub fn read(flag: &str, path: &Path) -> Result<Self, String> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self { path: path.into(), text }),
            Err(error) => Err(format!("{flag} {}: cannot read the file: {error}", shown(path))),
        }
    }

    /// Returns a document that was read from elsewhere.
    #[must_use]
    pub fn new(path: &Path, text: String) -> Self {
        Self { path: path.into(), text }
    }

    /// Parses the document.
    ///
    /// # Errors
    /// A sentence with file, line and reason. It repeats no value, which may be a secret.
    pub fn table(&self) -> Result<DeTable<'_>, String> {
        DeTable::parse(&self.text).map(Spanned::into_inner).map_err(|error| {
            let message = error.message();
            self.error(error.span().unwrap_or_default(), format_args!("not TOML: {message}"))
        })
    }

    /// Returns an error about the part of the document in `span`.
    #[must_use]
    pub fn error(&self, span: Range<usize>, what: impl Display) -> String {
        format!("{}: {what}", self.place(span))
    }

    /// Returns the file and the line of the part in `span`.
    #[must_use]
    pub fn place(&self, span: Range<usize>) -> String {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("{}:{line}", self.path.display())
    }
}

/// Returns a value as errors show it: its text if that is short, and its type.
#[must_use]
pub fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{:?}", text.chars().take(MAX_SHOWN).collect::<String>()),
        DeValue::Integer(number) => number.as_str().into(),
        DeValue::Float(number) => number.as_str().into(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

/// Returns a path for an error. One with `=` may be a token after the wrong flag.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains('=') { "…".into() } else { text }
}

const MAX_SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_line() {
        let document = |text: &str| Document::new(Path::new("a.toml"), text.into());
        for (text, expected) in [
            ("a = 1\nb = \n", "a.toml:2: not TOML: "),
            ("a = 1\n\na = 2\n", "a.toml:3: not TOML: "),
            ("\n\n[", "a.toml:3: not TOML: "),
        ] {
            let error = document(text).table().expect_err(text);
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(document("a\nb").error(99..100, "late"), "a.toml:2: late");
    }

    #[test]
    fn a_path_that_may_be_a_token_is_not_shown() {
        let error = |path| Document::read("--tokens", Path::new(path)).expect_err("none");
        assert!(error("no-such.toml").contains("no-such.toml"));
        assert!(!error("etl=hush").contains("hush"));
    }
}
