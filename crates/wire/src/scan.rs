//! Finds where JSON values end. Checks the whole grammar (RFC 8259) in one pass and without
//! recursion: hostile nesting costs one bit per level. Beyond the grammar it accepts `NaN`,
//! `Infinity` and `-Infinity`, which Python's `json.dumps` writes.
//!
//! No library is used, because this is the inner loop for everything received, and serde_json added
//! 19 kB of WebAssembly to the demo page. `tests/json_oracle.rs` compares it with serde_json.

use crate::byte_search::string_stop;

/// Returns the index after the value that begins at `at`, or `None` if there is none.
pub fn end_of_value(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = Nest::default();
    loop {
        at = end_of_space(bytes, at);
        at = match *bytes.get(at)? {
            bracket @ (b'{' | b'[') => {
                open.push(bracket == b'{');
                at = end_of_space(bytes, at + 1);
                match (bracket, *bytes.get(at)?) {
                    // Empty: closed below.
                    (b'{', b'}') | (b'[', b']') => at,
                    (b'{', _) => {
                        at = end_of_name(bytes, at)?;
                        continue;
                    }
                    _ => continue,
                }
            }
            b'"' => end_of_string(bytes, at)?,
            b't' => end_of_word(bytes, at, b"true")?,
            b'f' => end_of_word(bytes, at, b"false")?,
            b'n' => end_of_word(bytes, at, b"null")?,
            b'N' => end_of_word(bytes, at, b"NaN")?,
            b'I' => end_of_word(bytes, at, INFINITY)?,
            b'-' if bytes.get(at + 1) == Some(&b'I') => end_of_word(bytes, at + 1, INFINITY)?,
            _ => end_of_number(bytes, at)?,
        };
        loop {
            let Some(is_object) = open.last() else { return Some(at) };
            at = end_of_space(bytes, at);
            match (is_object, *bytes.get(at)?) {
                (true, b'}') | (false, b']') => {
                    open.pop();
                    at += 1;
                }
                (true, b',') => {
                    at = end_of_name(bytes, end_of_space(bytes, at + 1))?;
                    break;
                }
                (false, b',') => {
                    at += 1;
                    break;
                }
                _ => return None,
            }
        }
    }
}

/// The brackets that are open, the innermost last: each bit records whether it is an object's. Only
/// deep nesting needs memory of its own.
#[derive(Default)]
struct Nest {
    innermost: u32,
    depth: usize,
    // Not an empty list: dropping one is a call, which every value would make.
    outer: Option<Vec<u32>>,
}

impl Nest {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(WORD) {
            self.outer.get_or_insert_default().push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u32::from(is_object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.innermost = if self.depth.is_multiple_of(WORD) {
            self.outer.as_mut().and_then(Vec::pop).unwrap_or_default()
        } else {
            self.innermost >> 1
        };
    }

    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.innermost & 1 == 1)
    }
}

const WORD: usize = u32::BITS as usize;

/// Returns the index after the string that begins with its quote at `at`.
pub fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    string_end(bytes, at).map(|(end, _)| end)
}

/// Like [`end_of_string`], and returns whether the string contains no escapes.
pub fn string_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    let mut is_bare = true;
    loop {
        at += string_stop(bytes.get(at..)?)?;
        match *bytes.get(at)? {
            b'"' => return Some((at + 1, is_bare)),
            b'\\' => match *bytes.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                    (at, is_bare) = (at + 2, false);
                }
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => {
                    (at, is_bare) = (at + 6, false);
                }
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// Returns the index of the first byte from `at` on that is not whitespace.
#[inline(always)]
pub fn end_of_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Returns the index after the colon of a field whose name ends at `end`.
pub fn end_of_colon(bytes: &[u8], end: usize) -> Option<usize> {
    let at = end_of_space(bytes, end);
    (*bytes.get(at)? == b':').then_some(at + 1)
}

fn end_of_name(bytes: &[u8], at: usize) -> Option<usize> {
    end_of_colon(bytes, end_of_string(bytes, at)?)
}

fn end_of_word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

const INFINITY: &[u8] = b"Infinity";

fn end_of_number(bytes: &[u8], mut at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match *bytes.get(at)? {
        b'0' => at + 1,
        _ => end_of_digits(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = end_of_digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = end_of_digits(bytes, at)?;
    }
    Some(at)
}

/// Returns the index after one or more digits.
fn end_of_digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    (at > start).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_additional_numbers_of_python() {
        for text in
            ["NaN", "Infinity", "-Infinity", "[NaN, -Infinity]", r#"{"a":NaN,"b":{"c":Infinity}}"#]
        {
            assert_eq!(end_of_value(text.as_bytes(), 0), Some(text.len()), "{text}");
        }
        for text in [
            "nan",
            "Nan",
            "-NaN",
            "Inf",
            "-Inf",
            "+Infinity",
            "-",
            "N",
            "{NaN:1}",
            "[NaNs]",
            "[-Infinity1]",
        ] {
            assert_eq!(end_of_value(text.as_bytes(), 0), None, "{text}");
        }
    }
}
