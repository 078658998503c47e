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
        for (number, slot) in (self.first..).zip(&self.slots) {
            // The row before the oldest is gone.
            let joins = number > self.first && folding.joins(slot.join);
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

    /// Returns how often the line that row `number` shows was sent, or 1 if it is not a repetition.
    #[must_use]
    pub fn repeats(&self, number: u64) -> u64 {
        let group = self.group(number);
        let is_repeated = self.slot(group.start + 1).is_some_and(|next| next.join == Join::Repeats);
        if is_repeated { group.end - group.start } else { 1 }
    }

    /// Returns what is shown as one with row `number`: the first line, with the messages of all
    /// lines that continue it.
    #[must_use]
    pub fn folded(&self, number: u64) -> Option<Row> {
        let group = self.group(number);
        let row = self.row(group.start)?;
        let has_more = group.start + 1 < group.end && self.repeats(number) == 1;
        let Row::Line(mut line) = row else { return Some(row) };
        if has_more {
            let mut message = line.entry.message().to_owned();
            for next in group.start + 1..group.end {
                if let Some(Row::Line(next)) = self.row(next) {
                    message.push('\n');
                    message.push_str(continuation(&next.entry));
                }
            }
            line.entry = line.entry.with_message(message);
        }
        Some(Row::Line(line))
    }

    /// Does the same, with every one of equal lines after its time as sent, up to about `bytes`.
    pub(crate) fn unfolded(&self, number: u64, bytes: usize) -> Option<Row> {
        let row = self.folded(number)?;
        let Row::Line(mut line) = row else { return Some(row) };
        if self.repeats(number) > 1 {
            let mut message = line.entry.message().to_owned();
            for next in self.group(number).skip(1) {
                let Some(Row::Line(next)) = self.row(next) else { continue };
                if bytes < message.len() {
                    break;
                }
                let entry = next.entry;
                for part in ["\n", entry.exact_time(), " ", entry.message()] {
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
