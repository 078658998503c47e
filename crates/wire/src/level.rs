//! Severity levels, and the words and numbers that producers use for them. One table; does not
//! parse fields.

use crate::ansi;

/// The severity of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something failed, from syslog's emergencies down to errors.
    Error,
    /// Something is unusual but did not fail.
    Warn,
    /// Normal operation, including notices.
    Info,
    /// Details for diagnosing a fault.
    Debug,
    /// Every step, in more detail than [`Debug`](Self::Debug).
    Trace,
    /// An unknown level, or none.
    Other,
}

/// How a number is interpreted as a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// 0 to 7 as in syslog, 10 to 60 as in pino and bunyan.
    #[default]
    Common,
    /// As in [`Common`](Self::Common), but between 9 and 24 as in OpenTelemetry where pino has no
    /// such level.
    Severity,
    /// 10 to 50 as in Python's `logging`.
    Python,
    /// 1 to 24 as in OpenTelemetry.
    OpenTelemetry,
}

impl Level {
    /// All levels, most severe first.
    pub const ALL: [Self; 6] =
        [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace, Self::Other];

    /// Parses a level from a word in any case, or from a number on the common scale.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::read_number(text, Scale::Common).unwrap_or_else(|| Self::read_word(text))
    }

    /// Parses a level from a word in any case. Escape sequences and punctuation around it, as in
    /// `[ERROR]`, are ignored.
    #[must_use]
    pub fn read_word(text: &str) -> Self {
        let plain = ansi::plain(text);
        let mut word = plain.trim_matches(|character: char| !character.is_ascii_alphanumeric());
        for prefix in PREFIXES {
            if let Some((start, rest)) = word.split_at_checked(prefix.len())
                && start.eq_ignore_ascii_case(prefix)
            {
                word = rest;
            }
        }
        // OpenTelemetry has four steps of each level: ERROR, ERROR2, ERROR3, ERROR4.
        let name =
            word.strip_suffix(['1', '2', '3', '4']).filter(|name| name.len() > 3).unwrap_or(word);
        let matches = |names: &&[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        WORDS.iter().position(matches).map_or(Self::Other, |index| Self::ALL[index])
    }

    /// Parses a level from a number, or returns `None` if `text` is not a number.
    #[must_use]
    pub fn read_number(text: &str, scale: Scale) -> Option<Self> {
        let digits = whole_number(text)?;
        let number: u8 = if digits.len() > 3 { u8::MAX } else { digits.parse().unwrap_or(u8::MAX) };
        Some(match (scale, number) {
            (Scale::OpenTelemetry, 1..=4) => Self::Trace,
            (Scale::OpenTelemetry, 5..=8) => Self::Debug,
            (Scale::OpenTelemetry, 9..=12) => Self::Info,
            (Scale::OpenTelemetry, 13..=16) => Self::Warn,
            (Scale::OpenTelemetry, 17..=24) => Self::Error,
            (Scale::OpenTelemetry, _) => Self::Other,
            (Scale::Severity, 8..=9 | 11..=19 | 21..=24) => {
                return Self::read_number(text, Scale::OpenTelemetry);
            }
            (Scale::Python, 1..=9) => Self::Trace,
            (Scale::Python, 10..=19) => Self::Debug,
            (Scale::Python, 20..=29) => Self::Info,
            (Scale::Python, 30..=39) => Self::Warn,
            (Scale::Python, 40..=60) => Self::Error,
            (Scale::Python, _) => Self::Other,
            (_, 0..=3) => Self::Error,
            (_, 4) => Self::Warn,
            (_, 5..=6) => Self::Info,
            (_, 7) => Self::Debug,
            (_, 10..=19) => Self::Trace,
            (_, 20..=29) => Self::Debug,
            (_, 30..=39) => Self::Info,
            (_, 40..=49) => Self::Warn,
            (_, 50..=60) => Self::Error,
            _ => Self::Other,
        })
    }

    /// Returns the level's name in capitals.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
            Self::Other => "OTHER",
        }
    }

    /// Returns the level's name in style sheets.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Other => "other",
        }
    }
}

/// Returns whether `text` is a number rather than a word.
pub(crate) fn is_number(text: &str) -> bool {
    whole_number(text).is_some()
}

