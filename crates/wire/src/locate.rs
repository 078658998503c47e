//! Determines where in a JSON text a match is: in a value, in a field's name, or inside an escape.
//! Independent of what was searched for.
//!
//! Most matches are inside a string, and a look at the quotes on either side shows that, so a line
//! is rarely scanned from its beginning.

use std::borrow::Cow;
use std::ops::Range;

use crate::byte_search::{ByteMatcher, count_without, find_either};
use crate::json;
use crate::scan::{end_of_space, end_of_value};

/// The context of a match, which contains neither a quote nor a backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonContext {
    /// In a string that is a value.
    Value,
    /// In the name of a field.
    Name {
        /// The index after the name.
        end: usize,
    },
    /// Among numbers, literals and brackets, outside of strings.
    Bare {
        /// The index at which the next string begins, or the length of the text.
        end: usize,
    },
    /// The match begins inside an escape, so it is part of another character.
    Escape,
}

/// How far a line was scanned from its beginning, so that many queries about one line do not cost
/// the square of its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanState {
    to: usize,
    /// Whether the next byte is inside a string.
    is_string: bool,
}

impl JsonContext {
    /// Classifies the position of `found` in the JSON `text`.
    ///
    /// Calls must be in increasing order; `scan` carries the state.
    pub fn of(text: &[u8], found: Range<usize>, scan: &mut ScanState) -> Self {
        if is_in_escape(text, found.start) {
            return Self::Escape;
        }
        let close = quote_from(text, found.end);
        let (Some(open), Some(close)) = (quote_before(text, found.start), close) else {
            return Self::Bare { end: close.unwrap_or(text.len()) };
        };
        if looks_bare(&text[open + 1..close]) && !scan.is_in_string(text, found.start) {
            return Self::Bare { end: close };
        }
        if is_name(text, close + 1) { Self::Name { end: close + 1 } } else { Self::Value }
    }
}

impl ScanState {
    /// Advances to `at`, which must not be inside an escape, and returns whether it is in a string.
    fn is_in_string(&mut self, text: &[u8], at: usize) -> bool {
        let more = text.get(self.to..at).unwrap_or_default();
        let quotes = count_without(more, b'"', b'\\').unwrap_or_else(|| {
            let mut bytes = more.iter();
            let mut quotes = 0;
            while let Some(byte) = bytes.next() {
                match byte {
                    b'"' => quotes += 1,
                    b'\\' => drop(bytes.next()),
                    _ => {}
                }
            }
            quotes
        });
        self.to = self.to.max(at);
        self.is_string ^= quotes % 2 == 1;
        self.is_string
    }
}

/// A part of a JSON text other than a field's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The decoded text of a string, or the raw text if it has an escape that is not a character.
    String(Cow<'a, str>),
    /// The text between two strings: numbers, literals and brackets.
    Literal(&'a str),
}

/// Returns whether `matches` accepts any part of the JSON `text`.
pub fn any_part(text: &str, mut matches: impl FnMut(Part<'_>) -> bool) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    loop {
        let quote = quote_from(bytes, at).unwrap_or(text.len());
        if matches(Part::Literal(&text[at..quote])) {
            return true;
        }
        let Some(end) = quote_from(bytes, quote + 1).map(|close| close + 1) else { return false };
        if !is_name(bytes, end) && matches(Part::String(string_text(&text[quote..end]))) {
            return true;
        }
        at = end;
    }
}

/// Returns whether `matches` accepts any part of a field of the JSON `text` whose name, at any depth,
/// satisfies `is_name`.
///
/// A field that is an object or an array counts with everything in it.
pub fn any_part_of(
    text: &str,
    is_name: impl Fn(&str) -> bool,
    mut matches: impl FnMut(Part<'_>) -> bool,
) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    loop {
        let Some(quote) = quote_from(bytes, at) else { return false };
        let Some(end) = quote_from(bytes, quote + 1).map(|close| close + 1) else { return false };
        at = end;
        if self::is_name(bytes, end) && is_name(&string_text(&text[quote..end])) {
            let colon = end_of_space(bytes, end);
            let Some(after) = end_of_value(bytes, end_of_space(bytes, colon + 1)) else {
                return false;
            };
            if any_part(&text[colon + 1..after], &mut matches) {
                return true;
            }
            // All of it was searched, whatever it contains.
            at = after;
        }
    }
}

/// Returns the numbers and words of a [`Part::Literal`], without the brackets around them.
pub fn literals(part: &str) -> impl Iterator<Item = &str> {
    part.split(|character: char| character.is_ascii_whitespace() || "[]{},:".contains(character))
        .filter(|literal| !literal.is_empty())
}

fn string_text(json: &str) -> Cow<'_, str> {
    let bare = || Cow::Borrowed(&json[1..json.len() - 1]);
    if json.contains('\\') { json::unquoted(json).unwrap_or_else(bare) } else { bare() }
}

