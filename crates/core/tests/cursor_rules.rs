//! Rules of moving through rows by keyboard: every row is reached, and the current row is whole in
//! the window and stays there.

mod support;

use std::ops::Range;

use logs_sse_core::viewport::Step;
use proptest::prelude::*;
use support::scroll_sim::ScrollSim;

const HEIGHT: f64 = 100.0;

/// A reader with a keyboard: the current row, if there is one.
struct Keys {
    list: ScrollSim,
    current: Option<u64>,
}

impl Keys {
    fn new(rows: Range<u64>) -> Self {
        Self { list: ScrollSim::new(rows, 20.0, HEIGHT), current: None }
    }

    fn press(&mut self, step: Step) -> Option<u64> {
        let held = self.list.held();
        self.current = self.list.viewport.step(self.current, step, &held);
        if let Some(row) = self.current {
            self.list.viewport.reveal(row, &held, 0.0);
        }
        self.list.set_held(held);
        self.current
    }

    /// Returns the distance of the current row from the upper edge of the window.
    fn y(&self) -> Option<f64> {
        let rows = self.list.on_screen();
        rows.iter().find(|(row, _)| Some(*row) == self.current).map(|(_, y)| *y)
    }
}

#[test]
fn the_first_key_starts_at_the_first_row_on_the_screen() {
    let mut keys = Keys::new(0..100);
    assert_eq!(keys.press(Step::Down), Some(99));
    let mut keys = Keys::new(0..100);
    keys.list.drag(400.0);
    assert_eq!(keys.press(Step::Up), Some(79));
}

#[test]
fn keys_continue_where_the_reader_has_scrolled() {
    let mut keys = Keys::new(0..1_000);
    keys.press(Step::Down);
    keys.list.drag(4_000.0);
    assert_eq!(keys.press(Step::PageDown), Some(799));
}

#[test]
fn without_rows_there_is_no_current_row() {
    assert_eq!(Keys::new(0..0).press(Step::Down), None);
}

#[test]
fn steps_down_and_up_visit_every_row_in_order() {
    let mut keys = Keys::new(0..60);
    let down: Vec<_> = (0..60).filter_map(|_| keys.press(Step::Down)).collect();
    assert_eq!(down, (0..60).rev().collect::<Vec<_>>());
    let up: Vec<_> = (0..59).filter_map(|_| keys.press(Step::Up)).collect();
    assert_eq!(up, (1..60).collect::<Vec<_>>());
}

#[test]
fn a_page_is_the_rows_in_the_window_less_one() {
    let mut keys = Keys::new(0..100);
    let pages: Vec<_> = (0..4).filter_map(|_| keys.press(Step::PageDown)).collect();
    assert_eq!(pages, [99, 95, 91, 87]);
    assert_eq!(keys.press(Step::PageUp), Some(91));
}

#[test]
fn a_covered_row_is_moved_above_what_covers_it() {
    let mut keys = Keys::new(0..100);
    let held = keys.list.held();
    keys.current = Some(96);
    assert!(keys.list.viewport.reveal(96, &held, 45.0));
    keys.list.set_held(held.clone());
    assert_eq!(keys.y(), Some(35.0));
    assert!(!keys.list.viewport.reveal(96, &held, 45.0));
    // What covers the whole window leaves the start of the row visible.
    keys.list.viewport.reveal(96, &held, 500.0);
    keys.list.set_held(held);
    assert_eq!(keys.y(), Some(0.0));
}

#[test]
fn a_row_far_away_gets_a_third_of_the_window_above_it() {
    let mut keys = Keys::new(0..1_000);
    for (row, y) in [(500, 26.0), (504, 0.0), (999, 0.0), (100, 26.0)] {
        let held = keys.list.held();
        keys.current = Some(row);
        keys.list.viewport.reveal(row, &held, 0.0);
        keys.list.set_held(held);
        assert_eq!(keys.y(), Some(y), "{row}");
    }
}

#[derive(Clone, Debug)]
enum Event {
    Press(Step),
    Append(u64),
    Evict(u64),
    Wheel(f64),
}

fn event() -> impl Strategy<Value = Event> {
    let step =
        prop_oneof![Just(Step::Down), Just(Step::Up), Just(Step::PageDown), Just(Step::PageUp)];
    prop_oneof![
        4 => step.prop_map(Event::Press),
        1 => (1..50_u64).prop_map(Event::Append),
        1 => (1..50_u64).prop_map(Event::Evict),
        1 => (-400..400_i32).prop_map(|delta| Event::Wheel(f64::from(delta))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_current_row_is_whole_and_stays_while_lines_arrive(
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let mut keys = Keys::new(0..200);
        for event in events {
            let held = keys.list.held();
            match event {
                Event::Press(step) => {
                    let row = keys.press(step).expect("there are rows");
                    prop_assert!(held.contains(&row));
                    let y = keys.y().expect("the current row is drawn");
                    prop_assert!((0.0..=HEIGHT - 20.0).contains(&y), "{y}");
                    prop_assert!(!keys.list.viewport.is_following());
                }
                Event::Append(lines) => {
                    let before = (keys.list.viewport.is_following(), keys.y());
                    keys.list.set_held(held.start..held.end + lines);
                    if !before.0 {
                        prop_assert_eq!(keys.y(), before.1);
                    }
                }
                Event::Evict(lines) => {
                    let start = (held.start + lines).min(held.end - 10);
                    keys.list.set_held(start.max(held.start)..held.end);
                }
                Event::Wheel(delta) => {
                    keys.list.wheel(delta);
                }
            }
        }
    }
}
