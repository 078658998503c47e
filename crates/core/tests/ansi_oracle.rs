//! Compares our reader of escape sequences with `vte`, a terminal parser: complete sequences leave
//! the same text in both.

use logs_sse_core::styled::{Styled, row_text};
use logs_sse_wire::ansi;
use proptest::prelude::*;

/// Collects the text that a terminal prints.
#[derive(Default)]
struct Printed(String);

impl vte::Perform for Printed {
    fn print(&mut self, character: char) {
        self.0.push(character);
    }

    fn execute(&mut self, byte: u8) {
        self.0.push(char::from(byte));
    }
}

fn printed(text: &str) -> String {
    let mut printed = Printed::default();
    vte::Parser::new().advance(&mut printed, text.as_bytes());
    printed.0
}

/// Returns text, or a sequence as programs write it.
fn part() -> impl Strategy<Value = String> {
    let text = "[a-zé😀 \\[\\]m;0-9\n\r]{0,6}";
    let style = "\u{1b}\\[([0-9]{0,3}[;:]){0,4}[0-9]{0,3}m";
    let control = "\u{1b}\\[[?>=]?([0-9]{1,3};){0,3}[0-9]{0,3}[ !\"$]?[@-~]";
    let command = "\u{1b}\\](0|8;;|52;c;)[a-z:/.=?é]{0,8}(\u{7}|\u{1b}\\\\)";
    let device = "\u{1b}P[0-9;]{0,4}[a-z][a-z]{0,5}\u{1b}\\\\";
    let string = "\u{1b}[X^_][a-z ]{0,5}\u{1b}\\\\";
    let short = "\u{1b}([78=>cDEHMNOZ]|[()*+][0AB])";
    prop_oneof![4 => text, 3 => style, 2 => control, 2 => command, 1 => device, 1 => string, 1 => short]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn leaves_the_text_that_a_terminal_prints(parts in prop::collection::vec(part(), 0..8)) {
        let text = parts.concat();
        prop_assert_eq!(ansi::plain(&text), printed(&text), "{:?}", text);
    }

    #[test]
    fn removes_only_sequences_from_any_text(
        text in "[\u{1b}\u{9b}\\[\\]P;0-9m?a-c\u{7}\\\\é\n\r]{0,30}",
    ) {
        let plain = ansi::plain(&text);
        // The remaining characters are a subsequence of the text.
        let mut rest = text.chars();
        prop_assert!(
            plain.chars().all(|character| rest.any(|other| other == character)),
            "{:?} of {:?}",
            plain,
            text
        );
        prop_assert_eq!(
            plain.matches('\n').count(),
            text.matches('\n').count() - lost_line_feeds(&text, &plain)
        );
        // The drawn pieces contain the same text.
        let whole = Styled::whole(&text);
        let pieces = whole.looks.pieces(&whole.text, &mut std::iter::empty());
        let stand_ins = pieces.iter().filter(|piece| piece.class.contains("dsl-stand-in")).count();
        prop_assert!(
            pieces.iter().map(|piece| piece.text.chars().count()).sum::<usize>()
                >= whole.text.chars().count()
        );
        prop_assert!(
            stand_ins <= whole.text.chars().filter(|character| character.is_control()).count()
        );
        prop_assert!(!row_text(&text).contains('\r'));
        prop_assert_eq!(Styled::row(&text, usize::MAX).text, row_text(&text));
    }
}

/// Counts the line feeds within device control strings; no other sequence contains any.
fn lost_line_feeds(text: &str, plain: &str) -> usize {
    if text.contains("\u{1b}P") {
        text.matches('\n').count() - plain.matches('\n').count()
    } else {
        0
    }
}
