//! A text to search for in many lines at once, in every encoding that JSON allows. Knows nothing of
//! rows.

use std::ops::Range;

use logs_sse_wire::ansi::plain;
use logs_sse_wire::byte_search::{ByteMatcher, find_either, find_pair};
use logs_sse_wire::locate::{JsonContext, Part, ScanState, any_part};

/// A text to search for.
///
/// Alphanumerics and most punctuation are never escaped by JSON serializers. The search looks for
/// the rarest run of such bytes, the literal run, and then verifies the characters around it, which
/// may be escaped. A needless escape (`\u0061` for `a`), which no serializer writes on its own, is
/// not matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    /// The text, in lower case if case is ignored.
    bytes: Vec<u8>,
    ignore_case: bool,
    /// The part that is the same in all encodings; empty if there is none.
    literal_run: Range<usize>,
    anchor: Anchor,
    encodings: JsonEncodings,
    /// Whether the text may occur in a number, `true`, `false` or `null`.
    may_be_literal: bool,
}

/// The ways in which JSON may encode the text, other than as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JsonEncodings {
    /// As it is only.
    AsIs,
    /// Also with `\u` escapes.
    Digits,
    /// Also with any escape.
    Any,
    /// Only with an escape.
    Escaped,
}

/// The bytes that locate a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// Two bytes of the literal run.
    Pair([(ByteMatcher, usize); 2]),
    /// The first byte, or the start of an escape.
    Either([ByteMatcher; 2]),
}

/// What a candidate says about its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Candidate {
    /// The line contains the needle.
    Hit,
    /// Nothing before this index matches.
    SkipTo(usize),
}

impl Needle {
    /// Creates the needle of a text, or returns `None` if the text is empty.
    pub(super) fn new(text: &str, ignore_case: bool) -> Option<Self> {
        let bytes =
            if ignore_case { text.to_ascii_lowercase() } else { text.to_owned() }.into_bytes();
        let literal_run = rarest_run(&bytes);
        let anchor = if literal_run.is_empty() {
            Anchor::Either([ByteMatcher::new(*bytes.first()?, ignore_case), BACKSLASH])
        } else {
            Anchor::Pair(
                rarest_pair(&bytes[literal_run.clone()])
                    .map(|at| (ByteMatcher::new(bytes[literal_run.start + at], ignore_case), at)),
            )
        };
        Some(Self {
            ignore_case,
            literal_run,
            anchor,
            encodings: encodings(&bytes),
            may_be_literal: bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)),
            bytes,
        })
    }

    /// Returns how many bytes of the needle are the same in all encodings: the more, the faster it
    /// is found.
    pub(super) fn literal_length(&self) -> usize {
        self.literal_run.len()
    }

    /// Returns whether a part of the needle is the same in all encodings, so that a line without a
    /// [`candidate`](Self::candidate) cannot match.
    pub(super) fn has_literal_run(&self) -> bool {
        !self.literal_run.is_empty()
    }

    /// Returns the next index at or after `from` with the literal run, or any other sign of the
    /// needle.
    pub(super) fn candidate(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match self.anchor {
            Anchor::Pair(pair) => find_pair(bytes, from, pair, &mut |at| {
                self.is_at(bytes, at, self.literal_run.clone())
            }),
            Anchor::Either(either) => find_either(bytes, from, either),
        }
    }

    /// Decides what the candidate at `at` says about the line `text`. `scan` carries the state from
    /// earlier candidates of the line.
    pub(super) fn verdict(
        &self,
        text: &[u8],
        at: usize,
        is_json: bool,
        scan: &mut ScanState,
    ) -> Candidate {
        let start = at
            .checked_sub(self.literal_run.start)
            .filter(|start| self.is_at(text, *start, 0..self.bytes.len()));
        let context = match start.filter(|_| !is_json || self.encodings != JsonEncodings::Escaped) {
            Some(_) if !is_json => return Candidate::Hit,
            Some(start) => JsonContext::of(text, start..start + self.bytes.len(), scan),
            None if !is_json => return Candidate::SkipTo(at + 1),
            None => JsonContext::Escape,
        };
        match context {
            JsonContext::Value => Candidate::Hit,
            JsonContext::Bare { .. } if self.may_be_literal => Candidate::Hit,
            JsonContext::Name { end } | JsonContext::Bare { end } => Candidate::SkipTo(end),
            JsonContext::Escape
                if self.encodings == JsonEncodings::AsIs || self.is_other_escape(text, at) =>
            {
                Candidate::SkipTo(at + 1)
            }
            JsonContext::Escape => self.verdict_of_line(text),
        }
    }

    /// Returns whether a line may contain the needle, apart from escape sequences in the middle.
    pub(super) fn may_be_in(&self, line: &str) -> bool {
        !self.has_literal_run() || self.candidate(line.as_bytes(), 0).is_some()
    }

    /// Returns whether a value of the line contains the needle.
    pub(super) fn is_in_line(&self, line: &str, is_json: bool, has_escape: bool) -> bool {
        if has_escape {
            return self.is_in_plain(line, is_json);
        }
        let (text, mut at, mut scan) = (line.as_bytes(), 0, ScanState::default());
        while let Some(candidate) = self.candidate(text, at) {
            match self.verdict(text, candidate, is_json, &mut scan) {
                Candidate::Hit => return true,
                Candidate::SkipTo(next) => at = next,
            }
        }
        false
    }

    /// Returns whether `text` is the needle and nothing else.
    pub(super) fn is(&self, text: &str) -> bool {
        text.len() == self.bytes.len() && self.is_at(text.as_bytes(), 0, 0..self.bytes.len())
    }

    /// Returns whether an escape starts at `at` that cannot be part of the needle.
    fn is_other_escape(&self, text: &[u8], at: usize) -> bool {
        self.encodings == JsonEncodings::Digits
            && text[at] == b'\\'
            && text.get(at + 1) != Some(&b'u')
    }

    /// Returns whether `text` contains the needle, by reading the whole line.
    #[cfg(test)]
    fn is_in(&self, text: &str, is_json: bool) -> bool {
        if is_json { self.is_in_json(text) } else { self.find(text.as_bytes(), 0).is_some() }
    }

    /// Returns whether `text` without its escape sequences contains the needle, each value by
    /// itself.
    pub(super) fn is_in_plain(&self, text: &str, is_json: bool) -> bool {
        let is_in = |text: &str| self.find(plain(text).as_bytes(), 0).is_some();
        if !is_json {
            return is_in(text);
        }
        any_part(text, |part| match part {
            Part::String(text) => is_in(&text),
            Part::Literal(text) => self.may_be_literal && is_in(text),
        })
    }

    /// Returns the ranges of the needle in a displayed text.
    pub(super) fn marks(&self, shown: &str) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let start = self.find(shown.as_bytes(), from)?;
            from = start + self.bytes.len();
            Some(start..from)
        })
    }

    /// Reads the whole line once and settles the question: checking candidate after candidate would
    /// take quadratic time.
    fn verdict_of_line(&self, text: &[u8]) -> Candidate {
        match str::from_utf8(text) {
            Ok(line) if self.is_in_json(line) => Candidate::Hit,
            _ => Candidate::SkipTo(text.len()),
        }
    }

    fn is_in_json(&self, text: &str) -> bool {
        let text_bytes = text.as_bytes();
        let has_other_encoding = match self.encodings {
            JsonEncodings::AsIs => false,
            JsonEncodings::Digits => find_pair(
                text_bytes,
                0,
                [(BACKSLASH, 0), (ByteMatcher::new(b'u', false), 1)],
                &mut |_| true,
            )
            .is_some(),
            JsonEncodings::Any | JsonEncodings::Escaped => {
                find_either(text_bytes, 0, [BACKSLASH; 2]).is_some()
            }
        };
        if !has_other_encoding
            && (self.encodings == JsonEncodings::Escaped || self.find(text_bytes, 0).is_none())
        {
            return false;
        }
        any_part(text, |part| match part {
            Part::String(text) => self.find(text.as_bytes(), 0).is_some(),
            Part::Literal(text) => self.may_be_literal && self.find(text.as_bytes(), 0).is_some(),
        })
    }

    /// Returns the next index at or after `from` where the needle occurs unescaped.
    fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut run_at = from + self.literal_run.start;
        loop {
            run_at = self.candidate(bytes, run_at)?;
            if self.is_at(bytes, run_at - self.literal_run.start, 0..self.bytes.len()) {
                return Some(run_at - self.literal_run.start);
            }
            run_at += 1;
        }
    }

    /// Returns whether a part of the needle occurs at `at`.
    fn is_at(&self, bytes: &[u8], at: usize, part: Range<usize>) -> bool {
        let part = &self.bytes[part];
        bytes.get(at..at + part.len()).is_some_and(|bytes| {
            if self.ignore_case { bytes.eq_ignore_ascii_case(part) } else { bytes == part }
        })
    }
}

