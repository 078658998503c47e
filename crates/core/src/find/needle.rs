//! A text that is looked for in many lines at once, in the forms in which JSON may write it. Knows
//! no rows.

use std::ops::Range;

use crate::find::query::Query;
use logs_sse_wire::ansi::plain;
use logs_sse_wire::byte_search::{ByteMatcher, find_either, find_pair};
use logs_sse_wire::locate::{JsonContext, Part, ScanState, any_part};

/// A text that is looked for.
///
/// Letters, digits and most signs are in each form the same bytes. The rarest run of them is the
/// core, and is what is looked for first; whatever stands around it may be escaped. A producer that
/// writes such a character as an escape (`\u0061` for `a`), which no serializer does by itself, is
/// not found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    /// The text; in small letters, if capitals do not count.
    bytes: Vec<u8>,
    ignore_case: bool,
    /// The part that looks the same in all forms; empty when there is none.
    literal_run: Range<usize>,
    anchor: Anchor,
    forms: JsonEncodings,
    /// Whether it may be a part of a number or a word.
    may_be_bare: bool,
}

/// In which other forms JSON may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JsonEncodings {
    /// In none.
    AsIs,
    /// With `\u` and digits too.
    Digits,
    /// With any escape too.
    Any,
    /// Only with an escape.
    Escaped,
}

/// The bytes by which a place is found where it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// Two bytes of the core.
    Pair([(ByteMatcher, usize); 2]),
    /// The first byte, or the beginning of an escape.
    Either([ByteMatcher; 2]),
}

/// What a place in a line says about the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Candidate {
    /// It holds the needle.
    Hit,
    /// Nothing before this index does.
    SkipTo(usize),
}

impl Needle {
    /// The text of `query`; `None` when it asks for any.
    pub(super) fn of(query: &Query) -> Option<Self> {
        let ignore_case = !query.match_case();
        let bytes = if ignore_case { query.text.to_ascii_lowercase() } else { query.text.clone() }
            .into_bytes();
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
            forms: forms(&bytes),
            may_be_bare: bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)),
            bytes,
        })
    }

    /// Whether a part of it looks the same in all forms, so that a line without a
    /// [`candidate`](Self::candidate) does not hold it.
    pub(super) fn has_literal_run(&self) -> bool {
        !self.literal_run.is_empty()
    }

    /// The next index from `from` on where the core is, and so perhaps the needle around it.
    pub(super) fn candidate(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match self.anchor {
            Anchor::Pair(pair) => find_pair(bytes, from, pair, &mut |at| {
                self.is_at(bytes, at, self.literal_run.clone())
            }),
            Anchor::Either(either) => find_either(bytes, from, either),
        }
    }

    /// What a candidate at `at` says of the line `text`, of which so much was `read` by looks at
    /// earlier candidates.
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
        let place = match start.filter(|_| !is_json || self.forms != JsonEncodings::Escaped) {
            Some(_) if !is_json => return Candidate::Hit,
            Some(start) => JsonContext::of(text, start..start + self.bytes.len(), scan),
            None if !is_json => return Candidate::SkipTo(at + 1),
            None => JsonContext::Escape,
        };
        match place {
            JsonContext::Value => Candidate::Hit,
            JsonContext::Bare { .. } if self.may_be_bare => Candidate::Hit,
            JsonContext::Name { end } | JsonContext::Bare { end } => Candidate::SkipTo(end),
            JsonContext::Escape
                if self.forms == JsonEncodings::AsIs || self.is_other_escape(text, at) =>
            {
                Candidate::SkipTo(at + 1)
            }
            JsonContext::Escape => self.settle(text),
        }
    }

    /// Whether an escape begins at `at` that is none of those by which the needle may be written.
    fn is_other_escape(&self, text: &[u8], at: usize) -> bool {
        self.forms == JsonEncodings::Digits && text[at] == b'\\' && text.get(at + 1) != Some(&b'u')
    }

    /// Whether it is in `text`, as reading the whole line says it.
    #[cfg(test)]
    fn is_in(&self, text: &str, is_json: bool) -> bool {
        if is_json { self.is_in_json(text) } else { self.find(text.as_bytes(), 0).is_some() }
    }

    /// Whether it is in `text` without the escape sequences, each value by itself.
    pub(super) fn is_in_plain(&self, text: &str, is_json: bool) -> bool {
        let is_in = |text: &str| self.find(plain(text).as_bytes(), 0).is_some();
        if !is_json {
            return is_in(text);
        }
        any_part(text, |part| match part {
            Part::String(text) => is_in(&text),
            Part::Literal(text) => self.may_be_bare && is_in(text),
        })
    }

    /// Where it is in a text that is shown.
    pub(super) fn marks(&self, shown: &str) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let start = self.find(shown.as_bytes(), from)?;
            from = start + self.bytes.len();
            Some(start..from)
        })
    }

    /// Reads the whole line once, and so is done with it: a look at place after place would take
    /// the square of its length.
    fn settle(&self, text: &[u8]) -> Candidate {
        match str::from_utf8(text) {
            Ok(line) if self.is_in_json(line) => Candidate::Hit,
            _ => Candidate::SkipTo(text.len()),
        }
    }

    fn is_in_json(&self, text: &str) -> bool {
        let text_bytes = text.as_bytes();
        let has_other_form = match self.forms {
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
        if !has_other_form
            && (self.forms == JsonEncodings::Escaped || self.find(text_bytes, 0).is_none())
        {
            return false;
        }
        any_part(text, |part| match part {
            Part::String(text) => self.find(text.as_bytes(), 0).is_some(),
            Part::Literal(text) => self.may_be_bare && self.find(text.as_bytes(), 0).is_some(),
        })
    }

    /// The first index from `from` on where it stands as it was asked for.
    fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut core = from + self.literal_run.start;
        loop {
            core = self.candidate(bytes, core)?;
            if self.is_at(bytes, core - self.literal_run.start, 0..self.bytes.len()) {
                return Some(core - self.literal_run.start);
            }
            core += 1;
        }
    }

    /// Whether a part of the needle stands at `at`.
    fn is_at(&self, bytes: &[u8], at: usize, part: Range<usize>) -> bool {
        let part = &self.bytes[part];
        bytes.get(at..at + part.len()).is_some_and(|bytes| {
            if self.ignore_case { bytes.eq_ignore_ascii_case(part) } else { bytes == part }
        })
    }
}

