//! Selects the rows that are shown: all, or those that match the query. Draws nothing.
//!
//! Rows are addressed by ordinal, whether or not a filter is active. A row may be several lines that
//! are folded; its number is then that of the first of them that is shown.

use std::ops::Range;

use crate::find::{Find, Query};
use crate::fold::Folding;
use crate::line_time::SentTime;
use crate::session::view::SearchView;
use crate::session::{Session, channels};
use crate::summary::{ROW_BYTES, RowText, UNFOLDED_BYTES};
use crate::tally::Count;

impl Session {
    /// Changes what is shown. The same query changes nothing; an empty one shows everything.
    ///
    /// A new query starts new ordinals, so a viewport must find its row again: see
    /// [`Viewport::renumber`](crate::viewport::Viewport::renumber).
    pub fn set_query(&mut self, query: Query) {
        self.set_query_around(query, None);
    }

    /// Does the same, and searches first around the row with this number, which the reader looks
    /// at. Returns whether the query is another one, so that ordinals are void.
    pub fn set_query_around(&mut self, query: Query, number: Option<u64>) -> bool {
        if self.view.query == query {
            return false;
        }
        self.view.query = query;
        self.search_again(number)
    }

    /// Restarts the search for the current query around row `number`. Returns whether other rows
    /// are shown.
    pub(super) fn search_again(&mut self, number: Option<u64>) -> bool {
        self.view.search =
            Some(SearchView { marks: Self::marks_found, add_reason: Self::add_reason_found });
        let filter = self.view.matches.restart(&self.view.query, &self.store, number);
        self.view.rows_version += 1;
        let last = self.view.find.as_ref().map(Find::query).cloned().unwrap_or_default();
        if last == filter {
            return false;
        }
        self.view.find = (!filter.is_empty()).then(|| match number {
            Some(number) => Find::around(filter, &self.store, number),
            None => Find::new(filter, &self.store),
        });
        true
    }

    /// Returns the ordinal of the shown row that is nearest to row `number`, around which the
    /// search began, and whether that is certain yet.
    #[must_use]
    pub fn nearest(&self, number: u64) -> (u64, bool) {
        match &self.view.find {
            Some(find) => find.nearest(&self.store, number),
            None => (self.store.shown_row_of(number), true),
        }
    }

    /// Returns whether the rows that are shown are known, apart from those that will arrive.
    #[must_use]
    pub fn is_searched(&self) -> bool {
        self.view.find.as_ref().is_none_or(|find| find.is_complete(&self.store))
    }

    /// Returns how many of the shown rows from row `number` on are lines and errors.
    #[must_use]
    pub fn count_from(&self, number: u64) -> Count {
        match &self.view.find {
            Some(find) => find.count_from(&self.store, number),
            None => self.store.count_from(number),
        }
    }

    /// Returns the ordinal of the first shown error from row `number` on.
    #[must_use]
    pub fn first_error_from(&self, number: u64) -> Option<u64> {
        match &self.view.find {
            Some(find) => find.first_error_from(&self.store, number),
            None => self.store.first_error_from(number).map(|at| self.store.shown_row_of(at)),
        }
    }

    /// Returns the ordinal of the last shown error before row `number`.
    #[must_use]
    pub fn last_error_before(&self, number: u64) -> Option<u64> {
        match &self.view.find {
            Some(find) => find.last_error_before(&self.store, number),
            None => self.store.last_error_before(number).map(|at| self.store.shown_row_of(at)),
        }
    }

    /// Returns the number of the first shown error that was written at these seconds since 1970,
    /// otherwise that of the first shown line.
    #[must_use]
    pub fn first_at(&self, seconds: Range<i64>) -> Option<u64> {
        let is_shown = |number: &u64| {
            self.store.count_of(*number).lines > 0 && self.ordinal_of(*number).is_some()
        };
        let lines = || self.store.rows_at(seconds.clone()).filter(is_shown);
        lines().find(|number| self.store.count_of(*number).errors > 0).or_else(|| lines().next())
    }

