//! Brings back the rows that the reader cleared, for as long as few lines have arrived since.

use super::{Row, Slot, Store};
use crate::store::indexes::Indexes;

impl Store {
    /// Removes all rows as [`clear`](Self::clear) does, and sets them aside so that
    /// [`undo_clear`](Self::undo_clear) can bring them back.
    ///
    /// They are forgotten once [`UNDO_LINES`] rows or a few megabytes have arrived, so that memory
    /// stays bounded by little more than the capacity.
    pub fn set_aside(&mut self) {
        let end = self.range().end;
        let mut empty = Self {
            capacity: self.capacity,
            channels: self.channels.clone(),
            indexes: Indexes {
                pipelines: self.indexes.pipelines.clone(),
                arrived: self.indexes.arrived,
                folding: self.indexes.folding,
                folds: self.indexes.folds.clone(),
                ..Indexes::default()
            },
            first: end,
            retained_from: self.retained_from,
            clears: self.clears,
            ..Self::default()
        };
        empty.clear();
        empty.indexes.facets.succeed(&self.indexes.facets);
        let mut rows = std::mem::replace(self, empty);
        rows.aside = None;
        rows.is_held = false;
        self.aside = (!rows.is_empty()).then(|| Box::new(rows));
    }

    /// Brings back the rows that were set aside, before those that arrived since. Returns whether
    /// there were any.
    pub fn undo_clear(&mut self) -> bool {
        let Some(mut rows) = self.aside.take() else { return false };
        rows.clears = self.clears;
        rows.retained_from = self.retained_from;
        rows.set_folding(self.indexes.folding);
        rows.indexes.facets.succeed(&self.indexes.facets);
        for number in self.range() {
            match (self.raw_line(number), self.slot(number), self.parsed_row(number)) {
                (Some(raw), ..) => rows.append(&raw),
                (None, Some(slot), Some(row)) => rows.append_copy(slot, row),
                _ => {}
            }
        }
        rows.indexes.arrived = self.indexes.arrived;
        *self = *rows;
        true
    }

    /// Returns how many lines [`undo_clear`](Self::undo_clear) would bring back, or `None` if no
    /// rows are set aside.
    #[must_use]
    pub fn lines_aside(&self) -> Option<u64> {
        self.aside.as_ref().map(|rows| rows.lines() as u64)
    }

    /// Forgets the rows that were set aside.
    pub fn forget_aside(&mut self) {
        self.aside = None;
    }

    /// Forgets the rows that were set aside once too much has arrived since.
    pub(super) fn limit_aside(&mut self) {
        // Once a new row was evicted, all older ones would be.
        let is_late =
            self.dropped > 0 || self.slots.len() as u64 >= UNDO_LINES || self.bytes >= UNDO_BYTES;
        if is_late {
            self.aside = None;
        }
    }

    fn append_copy(&mut self, slot: &Slot, row: &Row) {
        // The names of its channel and pipeline have other numbers here.
        let channel = row.line().and_then(|line| line.channel.as_deref()).unwrap_or_default();
        let pipeline = row.line().map(|line| line.entry.pipeline()).unwrap_or_default();
        let slot = Slot {
            channel: self.channels.intern(channel),
            pipeline: self.indexes.pipelines.intern(pipeline),
            ..*slot
        };
        self.indexes.end_thread();
        let moment = row.line().and_then(|line| line.entry.moment());
        self.append_parsed(slot, moment, row.clone());
    }
}

/// After this many rows, the reader has moved on.
pub const UNDO_LINES: u64 = 1_000;