fn encodings(bytes: &[u8]) -> JsonEncodings {
    let has = |predicate: fn(&u8) -> bool| bytes.iter().any(predicate);
    match () {
        () if has(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) => JsonEncodings::Escaped,
        () if has(|byte| *byte == b'/') => JsonEncodings::Any,
        () if has(|byte| !is_never_escaped(*byte)) => JsonEncodings::Digits,
        () => JsonEncodings::AsIs,
    }
}

/// Returns whether serializers write this byte unescaped. Some escape more than they must: Go and
/// Gson escape HTML characters, PHP the slash, .NET also plus and backtick, and Python everything
/// outside ASCII.
fn is_never_escaped(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !b"\"\\/<>&='+`".contains(&byte)
}

/// Returns the run with the rarest bytes among those that are the same in all encodings.
fn rarest_run(bytes: &[u8]) -> Range<usize> {
    let mut best = 0..0;
    let mut start = 0;
    for run in bytes.split(|byte| !is_never_escaped(*byte)) {
        let rarity = |run: &[u8]| {
            rarest_pair(run)
                .iter()
                .map(|at| run.get(*at).map_or(0, |byte| rarity(*byte) + 1))
                .sum::<usize>()
        };
        if rarity(run) > rarity(&bytes[best.clone()]) {
            best = start..start + run.len();
        }
        start += run.len() + 1;
    }
    best
}

/// Returns the positions of the two rarest bytes of a run, or the same position twice if it has
/// only one byte.
fn rarest_pair(run: &[u8]) -> [usize; 2] {
    let rarest_except = |other: Option<usize>| {
        (0..run.len()).filter(|at| Some(*at) != other).max_by_key(|at| rarity(run[*at]))
    };
    let one = rarest_except(None).unwrap_or_default();
    [one, rarest_except(Some(one)).unwrap_or(one)]
}

/// Ranks a byte by how rare it is in logs; higher is rarer.
fn rarity(byte: u8) -> usize {
    COMMON.iter().position(|common| *common == byte).unwrap_or(COMMON.len())
}

const BACKSLASH: ByteMatcher = ByteMatcher::new(b'\\', false);

/// The bytes of the entries in `tests/fixtures`, most common first, with upper case counted as
/// lower case. A wrong guess costs time and nothing else.
const COMMON: &[u8] = b" et2:siapn,lorm0d31g45cTRu9-INv87ELP6AbODSMfh{}_yG.wFCUYxB[]VWjk()Zz#Hq";

#[cfg(test)]
mod tests;
