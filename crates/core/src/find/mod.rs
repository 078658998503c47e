//! Search and filter: which rows of a store a reader wants to see, found bit by bit. Knows no
//! clock; its owner says how much at a time.
//!
//! A [`Query`] is what is asked. A [`Find`] answers it, newest rows first, and goes on as rows come
//! and go.

mod hits;
mod needle;
mod query;
mod row_texts;
mod search;

use std::ops::Range;

use crate::find::hits::Hits;
pub use crate::find::query::{Levels, Query};
use crate::find::search::Search;
use crate::store::{Row, Store};
use logs_linear_regex::Cache;
pub use logs_linear_regex::Error as RegexError;

/// The rows of a store that match a query, as far as they were searched.
///
/// What it found is known by ordinals: they go up with the rows' numbers, one after another, and an
/// ordinal never changes its row. So a viewport shows them as it shows a whole store.
#[derive(Clone, Debug)]
pub struct Find {
    query: Query,
    search: Search,
    hits: Hits,
    /// The rows that were searched; it grows at both ends.
    searched: Range<u64>,
    /// What the step under way found; kept for its memory.
    found: Vec<u64>,
    /// What a regular expression needs to run; likewise.
    cache: Cache,
}

impl Find {
    /// A search in `store` that has not begun: what is newest now is looked at first. A query that
    /// [`Query::check`] refuses finds no line.
    #[must_use]
    pub fn new(query: Query, store: &Store) -> Self {
        let end = store.range().end;
        Self {
            search: Search::new(&query),
            query,
            hits: Hits::new(),
            searched: end..end,
            found: Vec::new(),
            cache: Cache::default(),
        }
    }

    /// Searches on, through about as many bytes as is said: rows that came first, then older ones.
    /// Says whether all is searched.
    ///
    /// It stops behind the chunk in which the bound is reached, which is 256 kB as a rule; for a
    /// regular expression behind a few rows, and what is read for it counts as many times its
    /// bytes.
    pub fn advance(&mut self, store: &Store, bytes: usize) -> bool {
        self.release(store);
        let mut spent = 0;
        while !self.is_complete(store) {
            if spent > 0 && spent >= bytes {
                return false;
            }
            spent += self.step(store);
        }
        true
    }

    /// What was asked.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// What is wrong with the regular expression that was asked for, if anything is.
    #[must_use]
    pub fn error(&self) -> Option<RegexError> {
        self.search.error()
    }

    /// The ordinals of the rows that were found and are still held.
    #[must_use]
    pub fn range(&self, store: &Store) -> Range<u64> {
        self.hits.range(store.range().start)
    }

    /// The number of the row with this ordinal.
    #[must_use]
    pub fn number_at(&self, ordinal: u64) -> Option<u64> {
        self.hits.number_at(ordinal)
    }

    /// How many lines were found and are still held. Notices are shown too, and not counted.
    #[must_use]
    pub fn lines(&self, store: &Store) -> u64 {
        self.hits.lines(store.range().start)
    }

    /// How many of the rows that are held were searched.
    #[must_use]
    pub fn searched(&self, store: &Store) -> u64 {
        self.searched.end.saturating_sub(self.searched.start.max(store.range().start))
    }

    /// Whether all rows that are held were searched.
    #[must_use]
    pub fn is_complete(&self, store: &Store) -> bool {
        self.searched(store) == store.len() as u64
    }

    /// Where in a text that is shown the text is that was asked for, or the regular expression
    /// matches.
    pub fn marks(&self, shown: &str) -> impl Iterator<Item = Range<usize>> {
        let patterns =
            self.search.pattern().into_iter().flat_map(move |pattern| pattern.find_iter(shown));
        self.search.needle().into_iter().flat_map(move |needle| needle.marks(shown)).chain(patterns)
    }

    /// Forgets what the store let go.
    fn release(&mut self, store: &Store) {
        let rows = store.range();
        self.hits.release_before(rows.start);
        if self.searched.end <= rows.start {
            // Nothing of what was searched is held: the newest rows are first again.
            self.hits.start_over(store.len() as u64);
            self.searched = rows.end..rows.end;
        }
        self.searched.start = self.searched.start.max(rows.start);
    }

