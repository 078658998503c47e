//! How many of the stored lines have each level and each pipeline, kept per line that is added or
//! removed.

use crate::store::Store;
use crate::store::names::UNNAMED;
use crate::store::slot::Slot;
use crate::tally::Count;
use logs_sse_wire::entry::Level;

/// The counts of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Facets {
    levels: [Count; Level::ALL.len()],
    /// By the pipeline's number: 0 for lines without one.
    pipelines: Vec<Count>,
    version: u64,
}

impl Facets {
    pub(super) fn add(&mut self, slot: &Slot) {
        self.change(slot, |total, count| {
            total.lines += count.lines;
            total.errors += count.errors;
        });
    }

    pub(super) fn remove(&mut self, slot: &Slot) {
        self.change(slot, |total, count| {
            total.lines = total.lines.saturating_sub(count.lines);
            total.errors = total.errors.saturating_sub(count.errors);
        });
    }

    /// Forgets all lines, after which the numbers of pipelines begin again.
    pub(super) fn clear(&mut self) {
        *self = Self { version: self.version + 1, ..Self::default() };
    }

    /// Changes the version to one that follows that of `other`, whose place these counts take.
    pub(super) fn succeed(&mut self, other: &Self) {
        self.version = self.version.max(other.version) + 1;
    }

    fn change(&mut self, slot: &Slot, change: fn(&mut Count, Count)) {
        let count = slot.count();
        if count.lines == 0 {
            return;
        }
        self.version += 1;
        change(&mut self.levels[slot.level as usize], count);
        // Names beyond the limit are in no menu.
        if slot.pipeline == UNNAMED {
            return;
        }
        let index = usize::from(slot.pipeline);
        if self.pipelines.len() <= index {
            self.pipelines.resize(index + 1, Count::default());
        }
        change(&mut self.pipelines[index], count);
    }
}

impl Store {
    /// Returns how many of the stored lines have this level.
    #[must_use]
    pub fn lines_of_level(&self, level: Level) -> u64 {
        self.indexes.facets.levels[level as usize].lines
    }

    /// Returns the pipelines of the stored lines, and their counts, in order of first appearance.
    /// Lines without a pipeline count under an empty name.
    pub fn pipeline_counts(&self) -> impl Iterator<Item = (&str, Count)> {
        let counts = self.indexes.facets.pipelines.iter().enumerate();
        counts.filter(|(_, count)| count.lines > 0).map(|(number, count)| {
            let name =
                u16::try_from(number).ok().and_then(|number| self.indexes.pipelines.name(number));
            (name.unwrap_or_default(), *count)
        })
    }

    /// Returns a version that changes whenever one of these counts does.
    #[must_use]
    pub fn counts_version(&self) -> u64 {
        self.indexes.facets.version
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Append(Vec<(usize, usize)>),
        Prepend(Vec<(usize, usize)>),
        Resize(usize),
        Release,
        Clear,
    }

    const LEVELS: [&str; 7] = ["error", "fatal", "warn", "info", "debug", "trace", "audit"];
    const PIPELINES: [&str; 4] = ["", "A", "B", "C"];

    fn step() -> impl Strategy<Value = Step> {
        let lines = || prop::collection::vec((0..LEVELS.len(), 0..PIPELINES.len()), 1..20);
        prop_oneof![
            8 => lines().prop_map(Step::Append),
            2 => lines().prop_map(Step::Prepend),
            2 => (1..40_usize).prop_map(Step::Resize),
            1 => Just(Step::Release),
            1 => Just(Step::Clear),
        ]
    }

    fn text((level, pipeline): (usize, usize)) -> String {
        format!(
            r#"{{"level":"{}","pipeline":"{}","message":"m"}}"#,
            LEVELS[level], PIPELINES[pipeline]
        )
    }

    fn counted(store: &Store) -> (Vec<u64>, BTreeMap<String, Count>) {
        let rows: Vec<_> = store.range().filter_map(|number| store.row(number)).collect();
        let lines = || rows.iter().filter_map(|row| row.line());
        let levels = Level::ALL
            .map(|level| lines().filter(|line| line.entry.level() == level).count() as u64);
        let mut pipelines = BTreeMap::<String, Count>::new();
        for line in lines() {
            let errors = u64::from(line.entry.level() == Level::Error);
            *pipelines.entry(line.entry.pipeline().to_owned()).or_default() +=
                Count { lines: 1, errors };
        }
        (levels.to_vec(), pipelines)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_counts_are_those_of_the_stored_lines(steps in prop::collection::vec(step(), 1..30)) {
            let mut store =
                Store::with_room_at_front(Capacity { lines: 30, bytes: usize::MAX });
            for step in steps {
                match step {
                    Step::Append(lines) => lines
                        .into_iter()
                        .for_each(|line| store.append(&Raw::bare(text(line).as_str()))),
                    Step::Prepend(lines) => {
                        let texts: Vec<_> = lines.into_iter().map(text).collect();
                        let raws: Vec<_> =
                            texts.iter().map(|text| Raw::bare(text.as_str())).collect();
                        store.prepend(&raws);
                    }
                    Step::Resize(lines) => store.resize(Capacity { lines, bytes: usize::MAX }),
                    Step::Release => store.release_earlier(),
                    Step::Clear => store.clear(),
                }
                let (levels, pipelines) = counted(&store);
                prop_assert_eq!(
                    Level::ALL.map(|level| store.lines_of_level(level)).to_vec(),
                    levels
                );
                let counts: BTreeMap<_, _> = store
                    .pipeline_counts()
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect();
                prop_assert_eq!(counts, pipelines);
            }
        }
    }
}
