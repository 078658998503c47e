//! How many of the stored rows are lines and errors, and where the errors are.

use super::Store;
use crate::store::slot::Slot;
use crate::tally::Count;

impl Store {
    /// Returns how many lines, and errors among them, were ever appended. Only differences are of
    /// interest.
    #[must_use]
    pub fn arrived(&self) -> Count {
        self.arrived
    }

    /// Returns how many of the stored rows from `number` on are lines and errors.
    #[must_use]
    pub fn count_from(&self, number: u64) -> Count {
        let rows = self.range();
        self.tally.sum(number.max(rows.start)..rows.end, |number| self.count_of(number))
    }

    /// Returns the number of the first stored error from `number` on.
    #[must_use]
    pub fn first_error_from(&self, number: u64) -> Option<u64> {
        let rows = self.range();
        self.tally.first_error(number.max(rows.start)..rows.end, |number| self.count_of(number))
    }

    /// Returns the number of the last stored error before `number`.
    #[must_use]
    pub fn last_error_before(&self, number: u64) -> Option<u64> {
        let rows = self.range();
        self.tally.last_error(rows.start..number.min(rows.end), |number| self.count_of(number))
    }

    /// Returns what one row counts.
    pub(crate) fn count_of(&self, number: u64) -> Count {
        self.slot(number).map(Slot::count).unwrap_or_default()
    }
}
