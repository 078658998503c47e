//! A viewport in step with the log that it shows: which lines the reader has not seen, what was
//! dropped meanwhile, and where to look after the query changed.

use std::ops::Range;

use super::{Anchor, Mode, Viewport};
use crate::session::Session;

/// What a view remembers of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// The number of the first row that the reader has not seen.
    seen: u64,
    /// How many lines the store had dropped when the view stopped following.
    dropped_before: u64,
    /// Whether lines were dropped since then.
    pub(super) has_footer: bool,
    /// The row that the reader looked at before the query changed, until the reader moves.
    pub(super) sought: Option<Sought>,
    /// How often the store had been cleared.
    clears: u32,
    /// Whether all rows that match are known.
    pub(super) is_complete: bool,
}

/// A row to be found again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sought {
    place: Place,
    /// Whether there was such a row.
    exists: bool,
    is_found: bool,
}

/// A row of the store in the window, to be found again under another query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The number of the row.
    pub number: u64,
    /// The distance of its upper edge below that of the window.
    y: f64,
}

impl Reading {
    /// Records that the reader moved the view.
    pub(super) fn moved(&mut self) {
        self.sought = None;
    }
}

impl Viewport {
    /// Brings the viewport in step with `session`, once per frame and after each change of the
    /// query or of the position. Returns whether anything that is shown changed.
    pub fn settle(&mut self, session: &Session) -> bool {
        let before = (self.mode, self.reading.has_footer, self.reading.seen);
        let (store, list) = (session.store(), session.shown_range());
        let clears = store.clears();
        if std::mem::replace(&mut self.reading.clears, clears) != clears {
            self.cleared(&list);
        }
        // A line that was evicted is not looked for again.
        let oldest = store.range().start;
        self.reading.sought = self.reading.sought.filter(|sought| oldest <= sought.place.number);
        self.find_sought(session, &list);
        let dropped = store.dropped_lines();
        if self.is_following() {
            let seen = store.range().end;
            self.reading = Reading { seen, dropped_before: dropped, ..self.reading };
        } else {
            // Dropped lines may have been loaded again.
            self.reading.dropped_before = self.reading.dropped_before.min(dropped);
        }
        self.reading.has_footer = self.reading.dropped_before < dropped;
        self.list_changed(&list, session.is_searched());
        self.see(session, &list);
        let now = (self.mode, self.reading.has_footer, self.reading.seen);
        now != before && !(self.is_following() && before.0 == self.mode)
    }

    /// Returns the number of the first row that the reader has not seen.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.reading.seen
    }

    /// Returns how many lines were dropped since the view stopped following.
    #[must_use]
    pub fn dropped(&self, session: &Session) -> u64 {
        if self.is_following() {
            return 0;
        }
        session.store().dropped_lines().saturating_sub(self.reading.dropped_before)
    }

    /// Returns the row that should stay in place when the query changes: the first of the rows
    /// `preferred` that is on screen, otherwise the one that was sought last, otherwise the anchor.
    /// `None` if the view follows the log.
    #[must_use]
    pub fn place(&self, session: &Session, preferred: &[u64]) -> Option<Place> {
        let anchor = self.mode.anchor()?;
        let list = session.shown_range();
        let place = |row: u64| {
            Some(Place { number: session.row_number(row)?, y: self.position_of(row, &list) })
        };
        let is_anchor = |place: &Place| session.row_number(anchor.row) == Some(place.number);
        let on_screen = || self.on_screen(&list).rev().filter_map(place);
        preferred
            .iter()
            .find_map(|number| on_screen().find(|place| place.number == *number))
            .or_else(|| self.reading.sought.filter(|sought| sought.exists).map(|s| s.place))
            .or_else(|| on_screen().find(|place| place.y >= 0.0 && is_anchor(place)))
            .or_else(|| on_screen().find(|place| place.y >= 0.0))
            .or_else(|| on_screen().next())
            // There are no rows: those that follow will be at the top.
            .or(Some(Place { number: session.store().range().end, y: 0.0 }))
    }

    /// Shows a different list, in which the previous row numbers are void, with the row of `place`
    /// where it was. Follows the log if there is none.
    pub fn renumber(&mut self, session: &Session, place: Option<Place>) {
        self.reset_heights(self.heights.default());
        let Some(place) = place else { return self.follow() };
        let list = session.shown_range();
        let exists = place.number < session.store().range().end;
        self.reading.sought = Some(Sought { place, exists, is_found: false });
        let anchor = Anchor::at(session.nearest(place.number).0, place.y, &list);
        self.mode.hold(Anchor { ceiling: u64::MAX, ..anchor });
        self.settle(session);
    }

    /// Nothing is left to hold on to. A pause continues with the lines that will arrive.
    fn cleared(&mut self, list: &Range<u64>) {
        self.reading.sought = None;
        self.reading.dropped_before = 0;
        match self.mode {
            Mode::Paused(_) => self.mode = Mode::Paused(Anchor::at(list.end, 0.0, list)),
            Mode::Following | Mode::Held(_) => self.mode = Mode::Following,
        }
    }

    /// Looks for the row that the reader looked at before the query changed.
    fn find_sought(&mut self, session: &Session, list: &Range<u64>) {
        let Some(sought @ Sought { place, is_found: false, .. }) = self.reading.sought else {
            return;
        };
        let Some(anchor) = self.mode.anchor() else { return };
        let (row, is_found) = session.nearest(place.number);
        let ceiling = anchor.ceiling;
        self.mode.hold(Anchor { ceiling, ..Anchor::at(row, place.y, list) });
        self.reading.sought =
            Some(Sought { is_found, ..sought }).filter(|sought| sought.exists || !is_found);
    }

    /// Brings the viewport in step with a list that changed. `is_complete` says whether all rows of
    /// the list are known, as they are not during a search.
    pub fn list_changed(&mut self, list: &Range<u64>, is_complete: bool) {
        self.reading.is_complete = is_complete;
        if let Some(anchor) = self.anchor_in(list) {
            self.mode.hold(anchor);
        }
    }

    /// Records what the reader sees now.
    fn see(&mut self, session: &Session, list: &Range<u64>) {
        let is_settled = self.reading.sought.is_none_or(|sought| sought.is_found);
        let newest =
            self.on_screen(list).next_back().filter(|_| is_settled && !self.is_following());
        if let Some(number) = newest.and_then(|row| session.row_number(row)) {
            self.reading.seen = self.reading.seen.max(number + 1);
        }
    }

    /// Returns the rows in the window.
    pub(super) fn on_screen(&self, list: &Range<u64>) -> Range<u64> {
        if list.is_empty() {
            return list.clone();
        }
        let depth = self.view(list).depth;
        let (first, above) = self.heights.row_at(list, depth);
        first + 1 - self.rows_in(&(list.start..first + 1), self.height + above)..first + 1
    }

    /// Returns the first row that is whole, otherwise the first, and its position.
    pub(super) fn first_whole(&self, list: &Range<u64>) -> (u64, f64) {
        let Anchor { row, y, .. } = self.anchor_of(self.view(list).depth, list);
        (row, y)
    }

    /// Returns the distance of a row's upper edge below that of the window.
    pub(super) fn position_of(&self, row: u64, list: &Range<u64>) -> f64 {
        self.heights.sum(&(row + 1..list.end)) - self.view(list).depth
    }
}
