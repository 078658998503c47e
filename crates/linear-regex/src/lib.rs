//! Regular expressions that cannot hang: the time for a text grows with its length times the
//! pattern's, whatever both are.
//!
//! Our own, since `regex-lite` adds 68 kB of WebAssembly (25 kB by brotli), and the browser's
//! `RegExp` cannot be interrupted while it tries exponentially many ways. `regex-lite` is what the
//! tests hold it against.
//!
//! It knows the part of the usual syntax that asks whether and where: literals, `.`, escapes,
//! classes, `\d \w \s \b` for ASCII, anchors at the text's ends, groups, alternatives and repeats.
//! The longest of the leftmost matches counts, so a lazy repeat is the same as a greedy
//! one. A brace that counts nothing is a brace, as in `RegExp`: the lines of a log are full of
//! them.

mod class;
mod error;
#[cfg(test)]
mod oracle;
mod parse;
mod program;
mod run;

use std::ops::Range;

pub use crate::error::PatternError;
use crate::program::Program;
pub use crate::run::Scratch;

/// A regular expression made ready.
#[derive(Clone, Debug)]
pub struct Pattern {
    program: Program,
}

impl Pattern {
    /// Reads a pattern; ASCII letters stand for both their cases when it `folds`.
    ///
    /// # Errors
    /// Where and why it cannot be understood, or is too long.
    pub fn read(text: &str, folds: bool) -> Result<Self, PatternError> {
        parse::read(text, folds).map(|program| Self { program })
    }

    /// Whether it matches anywhere in the first [`looked_at`](Self::looked_at) bytes of `text`.
    pub fn is_match(&self, text: &str, scratch: &mut Scratch) -> bool {
        self.program.is_match(text, scratch)
    }

    /// The first match that begins at `from` or behind, and of those that begin there the longest.
    pub fn find_at(&self, text: &str, from: usize, scratch: &mut Scratch) -> Option<Range<usize>> {
        self.program.find_at(text, from, scratch)
    }

    /// Where it matches in a text that is shown. A match of nothing is no place.
    pub fn marks(&self, shown: &str) -> impl Iterator<Item = Range<usize>> {
        let (mut from, mut scratch) = (0, Scratch::default());
        std::iter::from_fn(move || {
            // Each match is looked for anew, and may ask for the whole rest each time: so marks
            // have a bound of their own.
            while scratch.steps() < MAX_STEPS_OF_MARKS {
                let found = self.find_at(shown, from, &mut scratch)?;
                if !found.is_empty() {
                    from = found.end;
                    return Some(found);
                }
                from = shown.ceil_char_boundary(found.end + 1);
                if from >= shown.len() {
                    return None;
                }
            }
            None
        })
    }

    /// How many bytes of a text are looked at; the work for them is at most a few milliseconds.
    pub fn looked_at(&self) -> usize {
        self.program.looked_at()
    }

    /// A text that each match holds; empty when none is known.
    pub fn literal(&self) -> &str {
        &self.program.literal
    }
}

