//! What a reader asks for. Holds the query; searches nothing.

use std::ops::Range;

use crate::find::pipelines::{Choice, Pipelines};
use crate::find::terms::Term;
use logs_linear_regex::{Error as RegexError, Regex};
use logs_sse_wire::entry::Level;

/// What a reader wants to see. The default matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What the values of an entry must contain, in the language of [`Term`]; empty for anything.
    pub text: String,
    /// Whether the text is a regular expression instead.
    ///
    /// It is matched against each value of an entry by itself. Only the first 16 KiB of a value
    /// and 64 KiB of an entry count, or fewer for a pattern of more than a hundred characters or
    /// repetitions, but at least 1 KiB and 4 KiB.
    pub is_regex: bool,
    /// Whether case matters in the text.
    pub case: Case,
    /// Whether lines without the text are shown too. Those with it are marked either way.
    pub highlights: bool,
    /// The levels to show.
    pub levels: Levels,
    /// The levels that are left out nevertheless.
    pub hidden_levels: Levels,
    /// The pipelines or stages to show.
    pub pipelines: Pipelines,
    /// The seconds since 1970 (UTC) at which lines were written that are shown. A line without a time
    /// has that of the line before it, as in a histogram.
    pub times: Option<Range<i64>>,
    /// The channels to show, by their whole names.
    pub channels: Pipelines,
}

/// Whether case matters in a text to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// It matters for the words in which the reader typed a capital letter.
    #[default]
    Smart,
    /// It matters for all letters.
    Match,
    /// It matters for no letter.
    Ignore,
}