/// Returns the digits of an integer such as `50` or `50.0`.
fn whole_number(text: &str) -> Option<&str> {
    let text = text.trim_ascii();
    let digits = text
        .split_once('.')
        .filter(|(_, fraction)| fraction.bytes().all(|byte| byte == b'0'))
        .map_or(text, |(whole, _)| whole);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// The words for each level, in the order of [`Level::ALL`]: those of syslog, Python, Java, .NET,
/// Go, Rust and Android, and their short forms.
const WORDS: [&[&str]; 5] = [
    &[
        "error",
        "err",
        "fatal",
        "critical",
        "crit",
        "severe",
        "panic",
        "dpanic",
        "alert",
        "emerg",
        "emergency",
        "fail",
        "failed",
        "failure",
        "exception",
        "ftl",
        "e",
        "f",
        "c",
    ],
    &["warn", "warning", "wrn", "w"],
    &["info", "information", "informational", "notice", "inf", "success", "ok", "i", "n"],
    &["debug", "dbg", "config", "fine", "d"],
    &["trace", "verbose", "finer", "finest", "silly", "trc", "vrb", "v", "t"],
];

/// Prefixes that precede the word if a producer writes the name of a constant.
const PREFIXES: [&str; 6] =
    ["SEVERITY_NUMBER_", "SEVERITY_", "LOG_", "LOGLEVEL.", "LEVEL_", "LEVEL."];

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_all(level: Level, words: &[&str]) {
        for word in words {
            for text in [
                word.to_string(),
                word.to_ascii_uppercase(),
                word[..1].to_ascii_uppercase() + &word[1..],
                format!(" {word}\n"),
            ] {
                assert_eq!(Level::read(&text), level, "{text}");
            }
        }
    }

    #[test]
    fn reads_the_spellings_of_producers_in_any_case() {
        assert_all(
            Level::Error,
            &[
                "err", "error", "fatal", "critical", "crit", "severe", "panic", "alert", "emerg",
                "fail", "failed",
            ],
        );
        assert_all(Level::Warn, &["warning", "warn"]);
        assert_all(Level::Info, &["notice", "information", "info"]);
        assert_all(Level::Debug, &["debug", "dbg"]);
        assert_all(Level::Trace, &["verbose", "trace"]);
        assert_all(
            Level::Other,
            &["audit", "unknown", "errors in 5 files", "notset", "x", "informant"],
        );
        assert_eq!(Level::read(""), Level::Other);
    }

    #[test]
    fn ignores_punctuation_escapes_and_prefixes_around_a_word() {
        let error = [
            "[ERROR]",
            "ERROR:",
            "ERR!",
            "<error>",
            "\u{1b}[31merror\u{1b}[39m",
            "SEVERITY_NUMBER_ERROR2",
            "LOG_ERR",
            "LogLevel.Error",
            "error3",
        ];
        assert_eq!(error.map(Level::read), [Level::Error; 9]);
        assert_eq!(
            ["INFO4", "trace2", "Warn3", "err9", "e2"].map(Level::read),
            [Level::Info, Level::Trace, Level::Warn, Level::Other, Level::Other]
        );
    }

    #[test]
    fn numbers_are_on_the_common_scale_unless_another_is_given() {
        let common = ["0", "3", "4", "5", "6", "7", "10", "20", "30", "40", "50", "60", "35"]
            .map(Level::read);
        use Level::{Debug, Error, Info, Other, Trace, Warn};
        assert_eq!(
            common,
            [Error, Error, Warn, Info, Info, Debug, Trace, Debug, Info, Warn, Error, Error, Info]
        );
        assert_eq!(
            ["8", "9", "61", "100", "-1", "1e1", "99999999999999999999", "30.5"].map(Level::read),
            [Other; 8]
        );
        assert_eq!([" 50 ", "50.0"].map(Level::read), [Error; 2]);
        let python = ["5", "10", "20", "30", "40", "50", "0"]
            .map(|text| Level::read_number(text, Scale::Python));
        assert_eq!(python, [Trace, Debug, Info, Warn, Error, Error, Other].map(Some));
        let otel = ["1", "4", "5", "8", "9", "13", "17", "21", "24", "0", "25"]
            .map(|text| Level::read_number(text, Scale::OpenTelemetry));
        assert_eq!(
            otel,
            [Trace, Trace, Debug, Debug, Info, Warn, Error, Error, Error, Other, Other].map(Some)
        );
        let severity =
            ["3", "7", "9", "17", "10", "40"].map(|text| Level::read_number(text, Scale::Severity));
        assert_eq!(severity, [Error, Debug, Info, Error, Trace, Warn].map(Some));
    }
}
