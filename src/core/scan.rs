//! Where JSON values end. Checks all of the grammar (RFC 8259), in one pass and without recursion: a hostile nest costs a byte a level.
//!
//! Our own and no library, since this is the inner loop of everything that arrives, and with serde_json the demo page had 19 kB more
//! WebAssembly. `tests/json_oracle.rs` holds it against serde_json.

/// The index after the value that begins at `at`; `None` when there is none.
pub(crate) fn end_of_value(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = Vec::new();
    loop {
        at = end_of_space(bytes, at);
        at = match *bytes.get(at)? {
            bracket @ (b'{' | b'[') => {
                open.push(bracket);
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
            _ => end_of_number(bytes, at)?,
        };
        loop {
            let Some(&bracket) = open.last() else { return Some(at) };
            at = end_of_space(bytes, at);
            match (bracket, *bytes.get(at)?) {
                (b'{', b'}') | (b'[', b']') => {
                    open.pop();
                    at += 1;
                }
                (b'{', b',') => {
                    at = end_of_name(bytes, end_of_space(bytes, at + 1))?;
                    break;
                }
                (b'[', b',') => {
                    at += 1;
                    break;
                }
                _ => return None,
            }
        }
    }
}

/// The index after the string that begins at `at` with its quote.
pub(crate) fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => match *bytes.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return None,
            },
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// The index of the first byte from `at` on that is no space.
pub(crate) fn end_of_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The index after a field's name and its colon.
pub(crate) fn end_of_name(bytes: &[u8], at: usize) -> Option<usize> {
    let at = end_of_space(bytes, end_of_string(bytes, at)?);
    (*bytes.get(at)? == b':').then_some(at + 1)
}

fn end_of_word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes[at..].starts_with(word).then_some(at + word.len())
}

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
    let count = bytes[start.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(start + count)
}
