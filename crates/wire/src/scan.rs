//! Where JSON values end. Checks all of the grammar (RFC 8259), in one pass and without recursion:
//! a hostile nest costs a bit a level. Beyond the grammar it accepts `NaN`, `Infinity` and
//! `-Infinity`, which Python's `json.dumps` writes.
//!
//! Our own and no library, since this is the inner loop of everything that arrives, and with
//! serde_json the demo page had 19 kB more WebAssembly. `tests/json_oracle.rs` holds it against
//! serde_json.

use crate::byte_search::string_stop;

/// The index after the value that begins at `at`; `None` when there is none.
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

/// Which brackets are open, the innermost last: whether each is that of an object. Only a deep nest
/// needs memory of its own.
#[derive(Default)]
struct Nest {
    innermost: u32,
    depth: usize,
    // No empty list: to drop one is a call, and every value would make it.
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

/// The index after the string that begins at `at` with its quote.
pub fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    string_end(bytes, at).map(|(end, _)| end)
}

/// The same, and whether nothing in it is escaped.
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
                    (at, is_bare) = (at + 2, false)
                }
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => {
                    (at, is_bare) = (at + 6, false)
                }
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// The index of the first byte from `at` on that is no space.
#[inline(always)]
pub fn end_of_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The index after the colon of a field whose name ends at `end`.
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

/// The index after one or more digits.
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
    fn accepts_the_numbers_of_python_that_are_no_json() {
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
