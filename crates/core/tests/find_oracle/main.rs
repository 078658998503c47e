//! Compares the search with a naive one that checks each row again, by the texts it was made of.

mod asked;
#[path = "../support/mod.rs"]
mod support;
mod written;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use logs_sse_core::find::{Find, Query};
use logs_sse_core::fold::Folding;
use logs_sse_core::notice::Notice;
use logs_sse_core::store::{Capacity, Row, Store};
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::Raw;
use proptest::prelude::*;
use support::raw::raw;

use crate::asked::{Asked, Wanted, matches, query, typed};
use crate::written::{Meant, Written, oversized, words, written};

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Written>),
    Note,
    Query(Asked),
    Advance(usize),
    Resize(Capacity),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::collection::vec(written(), 1..6).prop_map(Step::Append),
        1 => oversized().prop_map(|line| Step::Append(vec![line])),
        2 => Just(Step::Note),
        4 => query().prop_map(Step::Query),
        6 => (0_usize..300_000).prop_map(Step::Advance),
        1 => (1_usize..200, 2_000_usize..1_500_000).prop_map(|(lines, bytes)| Step::Resize(Capacity { lines, bytes })),
        1 => Just(Step::Clear),
    ]
}

/// A store, a search in it, and the rows that a naive search reads.
struct Harness {
    store: Store,
    find: Find,
    asked: Asked,
    meant: VecDeque<Meant>,
    /// The row of each ordinal seen since the query was set.
    seen: BTreeMap<u64, u64>,
}

impl Harness {
    fn apply(&mut self, step: Step) {
        match step {
            Step::Append(lines) => lines.into_iter().for_each(|line| {
                let Written { mut meant, text, id, channel, is_error } = line;
                let channel = channel.map(Into::into);
                self.store.append(&Raw { id: id.into(), channel, is_error, ..raw(&text) });
                // A line that continues another one counts with the level of that one.
                let counted = self.store.level(self.store.range().end - 1);
                meant.level = meant.level.min(counted);
                self.meant.push_back(meant);
            }),
            Step::Note => {
                self.store.note(Notice::NotReplayed { away: Duration::ZERO });
                self.meant.push_back(Meant {
                    is_notice: true,
                    level: Level::Other,
                    pipeline: String::new(),
                    texts: Vec::new(),
                    fields: Vec::new(),
                });
            }
            Step::Query(asked) => {
                self.find = Find::new(asked.query.clone(), &self.store);
                self.asked = asked;
                self.seen.clear();
            }
            Step::Advance(bytes) => assert_eq!(
                self.find.advance(&self.store, bytes),
                self.find.is_complete(&self.store)
            ),
            Step::Resize(capacity) => self.store.resize(capacity),
            Step::Clear => self.store.clear(),
        }
        let gone = self.meant.len() - self.store.len();
        self.meant.drain(..gone);
    }

    /// Returns the numbers of all matching rows, computed naively.
    fn expected(&self) -> Vec<u64> {
        let rows = self.store.range().zip(&self.meant);
        rows.filter(|(_, meant)| matches(&self.asked, meant)).map(|(number, _)| number).collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let ordinals = self.find.range(&self.store);
        let found: Vec<_> = ordinals
            .clone()
            .map(|ordinal| {
                self.find.number_at(&self.store, ordinal).expect("an ordinal in range has a row")
            })
            .collect();
        for (ordinal, number) in ordinals.zip(&found) {
            prop_assert_eq!(
                *self.seen.entry(ordinal).or_insert(*number),
                *number,
                "an ordinal changed its row"
            );
        }
        // The searched rows are contiguous, and every match among them was found.
        let expected = self.expected();
        let start =
            found.first().map_or(0, |first| expected.partition_point(|number| number < first));
        prop_assert_eq!(
            expected.get(start..start + found.len()),
            Some(&found[..]),
            "{:?}",
            self.find.query()
        );
        if self.find.is_complete(&self.store) {
            prop_assert_eq!(&found, &expected, "{:?}", self.find.query());
        }
        let is_line = |number: &&u64| matches!(self.store.row(**number), Some(Row::Line(_)));
        prop_assert_eq!(self.find.lines(&self.store), found.iter().filter(is_line).count() as u64);
        prop_assert!(self.find.searched(&self.store) <= self.store.len() as u64);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn finds_the_rows_that_a_naive_search_finds(
        steps in prop::collection::vec(step(), 0..60),
        asked in query(),
    ) {
        let mut store = Store::new(Capacity { lines: 100, bytes: 1_000_000 });
        // Every line that is found has an ordinal of its own.
        store.set_folding(Folding { traces: false, repeats: false, similar: false });
        let mut harness = Harness {
            find: Find::new(asked.query.clone(), &store),
            asked,
            store,
            meant: VecDeque::new(),
            seen: BTreeMap::new(),
        };
        for step in steps {
            harness.apply(step);
            harness.check()?;
        }
        while !harness.find.advance(&harness.store, 0) {
            harness.check()?;
        }
        harness.check()?;
    }

    #[test]
    fn marks_every_occurrence_of_the_text(text in words(3), shown in words(30)) {
        prop_assume!(!text.is_empty());
        let term = Wanted { is_excluded: false, field: None, text: text.clone() };
        let query = Query::default().text(&typed(&term));
        let folded = |text: &str| {
            if query.match_case() { text.to_owned() } else { text.to_ascii_lowercase() }
        };
        let expected: Vec<_> = folded(&shown)
            .match_indices(&folded(&text))
            .map(|(at, part)| at..at + part.len())
            .collect();
        prop_assert_eq!(Find::new(query.clone(), &Store::default()).marks(&shown), expected);
    }

    #[test]
    fn marks_are_in_order_and_apart(asked in query(), shown in words(30)) {
        let marks = Find::new(asked.query, &Store::default()).marks(&shown);
        prop_assert!(marks.iter().all(|mark| mark.start < mark.end && shown.get(mark.clone()).is_some()));
        prop_assert!(marks.windows(2).all(|pair| pair[0].end <= pair[1].start), "{:?}", marks);
    }
}
