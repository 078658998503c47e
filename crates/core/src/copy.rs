//! The rows that the reader selected, and their text for the clipboard. Accesses neither the page
//! nor the clipboard.
//!
//! A browser selects elements, and a list draws few of its rows. So the selection is kept by the
//! numbers of its first and last row: it survives scrolling, and includes rows that are not drawn.
//! Rows are copied oldest first, each as one line of time, level, pipeline and message. The message
//! keeps its own line breaks.

use std::ops::Range;

use crate::format::counted;
use crate::save::line;
use crate::session::Session;

/// What of the list a browser has selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// Nothing, or something outside of the list.
    Elsewhere,
    /// A position without text, in the row with this number.
    Caret(u64),
    /// Text of these rows, by their numbers, and maybe of all rows between.
    Rows {
        /// The row where the selection began.
        anchor: u64,
        /// The row where it ends.
        focus: u64,
    },
}

/// The rows that the reader selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The rows where it begins and ends.
    ends: Option<(u64, u64)>,
    /// What the browser has selected for it.
    shown: Option<Selected>,
}

impl Selection {
    /// Records what the browser has selected, because of the reader or of the page.
    pub fn changed(&mut self, selected: Selected) {
        if self.shown == Some(selected) {
            return;
        }
        let continues = |anchor: u64| match self.shown {
            Some(Selected::Caret(row)) => row == anchor,
            Some(Selected::Rows { anchor: shown, .. }) => shown == anchor,
            _ => false,
        };
        self.ends = match (selected, self.ends) {
            // The reader extends the selection, whose beginning need not be drawn.
            (Selected::Rows { anchor, focus }, Some((start, _))) if continues(anchor) => {
                Some((start, focus))
            }
            (Selected::Rows { anchor, focus }, _) => Some((anchor, focus)),
            (Selected::Elsewhere | Selected::Caret(_), _) => None,
        };
        self.shown = self.ends.map(|_| selected);
    }

    /// Selects the rows from `anchor` to `focus`; the page shows that with
    /// [`to_show`](Self::to_show).
    pub fn select(&mut self, anchor: u64, focus: u64) {
        *self = Self { ends: Some((anchor, focus)), shown: None };
    }

    /// Records that the reader begins another selection.
    pub fn begin(&mut self) {
        *self = Self::default();
    }

    /// Returns what the browser should select while the rows `drawn` are drawn, by their numbers in
    /// ascending order, and records that it does. `None` if nothing is selected or drawn.
    pub fn to_show(&mut self, drawn: &[u64]) -> Option<Selected> {
        let (anchor, focus) = self.ends?;
        let (oldest, newest) = (*drawn.first()?, *drawn.last()?);
        let (low, high) = (anchor.min(focus), anchor.max(focus));
        let shown = if high < oldest {
            Selected::Caret(oldest)
        } else if newest < low {
            Selected::Caret(newest)
        } else {
            let first = drawn.iter().copied().find(|number| low <= *number);
            let last = drawn.iter().rev().copied().find(|number| *number <= high);
            match (first, last) {
                (Some(first), Some(last)) if first <= last && anchor <= focus => {
                    Selected::Rows { anchor: first, focus: last }
                }
                (Some(first), Some(last)) if first <= last => {
                    Selected::Rows { anchor: last, focus: first }
                }
                // Between two drawn rows, of which a filter shows none.
                _ => Selected::Caret(oldest),
            }
        };
        self.shown = Some(shown);
        self.shown
    }

