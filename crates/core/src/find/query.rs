//! What a reader asks of the log. Holds the question, finds nothing.

use logs_linear_regex::{Error as RegexError, Regex};
use logs_sse_wire::entry::Level;

/// What a reader wants to see; the default one asks for nothing, and so everything is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// A text that a value of the entry holds; empty for any.
    pub text: String,
    /// Whether the text is a regular expression. Such a one is put to each text that a row shows
    /// by itself: the message, of which the first 16 KiB count (for a pattern of more than a
    /// hundred characters or repeats fewer, 1 KiB at least), the pipeline, the status, the level,
    /// and the time if its producer wrote it for people.
    pub is_regex: bool,
    /// Whether capitals count. A text with a capital in it counts them anyway.
    pub force_case: bool,
    /// The levels.
    pub levels: Levels,
    /// The pipeline or stage, as it is written; empty for entries that have none.
    pub pipeline: Option<String>,
}

impl Query {
    /// The same query with another text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = text.into();
        self
    }

    /// Whether nothing is asked: no filter is at work.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.levels == Levels::ALL && self.pipeline.is_none()
    }

    /// Whether the text can be looked for. A regular expression that is wrong finds nothing.
    ///
    /// # Errors
    /// What is wrong with the regular expression, and where.
    pub fn check(&self) -> Result<(), RegexError> {
        self.pattern().map_or(Ok(()), |pattern| pattern.map(|_| ()))
    }

    /// Whether capitals count.
    #[must_use]
    pub fn match_case(&self) -> bool {
        self.force_case
            || if self.is_regex {
                has_capital_outside_escapes(&self.text)
            } else {
                self.text.chars().any(char::is_uppercase)
            }
    }

    /// The regular expression, if it is one.
    pub(super) fn pattern(&self) -> Option<Result<Regex, RegexError>> {
        (self.is_regex && !self.text.is_empty()).then(|| Regex::new(&self.text, !self.match_case()))
    }
}

/// Some of the levels; by default all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// All levels.
    pub const ALL: Self = Self((1 << Level::ALL.len()) - 1);
    /// No level at all.
    pub const NONE: Self = Self(0);

    /// What a reader chooses from, in the words of a menu: each level with all that are graver, and
    /// those that are not known.
    pub const CHOICES: [(&str, Self); 6] = [
        ("All levels", Self::ALL),
        ("Errors", Self::down_to(Level::Error)),
        ("Warnings and errors", Self::down_to(Level::Warn)),
        ("Info and above", Self::down_to(Level::Info)),
        ("Debug and above", Self::down_to(Level::Debug)),
        ("Unknown level", Self(1 << Level::Other as u8)),
    ];

    const fn down_to(level: Level) -> Self {
        Self((1 << (level as u8 + 1)) - 1)
    }

    /// These and no others.
    #[must_use]
    pub fn of(levels: &[Level]) -> Self {
        levels.iter().fold(Self::NONE, |chosen, level| chosen.with(*level))
    }

    /// The same and `level`.
    #[must_use]
    pub fn with(self, level: Level) -> Self {
        Self(self.0 | bit(level))
    }

    /// The same but `level`.
    #[must_use]
    pub fn without(self, level: Level) -> Self {
        Self(self.0 & !bit(level))
    }

    /// Whether `level` is one of them.
    #[must_use]
    pub fn has(self, level: Level) -> bool {
        self.0 & bit(level) != 0
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::ALL
    }
}

/// The capital of `\W` means no letter.
fn has_capital_outside_escapes(pattern: &str) -> bool {
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            _ if character.is_uppercase() => return true,
            _ => {}
        }
    }
    false
}

fn bit(level: Level) -> u8 {
    1 << level as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_asks_for_nothing_is_no_filter() {
        assert!(Query::default().is_empty());
        let asks = [
            Query::default().text("a"),
            Query { pipeline: Some(String::new()), ..Query::default() },
            Query { levels: Levels::ALL.without(Level::Info), ..Query::default() },
        ];
        assert!(asks.iter().all(|query| !query.is_empty()));
    }

    #[test]
    fn capitals_count_where_one_is_written() {
        assert_eq!(
            ["error", "Error", "größe", "Ähre"]
                .map(|text| Query::default().text(text).match_case()),
            [false, true, false, true]
        );
        assert!(Query { force_case: true, ..Query::default().text("error") }.match_case());
        let counts =
            |text: &str| Query { is_regex: true, ..Query::default().text(text) }.match_case();
        assert_eq!(
            ["\\W\\d", "\\WE", "[A-Z]", "\\\\", "e"].map(counts),
            [false, true, true, false, false]
        );
    }

    #[test]
    fn only_a_regular_expression_can_be_wrong() {
        let query = |text: &str, is_regex| Query { is_regex, ..Query::default().text(text) };
        assert!(
            [query("(", false), query("", true), query("(a)", true)]
                .iter()
                .all(|query| query.check().is_ok())
        );
        assert_eq!(
            query("a(", true).check().map_err(|error| (error.at(), error.to_string())),
            Err((2, "at 2: unclosed group".into()))
        );
    }

    #[test]
    fn levels_come_and_go() {
        let levels =
            Levels::of(&[Level::Error, Level::Other]).with(Level::Warn).without(Level::Error);
        assert_eq!(
            Level::ALL.map(|level| levels.has(level)),
            [false, true, false, false, false, true]
        );
        assert_eq!(Levels::of(&Level::ALL), Levels::default());
    }
}
