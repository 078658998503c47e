//! Rules of the viewport: follow the newest row, hold the position, reach every row and both ends.

mod support;

use std::ops::Range;

use logs_sse_core::viewport::Measures;
use support::scroll_sim::ScrollSim;

/// At 28 px each, more than three times as high as an element may be.
const MILLION: Range<u64> = 0..1_000_000;

#[test]
fn draws_the_visible_rows_and_ten_more() {
    let list = ScrollSim::new(0..10_000, 20.0, 100.0);
    assert_eq!(list.window().end, 10_000);
    assert_eq!(list.window().start, 10_000 - 15);
    assert_eq!(list.window().offset, 0);
    assert_eq!(list.window().total, 200_000);
}

#[test]
fn follows_at_the_top() {
    let mut list = ScrollSim::new(0..5, 20.0, 100.0);
    assert_eq!(list.window().end, 5);
    list.set_held(0..9);
    assert_eq!(list.window().end, 9);
    assert!(list.viewport.is_following());
}

#[test]
fn visible_rows_stay_in_place_while_lines_arrive_and_are_dropped() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    list.wheel(190.0);
    let (before, seen) = (list.window(), list.on_screen());
    list.set_held(90..290);
    let after = list.window();
    assert_eq!(before.end, after.end);
    assert_eq!(after.total, 200 * 20);
    assert_eq!(list.on_screen(), seen);
}

#[test]
fn draws_ten_rows_beyond_each_edge() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    list.drag(1_000.0);
    let window = list.window();
    // 50 rows are above the view: the first visible row is number 149, the last 145.
    assert_eq!(window.end, 150 + 10);
    assert_eq!(window.start, 145 - 10);
}

#[test]
fn scrolling_back_to_the_top_follows_again() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    list.drag(500.0);
    assert!(!list.viewport.is_following());
    list.set_held(0..250);
    list.drag(3.4);
    assert!(list.viewport.is_following());
    assert_eq!(list.window().end, 250);
}

#[test]
fn scrolling_by_single_pixels_leaves_the_top() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    for step in 1..=20 {
        list.wheel(1.0);
        assert_eq!(list.top, f64::from(step), "the scroll position was corrected during a scroll");
    }
    assert!(!list.viewport.is_following());
}

#[test]
fn stays_at_the_oldest_row_once_every_visible_row_was_dropped() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    list.drag(500.0);
    list.set_held(300..400);
    assert_eq!(list.on_screen().last(), Some(&(300, 80.0)));
    list.set_held(310..500);
    assert_eq!(list.on_screen().last(), Some(&(310, 80.0)));
    assert!(!list.viewport.is_following());
}

#[test]
fn lines_that_arrived_while_held_are_read_upwards_in_order() {
    let mut list = ScrollSim::new(0..60, 28.0, 308.0);
    list.drag(280.0);
    list.set_held(0..260);
    let mut newest = list.on_screen()[0].0;
    for _ in 0..100 {
        let before = list.on_screen();
        list.wheel(-100.0);
        let now = list.on_screen()[0].0;
        assert!(now <= newest + 4, "rows between {newest} and {now} were skipped");
        if let Some(&(row, y)) =
            before.iter().find(|(row, _)| list.on_screen().iter().any(|(other, _)| other == row))
        {
            assert!(list.position_of(row) - y <= 100.0);
        }
        newest = now;
    }
    assert_eq!((newest, list.viewport.is_following()), (259, true));
}

#[test]
fn the_home_key_leads_past_all_that_arrived_and_a_scroll_does_not() {
    let mut list = ScrollSim::new(0..60, 28.0, 308.0);
    list.drag(280.0);
    let newest = list.on_screen()[0].0;
    list.set_held(0..26_000);
    list.wheel(-600.0);
    assert!(list.on_screen()[0].0 <= newest + 22 && !list.viewport.is_following());
    let held = list.held();
    list.viewport.to_newest(&held);
    list.draw();
    assert_eq!((list.on_screen()[0], list.viewport.is_following()), ((25_999, 0.0), true));
}

#[test]
fn a_paused_view_does_not_follow_at_the_top_until_it_is_resumed() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    let held = list.held();
    list.viewport.pause(&held);
    list.draw();
    let seen = list.on_screen();
    list.set_held(0..1_000);
    assert_eq!((list.on_screen(), list.viewport.is_paused()), (seen, true));
    list.drag(0.0);
    list.set_held(0..1_001);
    assert_eq!((list.on_screen()[0], list.viewport.is_paused()), ((999, 0.0), true));
    list.viewport.follow();
    list.draw();
    assert_eq!((list.on_screen()[0], list.viewport.is_following()), ((1_000, 0.0), true));
}