/// A thousand rows may be a gigabyte.
const UNDO_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Notice;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;
    use proptest::prelude::*;
    use std::time::Duration;

    #[derive(Clone, Debug)]
    enum Step {
        Line(u8),
        Huge,
        Notice,
        Earlier,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => any::<u8>().prop_map(Step::Line),
            1 => Just(Step::Huge),
            1 => Just(Step::Notice),
            1 => Just(Step::Earlier),
        ]
    }

    fn apply(store: &mut Store, step: &Step) {
        match step {
            Step::Line(number) => {
                let level = if number % 3 == 0 { "ERROR" } else { "INFO" };
                let pipeline = number % 5;
                store.append(&Raw::bare(format!(
                    r#"{{"level":"{level}","pipeline":"P{pipeline}","message":"line {number}"}}"#
                )));
            }
            Step::Huge => store.append(&Raw::bare("x".repeat(1_100_000))),
            Step::Notice => store.note(Notice::NotReplayed { away: Duration::from_secs(3) }),
            Step::Earlier => store.prepend(&[Raw::bare("earlier")]),
        }
    }

    /// Everything that a page can see of a store.
    fn contents(store: &Store) -> impl PartialEq + std::fmt::Debug + use<> {
        let rows: Vec<_> = store.range().map(|number| (number, store.row(number))).collect();
        let levels: Vec<_> = store.range().map(|number| store.level(number)).collect();
        (
            (rows, levels, store.lines(), store.unknown_levels(), store.dropped()),
            store.count_from(0),
            store.first_error_from(0),
            store.pipelines().map(ToOwned::to_owned).collect::<Vec<_>>(),
            (store.arrived(), store.bytes, store.cleared_at()),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_undone_clear_leaves_no_trace(
            before in proptest::collection::vec(step(), 1..60),
            after in proptest::collection::vec(step(), 0..6),
            capacity in 1..80_usize,
        ) {
            let mut store = Store::with_room_at_front(Capacity::from_lines(capacity));
            before.iter().for_each(|step| apply(&mut store, step));
            let mut plain = store.clone();
            store.set_aside();
            prop_assert!(store.is_empty());
            for step in after.iter().filter(|step| !matches!(step, Step::Earlier)) {
                apply(&mut store, step);
                apply(&mut plain, step);
            }
            prop_assume!(store.lines_aside().is_some());
            prop_assert!(store.undo_clear());
            prop_assert_eq!(contents(&store), contents(&plain));
        }
    }

    fn store(lines: u32) -> Store {
        let mut store = Store::new(Capacity::from_lines(10_000));
        (0..lines).for_each(|number| store.append(&Raw::bare(number.to_string())));
        store
    }

    #[test]
    fn a_thousand_new_lines_end_the_undo() {
        let mut store = store(5);
        store.set_aside();
        (0..999).for_each(|_| store.append(&Raw::bare("new")));
        assert_eq!(store.lines_aside(), Some(5));
        store.append(&Raw::bare("new"));
        assert_eq!((store.lines_aside(), store.undo_clear(), store.len()), (None, false, 1_000));
    }

    #[test]
    fn megabytes_of_new_lines_end_the_undo() {
        let mut store = store(5);
        store.set_aside();
        (0..9).for_each(|_| store.append(&Raw::bare("x".repeat(1_000_000))));
        assert_eq!(store.lines_aside(), None);
    }

    #[test]
    fn a_second_clear_an_earlier_page_and_another_capacity_end_the_undo() {
        let acts: [fn(&mut Store); 3] = [
            Store::clear,
            |store| store.prepend(&[Raw::bare("earlier")]),
            |store| store.resize(Capacity::from_lines(7)),
        ];
        for act in acts {
            let mut store = store(5);
            store.set_aside();
            act(&mut store);
            assert_eq!((store.lines_aside(), store.undo_clear()), (None, false));
        }
    }

    #[test]
    fn only_the_rows_of_the_last_clear_come_back() {
        let mut store = store(5);
        store.set_aside();
        store.append(&Raw::bare("new"));
        store.set_aside();
        assert_eq!((store.undo_clear(), store.range()), (true, 5..6));
    }

    #[test]
    fn the_pipelines_and_their_counts_come_back() {
        let pipelines = |store: &Store| {
            let counts = store.pipeline_counts();
            counts.map(|(name, count)| (name.to_owned(), count.lines)).collect::<Vec<_>>()
        };
        let mut store = store(0);
        store.append(&Raw::bare(r#"{"pipeline":"A","message":"m"}"#));
        let mut versions = vec![store.counts_version()];
        store.set_aside();
        versions.push(store.counts_version());
        store.append(&Raw::bare(r#"{"pipeline":"B","message":"m"}"#));
        versions.push(store.counts_version());
        assert_eq!(pipelines(&store), [("B".into(), 1)]);
        store.undo_clear();
        versions.push(store.counts_version());
        assert_eq!(pipelines(&store), [("A".into(), 1), ("B".into(), 1)]);
        assert!(versions.is_sorted_by(|before, after| before < after), "{versions:?}");
    }
}
