//! Rules that the search keeps, each with the lines that show it.

use super::*;
use crate::notice::Notice;
use crate::store::Capacity;
use logs_sse_wire::message::Raw;
use proptest::prelude::*;

fn store(texts: impl IntoIterator<Item = String>) -> Store {
    let mut store = Store::new(Capacity { lines: 100_000, bytes: usize::MAX });
    texts.into_iter().for_each(|text| append(&mut store, &text));
    store
}

fn append(store: &mut Store, text: &str) {
    store.append(&Raw::bare(text));
}

fn found(find: &Find, store: &Store) -> Vec<u64> {
    find.range(store).filter_map(|ordinal| find.number_at(store, ordinal)).collect()
}

fn all(query: Query, store: &Store) -> Vec<u64> {
    let mut find = Find::new(query, store);
    assert!(find.advance(store, usize::MAX));
    found(&find, store)
}

#[test]
fn finds_the_newest_first_and_a_chunk_at_a_time() {
    let store = store((0..10_000).map(|index| format!("line {index} {}", "x".repeat(200))));
    let mut find = Find::new(Query::default().text("line"), &store);
    assert!(!find.advance(&store, 1));
    let first = found(&find, &store);
    assert_eq!((first.last(), first.len() < 2_000), (Some(&9_999), true));
    let end = find.range(&store).end;
    while !find.advance(&store, 1) {}
    assert_eq!((found(&find, &store), find.range(&store).end), ((0..10_000).collect(), end));
}

#[test]
fn a_pattern_stops_after_a_few_rows_and_finds_them_all() {
    let store = store((0..1_000).map(|index| format!("line {index} {}", "x".repeat(index))));
    let query = Query { is_regex: true, ..Query::default().text("^line \\d*7 ") };
    let mut find = Find::new(query.clone(), &store);
    assert!(!find.advance(&store, 1));
    assert!((1..=64).contains(&find.searched(&store)));
    while !find.advance(&store, 1) {}
    assert_eq!(
        (found(&find, &store), all(query, &store)),
        ((7..1_000).step_by(10).collect(), (7..1_000).step_by(10).collect())
    );
    assert_eq!(find.marks("line 17 xline 7 "), [Range { start: 0, end: 8 }]);
}

#[test]
fn a_level_is_found_that_the_text_of_its_line_does_not_contain() {
    let mut store = Store::default();
    for is_error in [true, false] {
        store.append(&Raw { is_error, ..Raw::bare("no route") });
    }
    assert_eq!(all(Query::default().text("level:error"), &store), [0]);
    assert_eq!(all(Query::default().text("-level:ERROR"), &store), [1]);
}

#[test]
fn an_invalid_pattern_finds_no_lines() {
    let mut store = store(["(".to_owned(), "a(".to_owned()]);
    store.note(Notice::NotReplayed { away: std::time::Duration::ZERO });
    let mut find = Find::new(Query { is_regex: true, ..Query::default().text("a(") }, &store);
    find.advance(&store, usize::MAX);
    assert_eq!((found(&find, &store), find.lines(&store), find.marks("a(").len()), (vec![2], 0, 0));
}

#[test]
fn new_rows_are_added_and_evicted_rows_removed() {
    let mut store = store((0..4).map(|index| format!("even {}", index % 2 == 0)));
    let mut find = Find::new(Query::default().text("true"), &store);
    find.advance(&store, usize::MAX);
    append(&mut store, "true");
    store.resize(Capacity { lines: 3, bytes: usize::MAX });
    assert_eq!((found(&find, &store), find.is_complete(&store)), (vec![2], false));
    find.advance(&store, 0);
    assert_eq!(
        (found(&find, &store), find.lines(&store), find.is_complete(&store)),
        (vec![2, 4], 2, true)
    );
}

#[test]
fn a_filter_does_not_hide_that_lines_are_missing() {
    let mut store = store(["a".to_owned(), "b".to_owned()]);
    store.note(Notice::NotReplayed { away: std::time::Duration::ZERO });
    let mut find = Find::new(Query { levels: Levels::NONE, ..Query::default().text("b") }, &store);
    find.advance(&store, usize::MAX);
    assert_eq!((found(&find, &store), find.lines(&store)), (vec![2], 0));
}

#[test]
fn a_phrase_is_found_across_escape_sequences_but_the_sequences_are_not() {
    let mut store = store([
        r#"{"message":"\u001b[31mconnection\u001b[0m refused","pipeline":"P"}"#.to_owned(),
        "con\u{1b}[1mnection\u{1b}[22m refused".into(),
        r#"{"message":"connection","next":" refused"}"#.into(),
        "connection refused".into(),
        r#"{"a":"connection\u001b[31m","b":"\u001b[0m refused"}"#.into(),
    ]);
    let text = |text: &str| Query::default().text(text);
    assert_eq!(all(text("\"connection refused\""), &store), [0, 1, 3]);
    assert_eq!(
        all(Query { pipelines: Pipelines::only("P"), ..text("\"connection refused\"") }, &store),
        [0]
    );
    assert_eq!(
        (all(text("31m"), &store), all(text("u001b"), &store), all(text("[0m"), &store)),
        (vec![], vec![], vec![])
    );
    assert_eq!(all(Query { is_regex: true, ..text("^connection refused$") }, &store), [0, 1, 3]);
    store.append(&Raw {
        id: "an".repeat(40_000).into(),
        channel: None,
        seq: None,
        stamp: None,
        text: "con\u{1b}[mnection refused".into(),
        is_error: false,
        picks: None,
    });
    assert_eq!(all(text("\"connection refused\""), &store), [0, 1, 3, 5]);
}

