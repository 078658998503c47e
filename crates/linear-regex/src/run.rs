//! Runs a program over a text: all threads advance together, one character at a time, and no
//! instruction runs twice at one position (Thompson's simulation with Pike's bookkeeping, see
//! <https://swtch.com/~rsc/regexp/regexp2.html>).

use std::ops::Range;

use crate::program::{Assertion, Inst, Program};

/// The memory of a search, reused from one text to the next.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// The threads at the current position, earliest start first.
    now: Vec<Thread>,
    next: Vec<Thread>,
    /// For each instruction, the generation in which a thread last reached it.
    seen: Vec<u64>,
    generation: u64,
    open: Vec<usize>,
    steps: u64,
}

/// A thread: the instruction that reads the next character, and where its match began.
#[derive(Clone, Copy, Debug)]
struct Thread {
    index: usize,
    start: usize,
}

impl Cache {
    /// Returns how many instructions were executed so far, over all searches.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn begin(&mut self, program: &Program) {
        self.now.clear();
        self.generation += 1;
        self.seen.resize(program.code.len(), 0);
    }

    /// Advances to the next character.
    fn turn(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
    }
}

impl Program {
    /// Returns whether it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str, cache: &mut Cache) -> bool {
        self.search(text, 0, true, cache).is_some()
    }

    /// Returns the first match from `from` on: of those with the same start, the longest.
    pub(crate) fn find_at(
        &self,
        text: &str,
        from: usize,
        cache: &mut Cache,
    ) -> Option<Range<usize>> {
        self.search(text, from, false, cache)
    }

    /// Returns how many bytes of a text are searched.
    pub(crate) fn search_limit(&self) -> usize {
        SEARCH_LIMIT.min(MAX_WORK / self.code.len())
    }

    fn search(
        &self,
        text: &str,
        from: usize,
        any_match: bool,
        cache: &mut Cache,
    ) -> Option<Range<usize>> {
        let end = text.floor_char_boundary(self.search_limit());
        let (mut at, mut best) = (from, None::<Range<usize>>);
        cache.begin(self);
        loop {
            if cache.now.is_empty() {
                if best.is_some() || at > end || (self.is_anchored && at > 0) {
                    return best;
                }
                if let Some(first) = self.first.as_ref().filter(|_| !self.is_anchored) {
                    at += text.as_bytes()[at..end]
                        .iter()
                        .position(|byte| first[usize::from(*byte)])?;
                    // Instructions reached before the skip were reached at another position.
                    cache.generation += 1;
                }
            }
            if best.is_none() {
                let mut now = std::mem::take(&mut cache.now);
                self.add_thread(
                    text,
                    at,
                    Thread { index: 0, start: at },
                    &mut now,
                    cache,
                    &mut best,
                );
                cache.now = now;
            }
            if (any_match && best.is_some()) || at >= end {
                return best;
            }
            let byte = text.as_bytes()[at];
            let character =
                if byte.is_ascii() { byte.into() } else { text[at..].chars().next()? };
            at += character.len_utf8();
            self.step(text, at, character, cache, &mut best);
            cache.turn();
        }
    }

    /// Advances all threads over `character`, which ends at `at`.
    fn step(
        &self,
        text: &str,
        at: usize,
        character: char,
        cache: &mut Cache,
        best: &mut Option<Range<usize>>,
    ) {
        let (now, mut next) = (std::mem::take(&mut cache.now), std::mem::take(&mut cache.next));
        let small = character.to_ascii_lowercase();
        next.clear();
        cache.generation += 1;
        for thread in &now {
            if best.as_ref().is_some_and(|best| best.start < thread.start) {
                break;
            }
            cache.steps += 1;
            if self.accepts(self.code[thread.index], character, small) {
                self.add_thread(
                    text,
                    at,
                    Thread { index: thread.index + 1, ..*thread },
                    &mut next,
                    cache,
                    best,
                );
            }
        }
        (cache.now, cache.next) = (now, next);
    }

    /// Follows a thread to every instruction that reads a character. An instruction that was
    /// reached already belongs to a thread with an earlier or equal start.
    fn add_thread(
        &self,
        text: &str,
        at: usize,
        thread: Thread,
        threads: &mut Vec<Thread>,
        cache: &mut Cache,
        best: &mut Option<Range<usize>>,
    ) {
        cache.open.push(thread.index);
        while let Some(index) = cache.open.pop() {
            cache.steps += 1;
            if std::mem::replace(&mut cache.seen[index], cache.generation) == cache.generation {
                continue;
            }
            match self.code[index] {
                Inst::Char(_) | Inst::Class(_) => threads.push(Thread { index, ..thread }),
                Inst::Assert(place) if place.holds_at(text.as_bytes(), at) => {
                    cache.open.push(index + 1);
                }
                Inst::Assert(_) => {}
                Inst::Split(threads) => {
                    cache.open.extend(threads.map(|thread| index.wrapping_add_signed(thread)));
                }
                Inst::Jump(thread) => cache.open.push(index.wrapping_add_signed(thread)),
                Inst::Match => {
                    if best.as_ref().is_none_or(|best| thread.start <= best.start) {
                        *best = Some(thread.start..at);
                    }
                }
            }
        }
    }
}

impl Assertion {
    /// Returns whether the assertion holds at byte `at`. Word characters are ASCII, so the
    /// neighbouring bytes decide.
    fn holds_at(self, text: &[u8], at: usize) -> bool {
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
            Self::NotBoundary => !is_boundary(),
        }
    }
}

/// The most bytes of a text that are searched. Longer messages are mostly dumps, and this bounds
/// their time.
pub(crate) const SEARCH_LIMIT: usize = 16 << 10;

/// The most bytes times instructions. A program of more than 128 instructions searches fewer bytes,
/// the longest one a kilobyte. Each byte and instruction takes a few steps of 4 ns, so one text
/// never blocks a page.
const MAX_WORK: usize = SEARCH_LIMIT * 128;
