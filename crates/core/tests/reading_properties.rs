//! A reader's place under random scrolls, keys, arrivals, evictions, filters, layouts and loaded
//! history, against a simple model: what the reader looks at stays where it is on the screen for
//! as long as it exists, and only the reader moves the view.

mod support;

use proptest::prelude::*;
use support::reader::{Reader, Row};

#[derive(Clone, Debug)]
enum Step {
    Wheel(i32),
    /// Drags the scrollbar to this many thousandths.
    Drag(u32),
    Home,
    End,
    Pause,
    Resume,
    FirstError,
    Append(usize),
    /// Changes the capacity, which evicts lines.
    Capacity(usize),
    /// Loads this many lines from before the oldest one.
    Earlier(usize),
    Filter(&'static str),
    Wrap,
    Widen,
    Resize(u32),
    /// Opens one of the rows on the screen.
    Open(usize),
    Clear,
    /// Changes to the other order.
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (-400..400_i32).prop_map(Step::Wheel),
        2 => (0..=1_000_u32).prop_map(Step::Drag),
        1 => Just(Step::Home),
        1 => Just(Step::End),
        2 => Just(Step::Pause),
        1 => Just(Step::Resume),
        1 => Just(Step::FirstError),
        8 => (1..60_usize).prop_map(Step::Append),
        2 => (20..400_usize).prop_map(Step::Capacity),
        1 => (1..40_usize).prop_map(Step::Earlier),
        4 => prop::sample::select(vec!["", "even", "odd", "line 1", "nothing"]).prop_map(Step::Filter),
        1 => Just(Step::Wrap),
        1 => Just(Step::Widen),
        1 => (60..500_u32).prop_map(Step::Resize),
        1 => (0..8_usize).prop_map(Step::Open),
        1 => Just(Step::Clear),
        2 => Just(Step::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn only_the_reader_moves_a_view_that_is_held_or_paused(
        lines in 0..300_usize,
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut reader = Reader::new(lines);
        for step in steps {
            let before = reader.on_screen();
            let (was_following, was_paused) =
                (reader.viewport.is_following(), reader.viewport.is_paused());
            let kept = reader.kept();
            let topmost = reader.topmost();
            let mut is_filter = false;
            match &step {
                Step::Wheel(by) => reader.wheel(f64::from(*by)),
                Step::Drag(part) => reader.drag(f64::from(*part) / 1_000.0),
                Step::Home => reader.home(),
                Step::End => reader.end(),
                Step::Pause => reader.pause(),
                Step::Resume => reader.resume(),
                Step::FirstError => reader.first_error(),
                Step::Append(lines) => reader.append(*lines),
                Step::Capacity(lines) => reader.resize_store(*lines),
                Step::Earlier(lines) => reader.load_earlier(*lines),
                Step::Filter(text) => is_filter = reader.filter(text),
                Step::Wrap => reader.wrap(),
                Step::Widen => reader.widen(),
                Step::Resize(height) => reader.resize_window(f64::from(*height)),
                Step::Open(index) => reader.open(*index),
                Step::Clear => reader.clear(),
                Step::Turn => reader.turn(),
            }
            let now = reader.on_screen();
            let context = || format!("{step:?}\nkept {kept:?}\nbefore {before:?}\nnow {now:?}");
            reader.check_drawing();
            let is_by_reader = matches!(
                step,
                Step::Wheel(_) | Step::Drag(_) | Step::Home | Step::End | Step::FirstError
            );
            match &step {
                Step::Pause => prop_assert!(reader.viewport.is_paused(), "{}", context()),
                Step::Resume => prop_assert!(reader.viewport.is_following(), "{}", context()),
                // A pause ends only by its button, a hold by the reader's return or its last line.
                _ if was_paused => prop_assert!(reader.viewport.is_paused(), "{}", context()),
                Step::Clear => prop_assert!(reader.viewport.is_following(), "{}", context()),
                _ if was_following && !is_by_reader => {
                    prop_assert!(reader.viewport.is_following(), "{}", context());
                }
                _ if !is_by_reader => prop_assert!(!reader.viewport.is_following(), "{}", context()),
                _ => {}
            }
            if was_following || is_by_reader || matches!(step, Step::Clear | Step::Resume) {
                continue;
            }
            if matches!(step, Step::Turn) {
                // In the other order, other rows are beside it: an edge of the list may be near.
                let at = topmost.and_then(|row| Some((row.y, reader.position_of(row.number)?)));
                let at = at.zip(topmost).map(|((before, y), row)| {
                    (before, reader.top_distance(Row { y, ..row }).y)
                });
                prop_assert!(
                    at.is_some_and(|(before, now)| (now - before).abs() < 0.02)
                        || reader.is_at_top()
                        || reader.is_at_oldest()
                        || topmost.is_none(),
                    "{topmost:?} moved: {}", context()
                );
                continue;
            }
            // The oracle: the row that the reader looks at is where it was, unless it is gone or
            // the list has too few newer rows above it. Under another query, that is the row that
            // the reader looked at, or its nearest neighbour.
            let expected = if is_filter { reader.expected() } else { kept };
            let Some(Row { number, y, .. }) = expected else { continue };
            match reader.position_of(number) {
                Some(now) => prop_assert!(
                    (now - y).abs() < 0.02
                        || (now < y && reader.is_at_top())
                        // A row that was partly visible and is lower now stays visible.
                        || (y < now && now < 0.0),
                    "row {number} moved from {y} to {now}: {}", context()
                ),
                None => prop_assert!(
                    !reader.is_shown(number) || y >= reader.height(),
                    "row {number} left the screen: {}", context()
                ),
            }
        }
    }

    #[test]
    fn what_is_new_is_what_was_never_on_the_screen(
        steps in proptest::collection::vec(prop_oneof![
            4 => (-200..100_i32).prop_map(Step::Wheel),
            1 => Just(Step::FirstError),
            3 => (1..60_usize).prop_map(Step::Append),
            1 => prop::sample::select(vec!["", "even"]).prop_map(Step::Filter),
        ], 1..60),
        is_turned: bool,
    ) {
        let mut reader = Reader::new(50);
        if is_turned {
            reader.turn();
        }
        reader.wheel(140.0);
        // The number of the newest line that was on the screen.
        let mut seen = reader.newest();
        for step in steps {
            match &step {
                Step::Wheel(by) => reader.wheel(f64::from(*by)),
                Step::FirstError => reader.first_error(),
                Step::Append(lines) => reader.append(*lines),
                Step::Filter(text) => _ = reader.filter(text),
                _ => {}
            }
            if reader.viewport.is_following() {
                seen = reader.newest();
                prop_assert_eq!(reader.model().newest, "");
                continue;
            }
            seen = seen.max(reader.on_screen().first().map_or(0, |row| row.number));
            let new = reader.shown().into_iter().filter(|row| *row > seen);
            let (lines, errors) = new.fold((0, 0), |(lines, errors), row| {
                let text = reader.text(row);
                let is_error = text.is_some_and(|text| text.contains("error"));
                (lines + u64::from(text.is_some()), errors + u64::from(is_error))
            });
            let order = reader.viewport.order();
            prop_assert_eq!(reader.model().newest, logs_sse_core::summary::newest(lines, order, &logs_sse_core::words::Words::ENGLISH));
            prop_assert_eq!(reader.model().new_errors, logs_sse_core::summary::new_errors(errors, &logs_sse_core::words::Words::ENGLISH));
        }
    }
}
