//! The text of selected rows, for the clipboard. Does not access the clipboard.
//!
//! A row is copied as one line: time, level, pipeline and message, separated by tabs, so that it
//! can be pasted into a spreadsheet. The message keeps its own line breaks. A selection across
//! several rows copies those rows whole.

use crate::store::{Row, Store};
use crate::styled::{clipboard_text, label};

/// A drawn row that contains part of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The number of the row.
    pub number: u64,
    /// The number of its cells that contain part of the selection; at least one.
    pub cells: usize,
    /// The time as shown in the row.
    pub time: String,
}

/// Returns the text of the rows `picked`, in order, or `None` if the browser should copy the
/// selection itself, because it is part of one cell.
#[must_use]
pub fn text(store: &Store, picked: &[Picked]) -> Option<String> {
    if let [] | [Picked { cells: ..=1, .. }] = picked {
        return None;
    }
    let lines: Vec<_> = picked
        .iter()
        .filter_map(|picked| Some(line(&store.row(picked.number)?, &picked.time)))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(row: &Row, time: &str) -> String {
    match row {
        Row::Notice(notice) => notice.text(),
        Row::Line(line) => {
            let entry = &line.entry;
            // An absent value leaves its column empty, so that the columns of several lines stay
            // aligned.
            let columns = [time.to_owned(), label(entry.level_text()), label(entry.pipeline())]
                .map(|text| in_one_cell(&text));
            format!(
                "{}\t{}",
                columns.join("\t"),
                clipboard_text(entry.message()).trim_end_matches(['\r', '\n'])
            )
        }
    }
}

/// Replaces characters that would end the cell or the line with spaces.
fn in_one_cell(text: &str) -> String {
    text.replace(|character: char| character.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Notice;
    use logs_sse_wire::message::Raw;

    #[test]
    fn a_message_copies_without_escape_sequences() {
        let mut store = Store::default();
        let text =
            r#"{"level":"\u001b[31mERROR\u001b[0m","message":"\u001b[1mboom\u001b[0m\n\tat one"}"#;
        store.append(&Raw::bare(text));
        let picked = Picked { number: 0, cells: 2, time: "10:00".into() };
        assert_eq!(
            super::text(&store, &[picked]).as_deref(),
            Some("10:00\tERROR\t\tboom\n\tat one")
        );
    }

    fn store() -> Store {
        let mut store = Store::default();
        for text in [
            r#"{"level":"ERROR","pipeline":"LOAD","message":"boom\n\tat one\n\tat two\n"}"#,
            r#"{"message":"plain"}"#,
            r#"{"level":"a\tb","pipeline":"c\nd","message":"m"}"#,
        ] {
            store.append(&Raw::bare(text));
        }
        store.note(Notice::NotReplayed { away: std::time::Duration::from_secs(3) });
        store
    }

    fn picked(number: u64, cells: usize) -> Picked {
        Picked { number, cells, time: format!("10:0{number}") }
    }

    #[test]
    fn one_row_is_one_line_and_its_message_keeps_its_line_breaks() {
        assert_eq!(
            text(&store(), &[picked(0, 4)]).as_deref(),
            Some("10:00\tERROR\tLOAD\tboom\n\tat one\n\tat two")
        );
    }

    #[test]
    fn several_rows_are_copied_whole_in_the_order_shown() {
        let copied = text(&store(), &[picked(1, 1), picked(0, 1)]);
        assert_eq!(
            copied.as_deref(),
            Some("10:01\t\t\tplain\n10:00\tERROR\tLOAD\tboom\n\tat one\n\tat two")
        );
    }

    #[test]
    fn a_selection_within_one_cell_is_left_to_the_browser() {
        assert_eq!([text(&store(), &[]), text(&store(), &[picked(0, 1)])], [None, None]);
    }

    #[test]
    fn a_notice_is_one_line() {
        let store = store();
        let notice = Notice::NotReplayed { away: std::time::Duration::from_secs(3) }.text();
        assert_eq!(
            text(&store, &[picked(3, 1), picked(1, 4)]),
            Some(format!("{notice}\n10:01\t\t\tplain"))
        );
    }

    #[test]
    fn control_characters_do_not_break_the_line() {
        assert_eq!(text(&store(), &[picked(2, 2)]).as_deref(), Some("10:02\ta b\tc d\tm"));
    }

    #[test]
    fn rows_that_were_evicted_meanwhile_are_left_out() {
        assert_eq!(text(&store(), &[picked(7, 4)]), None);
        assert_eq!(
            text(&store(), &[picked(7, 4), picked(1, 4)]).as_deref(),
            Some("10:01\t\t\tplain")
        );
    }
}
