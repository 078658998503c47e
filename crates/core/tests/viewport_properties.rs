//! The viewport under random scrolls, measurements and changes of the store: no visible row moves
//! by itself, and only stored rows are drawn.

mod support;

use logs_sse_core::viewport::Order;
use proptest::prelude::*;
use support::scroll_sim::ScrollSim;

#[derive(Clone, Debug)]
enum Step {
    Wheel(i32),
    /// Drags the scrollbar to this many thousandths.
    Drag(u32),
    Append(u64),
    Drop(u64),
    /// A search finds older rows.
    Extend(u64),
    Wrap,
    Widen,
    /// Changes to the other order.
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (-600..600_i32).prop_map(Step::Wheel),
        2 => (0..=1_000_u32).prop_map(Step::Drag),
        4 => (1..2_000_u64).prop_map(Step::Append),
        2 => (1..2_000_u64).prop_map(Step::Drop),
        1 => (1..2_000_u64).prop_map(Step::Extend),
        1 => Just(Step::Wrap),
        1 => Just(Step::Widen),
        1 => Just(Step::Turn),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::NewestFirst), Just(Order::OldestFirst)]
}

fn other(order: Order) -> Order {
    if order == Order::NewestFirst { Order::OldestFirst } else { Order::NewestFirst }
}

/// Returns a height as of wrapped lines, by the row's number: mostly one line, sometimes many.
fn height(row: u64) -> f64 {
    match row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60 {
        0 => 500.0,
        1..=3 => 48.5,
        _ => 28.0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn visible_rows_move_only_when_the_user_scrolls(
        rows in prop_oneof![0..60_u64, 0..5_000_u64, Just(1_500_000_u64)],
        steps in proptest::collection::vec(step(), 1..80),
        order in order(),
    ) {
        let mut list = ScrollSim::new(10_000..10_000 + rows, 28.0, 308.0);
        list.set_order(order);
        for step in steps {
            let seen = list.first_on_screen();
            let was_following = list.viewport.is_following();
            let (before, at_end) = (list.held(), list.is_at_end());
            let mut held = before.clone();
            let mut delta = 0.0;
            match step {
                Step::Wheel(by) => delta = list.wheel(f64::from(by)),
                Step::Drag(part) => list.drag(list.last_top() * f64::from(part) / 1_000.0),
                Step::Append(lines) => {
                    held.end += lines;
                    list.set_held(held.clone());
                }
                Step::Drop(lines) => {
                    held.start = (held.start + lines).min(held.end);
                    list.set_held(held.clone());
                }
                Step::Extend(lines) => {
                    held.start = held.start.saturating_sub(lines);
                    list.set_held(held.clone());
                }
                Step::Wrap => list.wrap(height),
                Step::Widen => list.widen(),
                Step::Turn => list.set_order(other(list.viewport.order())),
            }
            list.draw();
            let window = list.window();
            prop_assert!(
                held.start <= window.start && window.start <= window.end && window.end <= held.end,
                "{window:?} of {held:?}"
            );
            list.assert_filled();
            prop_assert!(
                !list.viewport.is_following() || window.end == held.end,
                "follows, but does not draw the newest row: {window:?}"
            );

            // A scroll that comes near the top goes there: within 8 px of it, at a scroll position
            // that may differ by a fraction of a pixel.
            let is_at_top = list.viewport.is_following();
            let holds = !was_following && (!is_at_top || matches!(step, Step::Wheel(_)));
            let is_at_an_end = matches!(step, Step::Wheel(_)) && (at_end || list.is_at_end());
            if let Some((row, at)) = seen
                && holds
                && !is_at_an_end
                && row < window.end
                && window.start <= row
                && !matches!(step, Step::Drag(_) | Step::Wrap | Step::Widen | Step::Turn)
            {
                let moved = at - list.position_of(row);
                // A scroll stops at the end of the list, which may be farther away once its last
                // rows are measured.
                let has_stopped = if is_at_top {
                    delta - 9.0 <= moved && moved <= 0.0
                } else {
                    window.start == held.start && 0.0 <= moved && moved < delta
                };
                prop_assert!(
                    has_stopped || (moved - delta).abs() < 0.011,
                    "{step:?} moved row {row} by {moved}, not by {delta}"
                );
            }
        }
    }

    #[test]
    fn small_steps_show_every_row_of_any_height(
        rows in 1..600_u64,
        delta in 10..300_u32,
        wraps in any::<bool>(),
        order in order(),
    ) {
        let mut list = ScrollSim::new(5..5 + rows, 28.0, 308.0);
        list.set_order(order);
        if wraps {
            list.wrap(height);
        }
        let mut last = list.on_screen().last().map_or(0, |&(row, _)| row);
        let mut steps = 0;
        while !list.is_at_end() {
            list.wheel(f64::from(delta));
            let seen = list.on_screen();
            prop_assert!(
                seen[0].0 + 1 >= last,
                "rows between {} and {last} were never shown",
                seen[0].0
            );
            last = seen[seen.len() - 1].0;
            steps += 1;
            prop_assert!(steps < 500_000, "the end was not reached: {seen:?}");
        }
        prop_assert_eq!(last, 5);
    }
}