#[test]
fn a_pipeline_missing_from_the_index_is_found_by_parsing() {
    let store =
        store((0..2_000).map(|index| format!(r#"{{"pipeline":"P{index}","message":"m"}}"#)));
    assert_eq!(store.pipelines().count(), 1_024);
    for index in [0, 1_023, 1_024, 1_999] {
        assert_eq!(
            all(
                Query { pipelines: Pipelines::only(&format!("P{index}")), ..Query::default() },
                &store
            ),
            [index]
        );
    }
    assert_eq!(
        all(Query { pipelines: Pipelines::only("P2000"), ..Query::default() }, &store),
        [0_u64; 0]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// A line without a time counts at the line before it, as in the histogram.
    #[test]
    fn a_span_of_time_selects_the_lines_of_its_bars(
        lines in prop::collection::vec((prop::option::of(0..40_i64), any::<bool>()), 1..200),
        capacity in 1..200_usize,
        (start, length) in (0..40_i64, 1..20_i64),
        word in prop::sample::select(vec!["", "odd", "-odd"]),
        bytes in 0..2_000_usize,
    ) {
        let times = NIGHT / 1_000 + start..NIGHT / 1_000 + start + length;
        let query = Query { times: Some(times.clone()), ..Query::default().text(word) };
        let mut store = Store::new(Capacity { lines: capacity, bytes: usize::MAX });
        let mut find = Find::new(query.clone(), &store);
        let (mut last, mut model) = (None, Vec::new());
        for (number, (second, is_odd)) in (0_u64..).zip(&lines) {
            let message = if *is_odd { "odd" } else { "even" };
            let text = match second {
                Some(second) => format!(r#"{{"timestamp":{},"message":"{message}"}}"#, NIGHT + second * 1_000),
                None => format!(r#"{{"message":"{message}"}}"#),
            };
            append(&mut store, &text);
            find.advance(&store, bytes);
            last = second.or(last);
            let has_word = match word { "odd" => *is_odd, "-odd" => !*is_odd, _ => true };
            if last.is_some_and(|second| times.contains(&(second + NIGHT / 1_000))) && has_word {
                model.push(number);
            }
        }
        while !find.advance(&store, bytes) {}
        model.retain(|number| store.range().contains(number));
        prop_assert_eq!(found(&find, &store), model.clone());
        prop_assert_eq!(all(query, &store), model);
    }
}

const NIGHT: i64 = 1_795_658_580_000;

#[test]
fn a_span_of_time_selects_a_line_that_does_not_fit_the_index() {
    let mut store = Store::default();
    for (second, length) in [(1, 10), (2, 1_100_000), (3, 10)] {
        let message = "x".repeat(length);
        append(
            &mut store,
            &format!(r#"{{"timestamp":{},"message":"{message}"}}"#, NIGHT + second * 1_000),
        );
    }
    let start = NIGHT / 1_000;
    let at = |times| all(Query { times: Some(times), ..Query::default() }, &store);
    assert_eq!([at(start + 2..start + 3), at(start + 3..start + 9)], [[1], [2]]);
}

#[test]
fn a_channel_is_found_by_any_part_of_its_name() {
    let mut store = Store::default();
    for (channel, text) in [
        ("logs:etl:a:orders", "plain"),
        ("logs:etl:a:claims", r#"{"message":"m"}"#),
        ("logs:etl:a:claims", "channel:orders"),
    ] {
        store.append(&Raw { channel: Some(channel.into()), ..Raw::bare(text) });
    }
    append(&mut store, r#"{"channel":"orders"}"#);
    let text = |text: &str| all(Query::default().text(text), &store);
    assert_eq!(text("channel:orders"), [0, 2, 3]);
    assert_eq!(text("Channel:logs:etl:a:claims"), [1, 2]);
    assert_eq!(text("-channel:claims"), [0, 3]);
    assert_eq!(text("channel:claims m"), [1]);
    assert_eq!(text("channel:Claims"), [0_u64; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_lines_of_the_chosen_channels_are_found(
        lines in prop::collection::vec((0..4_usize, any::<bool>()), 0..60),
        choices in prop::collection::vec((0..5_usize, any::<bool>()), 0..4),
        text in prop::sample::select(vec!["", "a", "m"]),
    ) {
        const NAMES: [&str; 5] = ["", "logs:etl:w:a", "logs:etl:w:b", "logs:etl:w:c", "logs:x:y"];
        let mut store = Store::default();
        for (channel, is_odd) in &lines {
            let name = Some(NAMES[*channel]).filter(|name| !name.is_empty());
            // A line with such an id is stored parsed.
            let id = if *is_odd { "i".repeat(70_000) } else { "i".to_owned() };
            let raw = Raw { id: id.into(), channel: name.map(Into::into), ..Raw::bare("m") };
            store.append(&raw);
        }
        let mut query = Query::default().text(text);
        for (channel, is_only) in choices {
            let choice = if is_only { Choice::Only } else { Choice::Not };
            query.channels.choose(NAMES[channel], choice);
        }
        let expected: Vec<_> = lines
            .iter()
            .enumerate()
            .filter(|(_, (channel, _))| query.channels.has(NAMES[*channel]) && "m".contains(text))
            .map(|(number, _)| number as u64)
            .collect();
        prop_assert_eq!(all(query, &store), expected);
    }
}
