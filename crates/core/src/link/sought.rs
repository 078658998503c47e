//! The line that a link leads to, while it is looked for: among the stored lines, among those that
//! arrive, and in the history of the gateway. Requests nothing itself.

use std::ops::Range;

use crate::link::LineId;
use crate::session::Session;

/// A line that is looked for by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    line: LineId,
    /// The numbers of the rows that were looked at.
    seen: Range<u64>,
    /// The number of its row, once it was found.
    found: Option<u64>,
    /// How many pages of history were requested.
    pages: u32,
}

/// What to do next about a line that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To wait: for a stream, its first lines, or a page of history.
    Wait,
    /// To load the page of history before the stored lines.
    LoadEarlier,
    /// To show the row with this number.
    Show(u64),
    /// To say that there is no such line.
    Missing,
}

impl Sought {
    /// Starts to look for a line.
    #[must_use]
    pub fn new(line: LineId) -> Self {
        Self { line, seen: 0..0, found: None, pages: 0 }
    }

    /// Returns what is looked for.
    #[must_use]
    pub fn line(&self) -> &LineId {
        &self.line
    }

    /// Looks at the rows that were not stored at the last call, and returns what to do next.
    pub fn step(&mut self, session: &Session) -> Step {
        let rows = session.store().range();
        let seen = self.seen.start.max(rows.start)..self.seen.end.min(rows.end);
        // Newest first: after a restart of the gateway, an id may be that of an older line too.
        let is_disjoint = seen.start >= seen.end;
        let parts = if is_disjoint {
            [rows.clone(), 0..0]
        } else {
            [seen.end..rows.end, rows.start..seen.start]
        };
        self.found = self.found.filter(|number| rows.contains(number)).or_else(|| {
            parts.into_iter().flat_map(Iterator::rev).find(|number| self.is(session, *number))
        });
        self.seen = rows;
        match self.found {
            Some(number) => Step::Show(number),
            None if !session.has_begun() => Step::Wait,
            None if session.earlier().is_loading => Step::Wait,
            None if session.can_load_earlier() && self.pages < MAX_PAGES => {
                self.pages += 1;
                Step::LoadEarlier
            }
            None => Step::Missing,
        }
    }

    fn is(&self, session: &Session, number: u64) -> bool {
        let store = session.store();
        let is_id = match store.raw_line(number) {
            Some(raw) => raw.id == self.line.id.as_str(),
            None => store
                .row(number)
                .is_some_and(|row| row.line().is_some_and(|line| *line.id == *self.line.id)),
        };
        is_id && self.line.channel.as_ref().is_none_or(|channel| store.channel(number) == channel)
    }
}

/// Each has 500 lines, and the page must stay responsive and within its memory.
const MAX_PAGES: u32 = 40;
