//! The histogram against a model that looks at every row, and what a reader sees of it.

use proptest::prelude::*;

use super::*;
use crate::store::{Capacity, Store};
use logs_sse_wire::message::Raw;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(Option<i64>, bool)>),
    Prepend(Vec<(Option<i64>, bool)>),
    Evict(usize),
    Clear,
}

/// Times around one that drift, jump, go back, are missing, or are from a wrong clock.
fn time() -> impl Strategy<Value = Option<i64>> {
    const NIGHT: i64 = 1_795_659_182_000;
    prop_oneof![
        8 => (0..90_000_i64).prop_map(|millis| Some(NIGHT + millis)),
        4 => (0..8_000_000_i64).prop_map(|millis| Some(NIGHT + millis)),
        2 => (0..90_000_000_000_i64).prop_map(|millis| Some(NIGHT + millis)),
        1 => any::<i64>().prop_map(Some),
        2 => Just(None),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let lines = |most: usize| prop::collection::vec((time(), any::<bool>()), 1..most);
    prop_oneof![
        4 => lines(900).prop_map(Step::Append),
        1 => lines(300).prop_map(Step::Prepend),
        4 => (1..900_usize).prop_map(Step::Evict),
        1 => Just(Step::Clear),
    ]
}

fn count(is_error: bool) -> Count {
    Count { lines: 1, errors: u64::from(is_error) }
}

/// The rows one by one: the second of each, and whether it is an error.
type Model = VecDeque<(u32, bool)>;

fn apply(histogram: &mut Histogram, model: &mut Model, step: Step) {
    match step {
        Step::Append(lines) => {
            for (millis, is_error) in lines {
                let previous = model.back().map_or(UNTIMED, |(second, _)| *second);
                model.push_back((millis.map_or(previous, second_of), is_error));
                histogram.push_back(millis, count(is_error));
            }
        }
        Step::Prepend(lines) => {
            for (millis, is_error) in lines {
                model.push_front((millis.map_or(UNTIMED, second_of), is_error));
                histogram.push_front(millis, count(is_error));
            }
        }
        Step::Evict(rows) => {
            for (_, is_error) in model.drain(..rows.min(model.len())) {
                histogram.pop_front(count(is_error));
            }
            if histogram.is_too_coarse() {
                histogram.recount(model.iter().map(|(_, is_error)| count(*is_error)));
            }
        }
        Step::Clear => {
            model.clear();
            histogram.clear();
        }
    }
}

fn counted(model: &Model, seconds: &Range<i64>) -> Count {
    let mut sum = Count::default();
    let rows = model.iter().filter(|(second, _)| *second != UNTIMED);
    rows.filter(|(second, _)| seconds.contains(&i64::from(*second)))
        .for_each(|(_, is_error)| sum += count(*is_error));
    sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_bars_count_the_held_rows(steps in prop::collection::vec(step(), 1..16)) {
        let (mut histogram, mut model) = (Histogram::default(), Model::new());
        for step in steps {
            apply(&mut histogram, &mut model, step);
            let chart = histogram.chart();
            prop_assert!(chart.bars.len() <= 60, "{} bars", chart.bars.len());
            prop_assert!(histogram.cells.len() <= MOST_CELLS);
            let mut shown = 0;
            for (bar, found) in chart.bars.iter().enumerate() {
                prop_assert_eq!(*found, counted(&model, &chart.seconds(bar)), "bar {}", bar);
                shown += found.lines;
            }
            prop_assert_eq!(shown + chart.outliers + chart.untimed, model.len() as u64);
            // Of those with a time, few are left out.
            prop_assert!(chart.outliers <= (model.len() as u64 / 100).max(1) * 2);
            prop_assert_eq!(chart.bars.is_empty(), shown == 0);
            if !chart.bars.is_empty() {
                let middle = chart.bars.len() / 2;
                prop_assert_eq!(chart.bar_at(chart.seconds(middle).start), middle);
                let seconds = chart.seconds(middle);
                let rows: Vec<_> = histogram.rows_at(seconds.clone()).collect();
                let expected: Vec<_> = (0..).zip(&model)
                    .filter(|(_, (second, _))| seconds.contains(&i64::from(*second)))
                    .map(|(row, _)| row)
                    .collect();
                prop_assert_eq!(rows, expected.clone());
                let (start, end) = (model.len() as u64 / 4, model.len() as u64 * 3 / 4);
                for positions in [0..start, start..end, end..model.len() as u64] {
                    let found = histogram.rows_among(positions.clone(), &seconds);
                    let among: Vec<_> =
                        expected.iter().copied().filter(|row| positions.contains(row)).collect();
                    prop_assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), among);
                }
                let last = chart.bars.len() - 1;
                let span = chart.span(chart.seconds(last).start, chart.seconds(middle).end - 1);
                prop_assert_eq!(span, chart.seconds(middle).start..chart.seconds(last).end);
            }
        }
    }
}

