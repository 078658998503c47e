//! From a pattern's text to its program, in one pass and without a tree: how deep its groups are is
//! no matter of the stack.

use crate::class::Class;
use crate::error::{Fault, PatternError};
use crate::program::{Code, Inst, MAX_CODE, Place, Program, one_of, repeated};

/// Reads a pattern; ASCII letters stand for both their cases when it `folds`.
pub(crate) fn read(text: &str, folds: bool) -> Result<Program, PatternError> {
    if text.len() > MAX_BYTES {
        return Err(PatternError::new(
            text[..text.floor_char_boundary(MAX_BYTES)].chars().count(),
            Fault::TooManyBytes,
        ));
    }
    Parser {
        chars: text.chars().collect(),
        at: 0,
        folds,
        classes: Vec::new(),
        group: Group::default(),
        outer: Vec::new(),
    }
    .read()
}

/// What was read so far.
#[derive(Debug)]
struct Parser {
    chars: Vec<char>,
    at: usize,
    folds: bool,
    classes: Vec<Class>,
    /// The group under way; the outermost is the pattern.
    group: Group,
    /// The groups around it.
    outer: Vec<Group>,
}

/// A group that is not closed yet.
#[derive(Debug, Default)]
struct Group {
    /// Where it was opened.
    at: usize,
    /// The branches before the one under way.
    branches: Vec<Code>,
    branch: Code,
    /// Where in the branch the piece begins that a repeat would be about.
    piece: Option<usize>,
}

/// What an escape means.
#[derive(Debug)]
enum Escape {
    Char(char),
    Class(Class),
    Place(Place),
}

impl Parser {
    fn read(mut self) -> Result<Program, PatternError> {
        while let Some(character) = self.next() {
            let at = self.at - 1;
            match character {
                '(' => self.open(at)?,
                ')' => self.close(at)?,
                '|' => {
                    let branch = std::mem::take(&mut self.group.branch);
                    self.group.branches.push(branch);
                    self.group.piece = None;
                }
                '*' => self.repeat(at, 0, None)?,
                '+' => self.repeat(at, 1, None)?,
                '?' => self.repeat(at, 0, Some(1))?,
                '{' => match self.count() {
                    Some((least, most)) => self.repeat(at, least, most)?,
                    None => self.push(at, &[Inst::Char('{')])?,
                },
                '^' => self.assert(at, Place::Start)?,
                '$' => self.assert(at, Place::End)?,
                '.' => self.push_class(at, Class::dot())?,
                '[' => self.class(at)?,
                '\\' => match self.escape(at)? {
                    Escape::Char(character) => self.push(at, &[self.char(character)])?,
                    Escape::Class(class) => self.push_class(at, class)?,
                    Escape::Place(place) => self.assert(at, place)?,
                },
                _ => self.push(at, &[self.char(character)])?,
            }
        }
        if !self.outer.is_empty() {
            return Err(PatternError::new(self.group.at, Fault::OpenGroup));
        }
        let code = self.group.end().ok_or(PatternError::new(0, Fault::TooLong))?;
        Ok(Program::new(code, self.classes, self.folds))
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip(&mut self, text: &str) -> bool {
        let is_there = text
            .chars()
            .enumerate()
            .all(|(index, character)| self.chars.get(self.at + index) == Some(&character));
        if is_there {
            self.at += text.chars().count();
        }
        is_there
    }

    /// The instruction for a character.
    fn char(&self, character: char) -> Inst {
        Inst::Char(if self.folds { character.to_ascii_lowercase() } else { character })
    }

    /// Adds a piece that may be repeated.
    fn push(&mut self, at: usize, piece: &[Inst]) -> Result<(), PatternError> {
        self.group.piece = Some(self.group.branch.len());
        self.group.branch.extend(piece);
        if self.group.branch.len() > MAX_CODE {
            Err(PatternError::new(at, Fault::TooLong))
        } else {
            Ok(())
        }
    }

    fn push_class(&mut self, at: usize, class: Class) -> Result<(), PatternError> {
        let index = self.classes.len();
        self.classes.push(class);
        self.push(at, &[Inst::Class(index)])
    }

    fn assert(&mut self, at: usize, place: Place) -> Result<(), PatternError> {
        self.push(at, &[Inst::Assert(place)])?;
        self.group.piece = None;
        Ok(())
    }

    fn open(&mut self, at: usize) -> Result<(), PatternError> {
        if self.skip("?") && !self.skip(":") {
            let is_named =
                (self.skip("<") || self.skip("P<")) && !matches!(self.peek(), Some('=' | '!'));
            let fault = match self.chars.get(at + 2) {
                _ if is_named => Fault::NamedGroup,
                Some('=' | '!' | '<') => Fault::Lookaround,
                _ => Fault::Flags,
            };
            return Err(PatternError::new(at, fault));
        }
        if self.outer.len() == MAX_DEPTH {
            return Err(PatternError::new(at, Fault::TooDeep));
        }
        self.outer.push(std::mem::replace(&mut self.group, Group { at, ..Group::default() }));
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), PatternError> {
        let outer = self.outer.pop().ok_or(PatternError::new(at, Fault::NoGroup))?;
        let code = std::mem::replace(&mut self.group, outer)
            .end()
            .ok_or(PatternError::new(at, Fault::TooLong))?;
        self.push(at, &code)
    }

    /// Repeats the last piece. Whether that is lazy makes no difference here.
    fn repeat(&mut self, at: usize, least: usize, most: Option<usize>) -> Result<(), PatternError> {
        let start = self.group.piece.ok_or(PatternError::new(at, Fault::NothingToRepeat))?;
        if most.is_some_and(|most| most < least) {
            return Err(PatternError::new(at, Fault::LessThanLeast));
        }
        let piece = self.group.branch.split_off(start);
        let code = repeated(&piece, least, most).ok_or(PatternError::new(at, Fault::TooLong))?;
        self.push(at, &code)?;
        self.group.piece = None;
        self.skip("?");
        Ok(())
    }

    /// The counts behind a brace; `None`, and nothing is read, when it is no count.
    fn count(&mut self) -> Option<(usize, Option<usize>)> {
        let start = self.at;
        let count = self.number().and_then(|least| {
            let most = if self.skip(",") { self.number() } else { Some(least) };
            self.skip("}").then_some((least, most))
        });
        if count.is_none() {
            self.at = start;
        }
        count
    }

    /// A number; one that is too great for any program stays that.
    fn number(&mut self) -> Option<usize> {
        let mut number: Option<usize> = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            number =
                Some(number.unwrap_or_default().saturating_mul(10).saturating_add(digit as usize));
            self.at += 1;
        }
        number
    }

