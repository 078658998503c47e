//! Terminal escape sequences (ECMA-48) in a text: where they are, and the text without them. Knows
//! no colours.
//!
//! What only looks like the beginning of a sequence, or was cut off, stays text: nothing that a
//! producer wrote is swallowed. Our own and no library, since a parser for terminals swallows to
//! the end what is never terminated; `tests/ansi_oracle.rs` holds it against vte.

use std::borrow::Cow;

use crate::byte_search::{ByteMatcher, find_either, find_pair};

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text to show.
    Text(&'a str),
    /// The parameters of "select graphic rendition", such as `1;31`. All other sequences are left
    /// out.
    Style(&'a str),
}

/// The parts of `text`, in their order.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let is_introduced = next_introducer(rest.as_bytes(), 0) == Some(0);
            if is_introduced && let Some(sequence) = Sequence::read(rest) {
                rest = &rest[sequence.end..];
                match sequence.style {
                    Some(style) => return Some(Part::Style(style)),
                    None => continue,
                }
            }
            // An introducer that begins no sequence is a character like any other.
            let end =
                next_introducer(rest.as_bytes(), usize::from(is_introduced)).unwrap_or(rest.len());
            let (text, after) = rest.split_at(end);
            rest = after;
            return Some(Part::Text(text));
        }
        None
    })
}

/// The text without escape sequences.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !has_escape(text) {
        return Cow::Borrowed(text);
    }
    let texts = parts(text).filter_map(|part| match part {
        Part::Text(text) => Some(text),
        Part::Style(_) => None,
    });
    Cow::Owned(texts.collect())
}

/// Whether an escape sequence may be in `text`.
#[must_use]
pub fn has_escape(text: &str) -> bool {
    next_introducer(text.as_bytes(), 0).is_some()
}

/// The same of an entry's text as it came, in which JSON may write the introducer as `\u001b`.
#[must_use]
pub fn may_say_escape(text: &str, is_json: bool) -> bool {
    let bytes = text.as_bytes();
    let is_written =
        |at: usize| bytes[at + 1] == b'u' && matches!(&bytes[at + 2..at + 5], b"001" | b"009");
    let written = [(ByteMatcher::new(b'\\', false), 0), (ByteMatcher::new(b'b', true), 5)];
    has_escape(text) || (is_json && find_pair(bytes, 0, written, &mut { is_written }).is_some())
}

/// A sequence that a text begins with.
struct Sequence<'a> {
    end: usize,
    style: Option<&'a str>,
}

impl<'a> Sequence<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let dropped = |end: usize| Some(Self { end, style: None });
        if bytes[0] != ESCAPE {
            // In a text that was decoded wrongly, U+009B is half of a letter. With parameters it is
            // not.
            return Self::control(text, C1_BYTES)
                .filter(|sequence| sequence.end > C1_BYTES + 1 || sequence.style.is_some());
        }
        match *bytes.get(1)? {
            b'[' => Self::control(text, 2),
            b']' => dropped(end_of_string(bytes, 2, true)?),
            b'P' | b'X' | b'^' | b'_' => dropped(end_of_string(bytes, 2, false)?),
            b' ' | b'#' | b'%' | b'('..=b'/' => {
                bytes.get(2).filter(|end| end.is_ascii_alphanumeric()).and_then(|_| dropped(3))
            }
            b'7' | b'8' | b'=' | b'>' | b'c' | b'D' | b'E' | b'H' | b'M' | b'N' | b'O' | b'Z'
            | b'\\' => dropped(2),
            _ => None,
        }
    }

    /// A control sequence whose parameters begin at `start`.
    fn control(text: &'a str, start: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let end_of = |from: usize, is_it: fn(&u8) -> bool| {
            from + bytes[from..].iter().take_while(|byte| is_it(byte)).count()
        };
        let parameters = end_of(start, |byte| matches!(byte, 0x30..=0x3f));
        let end = end_of(parameters, |byte| matches!(byte, 0x20..=0x2f));
        let last = *bytes.get(end).filter(|byte| matches!(byte, 0x40..=0x7e))?;
        let style = &text[start..parameters];
        let is_style =
            last == b'm' && end == parameters && !style.starts_with(['<', '=', '>', '?']);
        Some(Self { end: end + 1, style: is_style.then_some(style) })
    }
}

