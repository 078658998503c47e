//! Tests of the pins, against a list of what was pinned.

use super::*;
use crate::fold::Folding;
use crate::line_time::iso;
use crate::store::Capacity;
use logs_sse_wire::message::Raw;
use proptest::prelude::*;

/// One act of a reader or of the stream. Rows are chosen by index.
#[derive(Clone, Debug)]
enum Act {
    Append(usize),
    Toggle(usize),
    Mark(usize),
    Remove(usize),
    Evict(usize),
    Clear,
    Undo,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_usize..6).prop_map(Act::Append),
        4 => (0_usize..40).prop_map(Act::Toggle),
        3 => (0_usize..40).prop_map(Act::Mark),
        1 => (0_usize..8).prop_map(Act::Remove),
        1 => (1_usize..30).prop_map(Act::Evict),
        1 => Just(Act::Clear),
        1 => Just(Act::Undo),
    ]
}

fn append(store: &mut Store, text: &str) {
    store.append(&Raw::bare(text));
}

fn texts(pins: &Pins) -> Vec<String> {
    pins.all().iter().map(|pin| line::text(&pin.row, &iso, "", None)).collect()
}

/// Returns a store of single rows: nothing is folded.
fn store() -> Store {
    let mut store = Store::with_room_at_front(Capacity::from_lines(30));
    store.set_folding(Folding { traces: false, repeats: false, similar: false });
    store
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pins_keep_their_text_until_they_are_removed(acts in prop::collection::vec(act(), 0..60)) {
        let (mut store, mut pins) = (store(), Pins::default());
        // The text of every line ever appended by its number, and the numbers of the pinned ones and
        // of those after which a place is marked.
        let mut lines = std::collections::BTreeMap::new();
        let mut model = Vec::<(u64, bool)>::new();
        for act in acts {
            let rows = store.range();
            let version = pins.version();
            let before = texts(&pins);
            match act {
                Act::Append(count) => for _ in 0..count {
                    let number = store.range().end;
                    let text = format!("line {number}");
                    append(&mut store, &text);
                    lines.insert(number, text);
                },
                Act::Toggle(index) | Act::Mark(index) => {
                    let is_mark = matches!(act, Act::Mark(_));
                    let number = rows.start - 10 + index as u64;
                    let is_new = !model.contains(&(number, is_mark));
                    let outcomes = if is_mark {
                        [Outcome::Unmarked, Outcome::Marked]
                    } else {
                        [Outcome::Unpinned, Outcome::Pinned]
                    };
                    let is_missing = is_new && !rows.contains(&number);
                    let expected = if is_missing { Outcome::NotHeld } else { outcomes[usize::from(is_new)] };
                    let outcome = if is_mark {
                        pins.toggle_mark(&store, number, number as i64)
                    } else {
                        pins.toggle(&store, number)
                    };
                    prop_assert_eq!(outcome, expected);
                    if !is_new {
                        model.retain(|other| *other != (number, is_mark));
                    } else if !is_missing {
                        model.push((number, is_mark));
                    }
                    model.sort_unstable();
                }
                Act::Remove(index) => if let Some(pin) = pins.all().get(index) {
                    let key = pin.key();
                    let expected = if pin.is_mark() { Outcome::Unmarked } else { Outcome::Unpinned };
                    prop_assert_eq!(pins.toggle(&store, key), expected);
                    prop_assert_eq!(pins.is_removed(key), Some(true));
                    model.remove(index);
                },
                Act::Evict(lines) => store.resize(Capacity::from_lines(lines)),
                Act::Clear => store.set_aside(),
                Act::Undo => drop(store.undo_clear()),
            }
            let expected: Vec<_> = model.iter().map(|(number, _)| lines[number].clone()).collect();
            prop_assert_eq!(texts(&pins), expected.clone());
            prop_assert_eq!(pins.version() != version, expected != before);
            for number in store.range().start - 20..store.range().end {
                prop_assert_eq!(pins.is_pinned(&store, number), model.contains(&(number, false)));
                let mark = model.contains(&(number, true)).then_some(number as i64);
                prop_assert_eq!(pins.mark_at(&store, number), mark);
            }
            prop_assert_eq!(pins.has_marks(), model.iter().any(|(_, is_mark)| *is_mark));
            for (pin, (number, _)) in pins.all().iter().zip(&model) {
                let held = store.range().contains(number).then_some(*number);
                prop_assert_eq!(pin.held(&store), held);
                prop_assert_eq!(pins.get(pin.key()), Some(pin));
                prop_assert_eq!(pins.is_removed(pin.key()), Some(false));
                prop_assert!(pin.key() < store.range().start);
                let opened = pin.opened().expect("an entry");
                prop_assert_eq!(opened.message_to_copy(), lines[number].clone());
            }
        }
    }
}

