//! What a reader asks for. Holds the query; searches nothing.

use logs_linear_regex::{Error as RegexError, Regex};
use logs_sse_wire::entry::Level;

/// What a reader wants to see. The default matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// A text that a value of the entry must contain; empty for any.
    pub text: String,
    /// Whether the text is a regular expression.
    ///
    /// It is matched against each text that a row shows, one at a time: the message, the pipeline,
    /// the status, the level, and the time if the producer wrote it for people. Only the first 16
    /// KiB of a message count, or fewer for a pattern of more than a hundred characters or
    /// repetitions, but at least 1 KiB.
    pub is_regex: bool,
    /// Whether to match case even if the text has no upper-case letter. A text with one always
    /// does.
    pub force_case: bool,
    /// The levels to show.
    pub levels: Levels,
    /// The pipeline or stage to show, as written; empty for entries without one.
    pub pipeline: Option<String>,
}

impl Query {
    /// Returns the query with another text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = text.into();
        self
    }

    /// Returns whether the query matches everything, so that no filter is active.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.levels == Levels::ALL && self.pipeline.is_none()
    }

    /// Checks that the text can be searched for. An invalid regular expression matches nothing.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the regular expression, and where.
    pub fn check(&self) -> Result<(), RegexError> {
        self.pattern().map_or(Ok(()), |pattern| pattern.map(|_| ()))
    }

    /// Returns whether case matters.
    #[must_use]
    pub fn match_case(&self) -> bool {
        self.force_case
            || if self.is_regex {
                has_capital_outside_escapes(&self.text)
            } else {
                self.text.chars().any(char::is_uppercase)
            }
    }

    /// Returns the compiled regular expression, if the query has one.
    pub(super) fn pattern(&self) -> Option<Result<Regex, RegexError>> {
        (self.is_regex && !self.text.is_empty()).then(|| Regex::new(&self.text, !self.match_case()))
    }
}

/// A set of levels; all by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Every level, which excludes no line.
    pub const ALL: Self = Self((1 << Level::ALL.len()) - 1);
    /// The empty set, which excludes every line.
    pub const NONE: Self = Self(0);

    /// The choices of the level menu: each level together with all more severe ones, and the
    /// unknown level.
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

    /// Returns the set of exactly these levels.
    #[must_use]
    pub fn of(levels: &[Level]) -> Self {
        levels.iter().fold(Self::NONE, |chosen, level| chosen.with(*level))
    }

    /// Returns the set with `level` added.
    #[must_use]
    pub fn with(self, level: Level) -> Self {
        Self(self.0 | bit(level))
    }

    /// Returns the set with `level` removed.
    #[must_use]
    pub fn without(self, level: Level) -> Self {
        Self(self.0 & !bit(level))
    }

    /// Returns whether `level` is in the set.
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

/// Ignores escapes: the capital in `\W` is not a letter to match.
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
    fn an_empty_query_is_not_a_filter() {
        assert!(Query::default().is_empty());
        let asks = [
            Query::default().text("a"),
            Query { pipeline: Some(String::new()), ..Query::default() },
            Query { levels: Levels::ALL.without(Level::Info), ..Query::default() },
        ];
        assert!(asks.iter().all(|query| !query.is_empty()));
    }

    #[test]
    fn an_upper_case_letter_makes_the_search_case_sensitive() {
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
    fn only_a_regular_expression_can_be_invalid() {
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
    fn levels_are_added_and_removed() {
        let levels =
            Levels::of(&[Level::Error, Level::Other]).with(Level::Warn).without(Level::Error);
        assert_eq!(
            Level::ALL.map(|level| levels.has(level)),
            [false, true, false, false, false, true]
        );
        assert_eq!(Levels::of(&Level::ALL), Levels::default());
    }
}
