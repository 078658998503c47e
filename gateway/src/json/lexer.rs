//! The tokens of a JSON text. What they mean together is left to the caller.

use std::ops::Range;

/// A place in a JSON text, which moves from token to token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// The text is not JSON at this place. A real parser reports where and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A string with its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quoted {
    /// The place of the string, including its quotes.
    pub(crate) range: Range<usize>,
    /// Whether it contains a backslash.
    pub(crate) has_escapes: bool,
}

impl Quoted {
    /// Returns the place of the text between the quotes.
    pub(crate) fn inner(&self) -> Range<usize> {
        self.range.start + 1..self.range.end - 1
    }
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Returns the first byte of the next token, or `None` at the end.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Skips the next token if it is this byte, and returns whether it was.
    pub(crate) fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Skips this byte.
    ///
    /// # Errors
    /// When the next token is another.
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.skip(byte) { Ok(()) } else { Err(Malformed) }
    }

    /// Skips this word if it is next, and returns whether it was.
    pub(crate) fn skip_word(&mut self, word: &str) -> bool {
        let is_next = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Skips a string.
    ///
    /// # Errors
    /// When there is none, or it does not end.
    pub(crate) fn string(&mut self) -> Result<Quoted, Malformed> {
        self.expect(b'"')?;
        let (start, mut has_escapes) = (self.at - 1, false);
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                None => return Err(Malformed),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Quoted { range: start..self.at, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Skips the characters of a number, and returns their place. It may be no valid number.
    pub(crate) fn number(&mut self) -> Range<usize> {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        self.at += rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        start..self.at
    }
}
