//! The language of the search field: words that must all be found, phrases, exclusions, and fields.
//! Searches nothing.
//!
//! `timeout "connection refused" -retry execID:run-8801 -pipeline:"NOISY ONE"`

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// One condition on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether lines that satisfy the rest are left out.
    pub is_excluded: bool,
    /// The field whose value must contain the text; any value if there is none.
    pub field: Option<String>,
    /// The text to find; not empty.
    pub text: String,
}

impl Term {
    /// Creates a term, or returns `None` if there is no text to find.
    #[must_use]
    pub fn new(field: Option<&str>, text: &str, is_excluded: bool) -> Option<Self> {
        (!text.is_empty()).then(|| Self {
            is_excluded,
            field: field.filter(|name| !name.is_empty()).map(ToOwned::to_owned),
            text: text.to_owned(),
        })
    }

    /// Parses what a reader typed. Any text is valid: whatever is not syntax is a word.
    #[must_use]
    pub fn parse_all(text: &str) -> Vec<Self> {
        let mut parser = Parser { rest: text.chars().peekable() };
        let mut terms = Vec::new();
        while parser.skip_space() {
            terms.extend(parser.term());
        }
        terms
    }

    /// Returns the term as words that may be in a line just so, `name:text`: what looks like a field
    /// may be part of a message.
    #[must_use]
    pub fn literal(&self) -> String {
        match &self.field {
            Some(name) => format!("{name}:{}", self.text),
            None => self.text.clone(),
        }
    }
}

/// Writes the term so that it is parsed as the same term.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_excluded {
            f.write_str("-")?;
        }
        if let Some(name) = &self.field {
            let is_bare = is_field_name(name);
            write_text(f, name, is_bare)?;
            f.write_str(":")?;
        }
        write_text(f, &self.text, is_bare_text(&self.text))
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str, is_bare: bool) -> fmt::Result {
    if is_bare {
        return f.write_str(text);
    }
    f.write_str("\"")?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            f.write_str("\\")?;
        }
        fmt::Write::write_char(f, character)?;
    }
    f.write_str("\"")
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Parser<'_> {
    /// Returns whether anything follows.
    fn skip_space(&mut self) -> bool {
        while self.rest.next_if(|character| character.is_whitespace()).is_some() {}
        self.rest.peek().is_some()
    }

    fn term(&mut self) -> Option<Term> {
        let is_excluded = self.rest.next_if_eq(&'-').is_some();
        if is_excluded && self.is_at_end() {
            return Term::new(None, "-", false);
        }
        let (first, is_quoted) = self.text();
        if is_quoted {
            let is_field = !first.is_empty() && self.rest.peek() == Some(&':');
            if !is_field {
                return Term::new(None, &first, is_excluded);
            }
            self.rest.next();
            if self.is_at_end() {
                return Term::new(None, &(first + ":"), is_excluded);
            }
            return Term::new(Some(&first), &self.text().0, is_excluded);
        }
        Term::new(None, &first, is_excluded).map(|term| self.with_field(term))
    }

    /// Splits a word at its first colon if a field's name is before it and a text after it. Two
    /// slashes belong to an address.
    fn with_field(&mut self, word: Term) -> Term {
        let Some((name, text)) = word.text.split_once(':') else { return word };
        if !is_field_name(name) || text.starts_with("//") {
            return word;
        }
        let text = if text.is_empty() && self.rest.peek() == Some(&'"') {
            self.text().0
        } else {
            text.to_owned()
        };
        Term::new(Some(name), &text, word.is_excluded).unwrap_or(word)
    }

    /// Reads a phrase in quotes or a word, and returns whether it was quoted. A quote that is not
    /// closed extends to the end, since it may be about to be; one at the end is a word.
    fn text(&mut self) -> (String, bool) {
        if self.rest.next_if_eq(&'"').is_none() {
            return (self.word(), false);
        }
        let mut text = String::new();
        let mut is_closed = false;
        while let Some(character) = self.rest.next() {
            match character {
                '"' => {
                    is_closed = true;
                    break;
                }
                '\\' => text.push(self.rest.next_if(|next| "\"\\".contains(*next)).unwrap_or('\\')),
                other => text.push(other),
            }
        }
        if text.is_empty() && !is_closed { ("\"".into(), false) } else { (text, true) }
    }

    /// Reads up to the next space, or to the quote of a field's phrase.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(character) = self.rest.next_if(|character| !character.is_whitespace()) {
            word.push(character);
            let begins_phrase = character == ':' && self.rest.peek() == Some(&'"');
            if begins_phrase && is_field_name(&word[..word.len() - 1]) {
                break;
            }
        }
        word
    }

    fn is_at_end(&mut self) -> bool {
        self.rest.peek().is_none_or(|character| character.is_whitespace())
    }
}