/// The index after the end of a command string such as a link. Only the strings of operating system
/// commands end with BEL too.
fn end_of_string(bytes: &[u8], start: usize, is_command: bool) -> Option<usize> {
    for (index, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            &ESCAPE => return (bytes.get(index + 1) == Some(&b'\\')).then_some(index + 2),
            0x07 if is_command => return Some(index + 1),
            0..0x20 if is_command => return None,
            0x9c if bytes[index - 1] == C1 => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// The index of the next ESC or U+009B from `from` on.
fn next_introducer(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        from = find_either(
            bytes,
            from,
            [ByteMatcher::new(ESCAPE, false), ByteMatcher::new(C1, false)],
        )?;
        if bytes[from] == ESCAPE || bytes.get(from + 1) == Some(&0x9b) {
            return Some(from);
        }
        from += 1;
    }
}

const ESCAPE: u8 = 0x1b;

/// The first of the two bytes of each control character from U+0080 on.
const C1: u8 = 0xc2;
const C1_BYTES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_sequences_and_keeps_the_text_between() {
        for (text, expected) in [
            ("\u{1b}[31mconnection\u{1b}[0m refused", "connection refused"),
            ("con\u{1b}[1;38;5;196mnect\u{1b}[mion", "connection"),
            ("a\u{1b}[2Kb\u{1b}[?25lc\u{1b}[10;20Hd\u{1b}[>4;1me\u{1b}[1 qf", "abcdef"),
            ("\u{1b}]8;;https://example.com/a\u{1b}\\link\u{1b}]8;;\u{1b}\\ end", "link end"),
            ("\u{1b}]0;title\u{7}text\u{1b}]2;other\u{9c}!", "text!"),
            (
                "\u{1b}Pq#0;2;0\n\u{1b}\\after\u{1b}_apc\u{1b}\\\u{1b}^pm\u{1b}\\\u{1b}Xsos\u{1b}\\.",
                "after.",
            ),
            ("\u{1b}(Ba\u{1b}7b\u{1b}8c\u{1b}cd\u{1b}Me", "abcde"),
            ("\u{9b}31mred\u{9b}m", "red"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
            assert!(has_escape(text));
        }
    }

    #[test]
    fn what_is_no_whole_sequence_stays_text() {
        for text in [
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}[31",
            "a\u{1b}[3\n1m",
            "\u{1b}]0;never ended",
            "\u{1b}]0;next\nline\u{7}",
            "\u{1b}Pnever",
            "\u{1b}!",
            "Û\u{9b}tre",
        ] {
            assert_eq!(plain(text), text, "{text:?}");
        }
        assert_eq!(plain("\u{1b}\u{1b}[1mx"), "\u{1b}x");
    }

    #[test]
    fn tells_styles_apart_from_other_sequences() {
        let parts: Vec<_> = parts("a\u{1b}[1;31mb\u{1b}[2Jc\u{1b}[md\u{1b}[?1m").collect();
        assert_eq!(
            parts,
            [
                Part::Text("a"),
                Part::Style("1;31"),
                Part::Text("b"),
                Part::Text("c"),
                Part::Style(""),
                Part::Text("d")
            ]
        );
    }

    #[test]
    fn sees_an_escape_that_json_writes() {
        for text in [
            r#"{"m":"\u001b[31m"}"#,
            r#"{"m":"\u001B[0m"}"#,
            r#"["\u009b1m"]"#,
            "{\"m\":\"\u{9b}1m\"}",
        ] {
            assert!(may_say_escape(text, true), "{text}");
        }
        assert!(!may_say_escape(r#"{"m":"\u001b[31m"}"#, false));
        assert!(!may_say_escape(r#"{"m":"\u001d \u00e9 °"}"#, true));
    }

    #[test]
    fn hostile_texts_are_read_in_one_pass() {
        for part in
            ["\u{1b}", "\u{1b}]", "\u{1b}P", "\u{1b}[", "\u{1b}[1", "\u{9b}", "°", "\u{1b}P\u{1b}"]
        {
            let text = part.repeat(100_000 / part.len());
            assert_eq!(plain(&text).len(), text.len(), "{part:?}");
        }
    }
}
