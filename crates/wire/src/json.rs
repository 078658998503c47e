//! Parses JSON one level at a time: an object's fields as text, whatever their types. Does not
//! reformat, and keeps every digit.

use std::borrow::Cow;
use std::ops::Range;

use crate::byte_search::{position, string_stop};
use crate::scan::{end_of_colon, end_of_space, end_of_string, end_of_value, string_end};

/// The fields of an object, unchanged and in order.
#[derive(Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Object<'a> {
    /// Parses an object, or returns `None` if `text` is not a JSON object.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut fields = Vec::new();
        let end = each_field(text, 0, |name, json| {
            fields.push((name, text.get(json).unwrap_or_default()));
        })?;
        ends_at(text, end).then_some(Self(fields))
    }

    /// Returns a field's JSON, `null` included. If the field occurs twice, the last one counts.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    /// Returns a field's text if it is a string.
    pub fn string(&self, name: &str) -> Option<Cow<'a, str>> {
        string_of(self.raw(name)?)
    }

    /// Returns a field's number if it is an integer.
    pub fn number(&self, name: &str) -> Option<i64> {
        integer(self.raw(name)?)
    }

    /// Returns a field's number if it is an integer and not negative.
    pub fn count(&self, name: &str) -> Option<u64> {
        count(self.raw(name)?)
    }

    /// Returns a field's own fields if it is an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.raw(name)?)
    }

    /// Returns a field's elements if it is an array of strings.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        let text = self.raw(name)?;
        let mut strings = Vec::new();
        each_item(text, 0, b'[', b']', |start| {
            let end = end_of_string(text.as_bytes(), start)?;
            strings.push(unquoted(&text[start..end])?.into_owned());
            Some(end)
        })?;
        Some(strings)
    }

    /// Returns all fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, raw)| (&**key, *raw))
    }
}

/// Calls `visit` with the name of each field of the object that begins at `at`, and the range of
/// its JSON. Returns the index after the object, or `None` if there is none.
pub fn each_field<'a>(
    text: &'a str,
    at: usize,
    mut visit: impl FnMut(Cow<'a, str>, Range<usize>),
) -> Option<usize> {
    each_field_from(text, at, |name, start| {
        let end = end_of_value(text.as_bytes(), start)?;
        visit(name, start..end);
        Some(end)
    })
}

/// Like [`each_field`], for callers that find the end of a field's JSON themselves: `visit`
/// receives the index at which it begins and returns the index after it.
pub fn each_field_from<'a>(
    text: &'a str,
    at: usize,
    mut visit: impl FnMut(Cow<'a, str>, usize) -> Option<usize>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    each_item(text, at, b'{', b'}', |start| {
        let (end, is_bare) = string_end(bytes, start)?;
        let name = if is_bare {
            Cow::Borrowed(text.get(start + 1..end - 1)?)
        } else {
            string_of(text.get(start..end)?)?
        };
        visit(name, end_of_space(bytes, end_of_colon(bytes, end)?))
    })
}

/// Calls `read` with the index of each element of the array that begins `text`; `read` returns the
/// index after the element. Returns whether all elements could be read.
pub fn each_element(text: &str, read: impl FnMut(usize) -> Option<usize>) -> bool {
    each_item(text, 0, b'[', b']', read).is_some_and(|end| ends_at(text, end))
}

/// Returns whether only whitespace remains from `at` on.
pub fn ends_at(text: &str, at: usize) -> bool {
    end_of_space(text.as_bytes(), at) == text.len()
}

/// Returns whether `text` is exactly one JSON value.
pub fn is_json(text: &str) -> bool {
    end_of_value(text.as_bytes(), 0).is_some_and(|end| ends_at(text, end))
}

/// Decodes a JSON string. Returns `None` for anything that is not a JSON string, and for half a
/// surrogate pair, which is not a character.
pub fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    match string_end(json.as_bytes(), 0)? {
        (end, _) if end != json.len() => None,
        (end, true) => Some(Cow::Borrowed(&json[1..end - 1])),
        _ => string_of(json),
    }
}

/// Like [`unquoted`], for text that is known to be JSON.
pub fn string_of(json: &str) -> Option<Cow<'_, str>> {
    let bare = between_quotes(json)?;
    let Some(first) = position(bare.as_bytes(), b'\\') else { return Some(Cow::Borrowed(bare)) };
    let mut text = String::with_capacity(bare.len());
    text.push_str(&bare[..first]);
    let mut rest = &bare[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (kind, after) = (*escape.as_bytes().first()?, &escape[1..]);
        rest = match kind {
            b'u' => {
                let (character, after) = unicode(after)?;
                text.push(character);
                after
            }
            _ => {
                text.push(match kind {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    other => char::from(other),
                });
                after
            }
        };
        let plain = position(rest.as_bytes(), b'\\').unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Some(Cow::Owned(text))
}

/// Encodes `text` as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    quote(&mut json, text);
    json
}

/// Appends `text` to `json` as a JSON string.
pub fn quote(json: &mut String, mut text: &str) {
    json.push('"');
    while let Some(stop) = string_stop(text.as_bytes()) {
        let (plain, rest) = text.split_at(stop);
        json.push_str(plain);
        let byte = rest.as_bytes()[0];
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            _ => {
                json.push_str("\\u00");
                json.extend(
                    [byte >> 4, byte & 15]
                        .map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
                );
            }
        }
        text = &rest[1..];
    }
    json.push_str(text);
    json.push('"');
}