/// Returns whether a name needs no quotes.
fn is_field_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || "_@$".contains(first))
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_@$.-".contains(character))
}

/// Returns whether a text needs no quotes.
fn is_bare_text(text: &str) -> bool {
    !text.starts_with('-')
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || "_.-+@#%".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(is_excluded: bool, field: Option<&str>, text: &str) -> Term {
        Term::new(field, text, is_excluded).expect("a text to find")
    }

    #[test]
    fn reads_words_phrases_exclusions_and_fields() {
        for (text, expected) in [
            ("run-8801 timeout", vec![term(false, None, "run-8801"), term(false, None, "timeout")]),
            (" \"a  b\" -c", vec![term(false, None, "a  b"), term(true, None, "c")]),
            ("-\"a b\"-c", vec![term(true, None, "a b"), term(true, None, "c")]),
            ("execID:run-8801", vec![term(false, Some("execID"), "run-8801")]),
            (
                "-pipeline:\"A B\" x",
                vec![term(true, Some("pipeline"), "A B"), term(false, None, "x")],
            ),
            ("\"exec id\":\"7\"", vec![term(false, Some("exec id"), "7")]),
            ("std::io", vec![term(false, Some("std"), ":io")]),
        ] {
            assert_eq!(Term::parse_all(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_syntax_is_a_word() {
        for text in [
            "-",
            "\"",
            "a:",
            "10:28:34",
            "s3://lake/in",
            "user=\"bob\"",
            "{\"a\":1}",
            ":a",
            "(x)",
            "[ERROR",
        ] {
            assert_eq!(Term::parse_all(text), [term(false, None, text)], "{text}");
        }
        assert_eq!(Term::parse_all("\"\" \t -\"\" a:\"\""), [term(false, None, "a:")]);
    }

    #[test]
    fn an_open_phrase_extends_to_the_end() {
        assert_eq!(
            Term::parse_all(r#"x "a \"b\" \\ \n"#),
            [term(false, None, "x"), term(false, None, r#"a "b" \ \n"#)]
        );
    }

    fn any_term() -> impl Strategy<Value = Term> {
        let text = || prop_oneof![r#"[-ab:" \\/é.@\t]{1,6}"#, "\\PC{1,5}"];
        (any::<bool>(), prop::option::of(text()), text())
            .prop_map(|(is_excluded, field, text)| term(is_excluded, field.as_deref(), &text))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_written_term_is_read_as_the_same_term(terms in prop::collection::vec(any_term(), 0..5)) {
            let written: Vec<_> = terms.iter().map(ToString::to_string).collect();
            prop_assert_eq!(Term::parse_all(&written.join(" ")), terms);
        }

        #[test]
        fn any_text_is_read_and_no_word_is_lost(text in r#"([-ab:" \\/é.]|\PC){0,20}"#) {
            let terms = Term::parse_all(&text);
            let read: String = terms.iter().map(|term| term.literal()).collect();
            for character in text.chars().filter(|character| character.is_alphanumeric()) {
                prop_assert!(read.contains(character), "{} is lost in {:?}", character, terms);
            }
            let again: Vec<_> = terms.iter().map(ToString::to_string).collect();
            prop_assert_eq!(Term::parse_all(&again.join(" ")), terms);
        }
    }
}
