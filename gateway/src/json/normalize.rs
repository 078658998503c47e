//! Normalises a publish body before it is parsed, so that every accepted log is JSON that all
//! parsers accept and understand in the same way.
//!
//! - `NaN`, `Infinity` and `-Infinity`, which Python's `json.dumps` writes, and numbers beyond an
//!   IEEE double become strings.
//! - Half a surrogate pair becomes `\ufffd`.
//! - Of a key that an object has several times, the last one stays, as in most parsers.
//!
//! It makes one pass and allocates nothing for a value. Text that is not JSON stays as it is: the
//! parser reports its fault.

use std::borrow::Cow;

use crate::http::rejection::Rejection;
use crate::json::edits::{Edits, With};
use crate::json::keys::repeated;
use crate::json::lexer::{Lexer, Malformed, Quoted};
use crate::json::text::{UNIT_LENGTH, is_pair, unescaped, unit};

/// Returns the normalised body. `subject` is what the text is, which errors mention.
///
/// Fields of the outermost object that occur twice are left to the parser, which refuses them.
///
/// # Errors
/// When it is nested too deeply for readers, or one of `ids`, fields of the outermost object, is a
/// number that would become a string.
pub(crate) fn normalized<'a>(
    text: &'a str,
    subject: &'static str,
    ids: &[&str],
) -> Result<Cow<'a, str>, Rejection> {
    let mut pass = Pass {
        lexer: Lexer::new(text),
        edits: Edits::default(),
        keys: Vec::with_capacity(USUAL_KEYS),
        ids,
    };
    match pass.document() {
        Ok(()) if pass.edits.is_empty() => Ok(Cow::Borrowed(text)),
        Ok(()) => Ok(Cow::Owned(pass.edits.apply(text))),
        Err(Stop::Malformed) => Ok(Cow::Borrowed(text)),
        Err(Stop::TooDeep) => Err(Rejection::bad_request(format!(
            "{subject} is nested too deeply: expected at most {MAX_DEPTH} levels"
        ))),
        Err(Stop::Id(error)) => Err(Rejection::bad_request(error)),
    }
}

/// Why a pass ends early.
enum Stop {
    Malformed,
    TooDeep,
    /// An id is a number that would become a string.
    Id(String),
}

impl From<Malformed> for Stop {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

struct Pass<'a> {
    lexer: Lexer<'a>,
    edits: Edits,
    /// The keys of all objects around the current place.
    keys: Vec<Quoted>,
    ids: &'a [&'a str],
}

impl Pass<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.value(0)?;
        if self.lexer.peek().is_some() { Err(Stop::Malformed) } else { Ok(()) }
    }

    /// Walks a value inside `depth` objects and arrays. The recursion is bounded by [`MAX_DEPTH`].
    fn value(&mut self, depth: usize) -> Result<(), Stop> {
        match self.lexer.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(deeper(depth)?),
            Some(b'[') => self.array(deeper(depth)?),
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => self.number(depth),
            _ => {
                let is_word = WORDS.iter().any(|word| self.lexer.skip_word(word));
                if is_word { Ok(()) } else { Err(Stop::Malformed) }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Stop> {
        self.lexer.expect(b'{')?;
        let first = self.keys.len();
        if !self.lexer.skip(b'}') {
            loop {
                let key = self.string()?;
                self.keys.push(key);
                self.lexer.expect(b':')?;
                self.value(depth)?;
                if !self.lexer.skip(b',') {
                    break;
                }
            }
            self.lexer.expect(b'}')?;
        }
        if depth > 1 {
            self.drop_repeated(first);
        }
        self.keys.truncate(first);
        Ok(())
    }

    /// Drops the fields of the object whose keys begin at `first` if the same key follows.
    fn drop_repeated(&mut self, first: usize) {
        let keys = &self.keys[first..];
        let edits = &mut self.edits;
        // Up to the next field, so with the comma between them.
        repeated(self.lexer.text(), keys, |index| {
            edits.push(keys[index].range.start..keys[index + 1].range.start, With::Nothing);
        });
    }

    fn array(&mut self, depth: usize) -> Result<(), Stop> {
        self.lexer.expect(b'[')?;
        if self.lexer.skip(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.lexer.skip(b',') {
                return Ok(self.lexer.expect(b']')?);
            }
        }
    }

    fn string(&mut self) -> Result<Quoted, Stop> {
        let string = self.lexer.string()?;
        if string.has_escapes {
            self.replace_halves(&string);
        }
        Ok(string)
    }

    fn replace_halves(&mut self, string: &Quoted) {
        let text = self.lexer.text();
        let mut at = string.inner().start;
        while let Some(found) = text[at..string.range.end].find('\\') {
            at += found;
            let second = || text.get(at + UNIT_LENGTH..).and_then(unit);
            at += match unit(&text[at..]) {
                Some(half @ 0xd800..=0xdfff) => {
                    if second().is_some_and(|second| is_pair(half, second)) {
                        2 * UNIT_LENGTH
                    } else {
                        self.edits.push(at..at + UNIT_LENGTH, With::Text("\\ufffd"));
                        UNIT_LENGTH
                    }
                }
                Some(_) => UNIT_LENGTH,
                // The character after the backslash may have several bytes.
                None => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            };
        }
    }

    fn number(&mut self, depth: usize) -> Result<(), Stop> {
        let start = self.lexer.at();
        let may_be_named = matches!(self.lexer.peek(), Some(b'N' | b'I' | b'-'));
        let is_named = may_be_named && NOT_NUMBERS.iter().any(|word| self.lexer.skip_word(word));
        let range = if is_named { start..self.lexer.at() } else { self.lexer.number() };
        let number = &self.lexer.text()[range.clone()];
        if !is_named && is_double(number)? {
            return Ok(());
        }
        if let (1, Some(key)) = (depth, self.keys.last()) {
            let key = unescaped(&self.lexer.text()[key.inner()]);
            if let Some(id) = self.ids.iter().find(|id| **id == key) {
                let shown: String = number.chars().take(40).collect();
                return Err(Stop::Id(format!("{id} is {shown}: expected a string")));
            }
        }
        self.edits.push(range, With::Quotes);
        Ok(())
    }
}

fn deeper(depth: usize) -> Result<usize, Stop> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Stop::TooDeep) }
}

/// Returns whether a number fits into an IEEE double. An overlong one may also exceed what a parser
/// accepts as an integer.
fn is_double(number: &str) -> Result<bool, Malformed> {
    let bytes = number.as_bytes();
    // Without an exponent, so few digits cannot exceed 1.8e308.
    if bytes.len() <= 300 && !bytes.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return Ok(true);
    }
    // Quotes must not make valid what JSON does not accept, such as 01e9.
    serde_json::from_str::<&serde_json::value::RawValue>(number).map_err(|_| Malformed)?;
    Ok(number.parse::<f64>().map_err(|_| Malformed)?.is_finite())
}

/// Deep enough for any log, and far below the limits of parsers, of which Python's is 1,000.
pub(crate) const MAX_DEPTH: usize = 64;

/// The keys of a usual log and of the object around it, so that their list does not grow.
const USUAL_KEYS: usize = 16;

const WORDS: [&str; 3] = ["true", "false", "null"];

const NOT_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

#[cfg(test)]
#[path = "normalize_tests.rs"]
mod tests;