fn chart(millis: impl IntoIterator<Item = i64>) -> Chart {
    let mut histogram = Histogram::default();
    millis.into_iter().for_each(|millis| histogram.push_back(Some(millis), count(false)));
    histogram.chart()
}

#[test]
fn a_wrong_clock_does_not_flatten_the_chart() {
    let night = (0..120).map(|number| 1_795_659_182_000 + number * 1_000);
    let right = chart(night.clone());
    assert_eq!((right.width, right.outliers), (5, 0));
    for wrong in [0, -5, i64::MIN, 3_800_000_000_000, i64::MAX] {
        let all = chart(night.clone().chain([wrong]));
        assert_eq!((all.width, all.start, &all.bars), (right.width, right.start, &right.bars));
        assert_eq!(all.outliers, 1);
    }
}

#[test]
fn bars_are_as_narrow_as_the_span_allows() {
    let minute = 60_000;
    for (span, width) in [(0, 1), (minute - 2_000, 1), (4 * minute, 5), (12 * minute, 15)] {
        assert_eq!(chart([1_795_659_180_000, 1_795_659_180_000 + span]).width, width, "{span}");
    }
    for (hours, width) in [(0.9, 60), (4.5, 300), (13.0, 900), (48.0, 3_600), (24.0 * 40.0, 86_400)]
    {
        let span = (hours * 3_600_000.0) as i64;
        assert_eq!(chart([1_795_651_200_000, 1_795_651_200_000 + span]).width, width, "{hours}");
    }
}

#[test]
fn bars_become_narrow_again_when_old_lines_are_evicted() {
    let mut histogram = Histogram::default();
    let push = |histogram: &mut Histogram, second: i64| {
        histogram.push_back(Some(second * 1_000), count(false));
    };
    (0..5_000).for_each(|minute| push(&mut histogram, minute * 60));
    assert!(histogram.chart().width >= 3_600);
    (0..6_000).for_each(|number| push(&mut histogram, 5_000 * 60 + number / 300));
    for left in (6_000..11_000).rev() {
        histogram.pop_front(count(false));
        if histogram.is_too_coarse() {
            histogram.recount(std::iter::repeat_n(count(false), left));
        }
    }
    assert_eq!((histogram.chart().width, histogram.chart().bars.len()), (1, 20));
}

#[test]
fn rows_that_follow_each_other_in_a_second_share_a_run() {
    let mut histogram = Histogram::default();
    (0..100_000).for_each(|number| histogram.push_back(Some(number), count(false)));
    assert_eq!(histogram.runs.len(), 100);
}

#[test]
fn a_line_without_a_time_counts_at_the_line_before_it() {
    let mut store = Store::with_room_at_front(Capacity::from_lines(100));
    let bare = |text: &'static str| Raw::bare(text);
    store.append(&bare("no time yet"));
    store.append(&bare(r#"{"level":"ERROR","isoTime":"2026-11-26T02:13:02Z"}"#));
    store.append(&bare("    at Main.run(Main.java:7)"));
    store.append(&Raw { stamp: Some(1_795_659_183_500), ..bare("as received") });
    store.append(&bare(r#"{"time":"10:28 PM"}"#));
    store.prepend(&[bare(r#"{"timestamp":1795659181000}"#), bare("earlier")]);
    let chart = store.chart();
    let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.lines, bar.errors)).collect();
    assert_eq!((chart.start, bars), (1_795_659_181, vec![(2, 0), (2, 1), (2, 0)]));
    assert_eq!((chart.untimed, chart.outliers), (1, 0));
    let first = store.range().start;
    assert_eq!(
        store.rows_at(1_795_659_182..1_795_659_183).collect::<Vec<_>>(),
        [first + 3, first + 4]
    );
}

#[test]
fn an_undone_clear_brings_the_bars_back() {
    let mut store = Store::new(Capacity::from_lines(100));
    store.append(&Raw::bare(r#"{"timestamp":1795659181000}"#));
    store.set_aside();
    assert!(store.chart().bars.is_empty());
    store.append(&Raw::bare("later"));
    store.undo_clear();
    assert_eq!(store.chart().bars, [Count { lines: 2, errors: 0 }]);
}
