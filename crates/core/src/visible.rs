//! Makes characters visible that are invisible or that change how the text around them is shown.
//! Knows nothing of escape sequences.

use std::borrow::Cow;

/// Replaces each character that is invisible or reorders text with a stand-in: `␀` for NUL,
/// `⟨U+202E⟩` for a right-to-left override.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let Some((mut at, mut found)) = next_hidden(text, 0) else { return Cow::Borrowed(text) };
    let (mut out, mut end) = (String::with_capacity(text.len() + 16), 0);
    loop {
        out.push_str(&text[end..at]);
        out.push_str(&stand_in(found));
        end = at + found.len_utf8();
        match next_hidden(text, end) {
            Some(next) => (at, found) = next,
            None => break,
        }
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}

/// Returns the first character at or after `from` that needs a stand-in, and its position.
#[must_use]
pub fn next_hidden(text: &str, from: usize) -> Option<(usize, char)> {
    let is_suspect = |byte: &u8| !matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let mut at = from;
    loop {
        at += text.as_bytes().get(at..)?.iter().position(is_suspect)?;
        let character = text[at..].chars().next()?;
        let end = at + character.len_utf8();
        if is_hidden(character, &text[..at], &text[end..]) {
            return Some((at, character));
        }
        at = end;
    }
}

/// Returns the stand-in for a character: the symbol of a control character, or its code point.
#[must_use]
pub fn stand_in(character: char) -> String {
    match character {
        '\0'..' ' => {
            char::from_u32(PICTURES + u32::from(character)).unwrap_or(character).to_string()
        }
        '\u{7f}' => '␡'.to_string(),
        _ => format!("⟨U+{:04X}⟩", u32::from(character)),
    }
}

fn is_hidden(character: char, before: &str, after: &str) -> bool {
    match character {
        '\n' | '\t' => false,
        // Control characters.
        '\0'..' ' | '\u{7f}'..='\u{9f}' => true,
        // Joiners connect characters that would otherwise be written apart, as in Persian, Hindi
        // and emoji. Between other letters they are only invisible.
        '\u{200c}' | '\u{200d}' => {
            !before.chars().next_back().is_some_and(is_joined)
                || !after.chars().next().is_some_and(is_joined)
        }
        // Variation selectors choose between forms of the character before them.
        '\u{fe00}'..='\u{fe0f}' => !before.chars().next_back().is_some_and(has_forms),
        // Zero width.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}' => true,
        '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        // Bidirectional controls and line separators.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => {
            true
        }
        _ => false,
    }
}

/// Returns whether the character may belong to a script or an emoji that needs joiners. No Latin,
/// Greek or Cyrillic letter does.
fn is_joined(character: char) -> bool {
    character >= '\u{590}' && !matches!(character, '\u{2000}'..='\u{206f}')
}

fn has_forms(character: char) -> bool {
    matches!(character, '0'..='9' | '#' | '*' | '©' | '®') || is_joined(character)
}

/// The start of Unicode's control pictures.
const PICTURES: u32 = 0x2400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_reorder_text_are_shown_by_code_point() {
        assert_eq!(visible("invoice_\u{202e}fdp.exe"), "invoice_⟨U+202E⟩fdp.exe");
        for number in (0x202a..=0x202e).chain(0x2066..=0x2069).chain([0x200e, 0x200f, 0x61c]) {
            let character = char::from_u32(number).expect("a character");
            assert_eq!(visible(&format!("a{character}b")), format!("a⟨U+{number:04X}⟩b"));
        }
    }

    #[test]
    fn control_characters_are_shown_by_their_symbols() {
        assert_eq!(visible("\0a\u{7}\u{8}\u{1b}\r\u{7f}\u{85}\u{9b}"), "␀a␇␈␛␍␡⟨U+0085⟩⟨U+009B⟩");
        for number in (0..0x20).chain(0x7f..0xa0) {
            let character = char::from_u32(number).expect("a character");
            assert_eq!(
                visible(&character.to_string()) == character.to_string(),
                matches!(character, '\n' | '\t'),
                "{number:x}"
            );
        }
    }

    #[test]
    fn characters_without_width_are_shown_where_they_hide() {
        for hidden in [
            "pass\u{200b}word",
            "a\u{200d}b",
            "é\u{200c}é",
            "\u{feff}a",
            "a\u{2060}",
            "soft\u{ad}hyphen",
            "a\u{fe0f}",
            "a\u{e0041}",
            "a\u{3164}",
        ] {
            assert_ne!(visible(hidden), hidden);
        }
    }

    #[test]
    fn ordinary_text_of_any_script_is_unchanged() {
        for text in [
            "plain",
            "naïve ünïcode ✓",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "שלום",
            "日本語",
            "a\tb\nc",
            "10\u{a0}%",
        ] {
            assert_eq!(visible(text), text);
        }
    }
}