    /// Returns the ordinal of the row with this number, if it is shown.
    #[must_use]
    pub fn ordinal_of(&self, number: u64) -> Option<u64> {
        let ordinal = match &self.view.find {
            Some(find) => find.ordinal_of(number)?,
            None => self.store.shown_row_of(number),
        };
        self.shown_range().contains(&ordinal).then_some(ordinal)
    }

    /// Returns whether there is anything to search for: a filter, or a text to highlight.
    #[must_use]
    pub fn has_search(&self) -> bool {
        self.view.find.is_some() || self.view.matches.is_apart()
    }

    /// Continues the search through about `bytes` bytes. Returns whether nothing is left to search
    /// for now.
    pub fn search(&mut self, bytes: usize) -> bool {
        self.view.find.as_mut().is_none_or(|find| find.advance(&self.store, bytes))
            && self.search_matches(bytes)
    }

    /// Returns the current query.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.view.query
    }

    /// Returns the search, if a filter is active.
    #[must_use]
    pub fn find(&self) -> Option<&Find> {
        self.view.find.as_ref()
    }

    /// Returns a version that changes whenever an ordinal may denote a different row, or a row may
    /// read differently.
    ///
    /// That happens with the query, whose matches are numbered from the start and highlighted, and
    /// with the channels. A view that compares what it drew with what there is must compare the
    /// version too.
    #[must_use]
    pub fn rows_version(&self) -> u64 {
        self.view.rows_version
    }

    /// Returns the ordinals of the shown rows, for a viewport.
    #[must_use]
    pub fn shown_range(&self) -> Range<u64> {
        self.view
            .find
            .as_ref()
            .map_or_else(|| self.store.shown_rows(), |find| find.range(&self.store))
    }

    /// Returns the number of the row with this ordinal.
    #[must_use]
    pub fn row_number(&self, ordinal: u64) -> Option<u64> {
        match &self.view.find {
            Some(find) => find.number_at(&self.store, ordinal),
            None => Some(self.store.first_of_shown_row(ordinal)),
        }
    }

    /// Returns the numbers of all lines and notices that are shown, folded or not, oldest first.
    #[must_use]
    pub fn shown_numbers(&self) -> Vec<u64> {
        match &self.view.find {
            Some(find) => find.numbers(&self.store).collect(),
            None => self.store.range().collect(),
        }
    }

    /// Changes what is folded, and searches first around the row with this number. Returns whether
    /// that is something else; if so, ordinals are void.
    pub fn set_folding(&mut self, folding: Folding, number: Option<u64>) -> bool {
        let is_new = self.store.set_folding(folding);
        if is_new {
            self.view.find = None;
            self.search_again(number);
        }
        is_new
    }

    /// Returns what is shown of the row with this number and its time, if the row is stored.
    #[must_use]
    pub fn row_text(&self, number: u64) -> Option<(RowText, SentTime)> {
        self.row_text_with(number, false)
    }

    /// Does the same for a row that shows all its lines.
    #[must_use]
    pub fn unfolded_text(&self, number: u64) -> Option<(RowText, SentTime)> {
        self.row_text_with(number, true)
    }

    fn row_text_with(&self, number: u64, is_unfolded: bool) -> Option<(RowText, SentTime)> {
        let channel = channels(self.target.as_ref()).join(",");
        let bytes = if is_unfolded { UNFOLDED_BYTES } else { ROW_BYTES };
        let row = if is_unfolded {
            self.store.unfolded(number, bytes)
        } else {
            self.store.folded(number)
        }?;
        let time = row.line().map(|line| SentTime::of(&line.entry)).unwrap_or_default();
        let mut text = RowText::sized(&row, &channel, bytes, self.words());
        let (group, repeats) = (self.store.group(number), self.store.repeats(number));
        text.fold(group.end - group.start, repeats, self.words());
        self.add_reason(number, &mut text);
        Some((text, time))
    }

    /// Returns when the last shown line before `ordinal` with a readable time was written. It looks
    /// at a few rows only.
    #[must_use]
    pub fn moment_before(&self, ordinal: u64) -> Option<i64> {
        let start = self.shown_range().start.max(ordinal.saturating_sub(ROWS_LOOKED_AT));
        (start..ordinal).rev().find_map(|ordinal| {
            self.store.row(self.row_number(ordinal)?)?.line().and_then(|line| line.entry.moment())
        })
    }
}

