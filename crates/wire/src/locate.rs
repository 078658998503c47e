//! Where in a JSON text something stands: in a value, in a field's name, or inside an escape. Knows
//! nothing of what is looked for.
//!
//! Most texts that are found stand in a string, and a look to the quotes on either side shows it;
//! so the line is not read from its beginning.

use std::borrow::Cow;
use std::ops::Range;

use crate::byte_search::{ByteMatcher, count_without, find_either};
use crate::json;
use crate::scan::end_of_space;

/// Where something stands that holds neither a quote nor a backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonContext {
    /// In a string that is a value.
    Value,
    /// In the name of a field, which ends before `end`.
    Name {
        /// The index after it.
        end: usize,
    },
    /// Among numbers, words and brackets, which go on until `end`.
    Bare {
        /// The index of what follows.
        end: usize,
    },
    /// It begins inside an escape: what stands there is another character.
    Escape,
}

/// How far a line was read from its beginning, so that many looks at one line do not take the
/// square of its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanState {
    to: usize,
    /// Whether what follows is in a string.
    is_string: bool,
}

impl JsonContext {
    /// Where `found` stands in `text`, which is JSON and was `read` so far: nothing before that is
    /// asked for any more.
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
    /// Reads on to `at`, where no escape is under way, and says whether that is in a string.
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

/// A part of a JSON text that is no field's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// What a string says; one with an escape that is no character, as it is written.
    String(Cow<'a, str>),
    /// What is between two strings: numbers, words and brackets.
    Literal(&'a str),
}

/// Whether `is_it` agrees to any part of `text`, which is JSON.
pub fn any_part(text: &str, mut is_it: impl FnMut(Part<'_>) -> bool) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    loop {
        let quote = quote_from(bytes, at).unwrap_or(text.len());
        if is_it(Part::Literal(&text[at..quote])) {
            return true;
        }
        let Some(end) = quote_from(bytes, quote + 1).map(|close| close + 1) else { return false };
        if !is_name(bytes, end) && is_it(Part::String(string_text(&text[quote..end]))) {
            return true;
        }
        at = end;
    }
}

fn string_text(json: &str) -> Cow<'_, str> {
    let bare = || Cow::Borrowed(&json[1..json.len() - 1]);
    if json.contains('\\') { json::unquoted(json).unwrap_or_else(bare) } else { bare() }
}

/// Whether the string that ends before `end` is a field's name.
fn is_name(text: &[u8], end: usize) -> bool {
    text.get(end_of_space(text, end)) == Some(&b':')
}

/// Whether what is between two quotes may be between two strings. Inside a string it is so only by
/// chance.
fn looks_bare(between: &[u8]) -> bool {
    let between = between.trim_ascii();
    between.first().is_some_and(|byte| b":,}]".contains(byte))
        && between.last().is_some_and(|byte| b":,{[".contains(byte))
}

/// Whether an escape began before `at` and did not end there.
fn is_in_escape(text: &[u8], at: usize) -> bool {
    let near = &text[at.saturating_sub(LONGEST_ESCAPE - 1)..at];
    near.contains(&b'\\')
        && (is_escaped(text, at)
            || (2..LONGEST_ESCAPE)
                .filter_map(|back| at.checked_sub(back))
                .any(|start| text[start..].starts_with(b"\\u") && !is_escaped(text, start)))
}

/// Whether an odd number of backslashes stands before `at`.
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

/// Bytes of `\u00e9`.
const LONGEST_ESCAPE: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the `x` stands.
    fn place(text: &str) -> JsonContext {
        let at = text.find('x').expect("an x");
        JsonContext::of(text.as_bytes(), at..at + 1, &mut ScanState::default())
    }

    #[test]
    fn tells_values_from_names() {
        assert_eq!(place(r#"{"a":"bxc"}"#), JsonContext::Value);
        assert_eq!(place(r#"{"axb" : 1}"#), JsonContext::Name { end: 6 });
        assert_eq!(place(r#"["a","x"]"#), JsonContext::Value);
        assert_eq!(place(r#"{"a":"\"x\":"}"#), JsonContext::Value);
    }

    #[test]
    fn a_string_that_looks_like_brackets_is_one_all_the_same() {
        assert_eq!(place(r#"{"a":",x,"}"#), JsonContext::Value);
        assert_eq!(place(r#"{"a":"\n\"","b":",x,"}"#), JsonContext::Value);
        assert_eq!(place(r#"{",x,":1}"#), JsonContext::Name { end: 6 });
        assert_eq!(place(r#"{"a":"\\", "c": x, "d":1}"#), JsonContext::Bare { end: 19 });
    }

    #[test]
    fn outside_of_all_strings_is_bare() {
        assert_eq!(
            [r"[1, x]", r#"{"a":x}"#, r#"[x,"b"]"#].map(place),
            [6, 7, 3].map(|end| JsonContext::Bare { end })
        );
    }

    #[test]
    fn reads_a_line_once_however_often_it_looks() {
        let (text, mut scan) = (br#"["\"",1,"x",2,"y"]"#, ScanState::default());
        let is_string = [6, 9, 10, 11, 14, 16].map(|at| scan.is_in_string(text, at));
        assert_eq!((is_string, scan.to), ([false, true, true, false, false, true], 16));
    }

    #[test]
    fn knows_the_inside_of_an_escape() {
        assert_eq!(
            [r#"["\x"]"#, r#"["\ux000"]"#, r#"["\u000x"]"#, r#"["\\\x"]"#].map(place),
            [JsonContext::Escape; 4]
        );
        assert_eq!(
            [r#"["\\x"]"#, r#"["\\u00x0"]"#, r#"["\u0000x"]"#, r#"["\nx"]"#].map(place),
            [JsonContext::Value; 4]
        );
    }

    #[test]
    fn reads_all_parts_but_names() {
        let mut parts = Vec::new();
        any_part(r#"{"n":"a\u00e9\n","m": 12,"o":["\ud800",true]}"#, |part| {
            parts.push(match part {
                Part::String(text) => format!("said {text}"),
                Part::Literal(text) => text.to_owned(),
            });
            false
        });
        assert_eq!(parts, ["{", ":", "said aé\n", ",", ": 12,", ":[", "said \\ud800", ",true]}"]);
    }
}
