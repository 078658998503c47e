//! What a view needs to know of the stored rows besides the rows themselves: counts, folds and
//! times, kept per row that is added or removed. `no_indexes.rs` takes its place without a view.

use crate::fold::{Arrived, Folding, Folds, Join, Thread};
use crate::histogram::Histogram;
use crate::store::facets::Facets;
use crate::store::names::Names;
use crate::store::slot::Slot;
use crate::tally::{Count, Tally};
use logs_sse_wire::entry::Level;
use logs_sse_wire::indexed_fields::IndexedFields;
use logs_sse_wire::message::Raw;

/// The indexes of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    /// Pipeline names, which slots refer to by number. The filter offers them.
    pub(super) pipelines: Names,
    /// How many lines may contain escape sequences, and how many have an unknown level.
    pub(super) escaped: usize,
    pub(super) unknown: usize,
    pub(super) tally: Tally,
    pub(super) facets: Facets,
    pub(super) folding: Folding,
    pub(super) folds: Folds,
    /// The last row, for the next one.
    pub(super) thread: Thread,
    pub(super) histogram: Histogram,
    /// All lines that were ever appended.
    pub(super) arrived: Count,
}

impl Indexes {
    /// Completes the index entry of a line that follows the last one, and returns when the line was
    /// written.
    pub(super) fn describe(&mut self, raw: &Raw<'_>, slot: &mut Slot) -> Option<i64> {
        let fields = IndexedFields::of(raw);
        slot.pipeline = self.pipelines.intern(&fields.pipeline);
        slot.level = fields.level;
        slot.is_json = fields.is_json;
        slot.has_escape = fields.has_escape;
        if slot.is_parsed() {
            self.end_thread();
        } else {
            let Slot { channel, pipeline, level, .. } = *slot;
            let message = &fields.message;
            (slot.join, slot.level) =
                self.thread.next(Arrived { channel, pipeline, level, message });
        }
        fields.moment
    }

    /// Starts a thread for lines before the oldest row, and returns that of the newest.
    pub(super) fn start_thread(&mut self) -> Thread {
        std::mem::take(&mut self.thread)
    }

    /// Records that the next line continues no other one.
    pub(super) fn end_thread(&mut self) {
        self.thread.end();
    }

    /// Counts a row that is added after the newest.
    pub(super) fn append(&mut self, number: u64, slot: &Slot, moment: Option<i64>) {
        self.count(slot, usize::wrapping_add);
        self.facets.add(slot);
        self.histogram.push_back(moment, slot.count());
        self.tally.add(number, slot.count());
        self.arrived += slot.count();
        // The thread has decided with the line before it in mind.
        self.folds.add_newer(number, self.folding.joins(slot.join, Join::Head));
    }

    /// Counts a row that is added before the oldest one, which is `next`.
    pub(super) fn prepend(
        &mut self,
        number: u64,
        slot: &Slot,
        moment: Option<i64>,
        next: Option<&Slot>,
    ) {
        self.count(slot, usize::wrapping_add);
        self.facets.add(slot);
        self.histogram.push_front(moment, slot.count());
        self.tally.add(number, slot.count());
        // The line that began the log may have lost its head, which is back now.
        let takes = next.is_some_and(|next| {
            self.folding.joins(next.join, slot.join)
                && slot.is_line
                && (slot.channel, slot.pipeline) == (next.channel, next.pipeline)
        });
        self.folds.add_older(number, takes);
    }

    /// Forgets the oldest row.
    pub(super) fn evict(&mut self, oldest: &Slot) {
        self.count(oldest, usize::wrapping_sub);
        self.facets.remove(oldest);
        self.histogram.pop_front(oldest.count());
    }

    /// Releases what concerns rows before number `first`; `slots` are those from there on.
    pub(super) fn release_before<'a>(&mut self, first: u64, slots: impl Iterator<Item = &'a Slot>) {
        if self.histogram.is_too_coarse() {
            self.histogram.recount(slots.map(Slot::count));
        }
        self.tally.release_before(first);
        self.folds.release_before(first);
    }

    /// Forgets all rows; their pipelines get new numbers.
    pub(super) fn clear(&mut self) {
        self.pipelines.clear();
        (self.escaped, self.unknown) = (0, 0);
        self.tally.clear();
        self.facets.clear();
        self.folds.clear();
        self.thread.end();
        self.histogram.clear();
    }

    fn count(&mut self, slot: &Slot, change: fn(usize, usize) -> usize) {
        self.escaped = change(self.escaped, usize::from(slot.has_escape));
        self.unknown =
            change(self.unknown, usize::from(slot.is_line && slot.level == Level::Other));
    }
}