/// Rows without a time are notices, and entries that a gateway of the first generation sent without
/// one: few in a row, or all of them.
const ROWS_LOOKED_AT: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;

    fn session(texts: &[&str]) -> Session {
        let mut session = Session::new(Config::default(), Capacity::default(), 1);
        for text in texts {
            session.store.append(&Raw::bare(*text));
        }
        session
    }

    fn shown(session: &Session) -> Vec<String> {
        let rows = session
            .shown_range()
            .filter_map(|ordinal| session.row_text(session.row_number(ordinal)?));
        rows.map(|(text, _)| text.message).collect()
    }

    #[test]
    fn shows_every_row_without_a_query() {
        let mut session = session(&["a1", "b", "a2"]);
        assert_eq!((shown(&session).len(), session.search(0)), (3, true));
        session.set_query(Query::default().text("a"));
        assert_eq!((shown(&session).len(), session.search(usize::MAX)), (0, true));
        assert_eq!(shown(&session), ["a1", "a2"]);
        session.set_query(Query::default());
        assert_eq!(
            (shown(&session), session.find().is_none()),
            (vec!["a1".to_owned(), "b".into(), "a2".into()], true)
        );
    }

    #[test]
    fn the_same_query_does_not_search_again() {
        let mut session = session(&["a", "b"]);
        session.set_query(Query::default().text("a"));
        session.search(usize::MAX);
        session.set_query(Query::default().text("a"));
        assert_eq!(shown(&session), ["a"]);
    }

    #[test]
    fn reports_eviction_of_retained_rows() {
        let mut session = session(&["a", "b", "c"]);
        let first = session.store.range().start;
        session.retain_from(Some(first));
        session.resize(Capacity::from_lines(1));
        assert_eq!(
            (
                session.retain_from(Some(first)),
                session.retain_from(Some(first + 3)),
                session.retain_from(None)
            ),
            (false, true, false)
        );
        assert_eq!(session.store.range(), first + 2..first + 3);
    }

    #[test]
    fn the_rows_version_changes_with_the_query() {
        let mut session = session(&["a", "b"]);
        let mut versions = vec![session.rows_version()];
        for text in ["a", "a", "b", ""] {
            session.set_query(Query::default().text(text));
            session.search(usize::MAX);
            versions.push(session.rows_version());
        }
        assert_eq!(versions, [0, 1, 1, 2, 3]);
    }

    #[test]
    fn errors_and_rows_are_found_among_those_that_are_shown() {
        let line = |level: &str, word: &str| format!(r#"{{"level":"{level}","message":"{word}"}}"#);
        let texts = [line("ERROR", "a"), line("INFO", "a"), line("ERROR", "b"), line("ERROR", "a")];
        let mut session = session(&texts.each_ref().map(String::as_str));
        let first = session.store.range().start;
        let index = |session: &Session, ordinal: Option<u64>| {
            ordinal.and_then(|ordinal| session.row_number(ordinal)).map(|number| number - first)
        };
        assert_eq!(index(&session, session.last_error_before(first + 3)), Some(2));
        session.set_query(Query::default().text("a"));
        session.search(usize::MAX);
        assert_eq!(index(&session, session.last_error_before(first + 3)), Some(0));
        assert_eq!(session.last_error_before(first), None);
        assert_eq!(index(&session, session.ordinal_of(first + 3)), Some(3));
        assert_eq!([first + 2, first + 9].map(|number| session.ordinal_of(number)), [None, None]);
        session.resize(Capacity::from_lines(2));
        assert_eq!([session.last_error_before(first + 3), session.ordinal_of(first)], [None, None]);
    }

    #[test]
    fn a_cleared_log_shows_nothing_and_keeps_the_filter() {
        let mut session = session(&["a"]);
        session.set_query(Query::default().text("a"));
        session.search(usize::MAX);
        session.clear();
        assert_eq!((shown(&session).len(), session.find().is_some()), (0, true));
    }
}
