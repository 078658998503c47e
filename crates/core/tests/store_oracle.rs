//! The store against the slow obvious one: a `Vec` of which the oldest are removed.

use std::time::Duration;

use logs_sse_core::notice::Notice;
use logs_sse_core::store::{Capacity, Row, Store};
use logs_sse_wire::message::{self, MAX_LINE_BYTES, Message};
use proptest::prelude::*;

/// All lines since the last clear, with their numbers; recomputed on each question.
#[derive(Debug, Default)]
struct Naive {
    rows: Vec<(u64, Row)>,
    next: u64,
    dropped: u64,
}

impl Naive {
    fn trim(&mut self, capacity: Capacity) {
        let bytes = |rows: &[(u64, Row)]| rows.iter().map(|(_, row)| row.cost()).sum::<usize>();
        while self.rows.len() > capacity.lines
            || (bytes(&self.rows) > capacity.bytes && self.rows.len() > 1)
        {
            self.rows.remove(0);
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

/// What the gateway sends for a line of this length: an envelope, bare text, or text longer than is
/// kept whole.
fn event(length: usize) -> String {
    match length {
        0..50 => String::new(),
        50..300 => format!(
            r#"{{"channel":"logs:etl:a:{}","data":{{"level":"INFO","message":"{}"}},"timestamp":{length},"id":"log-{length}","seq":{length}}}"#,
            length % 5,
            "é".repeat(length)
        ),
        595.. => "y".repeat(MAX_LINE_BYTES + length),
        _ => "x".repeat(length),
    }
}

/// A line of this length, or now and then a notice.
fn append(store: &mut Store, length: usize) {
    match message::read("message", "id", &event(length)) {
        Message::Line(raw) if length >= 50 => store.append(&raw),
        _ => store.note(NOTICE),
    }
}

fn row(length: usize) -> Row {
    match message::read("message", "id", &event(length)) {
        Message::Line(raw) if length >= 50 => Row::Line(raw.read()),
        _ => Row::Notice(NOTICE),
    }
}

const NOTICE: Notice = Notice::NotReplayed { away: Duration::ZERO };

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn holds_what_the_naive_one_holds(steps in prop::collection::vec(step(), 0..200)) {
        let mut capacity = Capacity { lines: 20, bytes: 10_000 };
        let mut store = Store::new(capacity);
        let mut naive = Naive::default();
        for step in steps {
            let before = store.version();
            match step {
                Step::Append(length) => {
                    append(&mut store, length);
                    naive.rows.push((naive.next, row(length)));
                    naive.next += 1;
                    prop_assert!(store.version() > before);
                }
                Step::Resize(to) => {
                    capacity = to;
                    store.resize(to);
                }
                Step::Clear => {
                    store.clear();
                    naive.rows.clear();
                    naive.dropped = 0;
                }
            }
            naive.trim(capacity);
            prop_assert_eq!(store.len(), naive.rows.len());
            prop_assert_eq!(store.lines(), naive.rows.iter().filter(|(_, row)| row.line().is_some()).count());
            prop_assert_eq!(store.dropped(), naive.dropped);
            prop_assert_eq!(store.range().end, naive.next);
            let held: Vec<_> = store.range().map(|number| (number, store.row(number).expect("a number in range is held"))).collect();
            prop_assert_eq!(&held, &naive.rows);
            prop_assert!(store.row(store.range().end).is_none());
        }
    }
}
