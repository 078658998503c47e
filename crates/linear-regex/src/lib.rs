//! Regular expressions in linear time: a search takes time proportional to the length of the text
//! times that of the pattern.
//!
//! Why not a library: `regex-lite` adds 68 kB of WebAssembly (25 kB by brotli), and the browser's
//! `RegExp` backtracks, can take exponential time on one line, and cannot be interrupted. The tests
//! compare this crate with `regex-lite`.
//!
//! Supported syntax: literals, `.`, escapes, classes, `\d \w \s \b` for ASCII, anchors at both ends
//! of the text, groups, alternation and repetition, `\p{L}`, `\p{Lu}`, `\p{Ll}` and `\p{N}`, and a
//! leading `(?i)`. A match is the longest of the leftmost, so lazy
//! and greedy repetition are the same. A brace without a count is a literal, as in `RegExp`, since
//! log lines are full of braces.

mod class;
mod error;
#[cfg(test)]
mod oracle;
mod parse;
mod program;
mod run;

use std::ops::Range;

pub use crate::error::{Error, ErrorKind};
use crate::program::Program;
pub use crate::run::Cache;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Regex {
    program: Program,
}

impl Regex {
    /// Compiles a pattern. With `ignore_case`, or if it begins with `(?i)`, ASCII letters match both
    /// of their cases.
    ///
    /// # Errors
    /// Returns where and why the pattern is invalid, or that it is too long.
    pub fn new(text: &str, ignore_case: bool) -> Result<Self, Error> {
        parse::parse(text, ignore_case).map(|program| Self { program })
    }

    /// Returns whether it matches anywhere in the first [`search_limit`](Self::search_limit) bytes
    /// of `text`.
    pub fn is_match(&self, text: &str, cache: &mut Cache) -> bool {
        self.program.is_match(text, cache)
    }

    /// Returns the first match that begins at `from` or later: of those with the same start, the
    /// longest.
    pub fn find_at(&self, text: &str, from: usize, cache: &mut Cache) -> Option<Range<usize>> {
        self.program.find_at(text, from, cache)
    }

    /// Returns the non-empty matches in `text`, up to a bound on the work.
    pub fn find_iter(&self, shown: &str) -> impl Iterator<Item = Range<usize>> {
        let (mut from, mut cache) = (0, Cache::default());
        std::iter::from_fn(move || {
            // Each match is a new search, which may read the whole rest of the text.
            while cache.steps() < FIND_ITER_STEPS {
                let found = self.find_at(shown, from, &mut cache)?;
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

    /// Returns whether ASCII letters match both of their cases.
    pub fn ignores_case(&self) -> bool {
        self.program.ignore_case
    }

    /// Returns how many bytes of a text are searched, so that one text takes a few milliseconds at
    /// most.
    pub fn search_limit(&self) -> usize {
        self.program.search_limit()
    }

    /// Returns a string that every match contains; empty if none is known.
    pub fn required_literal(&self) -> &str {
        &self.program.literal
    }
}

/// About 10 ms for the text of one row.
const FIND_ITER_STEPS: u64 = 2_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Regex {
        Regex::new(text, !text.chars().any(char::is_uppercase))
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn is_match(text: &str, line: &str) -> bool {
        pattern(text).is_match(line, &mut Cache::default())
    }

    fn find_iter<'a>(text: &str, line: &'a str) -> Vec<&'a str> {
        pattern(text).find_iter(line).map(|range| &line[range]).collect()
    }

    fn error(text: &str) -> String {
        Regex::new(text, true).expect_err(text).to_string()
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
            ("^\\p{Lu}\\pL+$", "Ärger", true),
            ("^\\p{L}+$", "漢字7", false),
            ("[\\P{N}]", "7", false),
            ("[^\\p{L}\\d]", "é7-", true),
            ("[\\p{N}x]", "٣", true),
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
    fn a_flag_at_the_start_ignores_case() {
        let matches = |text, line| {
            Regex::new(text, false).is_ok_and(|p| p.is_match(line, &mut Cache::default()))
        };
        assert!(matches("(?i)Err[O]r", "eRRoR") && !matches("Error", "ERROR"));
        assert!(Regex::new("(?i)A", false).is_ok_and(|pattern| pattern.ignores_case()));
    }

    #[test]
    fn marks_the_longest_of_the_leftmost_and_no_empty_place() {
        assert_eq!(find_iter("a|ab|abc", "xabcab"), ["abc", "ab"]);
        assert_eq!(find_iter("x*", "axxbx"), ["xx", "x"]);
        assert_eq!(find_iter("abcd|b", "abcab"), ["b", "b"]);
        assert_eq!(find_iter("^a", "aaa"), ["a"]);
        assert_eq!(find_iter("\\bé?\\w", "éa b"), ["a", "b"]);
        assert_eq!(find_iter("$", "a"), [""; 0]);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, expected) in [
            ("ab(c", "at 3: unclosed group"),
            ("é)", "at 2: unopened group"),
            ("a[b", "at 2: unclosed character class"),
            ("a[]", "at 2: empty character class"),
            ("[z-a]", "at 2: invalid character class range, the start must be <= the end"),
            ("[a-\\d]", "at 2: invalid range boundary, must be a literal"),
            ("*a", "at 1: repetition operator missing expression"),
            ("a**", "at 3: repetition operator missing expression"),
            ("a{3,2}", "at 2: invalid repetition count range, the start must be <= the end"),
            ("a\\", "at 2: incomplete escape sequence, reached end of pattern prematurely"),
            ("(a)\\1", "at 4: backreferences are not supported"),
            ("a(?=b)", "at 2: look-around, including look-ahead and look-behind, is not supported"),
            ("(?<!b)", "at 1: look-around, including look-ahead and look-behind, is not supported"),
            ("(?<n>b)", "at 1: named groups are not supported"),
            ("b(?i)", "at 2: flags other than a leading (?i) are not supported"),
            ("(?s)b", "at 1: flags other than a leading (?i) are not supported"),
            ("a\\p{Greek}", "at 2: Unicode property not found"),
            ("\\p", "at 1: Unicode property not found"),
            ("\\p{L", "at 1: incomplete escape sequence, reached end of pattern prematurely"),
            ("(a{0,50}){50}", "at 10: compiled regex exceeds size limit"),
        ] {
            assert_eq!(error(text), expected);
        }
        assert_eq!(error(&"(".repeat(500)), "at 101: exceeds the nest limit of 100 groups");
        assert_eq!(error(&"é".repeat(600)), "at 501: pattern exceeds 1,000 bytes");
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
            assert!(error(text).ends_with("size limit"), "{text}");
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
                let mut cache = Cache::default();
                pattern.is_match(&line, &mut cache);
                let bound = 4 * pattern.program.code.len() as u64 * (line.len() as u64 + 1);
                assert!(cache.steps() <= bound, "{text}: {} steps", cache.steps());
                cache = Cache::default();
                pattern.find_at(&line, 0, &mut cache);
                assert!(cache.steps() <= bound, "{text}: {} steps to find", cache.steps());
            }
        }
    }

    #[test]
    fn marks_end_where_they_would_take_the_square_of_the_text() {
        let line = "a".repeat(16_000);
        assert!((1..1_000).contains(&pattern("a.*b|a").find_iter(&line).count()));
    }

    #[test]
    fn looks_at_the_beginning_of_a_long_text_and_knows_that_it_goes_on() {
        let line = "a".repeat(run::SEARCH_LIMIT) + "b";
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
            assert_eq!(pattern(text).required_literal(), literal, "{text}");
        }
    }
}
