//! The log as JSON, one object in each line, that no terminal and no viewer misreads.

use std::io::{self, Write};

use logs_sse_core::channel::is_hidden;

use crate::output::LogWriter;

/// Writes lines of JSON to standard error. It also escapes the characters that JSON allows but a
/// terminal acts on or that are invisible, such as C1 controls and those that reorder text.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonWriter;

impl Write for JsonWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let escaped = escape(&String::from_utf8_lossy(line));
        LogWriter.write_all(escaped.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Escapes inside strings only: outside of them JSON has no such characters, except the line's end.
pub(crate) fn escape(line: &str) -> String {
    if line.is_ascii() && !line.contains('\x7f') {
        return line.into();
    }
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        if character != '\n' && is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_mean_the_same() {
        for text in ["\u{7f}", "a\u{9b}31m", "\u{202e}x", "\u{2028}", "\u{e0041}", "é–𝄞", "\u{1b}["]
        {
            let json = serde_json::to_string(text).expect("a text") + "\n";
            let escaped = escape(&json);
            assert_eq!(serde_json::from_str::<String>(&escaped).expect("JSON"), text);
            assert!(!escaped.trim_end().chars().any(is_hidden), "{escaped:?}");
            assert!(escaped.ends_with('\n'));
        }
        assert_eq!(escape("{\"a\":\"é\"}\n"), "{\"a\":\"é\"}\n");
    }
}
