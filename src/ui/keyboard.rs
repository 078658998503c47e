//! Does what the keys of the viewer request; `logs_sse_core::keyboard` decides what that is.
//!
//! The current row has the focus itself, as the one tab stop of the list, rather than being named
//! by `aria-activedescendant`: the list is a log of buttons, not a widget such as a list box, and
//! screen readers announce a focused button wherever it is.

use std::ops::Range;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::web_sys::Element;
use wasm_bindgen::JsCast;

use crate::ui::detail;
use crate::ui::filter_bar::{focus_search, go_to_match};
use crate::ui::fold;
use crate::ui::line_list::{drawn_lines, pause};
use crate::ui::live::Live;
use crate::ui::row_selection;
use crate::ui::shortcuts;
use crate::ui::view_menu::{turn, wrap};
use logs_sse_core::copy::Selection;
use logs_sse_core::keyboard::{self, Action, Focus, Key};
use logs_sse_core::session::{Direction, Session};
use logs_sse_core::viewport::{Order, Step, Viewport};
use logs_sse_core::words::Word;

/// Handles a key that was pressed inside the viewer.
pub(crate) fn on_key(live: Live, event: &KeyboardEvent) {
    let Some(target) = event.target() else { return };
    // Not `dyn_into`: an element of another window is an instance of that window's classes.
    let focus = focus_of(&target.unchecked_into());
    let name = event.key();
    let key = Key {
        name: &name,
        has_modifier: event.ctrl_key() || event.alt_key() || event.meta_key(),
        has_shift: event.shift_key(),
        is_composing: event.is_composing(),
    };
    if event.default_prevented() {
        return;
    }
    if let Some(action) = keyboard::action(key, focus)
        && act(live, action, focus)
    {
        event.prevent_default();
        // The page around the viewer may have the same shortcut.
        event.stop_propagation();
    }
}

/// Makes the row that has received the focus the current one, and holds it.
pub(crate) fn row_focused(live: Live) {
    let number = live.rows.with_value(|rows| rows.focused());
    if number.is_some() && number != live.current.get_untracked() {
        live.current.set(number);
        // Not while the mouse is pressed: what appears once the view is held may be under it.
        let list = live.list.get_untracked();
        let is_by_key = list.is_some_and(|list| {
            list.query_selector(":focus-visible").is_ok_and(|found| found.is_some())
        });
        let row = number.filter(|_| is_by_key);
        if let Some(row) = row.and_then(|at| live.find_row(at, Session::ordinal_of)) {
            live.reveal(row);
        }
    }
}

fn focus_of(target: &Element) -> Focus {
    let is_in = |selector| target.closest(selector).is_ok_and(|found| found.is_some());
    if is_in("dialog") {
        Focus::Dialog
    } else if is_in("input, textarea, select, [contenteditable]") {
        Focus::Field
    } else if is_in(".dsl-rows") || target.matches(".dsl-list").unwrap_or(false) {
        Focus::List
    } else {
        Focus::Elsewhere
    }
}

/// Does what a key requests. Returns whether there was anything to do.
fn act(live: Live, action: Action, focus: Focus) -> bool {
    live.hush();
    match action {
        Action::Go(step) => go(live, step),
        Action::Top if is_newest_first(live) => to_newest(live),
        Action::End if !is_newest_first(live) => to_newest(live),
        Action::Top | Action::End => to_oldest(live),
        Action::Open => open(live),
        Action::Unfold | Action::Fold => return unfold(live, action == Action::Unfold),
        Action::Close if live.opened.get_untracked().is_none() => return false,
        Action::Close => detail::close(live),
        Action::Search => return focus_search(live),
        Action::ErrorBelow => go_to_error(live, !is_newest_first(live)),
        Action::ErrorAbove => go_to_error(live, is_newest_first(live)),
        Action::NextMatch => next_match(live, Direction::Older),
        Action::PreviousMatch => next_match(live, Direction::Newer),
        Action::Pause => {
            pause(live);
            live.current.update(|current| {
                *current = current.filter(|_| !live.viewport.read_untracked().is_following());
            });
        }
        Action::Wrap => wrap(live),
        Action::Order => turn(live),
        Action::Copy => copy_entry(live, focus),
        Action::Pin => pin(live, focus),
        Action::Mark => live.toggle_mark(),
        Action::Help => shortcuts::show(live),
    }
    true
}

/// Returns the ordinal of the row from which keys continue, and whether the reader chose it.
fn current(live: Live) -> Option<(u64, bool)> {
    let last = live.current.get_untracked();
    let last = last.and_then(|number| live.find_row(number, Session::ordinal_of));
    let row = live.viewport.read_untracked().current(last, &drawn_lines(live))?;
    Some((row, last == Some(row)))
}