/// Returns whether the string that ends before `end` is a field's name.
fn is_name(text: &[u8], end: usize) -> bool {
    text.get(end_of_space(text, end)) == Some(&b':')
}

/// Returns whether the text between two quotes may be outside of strings. Text inside a string
/// looks like that only by chance.
fn looks_bare(between: &[u8]) -> bool {
    let between = between.trim_ascii();
    between.first().is_some_and(|byte| b":,}]".contains(byte))
        && between.last().is_some_and(|byte| b":,{[".contains(byte))
}

/// Returns whether an escape begins before `at` and does not end there.
fn is_in_escape(text: &[u8], at: usize) -> bool {
    let near = &text[at.saturating_sub(LONGEST_ESCAPE - 1)..at];
    near.contains(&b'\\')
        && (is_escaped(text, at)
            || (2..LONGEST_ESCAPE)
                .filter_map(|back| at.checked_sub(back))
                .any(|start| text[start..].starts_with(b"\\u") && !is_escaped(text, start)))
}

/// Returns whether an odd number of backslashes precedes `at`.
fn is_escaped(text: &[u8], at: usize) -> bool {
    text[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn quote_before(text: &[u8], at: usize) -> Option<usize> {
    (0..at).rev().find(|&index| text[index] == b'"' && !is_escaped(text, index))
}

fn quote_from(text: &[u8], mut at: usize) -> Option<usize> {
    let quote = ByteMatcher::new(b'"', false);
    loop {
        at = find_either(text, at, [quote, quote])?;
        if !is_escaped(text, at) {
            return Some(at);
        }
        at += 1;
    }
}

/// The length of `\u00e9` in bytes.
const LONGEST_ESCAPE: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the context of the `x` in `text`.
    fn context_of_x(text: &str) -> JsonContext {
        let at = text.find('x').expect("an x");
        JsonContext::of(text.as_bytes(), at..at + 1, &mut ScanState::default())
    }

    #[test]
    fn distinguishes_values_from_names() {
        assert_eq!(context_of_x(r#"{"a":"bxc"}"#), JsonContext::Value);
        assert_eq!(context_of_x(r#"{"axb" : 1}"#), JsonContext::Name { end: 6 });
        assert_eq!(context_of_x(r#"["a","x"]"#), JsonContext::Value);
        assert_eq!(context_of_x(r#"{"a":"\"x\":"}"#), JsonContext::Value);
    }

    #[test]
    fn recognizes_a_string_that_looks_like_brackets() {
        assert_eq!(context_of_x(r#"{"a":",x,"}"#), JsonContext::Value);
        assert_eq!(context_of_x(r#"{"a":"\n\"","b":",x,"}"#), JsonContext::Value);
        assert_eq!(context_of_x(r#"{",x,":1}"#), JsonContext::Name { end: 6 });
        assert_eq!(context_of_x(r#"{"a":"\\", "c": x, "d":1}"#), JsonContext::Bare { end: 19 });
    }

    #[test]
    fn text_outside_of_strings_is_bare() {
        assert_eq!(
            [r"[1, x]", r#"{"a":x}"#, r#"[x,"b"]"#].map(context_of_x),
            [6, 7, 3].map(|end| JsonContext::Bare { end })
        );
    }

    #[test]
    fn scans_a_line_once_for_many_queries() {
        let (text, mut scan) = (br#"["\"",1,"x",2,"y"]"#, ScanState::default());
        let is_string = [6, 9, 10, 11, 14, 16].map(|at| scan.is_in_string(text, at));
        assert_eq!((is_string, scan.to), ([false, true, true, false, false, true], 16));
    }

    #[test]
    fn recognizes_the_inside_of_an_escape() {
        assert_eq!(
            [r#"["\x"]"#, r#"["\ux000"]"#, r#"["\u000x"]"#, r#"["\\\x"]"#].map(context_of_x),
            [JsonContext::Escape; 4]
        );
        assert_eq!(
            [r#"["\\x"]"#, r#"["\\u00x0"]"#, r#"["\u0000x"]"#, r#"["\nx"]"#].map(context_of_x),
            [JsonContext::Value; 4]
        );
    }

    #[test]
    fn visits_all_parts_except_names() {
        let mut parts = Vec::new();
        any_part(r#"{"n":"a\u00e9\n","m": 12,"o":["\ud800",true]}"#, |part| {
            parts.push(match part {
                Part::String(text) => format!("string {text}"),
                Part::Literal(text) => text.to_owned(),
            });
            false
        });
        assert_eq!(
            parts,
            ["{", ":", "string aé\n", ",", ": 12,", ":[", "string \\ud800", ",true]}"]
        );
    }
}