#[test]
fn a_paused_list_that_does_not_fill_the_window_stays_in_place() {
    let mut list = ScrollSim::new(0..3, 20.0, 100.0);
    let held = list.held();
    list.viewport.pause(&held);
    list.set_held(0..4);
    list.set_held(0..40);
    assert_eq!(list.on_screen(), [(2, 0.0), (1, 20.0), (0, 40.0)]);
    list.wheel(-20.0);
    assert_eq!(list.on_screen()[..2], [(3, 0.0), (2, 20.0)]);
}

#[test]
fn no_row_is_drawn_or_moved_while_lines_arrive_above_a_reader_who_does_not_scroll() {
    let mut list = ScrollSim::new(0..100, 20.0, 100.0);
    let held = list.held();
    list.viewport.pause(&held);
    list.set_held(0..500);
    let before = list.window();
    list.set_held(0..20_000);
    let after = list.window();
    assert_eq!((after.start, after.end, after.offset), (before.start, before.end, before.offset));
}

#[test]
fn eviction_below_the_anchor_leaves_it_in_place_and_loads_nothing() {
    let mut list = ScrollSim::new(0..100, 20.0, 100.0);
    list.drag(f64::INFINITY);
    assert!(list.viewport.nears_end(&list.held()));
    let (row, y) = list.on_screen()[0];
    list.set_held(3..103);
    assert_eq!(list.on_screen()[0], (row, y));
    assert_eq!(list.on_screen().last(), Some(&(3, 20.0)));
    assert!(!list.viewport.nears_end(&list.held()));
}

#[test]
fn a_wheel_moves_what_is_seen_by_its_distance_whatever_the_rows_above_measure() {
    let mut list = ScrollSim::new(0..12, 20.0, 100.0);
    list.wrap(|row| if row < 12 { 20.0 } else { 70.0 });
    list.wheel(40.0);
    list.set_held(0..100);
    assert_eq!(list.on_screen()[0], (9, 0.0));
    (0..10).for_each(|_| _ = list.wheel(-180.0));
    // Row 11 was 40 px above the upper edge.
    let (row, y) = list.on_screen()[0];
    let above = (row - 11) as f64 * 70.0;
    assert_eq!(y + above, 10.0 * 180.0 - 40.0);
}

#[test]
fn a_wheel_reaches_the_top_only_once_the_rows_above_are_measured() {
    let mut list = ScrollSim::new(0..20, 20.0, 100.0);
    list.wrap(|row| if row < 20 { 20.0 } else { 70.0 });
    list.wheel(60.0);
    list.set_held(0..26);
    let (row, y) = list.on_screen()[0];
    list.wheel(-180.0);
    assert_eq!((list.position_of(row), list.viewport.is_following()), (y + 180.0, false));
    (0..3).for_each(|_| _ = list.wheel(-100.0));
    assert_eq!((list.on_screen()[0], list.viewport.is_following()), ((25, 0.0), true));
}

#[test]
fn a_row_that_is_left_when_the_rows_below_it_are_evicted_stays_in_place() {
    let mut list = ScrollSim::new(0..20, 20.0, 100.0);
    list.wheel(9.0);
    list.set_held(19..20);
    assert_eq!(list.on_screen(), [(19, -9.0)]);
}

#[test]
fn a_list_that_was_hidden_and_lost_its_scroll_position_keeps_its_place() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    list.drag(2_010.0);
    let seen = list.on_screen();
    let hidden = Measures { row: 0.0, width: 0.0, height: 0.0 };
    list.viewport.measured(hidden);
    list.draw();
    assert!(list.viewport.is_hidden());
    list.viewport.measured(Measures { row: 20.0, width: 500.0, height: 100.0 });
    list.top = 0.0;
    list.viewport.scroll_top_applied(0.0);
    list.draw();
    assert_eq!((list.on_screen(), list.viewport.is_following()), (seen, false));
}

#[test]
fn a_row_that_was_evicted_is_measured_anew_once_it_is_loaded_again() {
    let mut list = ScrollSim::new(0..40, 20.0, 100.0);
    list.wrap(|_| 50.0);
    list.wheel(150.0);
    list.wheel(150.0);
    list.set_held(40..40);
    list.set_held(0..40);
    let (row, y) = list.on_screen()[0];
    let delta = list.wheel(-180.0);
    assert_eq!(list.position_of(row), y - delta);
}

#[test]
fn follow_returns_to_the_newest_line_in_one_step() {
    let mut list = ScrollSim::new(MILLION, 28.0, 308.0);
    list.drag(5_000_000.0);
    list.viewport.follow();
    list.draw();
    assert_eq!(list.top, 0.0);
    assert_eq!(list.window().end, 1_000_000);
    assert_eq!(list.on_screen()[0], (999_999, 0.0));
}