fn go(live: Live, step: Step) {
    let lines = drawn_lines(live);
    let last = current(live).filter(|(_, is_chosen)| *is_chosen).map(|(row, _)| row);
    let row = live.viewport.read_untracked().step(last, step, &lines);
    // Beyond the newest row is where the view follows the log, as at that end of a scroll.
    let beyond = if is_newest_first(live) { Step::Up } else { Step::Down };
    if step == beyond && row.is_some() && row == last {
        return to_newest(live);
    }
    row.into_iter().for_each(|row| make_current(live, row));
}

/// Goes to the newest row. If the view follows it, that row would leave with the next line, so the
/// list itself has the focus.
fn to_newest(live: Live) {
    let lines = live.read(Session::shown_range);
    move_to_end(live, Viewport::to_newest, &lines);
    if !live.viewport.read_untracked().is_following() {
        return lines.end.checked_sub(1).into_iter().for_each(|row| choose(live, row));
    }
    live.current.set(None);
    live.focus_list();
}

/// Goes to the oldest row.
fn to_oldest(live: Live) {
    let lines = live.read(Session::shown_range);
    if !lines.is_empty() {
        move_to_end(live, Viewport::to_oldest, &lines);
        choose(live, lines.start);
        if live.viewport.read_untracked().is_following() {
            // All rows are in the window.
            live.reveal(lines.start);
        }
    }
}

/// Goes to an end of the list. The browser knows only an element, which may be shorter than the
/// list, and whose position may lag behind.
fn move_to_end(live: Live, go: fn(&mut Viewport, &Range<u64>), lines: &Range<u64>) {
    live.move_view(|viewport| {
        go(viewport, lines);
        true
    });
}

/// Returns whether newer rows are above.
pub(crate) fn is_newest_first(live: Live) -> bool {
    live.viewport.read_untracked().order() == Order::NewestFirst
}

fn go_to_error(live: Live, is_newer: bool) {
    let Some((row, is_chosen)) = current(live) else { return };
    let (find, offset): (fn(&Session, u64) -> Option<u64>, _) =
        if is_newer { (Session::first_error_from, 1) } else { (Session::last_error_before, 0) };
    // A row that the reader has not chosen counts too.
    let offset = if is_chosen { offset } else { u64::from(!is_newer) };
    let number = live.find_row(row, Session::row_number);
    match number.and_then(|number| live.find_row(number + offset, find)) {
        Some(row) => make_current(live, row),
        None => live.say_word(Word::NoMoreErrors),
    }
}

/// Goes to another match, which becomes the current row.
fn next_match(live: Live, direction: Direction) {
    match go_to_match(live, direction) {
        Some(number) => live.choose(Some(number)),
        None => live.say_word(Word::NoMatches),
    }
}

/// Shows all lines of the current row, or only the first. Returns whether it has several.
fn unfold(live: Live, all: bool) -> bool {
    let number = current(live).and_then(|(row, _)| live.find_row(row, number_of_line));
    let number = number.filter(|number| live.rows.with_value(|rows| rows.can_unfold(*number)));
    number.into_iter().for_each(|number| fold::unfold(live, number, Some(all)));
    number.is_some()
}

fn open(live: Live) {
    let number = current(live).and_then(|(row, _)| live.find_row(row, number_of_line));
    number.into_iter().for_each(|number| detail::toggle(live, number));
}

/// Returns the number of a row that has an entry.
fn number_of_line(session: &Session, row: u64) -> Option<u64> {
    let number = session.row_number(row)?;
    session.store().row(number)?.line().map(|_| number)
}

/// Copies the line of the entry that has the focus, or of the current row, as copying the selected
/// row does.
fn copy_entry(live: Live, focus: Focus) {
    let text = line_of(live, focus).and_then(|number| {
        let mut selection = Selection::default();
        selection.select(number, number);
        live.read(|session| selection.text(session, &|millis| row_selection::time(live, millis)))
    });
    if let (Some(text), Some(list)) = (text, live.list.get_untracked()) {
        detail::copy(live, &list, Word::WhatLine, text);
    }
}

/// Pins the same line, or unpins it.
fn pin(live: Live, focus: Focus) {
    line_of(live, focus).into_iter().for_each(|number| live.toggle_pin(number));
}

/// Returns the number of the line of the entry that has the focus, or of the current row.
fn line_of(live: Live, focus: Focus) -> Option<u64> {
    let opened = live.opened.get_untracked().filter(|_| focus != Focus::List);
    opened.or_else(|| live.find_row(current(live)?.0, Session::row_number))
}

fn make_current(live: Live, row: u64) {
    choose(live, row);
    live.reveal(row);
}

/// Makes row `row` the current one, and focuses it once it is drawn.
fn choose(live: Live, row: u64) {
    live.choose(live.find_row(row, Session::row_number));
}