/// Calls `read` with the index of each item between two brackets, the first of which is at `at`;
/// `read` returns the index after the item. Returns the index after the closing bracket.
fn each_item(
    text: &str,
    at: usize,
    open: u8,
    close: u8,
    mut read: impl FnMut(usize) -> Option<usize>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = end_of_space(bytes, at);
    if *bytes.get(at)? != open {
        return None;
    }
    at = end_of_space(bytes, at + 1);
    if *bytes.get(at)? == close {
        return Some(at + 1);
    }
    loop {
        at = end_of_space(bytes, read(at)?);
        match *bytes.get(at)? {
            b',' => at = end_of_space(bytes, at + 1),
            byte if byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Returns JSON as display text: a string without its quotes, anything else unchanged.
pub fn display_text(json: &str) -> Cow<'_, str> {
    match between_quotes(json) {
        None => Cow::Borrowed(json),
        // A string with an escape that is not a character stays as it was written.
        Some(bare) => string_of(json).unwrap_or(Cow::Borrowed(bare)),
    }
}

/// Returns the text between the quotes of a JSON string.
fn between_quotes(json: &str) -> Option<&str> {
    let bytes = json.as_bytes();
    let is_string = bytes.len() > 1 && bytes.first() == Some(&b'"') && bytes.last() == Some(&b'"');
    if is_string { json.get(1..json.len() - 1) } else { None }
}

/// Parses a JSON integer. Returns `None` for anything else, and for a number with more digits than
/// `i64` is certain to hold.
pub fn integer(json: &str) -> Option<i64> {
    let digits = json.strip_prefix('-').unwrap_or(json);
    let number = count(digits).filter(|_| digits.len() <= SAFE_DIGITS)? as i64;
    Some(if digits.len() < json.len() { -number } else { number })
}

/// Like [`integer`], but not negative, and `u64::MAX` for a number with more digits.
pub fn count(json: &str) -> Option<u64> {
    if json.is_empty() || !json.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Not saturating at each step: WebAssembly has no instruction that detects overflow, and the
    // replacement is slow.
    Some(if json.len() > SAFE_DIGITS {
        u64::MAX
    } else {
        json.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    })
}

/// Any number of this many digits fits into 64 bits, even with a sign.
const SAFE_DIGITS: usize = 18;

/// Decodes the digits after `\u`, and a second escape if the first is half of a surrogate pair.
/// Returns the character and the remaining text.
fn unicode(digits: &str) -> Option<(char, &str)> {
    let unit = |digits: &str| u32::from_str_radix(digits.get(..4)?, 16).ok();
    let (first, rest) = (unit(digits)?, &digits[4..]);
    if let Some(character) = char::from_u32(first) {
        return Some((character, rest));
    }
    let low = rest.strip_prefix("\\u")?;
    let second = unit(low).filter(|unit| (0xdc00..0xe000).contains(unit))?;
    let character =
        char::from_u32(0x1_0000 + (first.checked_sub(0xd800)? << 10) + (second - 0xdc00))?;
    Some((character, &low[4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_fields_unchanged() {
        let object = Object::read(r#" {"a": [1, 2], "b":null,"n\u0061me":"x\ty","c":1.10} "#)
            .expect("an object");
        assert_eq!(
            object.fields().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(),
            ["a", "b", "name", "c"]
        );
        assert_eq!(
            (object.raw("a"), object.raw("b"), object.raw("c"), object.raw("d")),
            (Some("[1, 2]"), Some("null"), Some("1.10"), None)
        );
        assert_eq!((object.string("name").as_deref(), object.string("a")), (Some("x\ty"), None));
    }

    #[test]
    fn reads_arrays_of_strings() {
        let strings = |json| Object::read(json).and_then(|object| object.strings("a"));
        assert_eq!(strings(r#"{"a":[ "x" ,"y\n"]}"#), Some(vec!["x".to_owned(), "y\n".to_owned()]));
        assert_eq!(
            (strings(r#"{"a":[]}"#), strings(r#"{"a":["x",1]}"#), strings(r#"{"a":"x"}"#)),
            (Some(vec![]), None, None)
        );
    }

    #[test]
    fn decodes_surrogate_pairs_and_rejects_halves() {
        let decode = |json| unquoted(json).map(Cow::into_owned);
        assert_eq!(decode(r#""\ud83d\ude00!""#), Some("\u{1f600}!".to_owned()));
        for half in [r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\ud83d\ud83d""#, r#""\ud83dx""#] {
            assert_eq!(decode(half), None, "{half}");
        }
    }

    #[test]
    fn quoted_text_round_trips() {
        for character in ('\0'..='\u{a0}').chain(['é', '😀']) {
            for text in [
                character.to_string(),
                format!("{character}{character}a"),
                format!("a longer text that ends with{character}"),
            ] {
                assert_eq!(unquoted(&quoted(&text)).as_deref(), Some(&*text));
            }
        }
        assert_eq!(quoted("\"\\\n\r\t\u{1b}/é"), r#""\"\\\n\r\t\u001b/é""#);
    }

    #[test]
    fn the_last_of_duplicate_fields_counts() {
        assert_eq!(Object::read(r#"{"a":1,"a":2}"#).and_then(|object| object.number("a")), Some(2));
    }

    #[test]
    fn rejects_text_that_is_not_an_object() {
        for text in ["", "[]", "1", "{", "{]", "{\"a\":1}x", "null"] {
            assert!(Object::read(text).is_none(), "{text}");
        }
    }
}
