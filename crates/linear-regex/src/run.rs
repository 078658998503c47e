//! A program put to a text: all ways to match are gone at once, character by character, so that
//! none is gone twice (Thompson, Pike).

use std::ops::Range;

use crate::program::{Inst, Place, Program};

/// What a run needs beside the program; kept from text to text for its memory.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// Where the ways stand, those that began first in the text before others.
    now: Vec<Way>,
    next: Vec<Way>,
    /// For each instruction the last moment at which a way came by.
    seen: Vec<u64>,
    moment: u64,
    open: Vec<usize>,
    steps: u64,
}

/// A way to match: the instruction that takes the next character, and where in the text it began.
#[derive(Clone, Copy, Debug)]
struct Way {
    index: usize,
    start: usize,
}

impl Scratch {
    /// How many instructions were run so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn begin(&mut self, program: &Program) {
        self.now.clear();
        self.moment += 1;
        self.seen.resize(program.code.len(), 0);
    }

    /// Goes to the next character.
    fn turn(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
    }
}

impl Program {
    /// Whether it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str, scratch: &mut Scratch) -> bool {
        self.search(text, 0, true, scratch).is_some()
    }

    /// The first match from `from` on, and of those that begin there the longest.
    pub(crate) fn find_at(
        &self,
        text: &str,
        from: usize,
        scratch: &mut Scratch,
    ) -> Option<Range<usize>> {
        self.search(text, from, false, scratch)
    }

    /// How many bytes of a text are looked at.
    pub(crate) fn looked_at(&self) -> usize {
        LOOKED_AT.min(MAX_WORK / self.code.len())
    }

    fn search(
        &self,
        text: &str,
        from: usize,
        takes_any: bool,
        scratch: &mut Scratch,
    ) -> Option<Range<usize>> {
        let end = text.floor_char_boundary(self.looked_at());
        let (mut at, mut best) = (from, None::<Range<usize>>);
        scratch.begin(self);
        loop {
            if scratch.now.is_empty() {
                if best.is_some() || at > end || (self.is_anchored && at > 0) {
                    return best;
                }
                if let Some(first) = self.first.as_ref().filter(|_| !self.is_anchored) {
                    at += text.as_bytes()[at..end]
                        .iter()
                        .position(|byte| first[usize::from(*byte)])?;
                    // What came by before the leap did so at another place.
                    scratch.moment += 1;
                }
            }
            if best.is_none() {
                let mut now = std::mem::take(&mut scratch.now);
                self.enter(text, at, Way { index: 0, start: at }, &mut now, scratch, &mut best);
                scratch.now = now;
            }
            if (takes_any && best.is_some()) || at >= end {
                return best;
            }
            let byte = text.as_bytes()[at];
            let character =
                if byte.is_ascii() { byte.into() } else { text[at..].chars().next()? };
            at += character.len_utf8();
            self.step(text, at, character, scratch, &mut best);
            scratch.turn();
        }
    }

    /// Takes `character`, behind which `at` is.
    fn step(
        &self,
        text: &str,
        at: usize,
        character: char,
        scratch: &mut Scratch,
        best: &mut Option<Range<usize>>,
    ) {
        let (now, mut next) = (std::mem::take(&mut scratch.now), std::mem::take(&mut scratch.next));
        let small = character.to_ascii_lowercase();
        next.clear();
        scratch.moment += 1;
        for way in &now {
            if best.as_ref().is_some_and(|best| best.start < way.start) {
                break;
            }
            scratch.steps += 1;
            if self.takes(self.code[way.index], character, small) {
                self.enter(
                    text,
                    at,
                    Way { index: way.index + 1, ..*way },
                    &mut next,
                    scratch,
                    best,
                );
            }
        }
        (scratch.now, scratch.next) = (now, next);
    }

    /// Follows a way to all instructions that take the next character. Where one is already, it is
    /// by a way that began no later.
    fn enter(
        &self,
        text: &str,
        at: usize,
        way: Way,
        ways: &mut Vec<Way>,
        scratch: &mut Scratch,
        best: &mut Option<Range<usize>>,
    ) {
        scratch.open.push(way.index);
        while let Some(index) = scratch.open.pop() {
            scratch.steps += 1;
            if std::mem::replace(&mut scratch.seen[index], scratch.moment) == scratch.moment {
                continue;
            }
            match self.code[index] {
                Inst::Char(_) | Inst::Class(_) => ways.push(Way { index, ..way }),
                Inst::Assert(place) if place.is_at(text.as_bytes(), at) => {
                    scratch.open.push(index + 1)
                }
                Inst::Assert(_) => {}
                Inst::Fork(ways) => {
                    scratch.open.extend(ways.map(|way| index.wrapping_add_signed(way)))
                }
                Inst::Jump(way) => scratch.open.push(index.wrapping_add_signed(way)),
                Inst::Match => {
                    if best.as_ref().is_none_or(|best| way.start <= best.start) {
                        *best = Some(way.start..at);
                    }
                }
            }
        }
    }
}

impl Place {
    /// Whether it is at index `at`. Words are of ASCII, so the bytes on both sides tell.
    fn is_at(self, text: &[u8], at: usize) -> bool {
        let is_word = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        let is_boundary = || {
            is_word(at.checked_sub(1).and_then(|before| text.get(before))) != is_word(text.get(at))
        };
        match self {
            Self::Start => at == 0,
            Self::End => at == text.len(),
            Self::Boundary => is_boundary(),
            Self::NoBoundary => !is_boundary(),
        }
    }
}

/// The most bytes of a text that are looked at. A message that is longer is mostly a dump; and its
/// time is bounded with it.
pub(crate) const LOOKED_AT: usize = 16 << 10;

/// The most bytes times instructions: of a program longer than 128 fewer bytes are looked at, and
/// of the longest a kilobyte. For each of these a few steps of 4 ns are taken at most, so that a
/// single text does not hold up a page.
const MAX_WORK: usize = LOOKED_AT * 128;
