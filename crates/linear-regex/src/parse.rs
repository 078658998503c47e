//! Compiles a pattern in one pass and without a syntax tree, so nesting cannot overflow the stack.

use crate::class::{Class, Property};
use crate::error::{Error, ErrorKind};
use crate::program::{Assertion, Code, Inst, MAX_CODE, Program, alternation, repetition};

/// Compiles a pattern. With `ignore_case`, ASCII letters match both of their cases.
pub(crate) fn parse(text: &str, ignore_case: bool) -> Result<Program, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::new(
            text[..text.floor_char_boundary(MAX_BYTES)].chars().count(),
            ErrorKind::TooManyBytes,
        ));
    }
    Parser {
        chars: text.chars().collect(),
        at: 0,
        ignore_case,
        classes: Vec::new(),
        group: Group::default(),
        outer: Vec::new(),
    }
    .read()
}

/// The state of the parser.
#[derive(Debug)]
struct Parser {
    chars: Vec<char>,
    at: usize,
    ignore_case: bool,
    classes: Vec<Class>,
    /// The innermost open group. The outermost one is the pattern itself.
    group: Group,
    /// The groups that enclose it.
    outer: Vec<Group>,
}

/// A group whose closing parenthesis has not been read.
#[derive(Debug, Default)]
struct Group {
    /// The index of its parenthesis.
    at: usize,
    /// The finished branches; `branch` is the current one.
    branches: Vec<Code>,
    branch: Code,
    /// Where in `branch` the last expression begins, which a repetition operator would repeat.
    piece: Option<usize>,
}

/// The meaning of an escape.
#[derive(Debug)]
enum Escape {
    Char(char),
    Class(Class),
    Assertion(Assertion),
}

