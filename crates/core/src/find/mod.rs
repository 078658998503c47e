//! Search and filter: finds the rows of a store that match, a little at a time. Knows no clock; the
//! caller decides how much to search at once.
//!
//! A [`Query`] is what the reader asks for. A [`Find`] answers it, newest rows first, and keeps up
//! as rows are added and evicted.

mod clause;
mod hits;
mod needle;
mod pipelines;
mod query;
mod search;
mod terms;

use std::ops::Range;

use crate::find::hits::{Hits, Known};
pub use crate::find::pipelines::{Choice, Pipelines};
pub use crate::find::query::{Case, Levels, Query};
use crate::find::search::Search;
pub use crate::find::terms::Term;
use crate::store::{Row, Store};
use crate::tally::Count;
use logs_linear_regex::Cache;
pub use logs_linear_regex::Error as RegexError;

/// The rows of a store that match a query, as far as the store was searched.
///
/// Matches are addressed by ordinals; those that are folded into one have the same. They are
/// consecutive, ascend with the row numbers, and always
/// denote the same row, so a viewport shows matches just as it shows a whole store.
#[derive(Clone, Debug)]
pub struct Find {
    query: Query,
    search: Search,
    hits: Hits,
    /// The numbers of the rows that were searched. The range grows at both ends.
    searched: Range<u64>,
    /// Set while older and newer rows are searched by turns, because the reader looks at a row in
    /// between: whether the last ones were newer.
    alternates: Option<bool>,
    /// The matches of the current step; kept for its allocation.
    found: Vec<u64>,
    /// The working memory of the regular expression; likewise.
    cache: Cache,
}

impl Find {
    /// Creates a search in `store` that starts with the rows that are newest now. A query that
    /// fails [`Query::check`] finds no lines.
    #[must_use]
    pub fn new(query: Query, store: &Store) -> Self {
        let end = store.range().end;
        Self {
            search: Search::new(&query),
            query,
            hits: Hits::new(),
            searched: end..end,
            alternates: None,
            found: Vec::new(),
            cache: Cache::default(),
        }
    }

    /// Creates a search that starts with the rows around the one with this number.
    #[must_use]
    pub fn around(query: Query, store: &Store, number: u64) -> Self {
        let rows = store.range();
        let start = number.saturating_add(1).max(rows.start).min(rows.end);
        Self { searched: start..start, alternates: Some(true), ..Self::new(query, store) }
    }

    /// Continues the search through about `bytes` bytes: newly added rows first, then older ones.
    /// Returns whether all rows are searched.
    ///
    /// The search stops after the chunk in which it reaches the limit, which is normally 256 kB.
    /// With a regular expression it stops after a few rows, and every byte that must be parsed
    /// counts several times.
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

    /// Returns the query with which the search was created.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Returns the error in the regular expression, if there is one.
    #[must_use]
    pub fn error(&self) -> Option<RegexError> {
        self.search.error()
    }

    /// Returns the ordinals of the rows that were found and are still stored.
    #[must_use]
    pub fn range(&self, store: &Store) -> Range<u64> {
        self.hits.folds().rows(&self.hits.range(store.range().start))
    }

    /// Returns the number of the row with this ordinal, the first one if several are folded into
    /// one.
    #[must_use]
    pub fn number_at(&self, store: &Store, ordinal: u64) -> Option<u64> {
        let oldest = self.hits.range(store.range().start).start;
        self.hits.number_at(self.hits.folds().line_of(ordinal).max(oldest))
    }

