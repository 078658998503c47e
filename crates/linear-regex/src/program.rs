//! Instructions, and how they are put together. A piece of code may be moved and copied, since its
//! jumps are relative.

use crate::class::Class;

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inst {
    /// This character comes next; a small letter for both its cases, when the program folds.
    Char(char),
    /// One of the class with this index comes next.
    Class(usize),
    /// The place is right.
    Assert(Place),
    /// Goes on at both places.
    Fork([isize; 2]),
    /// Goes on elsewhere.
    Jump(isize),
    /// The text up to here matches.
    Match,
}

/// A place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    End,
    Boundary,
    NoBoundary,
}

/// A piece of code: whoever comes to its end has matched it.
pub(crate) type Code = Vec<Inst>;

/// A pattern's code, and what is known of its matches beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) code: Code,
    pub(crate) classes: Vec<Class>,
    pub(crate) folds: bool,
    /// Whether a match begins where the text does.
    pub(crate) is_anchored: bool,
    /// With which bytes a match may begin; `None` when it may be empty.
    pub(crate) first: Option<Box<[bool; 256]>>,
    /// A text that each match holds; empty when none is known.
    pub(crate) literal: String,
}

impl Program {
    pub(crate) fn new(mut code: Code, classes: Vec<Class>, folds: bool) -> Self {
        code.push(Inst::Match);
        let is_anchored = code.first() == Some(&Inst::Assert(Place::Start));
        let literal = literal(&code);
        let mut program = Self { code, classes, folds, is_anchored, first: None, literal };
        program.first = program.first_bytes();
        program
    }

    /// Whether the instruction takes `character`, whose `small` form is given too.
    pub(crate) fn takes(&self, inst: Inst, character: char, small: char) -> bool {
        match inst {
            Inst::Char(expected) => expected == if self.folds { small } else { character },
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
                Inst::Fork(ways) => open.extend(ways.map(|way| index.wrapping_add_signed(way))),
                Inst::Jump(way) => open.push(index.wrapping_add_signed(way)),
                inst => {
                    for byte in 0..128_u8 {
                        first[usize::from(byte)] |=
                            self.takes(inst, byte.into(), byte.to_ascii_lowercase().into());
                    }
                    // Of the others only the bytes with which a character begins.
                    let is_ascii = matches!(inst, Inst::Char(character) if character.is_ascii());
                    first[0xc0..].iter_mut().for_each(|is_first| *is_first |= !is_ascii);
                }
            }
        }
        Some(first)
    }
}

/// What matches `piece` at least so often, and at most so often if there is a most; `None` when
/// that is too long.
pub(crate) fn repeated(piece: &[Inst], least: usize, most: Option<usize>) -> Option<Code> {
    if piece.is_empty() {
        return Some(Code::new());
    }
    let length = piece.len();
    let optional = most.map_or(1, |most| most - least);
    length
        .checked_mul(least)?
        .checked_add((length + 2).checked_mul(optional)?)
        .filter(|length| *length <= MAX_CODE)?;
    let mut code = piece.repeat(least);
    match most {
        None if least > 0 => code.push(Inst::Fork([-(length as isize), 1])),
        None => {
            code.push(Inst::Fork([1, length as isize + 2]));
            code.extend(piece);
            code.push(Inst::Jump(-(length as isize) - 1));
        }
        Some(_) => {
            for left in (1..=optional).rev() {
                code.push(Inst::Fork([1, (left * (length + 1)) as isize]));
                code.extend(piece);
            }
        }
    }
    Some(code)
}

/// What matches one of the branches; `None` when that is too long.
pub(crate) fn one_of(branches: Vec<Code>) -> Option<Code> {
    let length = branches.iter().map(|branch| branch.len() + 2).sum::<usize>();
    let mut branches = branches.into_iter().rev();
    let last = branches.next().unwrap_or_default();
    if branches.len() > 0 && length > MAX_CODE {
        return None;
    }
    // From the last to the first, each turned around, so that nothing is moved for each branch
    // again.
    let mut code: Code = last.into_iter().rev().collect();
    for branch in branches {
        code.push(Inst::Jump(code.len() as isize + 1));
        let over = branch.len() as isize + 2;
        code.extend(branch.into_iter().rev());
        code.push(Inst::Fork([1, over]));
    }
    code.reverse();
    Some(code)
}

/// The longest run of characters that no way to the end goes around. It need not look at jumps
/// back: who came there came by what is before.
fn literal(code: &[Inst]) -> String {
    let (mut best, mut run, mut free_from) = (String::new(), String::new(), 0);
    for (index, inst) in code.iter().enumerate() {
        match inst {
            Inst::Char(character) if free_from <= index => run.push(*character),
            Inst::Char(_) => {}
            _ => {
                let furthest = match inst {
                    Inst::Fork(ways) => ways[0].max(ways[1]),
                    Inst::Jump(way) => *way,
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

/// The most instructions of a program, and so the most work for one character.
pub(crate) const MAX_CODE: usize = 2_000;
