//! The lines that the reader's text matches, and the one that the reader is at. They are the shown
//! lines, or, if the text is only highlighted, some of them.

use std::ops::Range;

use crate::find::{Case, Find, Query, RegexError};
use crate::session::Session;
use crate::store::Store;
use crate::words::Word;

/// What is known about the matches besides the shown lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Matches {
    /// The last query whose text is valid: an unfinished pattern does not empty the list.
    valid: Query,
    /// Whether it has a text.
    has_text: bool,
    error: Option<RegexError>,
    /// The matches, unless they are what is shown.
    find: Option<Find>,
    /// The matches without regard to case, while there are none otherwise.
    folded: Option<Find>,
    current: Option<Current>,
    /// The row at which the reader was when the query changed.
    near: Option<u64>,
}

/// The match that the reader is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Current {
    number: u64,
    /// Matches are counted from the newest row before this one, so that lines that arrive later do
    /// not change the count.
    end: u64,
}

/// Where to go from the current match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the next older match.
    Older,
    /// To the next newer match.
    Newer,
}

impl Matches {
    /// Changes the query, and returns the one that decides what is shown.
    pub(super) fn restart(&mut self, query: &Query, store: &Store, near: Option<u64>) -> Query {
        self.error = query.check().err();
        self.valid = match self.error {
            None => query.clone(),
            Some(_) => {
                Query { is_regex: self.valid.is_regex, ..query.clone() }.text(&self.valid.text)
            }
        };
        let valid = &self.valid;
        self.has_text = valid.has_text();
        let is_apart = valid.highlights && self.has_text;
        self.find = is_apart.then(|| {
            let query = Query { highlights: false, ..valid.clone() };
            match near {
                Some(number) => Find::around(query, store, number),
                None => Find::new(query, store),
            }
        });
        (self.folded, self.current, self.near) = (None, None, near);
        self.valid.filter()
    }

    /// Continues the search, and returns whether it is complete. `shown` is the search for the shown
    /// lines, which is complete.
    fn advance(&mut self, shown: Option<&Find>, store: &Store, bytes: usize) -> bool {
        let is_complete = self.find.as_mut().is_none_or(|find| find.advance(store, bytes));
        let Some(find) = self.found(shown) else { return is_complete };
        let is_folding = is_complete && find.lines(store) == 0 && self.valid.match_case();
        self.settle(shown, store);
        if !is_folding {
            self.folded = None;
            return is_complete;
        }
        let valid = &self.valid;
        self.folded
            .get_or_insert_with(|| {
                Find::new(Query { case: Case::Ignore, highlights: false, ..valid.clone() }, store)
            })
            .advance(store, bytes)
    }

    /// Returns whether the matches are not what is shown.
    pub(super) fn is_apart(&self) -> bool {
        self.find.is_some()
    }

    fn found<'a>(&'a self, shown: Option<&'a Find>) -> Option<&'a Find> {
        self.find.as_ref().or(shown).filter(|_| self.has_text)
    }

    /// Chooses a match if there is none, or if it was evicted: the first one that the reader meets
    /// going down from where the view is.
    fn settle(&mut self, shown: Option<&Find>, store: &Store) {
        let oldest = store.range().start;
        if self.current.is_some_and(|current| oldest <= current.number) {
            return;
        }
        let was_evicted = self.current.is_some();
        let Some(find) = self.found(shown) else { return };
        let below = self.near.map_or(u64::MAX, |near| near.saturating_add(1));
        let number = if was_evicted { None } else { find.line_before(store, below) };
        let number = number.or_else(|| {
            let is_certain = was_evicted || find.is_complete(store);
            is_certain.then(|| find.line_from(store, 0)).flatten()
        });
        let end = match self.current {
            Some(current) if was_evicted => current.end,
            _ => store.range().end,
        };
        self.current = number.map(|number| Current { number, end });
    }
}

impl Session {
    /// Continues the search for matches.
    pub(super) fn search_matches(&mut self, bytes: usize) -> bool {
        self.view.matches.advance(self.view.find.as_ref(), &self.store, bytes)
    }

    /// Returns the search for the lines that match the reader's text, if there is one.
    #[must_use]
    pub fn matched(&self) -> Option<&Find> {
        self.view.matches.found(self.view.find.as_ref())
    }

    /// Returns the ranges of a displayed message that match, in order.
    pub(super) fn marks_found(&self, message: &str) -> Vec<Range<usize>> {
        self.matched().map(|find| find.marks(message)).unwrap_or_default()
    }