#[test]
fn pins_are_limited_in_number_and_bytes() {
    let mut store = Store::with_room_at_front(Capacity::from_lines(1_000));
    let first = store.range().start;
    (0..150).for_each(|number| append(&mut store, &format!("line {number}")));
    let mut pins = Pins::default();
    let outcomes: Vec<_> = (first..first + 101).map(|row| pins.toggle(&store, row)).collect();
    assert_eq!((outcomes[99], outcomes[100]), (Outcome::Pinned, Outcome::Full));
    assert_eq!(pins.summary(&Words::ENGLISH), "Pins (100)");
    pins.clear();
    (0..4).for_each(|_| append(&mut store, &"x".repeat(200_000)));
    let large = first + 150..first + 154;
    store.set_folding(Folding { traces: false, repeats: false, similar: false });
    let outcomes: Vec<_> = large.map(|row| pins.toggle(&store, row)).collect();
    // The text and the message of each count.
    assert_eq!(outcomes, [Outcome::Pinned, Outcome::Pinned, Outcome::Full, Outcome::Full]);
    assert_eq!(
        Outcome::Full.text(&Words::ENGLISH),
        "Not pinned: pins hold at most 100 lines and 1.0 MB"
    );
}

#[test]
fn another_line_with_the_number_of_an_evicted_one_is_not_pinned() {
    let mut store = Store::with_room_at_front(Capacity::from_lines(10));
    append(&mut store, "pinned");
    let number = store.range().start;
    let mut pins = Pins::default();
    pins.toggle(&store, number);
    store.clear();
    store.prepend(&[Raw::bare("other")]);
    assert_eq!(store.range().start, number);
    assert!(!pins.is_pinned(&store, number));
    assert_eq!(pins.toggle(&store, number), Outcome::Pinned);
    assert_eq!(texts(&pins), ["pinned", "other"]);
    assert_eq!(pins.toggle(&store, number), Outcome::Unpinned);
    assert_eq!(texts(&pins), ["pinned"]);
}

#[test]
fn a_folded_row_is_pinned_with_all_its_lines() {
    let mut store = Store::with_room_at_front(Capacity::from_lines(10));
    store.set_folding(Folding { traces: true, repeats: false, similar: false });
    for text in ["boom", "\tat one", "\tat two"] {
        append(&mut store, &serde_json::json!({ "level": "ERROR", "message": text }).to_string());
    }
    let first = store.range().start;
    assert_eq!(store.group(first + 2), first..first + 3);
    let mut pins = Pins::default();
    assert_eq!(pins.toggle(&store, first + 2), Outcome::Pinned);
    assert!(pins.is_pinned(&store, first) && pins.is_pinned(&store, first + 1));
    store.clear();
    let pin = &pins.all()[0];
    assert_eq!(pin.label(&iso, None, &Words::ENGLISH), "ERROR boom");
    assert_eq!(pin.opened().expect("an entry").message_to_copy(), "boom\n\tat one\n\tat two");
    let text = pins.saved(Format::Text, &iso, "    ", None);
    assert_eq!(text, "# pinned\nERROR boom\n    \tat one\n    \tat two\n");
    let json = pins.saved(Format::Ndjson, &iso, "    ", None);
    let rows: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["pinned"] == true));
    assert_eq!(rows[2]["entry"]["message"], "\tat two");
}

#[test]
fn a_mark_has_the_time_of_the_reader_and_the_line_before_it() {
    let mut store = Store::with_room_at_front(Capacity::from_lines(10));
    append(&mut store, "pinned");
    let number = store.range().start;
    let mut pins = Pins::default();
    assert_eq!(pins.toggle_mark(&store, number, 1_795_658_587_000), Outcome::Marked);
    assert_eq!(pins.toggle(&store, number), Outcome::Pinned);
    store.clear();
    let labels: Vec<_> =
        pins.all().iter().map(|pin| pin.label(&iso, None, &Words::ENGLISH)).collect();
    assert_eq!(labels, ["pinned", "You were here, 2026-11-26T02:03:07.000Z · after pinned"]);
    let text = pins.saved(Format::Text, &iso, "    ", None);
    assert_eq!(text, "# pinned\npinned\npinned\n# You were here, 2026-11-26T02:03:07.000Z\n");
    let json = pins.saved(Format::Ndjson, &iso, "    ", None);
    let marked: serde_json::Value =
        serde_json::from_str(json.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (&marked["marked"], &marked["entry"]),
        (&"2026-11-26T02:03:07.000Z".into(), &"pinned".into())
    );
}
