//! What a reader does with the log: clears it, searches it, pins lines. `no_view.rs` takes its place
//! without a view.

use std::ops::Range;

use super::{KnownLines, Session, State};
use crate::find::{Find, Query};
use crate::pins::Pins;
use crate::session::earlier::Earlier;
use crate::session::matches::Matches;
use crate::summary::RowText;
use crate::words::Words;
use logs_sse_wire::message::Raw;
use logs_sse_wire::protocol::Hello;

/// What the reader chose, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) words: Words,
    pub(super) pins: Pins,
    /// The active filter, if there is one.
    pub(super) find: Option<Find>,
    /// The last query, which need not be a filter: before any text is entered, it may already be
    /// set to a regular expression.
    pub(super) query: Query,
    pub(super) matches: Matches,
    /// What shows a search, once there was one.
    pub(super) search: Option<SearchView>,
    pub(super) rows_version: u64,
    pub(super) earlier: Earlier,
    /// What was known of the lines before those that the reader cleared.
    pub(super) earlier_aside: Earlier,
    /// Lines that the page shows elsewhere, and that are not stored.
    pub(super) known: KnownLines,
}

/// What shows a search in a row. Pointers to functions, so that a page that searches for nothing
/// need not have loaded them.
#[derive(Clone, Copy, Debug)]
pub(super) struct SearchView {
    pub(super) marks: fn(&Session, &str) -> Vec<Range<usize>>,
    pub(super) add_reason: fn(&Session, u64, &mut RowText),
}

impl View {
    /// Records a change of channels: a row names its channel only if it is not the one requested.
    pub(super) fn channels_changed(&mut self) {
        self.rows_version += 1;
    }

    /// Forgets what belongs to the lines of the last workflow.
    pub(super) fn start_over(&mut self) {
        self.pins.clear();
    }

    /// Records what a greeting says of older lines.
    pub(super) fn greeted(&mut self, hello: &Hello) {
        self.earlier.greeted(hello);
    }

    /// Returns whether the page shows `line` elsewhere.
    pub(super) fn is_known(&mut self, line: &Raw<'_>) -> bool {
        self.known.has(line)
    }
}

impl Session {
    /// Sets the words of the viewer.
    pub fn set_words(&mut self, words: Words) {
        self.view.words = words;
        // Rows have words too.
        self.view.rows_version += 1;
    }

    /// Returns the words of the viewer.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.view.words
    }

    /// Returns the ranges of a displayed message that match, in order.
    #[must_use]
    pub fn marks(&self, message: &str) -> Vec<Range<usize>> {
        self.view.search.map(|search| (search.marks)(self, message)).unwrap_or_default()
    }

    /// Adds to what is shown of a row why it matches, if its first line does not show it.
    pub(super) fn add_reason(&self, number: u64, text: &mut RowText) {
        if let Some(search) = self.view.search {
            (search.add_reason)(self, number, text);
        }
    }

    /// Sets which lines the page shows elsewhere. They are not stored from now on.
    pub fn set_known(&mut self, known: KnownLines) {
        self.view.known = known;
    }

    /// Removes all lines. The connection stays as it is.
    pub fn clear(&mut self) {
        self.cleared();
        self.store.clear();
    }

    /// Removes all lines, and keeps them so that the reader can undo that.
    pub fn clear_with_undo(&mut self) {
        self.view.earlier_aside = self.view.earlier.clone();
        self.cleared();
        self.store.set_aside();
    }

    /// Brings back the lines that the reader cleared, and searches first around the row with this
    /// number. Returns whether there were any; if so, ordinals are void.
    pub fn undo_clear(&mut self, number: Option<u64>) -> bool {
        let is_undone = self.store.undo_clear();
        if is_undone {
            self.clear_undone();
            // The search of the cleared store knows no row of this one.
            self.view.find = None;
            self.search_again(number);
        }
        is_undone
    }

    /// Forgets the lines that the reader cleared.
    pub fn forget_cleared(&mut self) {
        self.store.forget_aside();
    }

    /// Returns whether to show the log at all: it has lines, or is expected to.
    #[must_use]
    pub fn is_worth_showing(&self) -> bool {
        let has_lines = !self.store.is_empty() || !self.view.pins.all().is_empty();
        has_lines || *self.state() != State::Idle
    }
}