#[test]
fn scrolling_down_shows_each_of_a_million_rows_to_the_pixel() {
    let mut list = ScrollSim::new(MILLION, 28.0, 308.0);
    let (mut seen, mut depth) = (list.on_screen()[10].0, 0.0);
    while seen > 0 {
        let before = list.position_of(seen);
        list.wheel(140.0);
        depth += 140.0;
        let moved = before - list.position_of(seen);
        assert!(moved == 140.0 || list.is_at_end(), "row {seen} moved by {moved}, not by 140");
        let rows = list.on_screen();
        assert!(
            rows[0].0 >= seen.saturating_sub(1),
            "rows between {} and {seen} were never shown",
            rows[0].0
        );
        seen = rows[rows.len() - 1].0;
        assert!(depth < 30_000_000.0, "the end was not reached: row {seen}");
    }
    assert_eq!(list.on_screen().last(), Some(&(0, 280.0)));
    assert_eq!(list.top, list.last_top(), "the scrollbar is not at its end");
}

#[test]
fn scrolling_up_from_a_million_rows_reaches_the_top() {
    let mut list = ScrollSim::new(MILLION, 28.0, 308.0);
    list.drag(f64::INFINITY);
    let mut steps = 0;
    while !list.viewport.is_following() {
        list.wheel(-500.0);
        steps += 1;
        assert!(steps < 60_000, "the top was not reached: {:?}", list.on_screen()[0]);
    }
    assert_eq!(
        steps,
        (28_000_000 - 308_u32).div_ceil(500),
        "the top was reached too early or too late"
    );
    assert_eq!(list.on_screen()[0], (999_999, 0.0));
}

#[test]
fn the_end_key_reaches_the_oldest_row_and_home_the_newest() {
    let mut list = ScrollSim::new(7..2_000_007, 48.0, 300.0);
    list.drag(f64::INFINITY);
    assert_eq!(list.on_screen().last(), Some(&(7, 252.0)));
    list.drag(0.0);
    assert!(list.viewport.is_following());
}

#[test]
fn the_end_key_reaches_the_oldest_row_of_a_list_that_grew_since_it_was_drawn() {
    let mut list = ScrollSim::new(0..1_000, 20.0, 100.0);
    list.append_undrawn(5_000);
    list.drag(f64::INFINITY);
    assert_eq!(list.on_screen().last(), Some(&(0, 80.0)));
}

#[test]
fn dragging_the_scrollbar_moves_in_proportion() {
    let mut list = ScrollSim::new(MILLION, 28.0, 308.0);
    list.drag(list.last_top() / 2.0);
    assert!(list.on_screen()[0].0.abs_diff(500_000) < 10, "{:?}", list.on_screen()[0]);
}

#[test]
fn the_end_stays_the_end_when_its_rows_are_higher_than_estimated() {
    let mut list = ScrollSim::new(0..500, 20.0, 100.0);
    list.wrap(|row| if row < 50 { 61.0 } else { 20.0 });
    list.drag(f64::INFINITY);
    assert_eq!(list.on_screen().last(), Some(&(0, 39.0)));
    assert!(list.is_at_end() && list.top == list.last_top());
}

#[test]
fn resizing_discards_heights_and_keeps_the_first_row() {
    let mut list = ScrollSim::new(0..500, 20.0, 100.0);
    list.wrap(|_| 50.0);
    list.drag(4_000.0);
    let (row, _) = list.on_screen()[0];
    list.widen();
    list.heights = |_| 33.0;
    list.draw();
    assert_eq!(list.on_screen()[0].0, row);
    list.assert_filled();
}

#[test]
fn a_new_font_discards_heights_and_keeps_the_first_row() {
    let mut list = ScrollSim::new(0..500, 20.0, 100.0);
    list.wrap(|_| 50.0);
    list.drag(4_000.0);
    let (row, _) = list.on_screen()[0];
    list.heights = |_| 33.0;
    list.viewport.relayout();
    list.draw();
    assert_eq!(list.on_screen()[0].0, row);
    list.assert_filled();
}

#[test]
fn rows_added_below_do_not_move_the_view() {
    let mut list = ScrollSim::new(900..1_000, 20.0, 100.0);
    list.drag(1_000.0);
    let before = list.on_screen();
    list.set_held(200..1_000);
    assert_eq!(list.on_screen(), before);
    assert_eq!(list.window().total, 16_000);
}

#[test]
fn never_draws_a_line_that_is_not_held() {
    for top in [0.0, 19.0, 500.0, 1e9, f64::NAN, -5.0] {
        for held in [0..0, 0..1, 5..6, 100..150, 7..10_007] {
            let mut list = ScrollSim::new(held.clone(), 20.0, 100.0);
            list.viewport.scrolled(top, &held);
            let window = list.window();
            assert!(
                held.start <= window.start && window.start <= window.end && window.end <= held.end,
                "{top} {held:?} {window:?}"
            );
        }
    }
}