/// Ten milliseconds or so, for one text of a row.
const MAX_STEPS_OF_MARKS: u64 = 2_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::read(text, !text.chars().any(char::is_uppercase))
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn is_match(text: &str, line: &str) -> bool {
        pattern(text).is_match(line, &mut Scratch::default())
    }

    fn marks<'a>(text: &str, line: &'a str) -> Vec<&'a str> {
        pattern(text).marks(line).map(|range| &line[range]).collect()
    }

    fn error(text: &str) -> String {
        Pattern::read(text, true).expect_err(text).to_string()
    }

    #[test]
    fn knows_the_usual_syntax() {
        for (text, line, expected) in [
            ("part \\d+ of", "Part 12 of 40", true),
            ("part \\d+ of", "part of", false),
            ("^wrote", "Wrote", true),
            ("^wrote", "I wrote", false),
            ("done$", "all done", true),
            ("(error|fail)ed", "failed", true),
            ("colou?r", "color", true),
            ("a.c", "a\nc", false),
            ("a.c", "aéc", true),
            ("[a-c]{3}", "xabcx", true),
            ("^[^a-z ]{2,}$", "12", true),
            ("\\bof\\b", "coffee", false),
            ("\\Bff\\B", "coffee", true),
            ("-?\\b\\d", "- 0", true),
            ("(?:ab)*?c", "ababc", true),
            ("\\$\\{x\\}", "${x}", true),
            ("{\"a\": \\d", "{\"a\": 1", true),
            ("[\\]\\-a]", "-", true),
            ("[-x]", "-", true),
            ("\\tb\\/", "a\tb/", true),
            ("a||b", "x", true),
            ("", "", true),
        ] {
            assert_eq!(is_match(text, line), expected, "{text} in {line:?}");
        }
    }

    #[test]
    fn small_letters_stand_for_both_cases() {
        assert!(
            is_match("[^a]|é", "é")
                && is_match("[d-f]rr", "ERR")
                && !is_match("[^e]", "E")
                && !is_match("é", "É")
        );
        assert!(!is_match("Err", "ERR") && is_match("\\w\\d", "A1"));
    }

    #[test]
    fn marks_the_longest_of_the_leftmost_and_no_empty_place() {
        assert_eq!(marks("a|ab|abc", "xabcab"), ["abc", "ab"]);
        assert_eq!(marks("x*", "axxbx"), ["xx", "x"]);
        assert_eq!(marks("abcd|b", "abcab"), ["b", "b"]);
        assert_eq!(marks("^a", "aaa"), ["a"]);
        assert_eq!(marks("\\bé?\\w", "éa b"), ["a", "b"]);
        assert_eq!(marks("$", "a"), [""; 0]);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, expected) in [
            ("ab(c", "at 3: \"(\" is not closed"),
            ("é)", "at 2: \")\" closes nothing"),
            ("a[b", "at 2: \"[\" is not closed"),
            ("a[]", "at 2: the class is empty"),
            ("[z-a]", "at 2: the range ends before it begins"),
            ("[a-\\d]", "at 2: a class is no end of a range"),
            ("*a", "at 1: nothing stands here that could be repeated"),
            ("a**", "at 3: nothing stands here that could be repeated"),
            ("a{3,2}", "at 2: the most is less than the least"),
            ("a\\", "at 2: \"\\\" escapes nothing"),
            ("(a)\\1", "at 4: backreferences are not supported"),
            ("a(?=b)", "at 2: lookaround is not supported"),
            ("(?<!b)", "at 1: lookaround is not supported"),
            ("(?<n>b)", "at 1: named groups are not supported"),
            ("(?i)b", "at 1: flags are not supported"),
            ("\\pL", "at 1: the escape \"\\p\" is not supported"),
            ("(a{0,50}){50}", "at 10: the pattern is too long when its repeats are written out"),
        ] {
            assert_eq!(error(text), expected);
        }
        assert_eq!(error(&"(".repeat(500)), "at 101: groups are nested more than 100 deep");
        assert_eq!(error(&"é".repeat(600)), "at 501: a pattern has 1,000 bytes at most");
    }

    #[test]
    fn what_is_too_long_is_not_written_out() {
        for text in [
            "a{99999999999999999999}",
            "(a{1000}){1000}",
            "((((a{30}){30}){30}){30}){30}",
            "(a{1999}b){2}",
            "a{1500}|b{1500}",
            "(a{0,50}){0,30}b",
        ] {
            assert!(error(text).ends_with("written out"), "{text}");
        }
        assert!(is_match("^(){4000000000}(|){3}x$", "x"));
    }

    #[test]
    fn hostile_patterns_take_bounded_work() {
        let longest = format!("(x+x+)+{}y", "(x|x)".repeat(198));
        for text in [
            "(a*)*b",
            "(a|a)*b",
            "(.*)*x",
            "(.*)(.*)(.*)(.*)x",
            "(a{0,50}){0,15}b",
            "((a?){20}){20}b",
            "(a*)*(a*)*(a*)*$b",
            &longest,
        ] {
            let pattern = pattern(text);
            for line in ["a".repeat(5_000), "x".repeat(5_000), "ab".repeat(2_500)] {
                let mut scratch = Scratch::default();
                pattern.is_match(&line, &mut scratch);
                let bound = 4 * pattern.program.code.len() as u64 * (line.len() as u64 + 1);
                assert!(scratch.steps() <= bound, "{text}: {} steps", scratch.steps());
                scratch = Scratch::default();
                pattern.find_at(&line, 0, &mut scratch);
                assert!(scratch.steps() <= bound, "{text}: {} steps to find", scratch.steps());
            }
        }
    }

    #[test]
    fn marks_end_where_they_would_take_the_square_of_the_text() {
        let line = "a".repeat(16_000);
        assert!((1..1_000).contains(&pattern("a.*b|a").marks(&line).count()));
    }

    #[test]
    fn looks_at_the_beginning_of_a_long_text_and_knows_that_it_goes_on() {
        let line = "a".repeat(run::LOOKED_AT) + "b";
        assert_eq!(
            ["^a", "ab", "a$", "a\\b"].map(|text| is_match(text, &line)),
            [true, false, false, false]
        );
        assert_eq!(
            ["a{900}$", "a{1500}b"].map(|text| is_match(text, &line[..8_000])),
            [false, false]
        );
        assert!(is_match("a{900}$", &line[..2_000]));
    }

    #[test]
    fn knows_what_each_match_holds() {
        for (text, literal) in [
            ("part \\d+ of", "part "),
            ("^wrote", "wrote"),
            ("(error|fail)ed", "ed"),
            ("x(abc)+y", "xabc"),
            ("abc?", "ab"),
            ("a|b", ""),
            ("(ab){2}x{0}yz", "ababyz"),
            ("a*", ""),
        ] {
            assert_eq!(pattern(text).literal(), literal, "{text}");
        }
    }
}
