//! The store against the slow obvious one: a `Vec` of which the oldest are removed.

#![cfg(not(target_arch = "wasm32"))]

use logs_sse_client::core::store::{Capacity, Store};
use logs_sse_client::core::wire::{self, Line, Message};
use proptest::prelude::*;

/// All lines since the last clear, with their numbers; recomputed on each question.
#[derive(Debug, Default)]
struct Naive {
    lines: Vec<(u64, Line)>,
    next: u64,
    dropped: u64,
}

impl Naive {
    fn trim(&mut self, capacity: Capacity) {
        let bytes = |lines: &[(u64, Line)]| lines.iter().map(|(_, line)| line.entry.bytes()).sum::<usize>();
        while self.lines.len() > capacity.lines || (bytes(&self.lines) > capacity.bytes && self.lines.len() > 1) {
            self.lines.remove(0);
            self.dropped += 1;
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Resize(Capacity),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0_usize..600).prop_map(Step::Append),
        1 => (1_usize..40, 100_usize..20_000).prop_map(|(lines, bytes)| Step::Resize(Capacity { lines, bytes })),
        1 => Just(Step::Clear),
    ]
}

fn line(length: usize) -> Line {
    match wire::read("message", "", &"x".repeat(length)) {
        Message::Line(line) => line,
        Message::Hello(_) => unreachable!("x is no greeting"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn holds_what_the_naive_one_holds(steps in prop::collection::vec(step(), 0..200)) {
        let mut capacity = Capacity { lines: 20, bytes: 10_000 };
        let mut store = Store::new(capacity);
        let mut naive = Naive::default();
        for step in steps {
            let before = store.version();
            match step {
                Step::Append(length) => {
                    store.append(line(length));
                    naive.lines.push((naive.next, line(length)));
                    naive.next += 1;
                    prop_assert!(store.version() > before);
                }
                Step::Resize(to) => {
                    capacity = to;
                    store.resize(to);
                }
                Step::Clear => {
                    store.clear();
                    naive.lines.clear();
                    naive.dropped = 0;
                }
            }
            naive.trim(capacity);
            prop_assert_eq!(store.len(), naive.lines.len());
            prop_assert_eq!(store.dropped(), naive.dropped);
            prop_assert_eq!(store.range().end, naive.next);
            let held: Vec<_> = store.range().map(|number| (number, store.line(number).cloned().expect("a number in range is held"))).collect();
            prop_assert_eq!(&held, &naive.lines);
            prop_assert!(store.line(store.range().end).is_none());
        }
    }
}
