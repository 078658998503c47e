//! The text that a JSON string stands for.

use std::borrow::Cow;

/// Returns the text of a string without its quotes. Half a surrogate pair becomes U+FFFD, and so
/// does an escape that JSON does not have.
pub(crate) fn unescaped(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('\\') else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (escape, length) = escape(&rest[at..]);
        text.push(escape);
        rest = rest.get(at + length..).unwrap_or_default();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Returns the character of the escape at the start of `raw`, and the length of the escape.
fn escape(raw: &str) -> (char, usize) {
    let Some(letter) = raw[1..].chars().next() else { return (UNKNOWN, 1) };
    let character = match letter {
        '"' | '\\' | '/' => letter,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unit(raw).map_or((UNKNOWN, 2), |found| with_second_half(found, raw)),
        _ => UNKNOWN,
    };
    (character, 1 + letter.len_utf8())
}

fn with_second_half(first: u16, raw: &str) -> (char, usize) {
    let second = raw.get(UNIT_LENGTH..).and_then(unit);
    match (char::from_u32(first.into()), second) {
        (Some(character), _) => (character, UNIT_LENGTH),
        (None, Some(second)) if is_pair(first, second) => {
            let (high, low) = (u32::from(first) - 0xd800, u32::from(second) - 0xdc00);
            let character = char::from_u32(0x1_0000 + (high << 10) + low);
            (character.unwrap_or(UNKNOWN), 2 * UNIT_LENGTH)
        }
        (None, _) => (UNKNOWN, UNIT_LENGTH),
    }
}

/// Returns the code unit of an escape `\uXXXX` at the start of `raw`.
pub(crate) fn unit(raw: &str) -> Option<u16> {
    let digits = raw.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// Returns whether two code units are the halves of one character.
pub(crate) fn is_pair(first: u16, second: u16) -> bool {
    matches!(first, 0xd800..=0xdbff) && matches!(second, 0xdc00..=0xdfff)
}

/// The length of an escape `\uXXXX`.
pub(crate) const UNIT_LENGTH: usize = 6;

const UNKNOWN: char = '\u{fffd}';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_pair_becomes_the_replacement_character() {
        for (raw, expected) in [
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ude00x", "\u{fffd}x"),
            (r"\ud83dé", "\u{fffd}é"),
            (r"\u0069d", "id"),
            (r"\", "\u{fffd}"),
            (r"\u12", "\u{fffd}12"),
            (r"\u12é4", "\u{fffd}12é4"),
            (r"\é", "\u{fffd}"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        ] {
            assert_eq!(unescaped(raw), expected, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_real_parser(text in any::<String>()) {
            let raw = serde_json::to_string(&text).expect("a string");
            prop_assert_eq!(unescaped(&raw[1..raw.len() - 1]), text.as_str());
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            prop_assert_eq!(unescaped(&units), text);
        }
    }
}