fn forms(bytes: &[u8]) -> JsonEncodings {
    let has = |is_it: fn(&u8) -> bool| bytes.iter().any(is_it);
    match () {
        () if has(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) => JsonEncodings::Escaped,
        () if has(|byte| *byte == b'/') => JsonEncodings::Any,
        () if has(|byte| !is_plain(*byte)) => JsonEncodings::Digits,
        () => JsonEncodings::AsIs,
    }
}

/// Whether serializers write this byte as it is. Some escape more than they must: Go and Gson what
/// HTML needs, PHP the slash, .NET also plus and backtick, Python all that is not ASCII.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !b"\"\\/<>&='+`".contains(&byte)
}

/// Of the runs that look the same in all forms, the one whose bytes are rarest.
fn rarest_run(bytes: &[u8]) -> Range<usize> {
    let mut best = 0..0;
    let mut start = 0;
    for run in bytes.split(|byte| !is_plain(*byte)) {
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

/// Where the two rarest bytes of a run are; twice the same where it has but one.
fn rarest_pair(run: &[u8]) -> [usize; 2] {
    let rarest_but = |other: Option<usize>| {
        (0..run.len()).filter(|at| Some(*at) != other).max_by_key(|at| rarity(run[*at]))
    };
    let one = rarest_but(None).unwrap_or_default();
    [one, rarest_but(Some(one)).unwrap_or(one)]
}

/// The higher, the rarer in logs.
fn rarity(byte: u8) -> usize {
    COMMON.iter().position(|common| *common == byte).unwrap_or(COMMON.len())
}

const BACKSLASH: ByteMatcher = ByteMatcher::new(b'\\', false);

/// The bytes of the entries in `tests/fixtures`, most common first, small letters counted with
/// their capitals. A guess that is wrong costs time and nothing else.
const COMMON: &[u8] = b" et2:siapn,lorm0d31g45cTRu9-INv87ELP6AbODSMfh{}_yG.wFCUYxB[]VWjk()Zz#Hq";

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(text: &str) -> Needle {
        Needle::of(&Query::default().text(text)).expect("a text to look for")
    }

    fn is_in(text: &str, line: &str) -> bool {
        needle(text).is_in(line, true)
    }

    /// Whether a search from candidate to candidate finds it; it must say the same as reading the
    /// line does.
    fn is_found(text: &str, line: &str, is_json: bool) -> bool {
        let (needle, mut at, mut scan) = (needle(text), 0, ScanState::default());
        let is_found = loop {
            let Some(candidate) = needle.candidate(line.as_bytes(), at) else { break false };
            match needle.verdict(line.as_bytes(), candidate, is_json, &mut scan) {
                Candidate::Hit => break true,
                Candidate::SkipTo(next) => at = next,
            }
        };
        assert_eq!(is_found, needle.is_in(line, is_json), "{text:?} in {line}");
        is_found
    }

    #[test]
    fn a_name_is_no_hit_and_a_value_is() {
        let line = r#"{"message":"Load of message 12","rows": 4021,"done":true}"#;
        for (text, expected) in [
            ("message", true),
            ("rows", false),
            ("4021", true),
            ("TRUE", false),
            ("true", true),
            ("\"rows", false),
            (",", false),
        ] {
            assert_eq!(is_found(text, line, true), expected, "{text}");
        }
        assert!(!is_found("message", r#"{"message":"m"}"#, true));
    }

    #[test]
    fn capitals_count_where_one_is_written() {
        let line = r#"{"m":"Error in ÄRGER"}"#;
        assert_eq!(
            ["error", "Error", "eRROR", "ÄRG", "ärger"].map(|text| is_found(text, line, true)),
            [true, true, false, true, false]
        );
    }

    #[test]
    fn finds_each_form_that_json_may_write() {
        for (text, line) in [
            ("user=\"bob\"", r#"{"m":"user=\"bob\" came"}"#),
            ("user=\"bob\"", r#"{"m":"user\u003d\"bob\" came"}"#),
            ("a/b", r#"{"m":"a\/b"}"#),
            ("c:\\temp", r#"{"m":"c:\\temp"}"#),
            ("naïve", r#"{"m":"na\u00EFve"}"#),
            ("naïve", r#"{"m":"naïve"}"#),
            ("✓", r#"{"m":"ok \u2713"}"#),
            ("😀", r#"{"m":"ok \uD83D\uDE00"}"#),
            ("\t", r#"{"m":"a\tb"}"#),
            ("\"", r#"{"m":"a\"b"}"#),
        ] {
            assert!(is_found(text, line, true), "{text} in {line}");
        }
    }

    #[test]
    fn an_escape_is_not_its_letters() {
        let line = r#"{"m":"a\nb\u00e9 c\\not"}"#;
        assert_eq!(
            ["nb", "00e9", "e9", "not", "\\not", "\\nb"].map(|text| is_found(text, line, true)),
            [false, false, false, true, true, false]
        );
    }

    #[test]
    fn what_is_no_json_is_searched_as_it_came() {
        assert_eq!(
            ["\"rows\":", "nb", ","].map(|text| is_found(text, r#"{"rows":1, a\nb"#, false)),
            [true; 3]
        );
    }

    #[test]
    fn marks_all_places_of_a_text_that_is_shown() {
        assert_eq!(needle("aa").marks("aaa AAxaa").collect::<Vec<_>>(), [0..2, 4..6, 7..9]);
        assert_eq!(needle("é\"").marks("\"é\"é\"").collect::<Vec<_>>(), [1..4, 4..7]);
        assert_eq!(needle("a").marks("").count(), 0);
    }

    #[test]
    fn looks_first_for_what_is_rare() {
        let needle = needle("e=tezx");
        assert_eq!(
            (needle.literal_run.clone(), is_in("e=tezx", r#"["e\u003dTEZX"]"#)),
            (2..6, true)
        );
        assert!(matches!(needle.anchor, Anchor::Pair([(_, 2), (_, 3)])));
    }
}