    /// Searches the next rows that lie together, and gives what it cost.
    fn step(&mut self, store: &Store) -> usize {
        let is_newer = self.searched.end < store.range().end;
        let next = if is_newer { self.searched.end } else { self.searched.start - 1 };
        let bound = self.search.bound();
        self.found.clear();
        let (numbers, spent) = match store.parsed_row(next) {
            Some(row) => (next..next + 1, self.take_odd(store, next, row)),
            None => match if is_newer {
                store.stretch_from(next, bound)
            } else {
                store.stretch_before(next + 1, bound)
            } {
                Some(stretch) => (
                    stretch.numbers(),
                    self.search.take(store, &stretch, &mut self.cache, &mut self.found),
                ),
                None => (next..next + 1, 1),
            },
        };
        if is_newer {
            self.hits.add_newer(&self.found);
            self.searched.end = numbers.end;
        } else {
            self.hits.add_older(&self.found);
            self.searched.start = numbers.start;
        }
        spent
    }

    fn take_odd(&mut self, store: &Store, number: u64, row: &Row) -> usize {
        let (is_hit, spent) = self.search.accepts_parsed(
            row,
            store.slot(number).is_some_and(|slot| slot.is_json),
            &mut self.cache,
        );
        if is_hit {
            self.found.push(number);
        }
        if matches!(row, Row::Notice(_)) {
            self.hits.note(number);
        }
        spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Notice;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;

    fn store(texts: impl IntoIterator<Item = String>) -> Store {
        let mut store = Store::new(Capacity { lines: 100_000, bytes: usize::MAX });
        texts.into_iter().for_each(|text| append(&mut store, &text));
        store
    }

    fn append(store: &mut Store, text: &str) {
        store.append(&Raw {
            id: "".into(),
            channel: None,
            seq: None,
            stamp: None,
            text: text.into(),
            is_error: false,
            picks: None,
        });
    }

    fn found(find: &Find, store: &Store) -> Vec<u64> {
        find.range(store).filter_map(|ordinal| find.number_at(ordinal)).collect()
    }

    fn all(query: Query, store: &Store) -> Vec<u64> {
        let mut find = Find::new(query, store);
        assert!(find.advance(store, usize::MAX));
        found(&find, store)
    }

    #[test]
    fn finds_the_newest_first_and_a_chunk_at_a_time() {
        let store = store((0..10_000).map(|index| format!("line {index} {}", "x".repeat(200))));
        let mut find = Find::new(Query::default().text("line"), &store);
        assert!(!find.advance(&store, 1));
        let first = found(&find, &store);
        assert_eq!((first.last(), first.len() < 2_000), (Some(&9_999), true));
        let end = find.range(&store).end;
        while !find.advance(&store, 1) {}
        assert_eq!((found(&find, &store), find.range(&store).end), ((0..10_000).collect(), end));
    }

    #[test]
    fn a_pattern_stops_behind_a_few_rows_and_finds_them_all() {
        let store = store((0..1_000).map(|index| format!("line {index} {}", "x".repeat(index))));
        let query = Query { is_regex: true, ..Query::default().text("^line \\d*7 ") };
        let mut find = Find::new(query.clone(), &store);
        assert!(!find.advance(&store, 1));
        assert!((1..=64).contains(&find.searched(&store)));
        while !find.advance(&store, 1) {}
        assert_eq!(
            (found(&find, &store), all(query, &store)),
            ((7..1_000).step_by(10).collect(), (7..1_000).step_by(10).collect())
        );
        assert_eq!(
            find.marks("line 17 xline 7 ").map(|mark| (mark.start, mark.end)).collect::<Vec<_>>(),
            [(0, 8)]
        );
    }

    #[test]
    fn a_failure_shows_a_level_that_its_text_does_not_hold() {
        let mut store = Store::default();
        for is_error in [true, false] {
            store.append(&Raw {
                id: "".into(),
                channel: None,
                seq: None,
                stamp: None,
                text: "no route".into(),
                is_error,
                picks: None,
            });
        }
        assert_eq!(all(Query { is_regex: true, ..Query::default().text("^err") }, &store), [0]);
    }

    #[test]
    fn a_wrong_pattern_finds_no_line() {
        let mut store = store(["(".to_owned(), "a(".to_owned()]);
        store.note(Notice::NotReplayed { away: std::time::Duration::ZERO });
        let mut find = Find::new(Query { is_regex: true, ..Query::default().text("a(") }, &store);
        find.advance(&store, usize::MAX);
        assert_eq!(
            (found(&find, &store), find.lines(&store), find.marks("a(").count()),
            (vec![2], 0, 0)
        );
    }

    #[test]
    fn what_comes_is_added_and_what_goes_is_gone() {
        let mut store = store((0..4).map(|index| format!("even {}", index % 2 == 0)));
        let mut find = Find::new(Query::default().text("true"), &store);
        find.advance(&store, usize::MAX);
        append(&mut store, "true");
        store.resize(Capacity { lines: 3, bytes: usize::MAX });
        assert_eq!((found(&find, &store), find.is_complete(&store)), (vec![2], false));
        find.advance(&store, 0);
        assert_eq!(
            (found(&find, &store), find.lines(&store), find.is_complete(&store)),
            (vec![2, 4], 2, true)
        );
    }

    #[test]
    fn a_filter_does_not_hide_that_lines_are_missing() {
        let mut store = store(["a".to_owned(), "b".to_owned()]);
        store.note(Notice::NotReplayed { away: std::time::Duration::ZERO });
        let mut find =
            Find::new(Query { levels: Levels::NONE, ..Query::default().text("b") }, &store);
        find.advance(&store, usize::MAX);
        assert_eq!((found(&find, &store), find.lines(&store)), (vec![2], 0));
    }

    #[test]
    fn a_phrase_is_found_across_escape_sequences_and_nothing_of_them_is() {
        let mut store = store([
            r#"{"message":"\u001b[31mconnection\u001b[0m refused","pipeline":"P"}"#.to_owned(),
            "con\u{1b}[1mnection\u{1b}[22m refused".into(),
            r#"{"message":"connection","next":" refused"}"#.into(),
            "connection refused".into(),
            r#"{"a":"connection\u001b[31m","b":"\u001b[0m refused"}"#.into(),
        ]);
        let text = |text: &str| Query::default().text(text);
        assert_eq!(all(text("connection refused"), &store), [0, 1, 3]);
        assert_eq!(
            all(Query { pipeline: Some("P".into()), ..text("connection refused") }, &store),
            [0]
        );
        assert_eq!(
            (all(text("31m"), &store), all(text("u001b"), &store), all(text("[0m"), &store)),
            (vec![], vec![], vec![])
        );
        assert_eq!(
            all(Query { is_regex: true, ..text("^connection refused$") }, &store),
            [0, 1, 3]
        );
        store.append(&Raw {
            id: "an".repeat(40_000).into(),
            channel: None,
            seq: None,
            stamp: None,
            text: "con\u{1b}[mnection refused".into(),
            is_error: false,
            picks: None,
        });
        assert_eq!(all(text("connection refused"), &store), [0, 1, 3, 5]);
    }

    #[test]
    fn a_pipeline_that_the_index_does_not_name_is_found_by_reading() {
        let store =
            store((0..2_000).map(|index| format!(r#"{{"pipeline":"P{index}","message":"m"}}"#)));
        assert_eq!(store.pipelines().count(), 1_024);
        for index in [0, 1_023, 1_024, 1_999] {
            assert_eq!(
                all(Query { pipeline: Some(format!("P{index}")), ..Query::default() }, &store),
                [index]
            );
        }
        assert_eq!(
            all(Query { pipeline: Some("P2000".into()), ..Query::default() }, &store),
            [0_u64; 0]
        );
    }
}