    /// Returns the error in the regular expression, if there is one. What is shown is then that of
    /// the last valid one.
    #[must_use]
    pub fn pattern_error(&self) -> Option<RegexError> {
        self.view.matches.error
    }

    /// Returns the number of the row of the match that the reader is at.
    #[must_use]
    pub fn current_match(&self) -> Option<u64> {
        self.view.matches.current.map(|current| current.number)
    }

    /// Goes to another match, past the last one to the first. Returns the number of its row.
    pub fn go_to_match(&mut self, direction: Direction) -> Option<u64> {
        let store = &self.store;
        let find = self.view.matches.found(self.view.find.as_ref())?;
        let Current { number, end } = self.view.matches.current?;
        let newest = || find.line_before(store, u64::MAX);
        let number = match direction {
            Direction::Older => find.line_before(store, number).or_else(newest)?,
            Direction::Newer => find
                .line_from(store, number.saturating_add(1))
                .or_else(|| find.line_from(store, 0))?,
        };
        let end = if number < end { end } else { store.range().end };
        self.view.matches.current = Some(Current { number, end });
        Some(number)
    }

    /// Returns which match the reader is at, and how many there are: `3 of 10`, counted from the
    /// newest match at the time when the reader began. Empty without a text.
    #[must_use]
    pub fn match_position(&self) -> String {
        let Some(find) = self.matched() else { return String::new() };
        let lines = find.lines(&self.store);
        let is_complete = find.is_complete(&self.store);
        let Some(Current { number, end }) = self.view.matches.current else {
            return if is_complete {
                self.words().text(Word::ZeroMatches).to_owned()
            } else {
                String::new()
            };
        };
        let from = |number| find.count_from(&self.store, number).lines;
        let position = from(number).saturating_sub(from(end));
        let word = if is_complete { Word::MatchOf } else { Word::MatchOfSoFar };
        let position = self.words().number(position);
        self.words().count_with(word, lines, &self.words().number(lines), ("match", &position))
    }

