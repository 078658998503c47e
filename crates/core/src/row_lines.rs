//! Which line of a message an unwrapped row shows, and what it says about the others.

use crate::words::{Word, Words};

/// Returns `message` from its first line with text, including the indentation of that line. A
/// message without text stays as it is.
pub(crate) fn from_text(message: &str) -> &str {
    let blank = message.len() - message.trim_start().len();
    if blank == message.len() {
        return message;
    }
    let start = message[..blank].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    &message[start..]
}

/// Says what a row with the message `text` does not show, and returns the class of the row: the
/// size of what is `left_out`, otherwise the number of lines after the first, which wrapped rows
/// show.
pub(crate) fn more(text: &str, left_out: usize, words: &Words) -> (String, &'static str) {
    if left_out > 0 {
        return (["+", &words.size(left_out)].concat(), "");
    }
    match text.trim_end().bytes().filter(|byte| *byte == b'\n').count() {
        0 => (String::new(), ""),
        lines => (words.count(Word::MoreLines, lines as u64), CLASS),
    }
}

/// Follows the other classes of a row that has all lines of its message.
pub(crate) const CLASS: &str = " dsl-lines";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_begins_with_text(message in "[ \t\n\ra\u{2003}]{0,12}") {
            let shown = from_text(&message);
            let first = shown.split('\n').next().unwrap_or_default();
            prop_assert!(message.ends_with(shown));
            prop_assert_eq!(first.trim().is_empty(), message.trim().is_empty());
            prop_assert_eq!(shown.trim(), message.trim());
        }
    }

    #[test]
    fn the_indentation_of_the_first_line_stays() {
        assert_eq!(from_text("\n  \n\tat one\n\tat two\n"), "\tat one\n\tat two\n");
        assert_eq!([from_text("  "), from_text(""), from_text(" a")], ["  ", "", " a"]);
    }

    #[test]
    fn counts_the_lines_after_the_first() {
        let shown = |text, left_out| more(text, left_out, &Words::ENGLISH);
        assert_eq!(shown("one\n\n", 0), (String::new(), ""));
        assert_eq!(shown("one\ntwo\n", 0), ("+1 line".into(), " dsl-lines"));
        assert_eq!(shown("one\n\nthree", 0), ("+2 lines".into(), " dsl-lines"));
        assert_eq!(shown("one\ntwo", 1_900), ("+1.9 kB".into(), ""));
    }
}
