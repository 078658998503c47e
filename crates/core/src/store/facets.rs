//! How many of the stored lines have each level, each pipeline and each channel, kept per line that
//! is added or removed.

use crate::store::Store;
use crate::store::names::{Names, UNNAMED};
use crate::store::slot::Slot;
use crate::tally::Count;
use logs_sse_wire::entry::Level;

/// The counts of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Facets {
    levels: [Count; Level::ALL.len()],
    /// By the pipeline's number: 0 for lines without one.
    pipelines: Vec<Count>,
    /// By the channel's number, likewise.
    channels: Vec<Count>,
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
        for (counts, number) in
            [(&mut self.pipelines, slot.pipeline), (&mut self.channels, slot.channel)]
        {
            // Names beyond the limit are in no menu.
            if number == UNNAMED {
                continue;
            }
            let index = usize::from(number);
            if counts.len() <= index {
                counts.resize(index + 1, Count::default());
            }
            change(&mut counts[index], count);
        }
    }
}

/// Returns the names that have lines, and their counts.
fn named<'a>(names: &'a Names, counts: &'a [Count]) -> impl Iterator<Item = (&'a str, Count)> {
    let counts = counts.iter().enumerate().filter(|(_, count)| count.lines > 0);
    counts.map(|(number, count)| {
        let name = u16::try_from(number).ok().and_then(|number| names.name(number));
        (name.unwrap_or_default(), *count)
    })
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
        named(&self.indexes.pipelines, &self.indexes.facets.pipelines)
    }

    /// Returns the channels of the stored lines, and their counts, in order of first appearance.
    /// Lines without a channel count under an empty name.
    pub fn channel_counts(&self) -> impl Iterator<Item = (&str, Count)> {
        named(&self.channels, &self.indexes.facets.channels)
    }

    /// Returns the number by which slots refer to this channel, if it has one.
    pub(crate) fn channel_number(&self, name: &str) -> Option<u16> {
        self.channels.number(name)
    }

    /// Returns the channel of the line with this number, or an empty name if it has none.
    #[must_use]
    pub fn channel(&self, number: u64) -> &str {
        match self.parsed_row(number) {
            Some(row) => row.line().and_then(|line| line.channel.as_deref()),
            None => self.slot(number).map(|slot| self.channel_of(slot)),
        }
        .unwrap_or_default()
    }

    /// Returns the channel of a line that is stored as raw bytes.
    pub(crate) fn channel_of(&self, slot: &Slot) -> &str {
        self.channels.name(slot.channel).unwrap_or_default()
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
        Append(Vec<Sent>),
        Prepend(Vec<Sent>),
        Resize(usize),
        Release,
        Clear,
    }

    const LEVELS: [&str; 7] = ["error", "fatal", "warn", "info", "debug", "trace", "audit"];
    const PIPELINES: [&str; 4] = ["", "A", "B", "C"];
    const CHANNELS: [&str; 3] = ["", "logs:etl:a:b", "logs:etl:a:c"];

    /// A line by the indexes of its level, pipeline and channel.
    type Sent = (usize, usize, usize);

    fn step() -> impl Strategy<Value = Step> {
        let lines = || {
            let line = (0..LEVELS.len(), 0..PIPELINES.len(), 0..CHANNELS.len());
            prop::collection::vec(line, 1..20)
        };
        prop_oneof![
            8 => lines().prop_map(Step::Append),
            2 => lines().prop_map(Step::Prepend),
            2 => (1..40_usize).prop_map(Step::Resize),
            1 => Just(Step::Release),
            1 => Just(Step::Clear),
        ]
    }

    fn raw((level, pipeline, channel): Sent) -> Raw<'static> {
        let text = format!(
            r#"{{"level":"{}","pipeline":"{}","message":"m"}}"#,
            LEVELS[level], PIPELINES[pipeline]
        );
        let channel = Some(CHANNELS[channel]).filter(|name| !name.is_empty());
        Raw { channel: channel.map(Into::into), ..Raw::bare(text) }
    }

    type Counts = BTreeMap<String, Count>;

    fn counted(store: &Store) -> (Vec<u64>, Counts, Counts) {
        let rows: Vec<_> = store.range().filter_map(|number| store.row(number)).collect();
        let lines = || rows.iter().filter_map(|row| row.line());
        let levels = Level::ALL
            .map(|level| lines().filter(|line| line.entry.level() == level).count() as u64);
        let (mut pipelines, mut channels) = (Counts::new(), Counts::new());
        for line in lines() {
            let errors = u64::from(line.entry.level() == Level::Error);
            let channel = line.channel.as_deref().unwrap_or_default();
            for (counts, name) in
                [(&mut pipelines, line.entry.pipeline()), (&mut channels, channel)]
            {
                *counts.entry(name.to_owned()).or_default() += Count { lines: 1, errors };
            }
        }
        (levels.to_vec(), pipelines, channels)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_counts_are_those_of_the_stored_lines(steps in prop::collection::vec(step(), 1..30)) {
            let mut store =
                Store::with_room_at_front(Capacity { lines: 30, bytes: usize::MAX });
            for step in steps {
                match step {
                    Step::Append(lines) => {
                        lines.into_iter().for_each(|line| store.append(&raw(line)));
                    }
                    Step::Prepend(lines) => {
                        store.prepend(&lines.into_iter().map(raw).collect::<Vec<_>>());
                    }
                    Step::Resize(lines) => store.resize(Capacity { lines, bytes: usize::MAX }),
                    Step::Release => store.release_earlier(),
                    Step::Clear => store.clear(),
                }
                let (levels, pipelines, channels) = counted(&store);
                prop_assert_eq!(
                    Level::ALL.map(|level| store.lines_of_level(level)).to_vec(),
                    levels
                );
                let owned = |(name, count): (&str, Count)| (name.to_owned(), count);
                prop_assert_eq!(store.pipeline_counts().map(owned).collect::<Counts>(), pipelines);
                prop_assert_eq!(store.channel_counts().map(owned).collect::<Counts>(), channels);
            }
        }
    }
}