    /// Returns how many lines would match without regard to case, while none does with it.
    #[must_use]
    pub fn matches_ignoring_case(&self) -> u64 {
        self.view.matches.folded.as_ref().map_or(0, |find| find.lines(&self.store))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use crate::find::Choice;
    use crate::notice::Notice;
    use crate::store::Capacity;
    use logs_sse_wire::entry::Level;
    use logs_sse_wire::message::Raw;
    use proptest::prelude::*;

    fn session() -> Session {
        Session::new(Config::default(), Capacity::default(), 1)
    }

    fn append(session: &mut Session, text: &str) {
        session.store.append(&Raw::bare(text));
    }

    fn highlight(text: &str) -> Query {
        Query { highlights: true, ..Query::default().text(text) }
    }

    #[test]
    fn a_highlighted_text_hides_no_line_and_counts_its_matches() {
        let mut session = session();
        for index in 0..60 {
            append(&mut session, if index % 6 == 0 { "read timeout" } else { "read" });
        }
        session.set_query(highlight("timeout"));
        assert!(session.search(usize::MAX));
        assert_eq!(session.shown_range().count(), 60);
        assert_eq!(session.match_position(), "1 of 10");
        assert_eq!(session.marks("a timeout"), [Range { start: 2, end: 9 }]);
        let newest = session.store.range().end;
        for step in 1..4 {
            let number = session.go_to_match(Direction::Older);
            assert_eq!(number, Some(newest - 6 - 6 * step));
        }
        assert_eq!(session.match_position(), "4 of 10");
        (0..20).for_each(|_| append(&mut session, "timeout"));
        assert!(session.search(usize::MAX));
        assert_eq!(session.match_position(), "4 of 30");
        session.go_to_match(Direction::Newer);
        assert_eq!(session.match_position(), "3 of 30");
    }

    #[test]
    fn an_unfinished_pattern_keeps_what_the_last_one_found() {
        let mut session = session();
        ["a1", "b", "a2"].iter().for_each(|text| append(&mut session, text));
        let pattern = |text: &str| Query { is_regex: true, ..Query::default().text(text) };
        session.set_query(pattern("a\\d"));
        session.search(usize::MAX);
        assert!(!session.set_query_around(pattern("a\\d("), None));
        assert_eq!(session.shown_range().count(), 2);
        assert_eq!(
            session.pattern_error().map(|error| error.to_string()).as_deref(),
            Some("at 4: unclosed group")
        );
        let mut errors = pattern("a\\d(");
        errors.choose_level(Level::Error, Choice::Only);
        assert!(session.set_query_around(errors, None));
        assert_eq!((session.search(usize::MAX), session.shown_range().count()), (true, 0));
    }

    #[test]
    fn no_match_because_of_capitals_counts_those_without() {
        let mut session = session();
        ["Timeout", "timeout", "other"].iter().for_each(|text| append(&mut session, text));
        for (query, expected) in [
            (Query::default().text("TIMEOUT"), 2),
            (highlight("TIMEOUT"), 2),
            (Query { is_regex: true, ..Query::default().text("TIME.*") }, 2),
            (Query::default().text("Timeout"), 0),
            (Query::default().text("absent"), 0),
            (Query::default(), 0),
        ] {
            session.set_query(query.clone());
            while !session.search(1) {}
            assert_eq!(session.matches_ignoring_case(), expected, "{query:?}");
        }
        session.set_query(Query { case: Case::Ignore, ..Query::default().text("TIMEOUT") });
        session.search(usize::MAX);
        assert_eq!(session.match_position(), "1 of 2");
    }

    #[test]
    fn the_first_match_is_below_the_row_where_the_reader_is() {
        let mut session = session();
        (0..30).for_each(|index| append(&mut session, &format!("line {index} {}", index % 10)));
        let first = session.store.range().start;
        session.set_query_around(highlight("\" 5\""), Some(first + 20));
        session.search(usize::MAX);
        assert_eq!(session.current_match(), Some(first + 15));
        assert_eq!(session.match_position(), "2 of 3");
        session.set_query_around(highlight("\" 5\""), Some(first + 2));
        session.set_query_around(highlight("\" 7\""), Some(first + 2));
        session.search(usize::MAX);
        assert_eq!(session.current_match(), Some(first + 7));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(Vec<bool>),
        Note,
        Go(Direction),
        Resize(usize),
        Search(usize),
        Clear,
        Highlight(bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => prop::collection::vec(prop::bool::weighted(0.3), 1..30).prop_map(Step::Append),
            1 => Just(Step::Note),
            4 => prop::sample::select(vec![Direction::Older, Direction::Newer]).prop_map(Step::Go),
            1 => (1..60_usize).prop_map(Step::Resize),
            2 => (1..200_usize).prop_map(Step::Search),
            1 => Just(Step::Clear),
            1 => any::<bool>().prop_map(Step::Highlight),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_current_match_is_one_and_its_position_changes_by_going_only(
            steps in prop::collection::vec(step(), 1..40)
        ) {
            let mut session = session();
            session.resize(Capacity { lines: 50, bytes: usize::MAX });
            session.set_query(highlight("hit"));
            for step in steps {
                let before = (session.current_match(), session.match_position());
                let is_going = matches!(step, Step::Go(_) | Step::Highlight(_));
                match step {
                    Step::Append(lines) => lines
                        .into_iter()
                        .for_each(|is_hit| append(&mut session, if is_hit { "hit" } else { "-" })),
                    Step::Note => session.store.note(Notice::NotReplayed { away: std::time::Duration::ZERO }),
                    Step::Go(direction) => {
                        let number = session.go_to_match(direction);
                        prop_assert_eq!(number, session.current_match());
                    }
                    Step::Resize(lines) => session.resize(Capacity { lines, bytes: usize::MAX }),
                    Step::Search(bytes) => drop(session.search(bytes)),
                    Step::Clear => session.clear(),
                    Step::Highlight(highlights) => session.set_query(Query { highlights, ..highlight("hit") }),
                }
                session.search(usize::MAX);
                let hits: Vec<_> = session
                    .store
                    .range()
                    .filter(|number| {
                        session.store.raw_line(*number).is_some_and(|raw| raw.text == "hit")
                    })
                    .collect();
                let current = session.current_match();
                prop_assert_eq!(current.is_some(), !hits.is_empty());
                let Some(number) = current else { continue };
                prop_assert!(hits.contains(&number));
                let position = session.match_position();
                let total = format!(" of {}", hits.len());
                prop_assert!(position.ends_with(&total), "{} of {:?}", position, hits);
                if !is_going && before.0 == current && !before.1.contains('…') {
                    let index = |text: &str| text.split(' ').next().map(str::to_owned);
                    prop_assert_eq!(index(&position), index(&before.1));
                }
            }
        }
    }
}
