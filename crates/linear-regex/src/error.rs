//! What is wrong with a pattern, in words for its author. Reads nothing.

use std::fmt;

/// Why a pattern cannot be used, and where in it that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternError {
    at: usize,
    fault: Fault,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TooManyBytes,
    TooLong,
    TooDeep,
    OpenGroup,
    OpenClass,
    NoGroup,
    EmptyClass,
    NothingToRepeat,
    LessThanLeast,
    BackwardRange,
    RangeOfClass,
    LoneBackslash,
    Lookaround,
    NamedGroup,
    Flags,
    Backreference,
    Escape(char),
}

impl PatternError {
    /// The error at the character with this index.
    pub(crate) fn new(index: usize, fault: Fault) -> Self {
        Self { at: index + 1, fault }
    }

    /// Which of the pattern's characters it is about; the first is 1.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: ", self.at)?;
        f.write_str(match self.fault {
            Fault::TooManyBytes => "a pattern has 1,000 bytes at most",
            Fault::TooLong => "the pattern is too long when its repeats are written out",
            Fault::TooDeep => "groups are nested more than 100 deep",
            Fault::OpenGroup => "\"(\" is not closed",
            Fault::OpenClass => "\"[\" is not closed",
            Fault::NoGroup => "\")\" closes nothing",
            Fault::EmptyClass => "the class is empty",
            Fault::NothingToRepeat => "nothing stands here that could be repeated",
            Fault::LessThanLeast => "the most is less than the least",
            Fault::BackwardRange => "the range ends before it begins",
            Fault::RangeOfClass => "a class is no end of a range",
            Fault::LoneBackslash => "\"\\\" escapes nothing",
            Fault::Lookaround => "lookaround is not supported",
            Fault::NamedGroup => "named groups are not supported",
            Fault::Flags => "flags are not supported",
            Fault::Backreference => "backreferences are not supported",
            Fault::Escape(letter) => {
                return write!(f, "the escape \"\\{letter}\" is not supported");
            }
        })
    }
}

impl std::error::Error for PatternError {}
