//! Errors in a pattern, in the wording of regex-syntax, which users can search for.

use std::fmt;

/// Why a pattern cannot be used, and at which of its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    at: usize,
    kind: ErrorKind,
}

/// What is wrong with a pattern.
#[expect(missing_docs, reason = "`Display` of the error describes each")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    TooManyBytes,
    TooLong,
    NestLimitExceeded,
    GroupUnclosed,
    ClassUnclosed,
    GroupUnopened,
    EmptyClass,
    RepetitionMissing,
    RepetitionCountInvalid,
    ClassRangeInvalid,
    ClassRangeLiteral,
    EscapeUnexpectedEof,
    Lookaround,
    NamedGroup,
    Flags,
    Backreference,
    UnicodePropertyNotFound,
    EscapeUnrecognized(char),
}

impl Error {
    /// Creates an error about the character at this 0-based index.
    pub(crate) fn new(index: usize, kind: ErrorKind) -> Self {
        Self { at: index + 1, kind }
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the 1-based index of the character that the error is about.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: ", self.at)?;
        f.write_str(match self.kind {
            ErrorKind::TooManyBytes => "pattern exceeds 1,000 bytes",
            ErrorKind::TooLong => "compiled regex exceeds size limit",
            ErrorKind::NestLimitExceeded => "exceeds the nest limit of 100 groups",
            ErrorKind::GroupUnclosed => "unclosed group",
            ErrorKind::ClassUnclosed => "unclosed character class",
            ErrorKind::GroupUnopened => "unopened group",
            ErrorKind::EmptyClass => "empty character class",
            ErrorKind::RepetitionMissing => "repetition operator missing expression",
            ErrorKind::RepetitionCountInvalid => {
                "invalid repetition count range, the start must be <= the end"
            }
            ErrorKind::ClassRangeInvalid => {
                "invalid character class range, the start must be <= the end"
            }
            ErrorKind::ClassRangeLiteral => "invalid range boundary, must be a literal",
            ErrorKind::EscapeUnexpectedEof => {
                "incomplete escape sequence, reached end of pattern prematurely"
            }
            ErrorKind::Lookaround => {
                "look-around, including look-ahead and look-behind, is not supported"
            }
            ErrorKind::NamedGroup => "named groups are not supported",
            ErrorKind::Flags => "flags other than a leading (?i) are not supported",
            ErrorKind::UnicodePropertyNotFound => "Unicode property not found",
            ErrorKind::Backreference => "backreferences are not supported",
            ErrorKind::EscapeUnrecognized(letter) => {
                return write!(f, "unrecognized escape sequence `\\{letter}`");
            }
        })
    }
}

impl std::error::Error for Error {}
