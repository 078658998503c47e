//! How many of the stored rows are lines and errors, and where the errors are; which names the
//! lines have.

use super::Store;
use crate::store::slot::Slot;
use crate::tally::Count;

impl Store {
    /// Returns how many lines, and errors among them, were ever appended. Only differences are of
    /// interest.
    #[must_use]
    pub fn arrived(&self) -> Count {
        self.indexes.arrived
    }

    /// Returns how many of the stored rows from `number` on are lines and errors.
    #[must_use]
    pub fn count_from(&self, number: u64) -> Count {
        let rows = self.range();
        self.indexes.tally.sum(number.max(rows.start)..rows.end, |number| self.count_of(number))
    }

    /// Returns the number of the first stored error from `number` on.
    #[must_use]
    pub fn first_error_from(&self, number: u64) -> Option<u64> {
        let rows = self.range();
        self.indexes
            .tally
            .first_error(number.max(rows.start)..rows.end, |number| self.count_of(number))
    }

    /// Returns the number of the last stored error before `number`.
    #[must_use]
    pub fn last_error_before(&self, number: u64) -> Option<u64> {
        let rows = self.range();
        self.indexes
            .tally
            .last_error(rows.start..number.min(rows.end), |number| self.count_of(number))
    }

    /// Returns the number of lines whose level is unknown or absent.
    #[must_use]
    pub fn unknown_levels(&self) -> usize {
        self.indexes.unknown
    }

    /// Returns whether any line may contain escape sequences.
    pub(crate) fn has_escapes(&self) -> bool {
        self.indexes.escaped > 0
    }

    /// Returns the pipelines of the lines since the last [`clear`](Self::clear), in order of first
    /// appearance. There is a limit, beyond which new names are left out.
    pub fn pipelines(&self) -> impl Iterator<Item = &str> {
        self.indexes.pipelines.iter()
    }

    /// Returns the number by which slots refer to this pipeline, if it has one.
    pub(crate) fn pipeline_number(&self, name: &str) -> Option<u16> {
        self.indexes.pipelines.number(name)
    }

    /// Returns what one row counts.
    pub(crate) fn count_of(&self, number: u64) -> Count {
        self.slot(number).map(Slot::count).unwrap_or_default()
    }
}
