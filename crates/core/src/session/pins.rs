//! The pinned rows of a live log.

use crate::channel_mark::ChannelMark;
use crate::opened::Opened;
use crate::pins::{Outcome, Pins};
use crate::session::Session;
use crate::viewport::Viewport;

impl Session {
    /// Pins the row with this number, or unpins it. The key of a pin unpins too.
    pub fn toggle_pin(&mut self, number: u64) -> Outcome {
        self.view.pins.toggle(&self.store, number)
    }

    /// Marks the place at which the reader is at `now`, in milliseconds since 1970 (UTC), or removes
    /// the mark that is there. The place is after the row `preferred` if that is on the screen,
    /// otherwise after the first whole one; after the newest row while the view follows the log.
    pub fn toggle_mark(&mut self, viewport: &Viewport, preferred: &[u64], now: i64) -> Outcome {
        match self.line_to_mark(viewport, preferred) {
            Some(number) => self.view.pins.toggle_mark(&self.store, number, now),
            None => Outcome::NoPlace,
        }
    }

    fn line_to_mark(&self, viewport: &Viewport, preferred: &[u64]) -> Option<u64> {
        let rows = self.shown_range();
        let last = match viewport.place(self, preferred) {
            Some(place) => self.ordinal_of(place.number)?,
            None => rows.end.checked_sub(1)?,
        };
        // Beside a line, since rows about the stream cannot be kept.
        let numbers = (rows.start..last + 1).rev().take(MOST_NOTICES);
        numbers
            .filter_map(|row| self.row_number(row))
            .find(|number| self.store.count_of(*number).lines > 0)
    }

    /// Returns when the reader marked the place after the row with this number, in milliseconds
    /// since 1970 (UTC).
    #[must_use]
    pub fn mark_at(&self, number: u64) -> Option<i64> {
        self.view.pins.mark_at(&self.store, number)
    }

    /// Returns the pinned rows. They survive a clear; another workflow drops them.
    #[must_use]
    pub fn pins(&self) -> &Pins {
        &self.view.pins
    }

    /// Returns whether the row with this number is pinned, or whether this is the key of a pin.
    #[must_use]
    pub fn is_pinned(&self, number: u64) -> bool {
        self.view.pins.is_pinned(&self.store, number)
    }

    /// Returns the number of the shown row of the pin with this key, if it is stored and shown.
    #[must_use]
    pub fn row_of_pin(&self, key: u64) -> Option<u64> {
        let number = self.view.pins.get(key)?.held(&self.store)?;
        self.row_number(self.ordinal_of(number)?)
    }

    /// Returns the entry of the row with this number, or that of the pin with this key.
    #[must_use]
    pub fn opened(&self, number: u64) -> Option<Opened> {
        match self.view.pins.get(number) {
            Some(pin) => pin.opened(),
            None => Opened::of_row(&self.store, number),
        }
    }

    /// Returns how the channel of a row, or of a pin, is marked. Empty unless there are several.
    #[must_use]
    pub fn mark(&self, number: u64) -> ChannelMark {
        let channel = match self.pins().get(number) {
            Some(pin) => pin.channel(),
            None => self.store.channel(number),
        };
        self.target.as_ref().and_then(|target| target.mark(channel)).unwrap_or_default()
    }
}

/// How many rows about the stream may follow each other before the line that is marked.
const MOST_NOTICES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use crate::notice::Notice;
    use crate::store::Capacity;
    use crate::viewport::Measures;
    use logs_sse_wire::message::Raw;
    use std::time::Duration;

    #[test]
    fn the_marked_place_is_where_the_reader_is() {
        let mut session = Session::new(Config::default(), Capacity::default(), 1);
        let mut viewport = Viewport::default();
        viewport.measured(Measures { row: 20.0, width: 100.0, height: 60.0 });
        assert_eq!(session.toggle_mark(&viewport, &[], 7), Outcome::NoPlace);
        (0..20).for_each(|number| session.store_mut().append(&Raw::bare(number.to_string())));
        session.store_mut().note(Notice::NotReplayed { away: Duration::ZERO });
        let first = session.store().range().start;
        let marked = |session: &Session| {
            (0..21).filter(|row| session.mark_at(first + row).is_some()).collect::<Vec<_>>()
        };
        // The newest line, before the row about the stream.
        assert_eq!(session.toggle_mark(&viewport, &[], 7), Outcome::Marked);
        assert_eq!((marked(&session), session.mark_at(first + 19)), (vec![19], Some(7)));
        assert_eq!(session.toggle_mark(&viewport, &[], 8), Outcome::Unmarked);
        viewport.scrolled(200.0, &session.shown_range());
        session.toggle_mark(&viewport, &[], 9);
        assert_eq!(marked(&session), [10]);
        session.toggle_mark(&viewport, &[first + 9], 9);
        session.toggle_mark(&viewport, &[first + 2], 9);
        assert_eq!(marked(&session), [9]);
    }
}
