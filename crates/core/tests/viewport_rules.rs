//! Rules of the viewport: follow the newest row, hold the position, reach every row and both ends.

mod support;

use std::ops::Range;

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
    let before = list.window();
    list.set_held(90..290);
    let after = list.window();
    assert_eq!(before.end, after.end);
    assert_eq!(before.offset, after.offset);
    assert_eq!(after.unseen, 90);
    assert_eq!(after.total, 110 * 20);
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
fn follows_again_once_every_visible_row_was_dropped() {
    let mut list = ScrollSim::new(0..200, 20.0, 100.0);
    list.drag(500.0);
    list.set_held(300..400);
    assert_eq!(list.window().unseen, 0);
    assert_eq!(list.window().total, 2_000);
    assert!(list.viewport.is_following() && list.top == 0.0);
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