impl Parser {
    fn read(mut self) -> Result<Program, Error> {
        self.ignore_case |= self.skip(IGNORE_CASE);
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
                    Some((min, max)) => self.repeat(at, min, max)?,
                    None => self.push(at, &[Inst::Char('{')])?,
                },
                '^' => self.assert(at, Assertion::Start)?,
                '$' => self.assert(at, Assertion::End)?,
                '.' => self.push_class(at, Class::dot())?,
                '[' => self.class(at)?,
                '\\' => match self.escape(at)? {
                    Escape::Char(character) => self.push(at, &[self.char(character)])?,
                    Escape::Class(class) => self.push_class(at, class)?,
                    Escape::Assertion(place) => self.assert(at, place)?,
                },
                _ => self.push(at, &[self.char(character)])?,
            }
        }
        if !self.outer.is_empty() {
            return Err(Error::new(self.group.at, ErrorKind::GroupUnclosed));
        }
        let code = self.group.end().ok_or(Error::new(0, ErrorKind::TooLong))?;
        Ok(Program::new(code, self.classes, self.ignore_case))
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

    /// Returns the instruction that matches `character`.
    fn char(&self, character: char) -> Inst {
        Inst::Char(if self.ignore_case { character.to_ascii_lowercase() } else { character })
    }

    /// Appends an expression that may be repeated.
    fn push(&mut self, at: usize, piece: &[Inst]) -> Result<(), Error> {
        self.group.piece = Some(self.group.branch.len());
        self.group.branch.extend(piece);
        if self.group.branch.len() > MAX_CODE {
            Err(Error::new(at, ErrorKind::TooLong))
        } else {
            Ok(())
        }
    }

    fn push_class(&mut self, at: usize, class: Class) -> Result<(), Error> {
        let index = self.classes.len();
        self.classes.push(class);
        self.push(at, &[Inst::Class(index)])
    }

    fn assert(&mut self, at: usize, place: Assertion) -> Result<(), Error> {
        self.push(at, &[Inst::Assert(place)])?;
        self.group.piece = None;
        Ok(())
    }

    fn open(&mut self, at: usize) -> Result<(), Error> {
        if self.skip("?") && !self.skip(":") {
            let is_named =
                (self.skip("<") || self.skip("P<")) && !matches!(self.peek(), Some('=' | '!'));
            let kind = match self.chars.get(at + 2) {
                _ if is_named => ErrorKind::NamedGroup,
                Some('=' | '!' | '<') => ErrorKind::Lookaround,
                _ => ErrorKind::Flags,
            };
            return Err(Error::new(at, kind));
        }
        if self.outer.len() == MAX_DEPTH {
            return Err(Error::new(at, ErrorKind::NestLimitExceeded));
        }
        self.outer.push(std::mem::replace(&mut self.group, Group { at, ..Group::default() }));
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), Error> {
        let outer = self.outer.pop().ok_or(Error::new(at, ErrorKind::GroupUnopened))?;
        let code = std::mem::replace(&mut self.group, outer)
            .end()
            .ok_or(Error::new(at, ErrorKind::TooLong))?;
        self.push(at, &code)
    }

    /// Repeats the last expression. Laziness makes no difference to the longest match.
    fn repeat(&mut self, at: usize, min: usize, max: Option<usize>) -> Result<(), Error> {
        let start = self.group.piece.ok_or(Error::new(at, ErrorKind::RepetitionMissing))?;
        if max.is_some_and(|max| max < min) {
            return Err(Error::new(at, ErrorKind::RepetitionCountInvalid));
        }
        let piece = self.group.branch.split_off(start);
        let code = repetition(&piece, min, max).ok_or(Error::new(at, ErrorKind::TooLong))?;
        self.push(at, &code)?;
        self.group.piece = None;
        self.skip("?");
        Ok(())
    }

    /// Reads the counts after a brace. Returns `None`, and reads nothing, if there are none.
    fn count(&mut self) -> Option<(usize, Option<usize>)> {
        let start = self.at;
        let count = self.number().and_then(|min| {
            let max = if self.skip(",") { self.number() } else { Some(min) };
            self.skip("}").then_some((min, max))
        });
        if count.is_none() {
            self.at = start;
        }
        count
    }

    /// Reads a number, which saturates.
    fn number(&mut self) -> Option<usize> {
        let mut number: Option<usize> = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            number =
                Some(number.unwrap_or_default().saturating_mul(10).saturating_add(digit as usize));
            self.at += 1;
        }
        number
    }

    /// Reads the escape whose backslash is at `at`.
    fn escape(&mut self, at: usize) -> Result<Escape, Error> {
        let letter = self.next().ok_or(Error::new(at, ErrorKind::EscapeUnexpectedEof))?;
        Ok(match letter {
            'n' => Escape::Char('\n'),
            't' => Escape::Char('\t'),
            'r' => Escape::Char('\r'),
            'f' => Escape::Char('\u{c}'),
            'v' => Escape::Char('\u{b}'),
            'b' => Escape::Assertion(Assertion::Boundary),
            'B' => Escape::Assertion(Assertion::NotBoundary),
            'p' | 'P' => Escape::Class(self.property(at, letter == 'P')?),
            '1'..='9' | 'k' => return Err(Error::new(at, ErrorKind::Backreference)),
            _ => match Class::of_escape(letter) {
                Some(class) => Escape::Class(class),
                None if letter.is_alphanumeric() => {
                    return Err(Error::new(at, ErrorKind::EscapeUnrecognized(letter)));
                }
                None => Escape::Char(letter),
            },
        })
    }

    /// Reads the name of a property: one letter, or a name in braces.
    fn property(&mut self, at: usize, is_negated: bool) -> Result<Class, Error> {
        let mut name = String::new();
        if self.skip("{") {
            while !self.skip("}") {
                let unclosed = Error::new(at, ErrorKind::EscapeUnexpectedEof);
                name.push(self.next().ok_or(unclosed)?);
            }
        } else {
            name.extend(self.next());
        }
        Property::named(&name)
            .map(|property| Class::of_property(property, is_negated))
            .ok_or(Error::new(at, ErrorKind::UnicodePropertyNotFound))
    }

    /// Reads the bracketed class that opens at `at`.
    fn class(&mut self, at: usize) -> Result<(), Error> {
        let is_negated = self.skip("^");
        let (mut class, start) = (Class::default(), self.at);
        loop {
            match self.member(at)? {
                None if self.at == start + 1 => {
                    return Err(Error::new(at, ErrorKind::EmptyClass));
                }
                None => break,
                Some(Escape::Char(first)) => self.range(at, first, &mut class)?,
                Some(Escape::Class(other)) => class.add_escape(&other),
                Some(Escape::Assertion(_)) => {
                    return Err(Error::new(self.at - 2, ErrorKind::EscapeUnrecognized('b')));
                }
            }
        }
        if self.ignore_case {
            class.fold();
        }
        self.push_class(at, if is_negated { class.negated() } else { class })
    }

    /// Adds `first`, which was just read, or the range that begins with it.
    fn range(&mut self, class_at: usize, first: char, class: &mut Class) -> Result<(), Error> {
        let at = self.at - 1;
        let is_range = self.peek() == Some('-')
            && self.chars.get(self.at + 1).is_some_and(|next| *next != ']');
        let mut last = first;
        if is_range {
            self.at += 1;
            last = match self.member(class_at)? {
                Some(Escape::Char(last)) => last,
                _ => return Err(Error::new(at, ErrorKind::ClassRangeLiteral)),
            };
        }
        if last < first {
            return Err(Error::new(at, ErrorKind::ClassRangeInvalid));
        }
        class.add(first, last);
        Ok(())
    }

    /// Reads the next member of a class; `None` at its end.
    fn member(&mut self, class_at: usize) -> Result<Option<Escape>, Error> {
        match self.next() {
            None => Err(Error::new(class_at, ErrorKind::ClassUnclosed)),
            Some(']') => Ok(None),
            Some('\\') => self.escape(self.at - 1).map(Some),
            Some(character) => Ok(Some(Escape::Char(character))),
        }
    }
}

impl Group {
    /// Returns the group's code, or `None` if it is too long.
    fn end(mut self) -> Option<Code> {
        self.branches.push(self.branch);
        alternation(self.branches)
    }
}

/// The flag that makes a pattern ignore case.
pub(crate) const IGNORE_CASE: &str = "(?i)";

/// The longest pattern in bytes, more than anyone types.
const MAX_BYTES: usize = 1_000;

/// The deepest nesting of groups. The parser does not need the bound; a pattern that exceeds it was
/// pasted by mistake.
const MAX_DEPTH: usize = 100;