impl Case {
    /// Returns whether case matters for a text to find.
    pub(super) fn matches(self, text: &str) -> bool {
        match self {
            Self::Smart => text.chars().any(char::is_uppercase),
            Self::Match => true,
            Self::Ignore => false,
        }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            is_regex: false,
            case: Case::Smart,
            highlights: false,
            levels: Levels::ALL,
            hidden_levels: Levels::NONE,
            pipelines: Pipelines::default(),
            times: None,
            channels: Pipelines::default(),
        }
    }
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
        !self.has_text()
            && self.shown_levels() == Levels::ALL
            && self.pipelines.is_all()
            && self.times.is_none()
            && self.channels.is_all()
    }

    /// Returns whether there is anything to find.
    #[must_use]
    pub fn has_text(&self) -> bool {
        if self.is_regex { !self.text.is_empty() } else { !self.terms().is_empty() }
    }

    /// Returns the part of the query that decides which lines are shown: all of it, unless the text
    /// is only highlighted.
    #[must_use]
    pub fn filter(&self) -> Self {
        let all = Self {
            levels: self.levels,
            hidden_levels: self.hidden_levels,
            pipelines: self.pipelines.clone(),
            times: self.times.clone(),
            channels: self.channels.clone(),
            ..Self::default()
        };
        if self.highlights || !self.has_text() {
            return all;
        }
        Self { text: self.text.clone(), is_regex: self.is_regex, case: self.case, ..all }
    }

    /// Returns the levels to show.
    #[must_use]
    pub fn shown_levels(&self) -> Levels {
        self.levels.except(self.hidden_levels)
    }

    /// Returns what was chosen about a level.
    #[must_use]
    pub fn level_choice(&self, level: Level) -> Choice {
        match () {
            () if self.hidden_levels.has(level) => Choice::Not,
            () if self.levels != Levels::ALL && self.levels.has(level) => Choice::Only,
            () => Choice::Open,
        }
    }

    /// Chooses about a level.
    pub fn choose_level(&mut self, level: Level, choice: Choice) {
        let only = if self.levels == Levels::ALL { Levels::NONE } else { self.levels };
        let only = if choice == Choice::Only { only.with(level) } else { only.without(level) };
        self.levels = if only == Levels::NONE { Levels::ALL } else { only };
        self.hidden_levels = if choice == Choice::Not {
            self.hidden_levels.with(level)
        } else {
            self.hidden_levels.without(level)
        };
    }

    /// Returns the query with a further condition: that the field has, or has not, this value. The
    /// terms that there are stay; a regular expression, which has none, is replaced.
    #[must_use]
    pub fn with_field(self, name: &str, value: &str, is_excluded: bool) -> Self {
        let Some(term) = Term::new(Some(name), value, is_excluded) else { return self };
        let mut terms = if self.is_regex { Vec::new() } else { Term::parse_all(&self.text) };
        // The opposite would leave nothing to show.
        terms.retain(|known| known.field != term.field || known.text != term.text);
        terms.push(term);
        let words: Vec<_> = terms.iter().map(ToString::to_string).collect();
        Self { is_regex: false, highlights: false, ..self }.text(&words.join(" "))
    }

    /// Checks that the text can be searched for. An invalid regular expression matches nothing.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the regular expression, and where.
    pub fn check(&self) -> Result<(), RegexError> {
        self.pattern().map_or(Ok(()), |pattern| pattern.map(|_| ()))
    }

    /// Returns whether case matters in any part of the text.
    #[must_use]
    pub fn match_case(&self) -> bool {
        if self.is_regex {
            return match self.case {
                Case::Smart => has_capital_outside_escapes(&self.text),
                Case::Match => true,
                Case::Ignore => false,
            };
        }
        self.terms().iter().any(|term| self.case.matches(&term.text))
    }

    /// Returns the terms of a query that is not a regular expression.
    pub(super) fn terms(&self) -> Vec<Term> {
        if self.is_regex { Vec::new() } else { Term::parse_all(&self.text) }
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

    /// Returns the set without the levels of another.
    #[must_use]
    pub fn except(self, other: Self) -> Self {
        Self(self.0 & !other.0)
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

/// Ignores escapes, whose capitals are no letters to match: `\W`, `\p{L}`. A pattern with the flag
/// `(?i)` has none that count.
fn has_capital_outside_escapes(pattern: &str) -> bool {
    let mut characters = pattern.chars();
    if pattern.starts_with("(?i)") {
        return false;
    }
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let is_property = matches!(characters.next(), Some('p' | 'P'));
                if is_property && characters.next() == Some('{') {
                    characters.find(|character| *character == '}');
                }
            }
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
    use crate::find::Find;
    use crate::store::Store;
    use logs_sse_wire::message::Raw;
    use proptest::prelude::*;

    #[test]
    fn an_empty_query_is_not_a_filter() {
        assert!(Query::default().is_empty());
        let asks = [
            Query::default().text("a"),
            Query { pipelines: Pipelines::only(""), ..Query::default() },
            Query { channels: Pipelines::only("logs:etl:a:b"), ..Query::default() },
            Query { levels: Levels::ALL.without(Level::Info), ..Query::default() },
            Query { times: Some(0..9), ..Query::default() },
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
        assert!(Query { case: Case::Match, ..Query::default().text("error") }.match_case());
        let counts =
            |text: &str| Query { is_regex: true, ..Query::default().text(text) }.match_case();
        assert_eq!(
            ["\\W\\d", "\\WE", "[A-Z]", "\\\\", "e", "\\p{Lu}\\PL", "(?i)E"].map(counts),
            [false, true, true, false, false, false, false]
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
    fn case_matters_word_by_word() {
        let text = |text: &str| Query::default().text(text);
        assert_eq!(
            ["execID:run", "execid:Run", "timeout -NOISY"].map(|words| text(words).match_case()),
            [false, true, true]
        );
        assert!(!Query { case: Case::Ignore, ..text("A") }.match_case());
    }

    #[test]
    fn a_field_is_added_once_and_its_opposite_removed() {
        let query = Query::default().text("timeout ").with_field("exec id", "run 1", false);
        assert_eq!(query.text, r#"timeout "exec id":"run 1""#);
        let query = query.with_field("exec id", "run 1", true).with_field("rows", "3", false);
        assert_eq!(query.text, r#"timeout -"exec id":"run 1" rows:3"#);
        let pattern = Query { is_regex: true, ..Query::default().text("a|b") };
        assert_eq!(pattern.with_field("a", "b", false), Query::default().text("a:b"));
        assert_eq!(Query::default().with_field("a", "", true), Query::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_field_that_a_button_adds_reads_back_and_finds_its_entry(
            text in r#"([-ab:" \\/é.]|\PC){0,12}"#,
            name in r#"[-aB:" \\é.@1]{1,6}"#,
            value in r#"([-ab:" \\/é.\n\t]|\PC){1,12}"#,
        ) {
            let typed = Query::default().text(&text);
            let known = typed.terms();
            for is_excluded in [false, true] {
                let term = Term::new(Some(&name), &value, is_excluded).expect("a value");
                let query = typed.clone().with_field(&name, &value, is_excluded);
                let is_other = |known: &&Term| known.field != term.field || known.text != term.text;
                let others = known.iter().filter(is_other).cloned();
                let expected: Vec<_> = others.chain([term.clone()]).collect();
                prop_assert_eq!(query.terms(), expected);
                let entry = serde_json::json!({ "nested": { name.as_str(): value.as_str() } });
                let mut store = Store::default();
                store.append(&Raw::bare(entry.to_string()));
                let alone = Query::default().with_field(&name, &value, is_excluded);
                let mut find = Find::new(alone, &store);
                find.advance(&store, usize::MAX);
                prop_assert_eq!(find.lines(&store), u64::from(!is_excluded), "{}", entry);
            }
        }
    }

    #[test]
    fn a_level_is_chosen_left_out_and_released() {
        let mut query = Query::default();
        query.choose_level(Level::Error, Choice::Only);
        query.choose_level(Level::Warn, Choice::Only);
        assert_eq!(query.shown_levels(), Levels::of(&[Level::Error, Level::Warn]));
        query.choose_level(Level::Warn, Choice::Not);
        assert_eq!(
            (query.shown_levels(), query.level_choice(Level::Warn)),
            (Levels::of(&[Level::Error]), Choice::Not)
        );
        query.choose_level(Level::Error, Choice::Open);
        assert_eq!(query.shown_levels(), Levels::ALL.without(Level::Warn));
        query.choose_level(Level::Warn, Choice::Open);
        assert!(query.is_empty());
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