    /// Returns whether any rows are selected.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.ends.is_some()
    }

    /// Returns whether more than one row is selected.
    #[must_use]
    pub fn has_several(&self) -> bool {
        self.ends.is_some_and(|(anchor, focus)| anchor != focus)
    }

    /// Returns the text of the selected rows that are shown, oldest first, or `None` if none is
    /// left. `time` formats milliseconds since 1970.
    #[must_use]
    pub fn text(&self, session: &Session, time: &dyn Fn(i64) -> String) -> Option<String> {
        let (anchor, focus) = self.ends?;
        let numbers = anchor.min(focus)..anchor.max(focus).saturating_add(1);
        let ordinals = ordinals(session, &numbers);
        let mut text = String::new();
        for ordinal in ordinals.clone() {
            let Some(number) = session.row_number(ordinal) else { continue };
            let store = session.store();
            // Equal lines were written at different times, and similar ones are different.
            let group = if store.repeats(number) > 1 { store.group(number) } else { 0..0 };
            let first =
                if group.is_empty() { store.folded(number) } else { store.row(group.start) };
            let Some(row) = first else { continue };
            if text.len() >= MOST_BYTES {
                let left = counted(ordinals.end - ordinal, "row", "rows");
                text.push_str(&format!("\n# {left} not copied: save them to a file"));
                break;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line::text(&row, time, "", session.target()));
            for row in group.skip(1).map_while(|at| store.row(at)) {
                if text.len() >= MOST_BYTES {
                    break;
                }
                text.push('\n');
                text.push_str(&line::text(&row, time, "", session.target()));
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Returns the ordinals of the shown rows with these numbers, which ascend alike.
fn ordinals(session: &Session, numbers: &Range<u64>) -> Range<u64> {
    let shown = session.shown_range();
    let first_from = |number: u64| {
        let (mut low, mut high) = (shown.start, shown.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if session.row_number(middle).is_some_and(|at| at < number) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    first_from(numbers.start)..first_from(numbers.end)
}

/// More than anyone pastes, and little enough that copying does not freeze the page.
const MOST_BYTES: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use crate::find::Query;
    use crate::line_time::iso;
    use crate::notice::Notice;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;
    use proptest::prelude::*;
    use std::time::Duration;

    fn session(texts: &[&str]) -> Session {
        let mut session = Session::new(Config::default(), Capacity::default(), 1);
        texts.iter().for_each(|text| session.store_mut().append(&Raw::bare(*text)));
        session
    }

    /// Returns the text of all rows from the `first` to the `last`, counted from the oldest.
    fn copied(session: &Session, first: u64, last: u64) -> Option<String> {
        let mut selection = Selection::default();
        let start = session.store().range().start;
        selection.changed(Selected::Rows { anchor: start + last, focus: start + first });
        selection.text(session, &iso)
    }

    #[test]
    fn rows_are_copied_oldest_first_whichever_way_they_were_selected() {
        let session = session(&["a", "b", "c", "d"]);
        assert_eq!(copied(&session, 1, 2).as_deref(), Some("b\nc"));
        assert_eq!(copied(&session, 2, 1).as_deref(), Some("b\nc"));
    }

    #[test]
    fn a_row_is_copied_with_time_level_pipeline_and_every_line_of_its_message() {
        let session = session(&[
            r#"{"time":1795659182110,"level":"ERROR","pipeline":"LOAD","message":"\u001b[31mboom\n\tat one\n"}"#,
            r#"{"level":"a\tb","pipeline":"c\nd","message":"m"}"#,
        ]);
        assert_eq!(
            copied(&session, 0, 1).as_deref(),
            Some("2026-11-26T02:13:02.110Z ERROR LOAD boom\n\tat one\na b c d m")
        );
    }

    #[test]
    fn only_matching_rows_and_gaps_between_them_are_copied() {
        let mut session = session(&["a1", "b", "a2"]);
        session.store_mut().note(Notice::NotReplayed { away: Duration::from_secs(3) });
        session.store_mut().append(&Raw::bare("a3"));
        session.set_query(Query::default().text("a"));
        session.search(usize::MAX);
        let text = copied(&session, 0, 4).expect("rows");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!([lines[0], lines[1], lines[3]], ["a1", "a2", "a3"]);
        assert!(lines[2].starts_with("# Reconnected after 3 s"), "{text}");
    }

    #[test]
    fn rows_that_were_evicted_meanwhile_are_left_out() {
        let mut session = session(&["a", "b", "c"]);
        session.resize(Capacity::from_lines(1));
        let end = session.store().range().end;
        let mut selection = Selection::default();
        selection.changed(Selected::Rows { anchor: end - 3, focus: end - 1 });
        assert_eq!(selection.text(&session, &iso).as_deref(), Some("c"));
        selection.changed(Selected::Rows { anchor: end - 3, focus: end - 2 });
        assert_eq!(selection.text(&session, &iso), None);
    }

    #[test]
    fn a_selection_that_is_scrolled_away_is_extended_from_where_it_began() {
        let mut selection = Selection::default();
        selection.changed(Selected::Rows { anchor: 40, focus: 42 });
        assert_eq!(selection.to_show(&[10, 11, 12]), Some(Selected::Caret(12)));
        // The browser reports what was set, then the reader presses Shift and clicks.
        selection.changed(Selected::Caret(12));
        selection.changed(Selected::Rows { anchor: 12, focus: 11 });
        assert_eq!(selection.ends, Some((40, 11)));
        assert_eq!(
            selection.to_show(&[11, 12, 40, 41]),
            Some(Selected::Rows { anchor: 40, focus: 11 })
        );
    }

    #[test]
    fn a_click_ends_the_selection() {
        let mut selection = Selection::default();
        for click in [Selected::Caret(5), Selected::Elsewhere] {
            selection.changed(Selected::Rows { anchor: 4, focus: 6 });
            selection.changed(click);
            assert!(!selection.is_active());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn scrolling_never_changes_what_is_copied(
            anchor in 0..60_u64,
            focus in 0..60_u64,
            windows in proptest::collection::vec((0..50_u64, 1..10_u64, 1..3_usize), 1..20),
        ) {
            let mut selection = Selection::default();
            selection.changed(Selected::Rows { anchor, focus });
            for (start, length, step) in windows {
                let drawn: Vec<_> = (start..start + length).step_by(step).collect();
                if let Some(shown) = selection.to_show(&drawn) {
                    selection.changed(shown);
                }
                prop_assert_eq!(selection.ends, Some((anchor, focus)));
                match selection.shown {
                    Some(Selected::Rows { anchor: a, focus: f }) => {
                        let selected = anchor.min(focus)..=anchor.max(focus);
                        prop_assert!(selected.contains(&a) && selected.contains(&f));
                        prop_assert!((a <= f) == (anchor <= focus) || a == f);
                        let among = drawn.iter().filter(|row| selected.contains(row)).count();
                        let shown = drawn.iter().filter(|row| (a.min(f)..=a.max(f)).contains(row));
                        prop_assert_eq!(shown.count(), among);
                    }
                    Some(Selected::Caret(row)) => prop_assert!(drawn.contains(&row)),
                    _ => prop_assert!(false, "nothing is shown"),
                }
            }
        }
    }
}