    /// What the escape means whose backslash is at `at`.
    fn escape(&mut self, at: usize) -> Result<Escape, PatternError> {
        let letter = self.next().ok_or(PatternError::new(at, Fault::LoneBackslash))?;
        Ok(match letter {
            'n' => Escape::Char('\n'),
            't' => Escape::Char('\t'),
            'r' => Escape::Char('\r'),
            'f' => Escape::Char('\u{c}'),
            'v' => Escape::Char('\u{b}'),
            'b' => Escape::Place(Place::Boundary),
            'B' => Escape::Place(Place::NoBoundary),
            '1'..='9' | 'k' => return Err(PatternError::new(at, Fault::Backreference)),
            _ => match Class::of_escape(letter) {
                Some(class) => Escape::Class(class),
                None if letter.is_alphanumeric() => {
                    return Err(PatternError::new(at, Fault::Escape(letter)));
                }
                None => Escape::Char(letter),
            },
        })
    }

    /// A class in brackets, of which the first is at `at`.
    fn class(&mut self, at: usize) -> Result<(), PatternError> {
        let is_negated = self.skip("^");
        let (mut class, start) = (Class::default(), self.at);
        loop {
            match self.member(at)? {
                None if self.at == start + 1 => {
                    return Err(PatternError::new(at, Fault::EmptyClass));
                }
                None => break,
                Some(Escape::Char(first)) => self.range(at, first, &mut class)?,
                Some(Escape::Class(other)) => class.add_escape(&other),
                Some(Escape::Place(_)) => {
                    return Err(PatternError::new(self.at - 2, Fault::Escape('b')));
                }
            }
        }
        if self.folds {
            class.fold();
        }
        self.push_class(at, if is_negated { class.negated() } else { class })
    }

    /// Adds the characters from `first`, which was just read, to where a range ends, if it is one.
    fn range(
        &mut self,
        class_at: usize,
        first: char,
        class: &mut Class,
    ) -> Result<(), PatternError> {
        let at = self.at - 1;
        let is_range = self.peek() == Some('-')
            && self.chars.get(self.at + 1).is_some_and(|next| *next != ']');
        let mut last = first;
        if is_range {
            self.at += 1;
            last = match self.member(class_at)? {
                Some(Escape::Char(last)) => last,
                _ => return Err(PatternError::new(at, Fault::RangeOfClass)),
            };
        }
        if last < first {
            return Err(PatternError::new(at, Fault::BackwardRange));
        }
        class.add(first, last);
        Ok(())
    }

    /// The next member of a class; `None` at its end.
    fn member(&mut self, class_at: usize) -> Result<Option<Escape>, PatternError> {
        match self.next() {
            None => Err(PatternError::new(class_at, Fault::OpenClass)),
            Some(']') => Ok(None),
            Some('\\') => self.escape(self.at - 1).map(Some),
            Some(character) => Ok(Some(Escape::Char(character))),
        }
    }
}

impl Group {
    /// Its code; `None` when that is too long.
    fn end(mut self) -> Option<Code> {
        self.branches.push(self.branch);
        one_of(self.branches)
    }
}

/// The most bytes of a pattern: nobody types more.
const MAX_BYTES: usize = 1_000;

/// How deep groups may be nested. Nothing here needs the bound; who nests deeper has pasted
/// something else.
const MAX_DEPTH: usize = 100;
