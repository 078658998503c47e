//! Instructions and how they are combined. Jumps are relative, so code can be moved and copied.

use crate::class::Class;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inst {
    /// Matches this character; with `ignore_case` a small letter stands for both cases.
    Char(char),
    /// Matches a character of the class with this index.
    Class(usize),
    /// Continues if the assertion holds here.
    Assert(Assertion),
    /// Continues at both targets.
    Split([isize; 2]),
    /// Continues at the target.
    Jump(isize),
    /// Ends the program: the pattern matches.
    Match,
}

/// A condition on a position, which consumes no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assertion {
    Start,
    End,
    Boundary,
    NotBoundary,
}

/// Code that falls through its end when it has matched.
pub(crate) type Code = Vec<Inst>;

/// The code of a pattern, and facts about its matches that speed up a search.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) code: Code,
    pub(crate) classes: Vec<Class>,
    pub(crate) ignore_case: bool,
    /// Whether every match begins at the start of the text.
    pub(crate) is_anchored: bool,
    /// The bytes a match can begin with; `None` if a match can be empty.
    pub(crate) first: Option<Box<[bool; 256]>>,
    /// A string that every match contains; empty if none is known.
    pub(crate) literal: String,
}

impl Program {
    pub(crate) fn new(mut code: Code, classes: Vec<Class>, ignore_case: bool) -> Self {
        code.push(Inst::Match);
        let is_anchored = code.first() == Some(&Inst::Assert(Assertion::Start));
        let literal = literal(&code);
        let mut program = Self { code, classes, ignore_case, is_anchored, first: None, literal };
        program.first = program.first_bytes();
        program
    }

    /// Returns whether the instruction matches `character`, whose lower case is `small`.
    pub(crate) fn accepts(&self, inst: Inst, character: char, small: char) -> bool {
        match inst {
            Inst::Char(expected) => expected == if self.ignore_case { small } else { character },
            Inst::Class(index) => self.classes.get(index).is_some_and(|class| class.has(character)),
            _ => false,
        }
    }

    fn first_bytes(&self) -> Option<Box<[bool; 256]>> {
        let mut first = Box::new([false; 256]);
        let (mut seen, mut open) = (vec![false; self.code.len()], vec![0]);
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            match self.code[index] {
                Inst::Match => return None,
                Inst::Assert(_) => open.push(index + 1),
                Inst::Split(threads) => {
                    open.extend(threads.map(|thread| index.wrapping_add_signed(thread)));
                }
                Inst::Jump(thread) => open.push(index.wrapping_add_signed(thread)),
                inst => {
                    for byte in 0..128_u8 {
                        first[usize::from(byte)] |=
                            self.accepts(inst, byte.into(), byte.to_ascii_lowercase().into());
                    }
                    // Of a non-ASCII character, only its first byte is known.
                    let is_ascii = matches!(inst, Inst::Char(character) if character.is_ascii());
                    first[0xc0..].iter_mut().for_each(|is_first| *is_first |= !is_ascii);
                }
            }
        }
        Some(first)
    }
}

/// Returns code that matches `piece` at least `min` and at most `max` times, or `None` if it is too
/// long.
pub(crate) fn repetition(piece: &[Inst], min: usize, max: Option<usize>) -> Option<Code> {
    if piece.is_empty() {
        return Some(Code::new());
    }
    let length = piece.len();
    let optional = max.map_or(1, |max| max - min);
    length
        .checked_mul(min)?
        .checked_add((length + 2).checked_mul(optional)?)
        .filter(|length| *length <= MAX_CODE)?;
    let mut code = piece.repeat(min);
    match max {
        None if min > 0 => code.push(Inst::Split([-(length as isize), 1])),
        None => {
            code.push(Inst::Split([1, length as isize + 2]));
            code.extend(piece);
            code.push(Inst::Jump(-(length as isize) - 1));
        }
        Some(_) => {
            for left in (1..=optional).rev() {
                code.push(Inst::Split([1, (left * (length + 1)) as isize]));
                code.extend(piece);
            }
        }
    }
    Some(code)
}

/// Returns code that matches one of the branches, or `None` if it is too long.
pub(crate) fn alternation(branches: Vec<Code>) -> Option<Code> {
    let length = branches.iter().map(|branch| branch.len() + 2).sum::<usize>();
    let mut branches = branches.into_iter().rev();
    let last = branches.next().unwrap_or_default();
    if branches.len() > 0 && length > MAX_CODE {
        return None;
    }
    // Built from the last branch to the first, and reversed at the end, so that no branch is moved
    // repeatedly.
    let mut code: Code = last.into_iter().rev().collect();
    for branch in branches {
        code.push(Inst::Jump(code.len() as isize + 1));
        let over = branch.len() as isize + 2;
        code.extend(branch.into_iter().rev());
        code.push(Inst::Split([1, over]));
    }
    code.reverse();
    Some(code)
}

/// Returns the longest literal that every match must contain: one that no jump skips. Backward
/// jumps need no care, since a thread that takes one has passed the code before.
fn literal(code: &[Inst]) -> String {
    let (mut best, mut run, mut free_from) = (String::new(), String::new(), 0);
    for (index, inst) in code.iter().enumerate() {
        match inst {
            Inst::Char(character) if free_from <= index => run.push(*character),
            Inst::Char(_) => {}
            _ => {
                let furthest = match inst {
                    Inst::Split(threads) => threads[0].max(threads[1]),
                    Inst::Jump(thread) => *thread,
                    _ => 1,
                };
                free_from = free_from.max(index.saturating_add_signed(furthest));
                if run.len() > best.len() {
                    best = std::mem::take(&mut run);
                }
                run.clear();
            }
        }
    }
    best
}

/// The most instructions of a program, which bounds the work per character.
pub(crate) const MAX_CODE: usize = 2_000;
