//! The stored rows as they are shown: each a line, or several that are folded. Draws nothing.

use std::ops::Range;

use super::{Row, Store};
use crate::fold::{Folding, Folds, Join};
use logs_sse_wire::entry::Entry;

impl Store {
    /// Changes what is folded. If that is something else, the numbers of shown rows are void.
    pub fn set_folding(&mut self, folding: Folding) -> bool {
        if self.indexes.folding == folding {
            return false;
        }
        self.indexes.folding = folding;
        self.indexes.folds = Folds::default();
        let mut last = Join::Head;
        for (number, slot) in (self.first..).zip(&self.slots) {
            // The row before the oldest is gone.
            let joins = number > self.first && folding.joins(slot.join, last);
            last = slot.join;
            self.indexes.folds.add_newer(number, joins);
        }
        true
    }

    /// Returns what is folded.
    #[must_use]
    pub fn folding(&self) -> Folding {
        self.indexes.folding
    }

    /// Returns the numbers of the stored rows that are shown as one with row `number`.
    #[must_use]
    pub fn group(&self, number: u64) -> Range<u64> {
        self.indexes.folds.group(number)
    }

    /// Returns how many equal or similar lines row `number` shows as one, or 1 if it is a single
    /// one. Those that continue it do not count.
    #[must_use]
    pub fn repeats(&self, number: u64) -> u64 {
        let group = self.group(number);
        self.continuation(&group).start - group.start
    }

    /// Returns the number of the line that is shown for all that are one row with `number`: the
    /// newest of similar ones, otherwise the first.
    #[must_use]
    pub fn shown_line(&self, number: u64) -> u64 {
        let group = self.group(number);
        let newest = self.continuation(&group).start.saturating_sub(1);
        if self.indexes.folding.similar { newest.max(group.start) } else { group.start }
    }

    /// Returns the numbers of the lines that continue the one which is shown for row `number`.
    pub(crate) fn rest(&self, number: u64) -> Range<u64> {
        self.continuation(&self.group(number))
    }

    /// Returns the last lines of a group that continue the one before them. The first line of a
    /// group never does, although the one that it continued may have been evicted.
    fn continuation(&self, group: &Range<u64>) -> Range<u64> {
        let continues =
            |number: u64| self.slot(number).is_some_and(|slot| slot.join == Join::Continues);
        let mut start = group.end;
        while group.start + 1 < start && continues(start - 1) {
            start -= 1;
        }
        start..group.end
    }

    /// Returns what is shown as one with row `number`: its [line](Self::shown_line), with the
    /// messages of all lines that continue it.
    #[must_use]
    pub fn folded(&self, number: u64) -> Option<Row> {
        let rest = self.rest(number);
        let row = self.row(self.shown_line(number))?;
        let Row::Line(mut line) = row else { return Some(row) };
        if !rest.is_empty() {
            let mut message = line.entry.message().to_owned();
            for next in rest {
                if let Some(Row::Line(next)) = self.row(next) {
                    message.push('\n');
                    message.push_str(continuation(&next.entry));
                }
            }
            line.entry = line.entry.with_message(message);
        }
        Some(Row::Line(line))
    }

    /// Does the same, with every one of equal or similar lines after its time as sent, up to about
    /// `bytes`.
    pub(crate) fn unfolded(&self, number: u64, bytes: usize) -> Option<Row> {
        let row = self.folded(number)?;
        let Row::Line(mut line) = row else { return Some(row) };
        if self.repeats(number) > 1 {
            // The row has the time of the line that is shown. That of similar ones is the last.
            let mut message = if self.indexes.folding.similar {
                String::new()
            } else {
                line.entry.message().to_owned()
            };
            for next in self.group(number).skip(usize::from(!self.indexes.folding.similar)) {
                let Some(Row::Line(next)) = self.row(next) else { continue };
                if bytes < message.len() {
                    break;
                }
                let entry = next.entry;
                let end = if message.is_empty() { "" } else { "\n" };
                for part in [end, entry.exact_time(), " ", entry.message()] {
                    message.push_str(part);
                }
            }
            line.entry = line.entry.with_message(message);
        }
        Some(Row::Line(line))
    }

    /// Returns the shown row of the stored row with this number.
    pub(crate) fn shown_row_of(&self, number: u64) -> u64 {
        self.indexes.folds.row_of(number)
    }

    /// Returns the number of the first stored row of a shown one.
    pub(crate) fn first_of_shown_row(&self, row: u64) -> u64 {
        self.indexes.folds.line_of(row).max(self.first)
    }

    /// Returns the rows that are shown.
    pub(crate) fn shown_rows(&self) -> Range<u64> {
        self.indexes.folds.rows(&self.range())
    }
}

/// Returns the message of an entry that continues another one. A JSON object that does so without a
/// message has an empty one.
fn continuation(entry: &Entry) -> &str {
    let message = entry.message();
    if message == entry.text() && message.starts_with('{') { "" } else { message }
}