    /// Returns the numbers of the rows that were found, oldest first.
    pub fn numbers<'a>(&'a self, store: &Store) -> impl Iterator<Item = u64> + use<'a> {
        self.hits.numbers_from(store.range().start)
    }

    /// Returns the ordinal of the match that is nearest to `number`, the row around which the search
    /// began, and whether that is certain: rows between the two may not have been searched yet.
    #[must_use]
    pub fn nearest(&self, store: &Store, number: u64) -> (u64, bool) {
        let origin = self.hits.origin();
        let [older, newer] = [origin.saturating_sub(1), origin].map(|at| self.hits.number_at(at));
        let older = older.filter(|older| store.range().start <= *older);
        let knows_older = older.is_some() || self.searched.start <= store.range().start;
        let knows_newer = newer.is_some() || self.searched.end >= store.range().end;
        let is_newer = match (older, newer) {
            (Some(older), Some(newer)) => {
                newer.saturating_sub(number) < number.saturating_sub(older)
            }
            (older, newer) => older.is_none() && newer.is_some(),
        };
        let is_certain = older == Some(number)
            || (knows_older && knows_newer && (older.is_some() || newer.is_some()));
        let nearest = if is_newer { origin } else { origin.saturating_sub(1) };
        (self.hits.folds().row_of(nearest), is_certain)
    }

    /// Returns how many of the matches from row `number` on are lines and errors.
    #[must_use]
    pub fn count_from(&self, store: &Store, number: u64) -> Count {
        let rows = self.hits.range(number.max(store.range().start));
        self.hits.tally().sum(rows, |ordinal| self.count_of(store, ordinal))
    }

    /// Returns the ordinal of the first match from row `number` on that is an error.
    #[must_use]
    pub fn first_error_from(&self, store: &Store, number: u64) -> Option<u64> {
        let rows = self.hits.range(number.max(store.range().start));
        let error = self.hits.tally().first_error(rows, |at| self.count_of(store, at))?;
        Some(self.hits.folds().row_of(error))
    }

    /// Returns the ordinal of the last match before row `number` that is an error.
    #[must_use]
    pub fn last_error_before(&self, store: &Store, number: u64) -> Option<u64> {
        let oldest = self.hits.range(store.range().start).start;
        let rows = oldest..self.hits.range(number).start;
        let error = self.hits.tally().last_error(rows, |at| self.count_of(store, at))?;
        Some(self.hits.folds().row_of(error))
    }

    /// Returns the number of the newest matching line before row `number`.
    #[must_use]
    pub fn line_before(&self, store: &Store, number: u64) -> Option<u64> {
        let oldest = store.range().start;
        let numbers = self.hits.numbers_before(number).take_while(|number| oldest <= *number);
        self.first_line(store, numbers)
    }

    /// Returns the number of the oldest matching line from row `number` on.
    #[must_use]
    pub fn line_from(&self, store: &Store, number: u64) -> Option<u64> {
        self.first_line(store, self.hits.numbers_from(number.max(store.range().start)))
    }

    /// Returns the ordinal of row `number`, if it is a match.
    #[must_use]
    pub fn ordinal_of(&self, number: u64) -> Option<u64> {
        let at = self.hits.range(number).start;
        (self.hits.number_at(at) == Some(number)).then(|| self.hits.folds().row_of(at))
    }

    fn first_line(&self, store: &Store, mut numbers: impl Iterator<Item = u64>) -> Option<u64> {
        numbers.find(|number| store.count_of(*number).lines > 0)
    }

    fn count_of(&self, store: &Store, ordinal: u64) -> Count {
        self.hits.number_at(ordinal).map(|number| store.count_of(number)).unwrap_or_default()
    }

    /// Returns how many lines were found and are still stored. Notices are shown too, but not
    /// counted.
    #[must_use]
    pub fn lines(&self, store: &Store) -> u64 {
        self.hits.lines(store.range().start)
    }

    /// Returns how many of the stored rows were searched.
    #[must_use]
    pub fn searched(&self, store: &Store) -> u64 {
        self.searched.end.saturating_sub(self.searched.start.max(store.range().start))
    }

    /// Returns whether all stored rows were searched.
    #[must_use]
    pub fn is_complete(&self, store: &Store) -> bool {
        self.searched(store) == store.len() as u64
    }

    /// Returns the ranges of a displayed message that match the query's text or regular expression,
    /// in order.
    #[must_use]
    pub fn marks(&self, message: &str) -> Vec<Range<usize>> {
        self.search.marks(message)
    }

    /// Returns whether a value is a reason why its line matches. `name` is that of its field.
    #[must_use]
    pub fn explains(&self, name: &str, value: &str) -> bool {
        self.search.explains(name, value)
    }

    /// Removes rows that the store has evicted.
    fn release(&mut self, store: &Store) {
        let rows = store.range();
        self.hits.release_before(rows.start);
        if self.searched.end <= rows.start {
            // Nothing that was searched is still stored: start again from the newest rows.
            self.hits.start_over(store.len() as u64);
            self.searched = rows.end..rows.end;
        }
        self.searched.start = self.searched.start.max(rows.start);
    }

    /// Searches the next contiguous rows, and returns the cost in bytes.
    fn step(&mut self, store: &Store) -> usize {
        let is_newer = self.is_newer_next(store);
        let next = if is_newer { self.searched.end } else { self.searched.start - 1 };
        let limit = self.search.limit();
        self.found.clear();
        let (numbers, spent) = match store.parsed_row(next) {
            Some(row) => (next..next + 1, self.search_parsed(store, next, row)),
            None => match if is_newer {
                store.run_from(next, limit)
            } else {
                store.run_before(next + 1, limit)
            } {
                Some(run) => (
                    run.numbers(),
                    self.search.search_run(store, &run, &mut self.cache, &mut self.found),
                ),
                None => (next..next + 1, 1),
            },
        };
        let look =
            |number| Known { count: store.count_of(number), head: store.group(number).start };
        if is_newer {
            self.hits.add_newer(&self.found, look);
            self.searched.end = numbers.end;
        } else {
            self.hits.add_older(&self.found, look);
            self.searched.start = numbers.start;
        }
        spent
    }

    /// Returns whether to search newer rows next: first, unless the reader looks at older ones.
    fn is_newer_next(&mut self, store: &Store) -> bool {
        let rows = store.range();
        let (has_newer, has_older) =
            (self.searched.end < rows.end, rows.start < self.searched.start);
        if !(has_newer && has_older) {
            self.alternates = None;
        }
        match &mut self.alternates {
            Some(is_newer) => {
                *is_newer = !*is_newer;
                *is_newer
            }
            None => has_newer,
        }
    }

    fn search_parsed(&mut self, store: &Store, number: u64, row: &Row) -> usize {
        let (is_hit, spent) = self.search.accepts_parsed(
            store,
            number,
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
mod tests;
