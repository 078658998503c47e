//! Rows of the log about the stream itself: lines that are missing, and lines that were recovered.
//! Text only.

use std::time::Duration;

use crate::channel::resource_of;
use crate::words::{Word, Words};
use logs_sse_wire::protocol::GapReason;

/// Something about the stream that the log itself does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Lines are missing here.
    Gap {
        /// The number of missing lines, or `None` if it is unknown.
        missing: Option<u64>,
        /// The reason why they are missing.
        reason: GapReason,
        /// The channel in which they are missing, if it is one of several.
        channel: Option<Box<str>>,
    },
    /// The stream was interrupted, and the replayed lines are the ones just before this row.
    Resumed {
        /// The length of the interruption.
        away: Duration,
        /// Lines that the server replayed.
        recovered: u64,
        /// Lines that it could not replay; each is also counted by a gap row. `None` if their
        /// number is unknown.
        missing: Option<u64>,
    },
    /// The stream was interrupted, and this server cannot replay.
    NotReplayed {
        /// The length of the interruption.
        away: Duration,
    },
    /// The newest lines of each of several channels start here, of which some begin later than
    /// others: lines before this row may be newer than lines after it.
    TailStart,
    /// The history of the gateway starts here.
    HistoryStart {
        /// The number of logs that it held before and has evicted.
        evicted: u64,
    },
}

impl Notice {
    /// Returns the text of the row, in English: for files and programs.
    #[must_use]
    pub fn text(&self) -> String {
        self.text_in(&Words::ENGLISH)
    }

    /// Returns the text of the row.
    #[must_use]
    pub fn text_in(&self, words: &Words) -> String {
        match self {
            Self::Gap { missing, reason, channel } => {
                let text = gap(*missing, *reason, words);
                match channel {
                    Some(channel) => [resource_of(channel), &text].join(BETWEEN),
                    None => text,
                }
            }
            Self::Resumed { away, recovered, missing } => {
                let reconnected = reconnected(*away, words);
                let recovered = words.count(Word::Recovered, *recovered);
                let missing = match missing {
                    None => return [&*reconnected, &*recovered].join(BETWEEN),
                    Some(0) => words.text(Word::NoneMissing).to_owned(),
                    Some(missing) => words.count(Word::Missing, *missing),
                };
                [reconnected, recovered, missing].join(BETWEEN)
            }
            Self::NotReplayed { away } => {
                [&*reconnected(*away, words), words.text(Word::NoHistory)].join(BETWEEN)
            }
            Self::TailStart => words.text(Word::StartOfTails).to_owned(),
            Self::HistoryStart { evicted: 0 } => words.text(Word::StartOfLog).to_owned(),
            Self::HistoryStart { evicted } => words.count(Word::StartOfHistory, *evicted),
        }
    }

    /// Returns the number of missing lines that no other row counts, or `None` if it is unknown.
    ///
    /// The rows of a log add up: [`Resumed`](Self::Resumed) only repeats in words what the gap rows
    /// before it counted.
    #[must_use]
    pub fn missing(&self) -> Option<u64> {
        match self {
            Self::Gap { missing, .. } => *missing,
            Self::Resumed { .. } | Self::TailStart | Self::HistoryStart { .. } => Some(0),
            Self::NotReplayed { .. } => None,
        }
    }

    /// Returns the channel that the row concerns, if it is one of several.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        match self {
            Self::Gap { channel, .. } => channel.as_deref(),
            _ => None,
        }
    }

    /// Returns whether lines are, or may be, missing.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        match self {
            Self::Gap { .. } | Self::NotReplayed { .. } => true,
            Self::Resumed { missing, .. } => *missing != Some(0),
            Self::TailStart | Self::HistoryStart { .. } => false,
        }
    }
}

fn reconnected(away: Duration, words: &Words) -> String {
    words.fill(Word::Reconnected, &[("time", &words.duration(away))])
}

fn gap(missing: Option<u64>, reason: GapReason, words: &Words) -> String {
    let why = words.text(match reason {
        GapReason::Restarted if missing.is_none() => {
            return words.text(Word::ServerRestarted).to_owned();
        }
        GapReason::Evicted => Word::GapEvicted,
        GapReason::Restarted => Word::GapRestarted,
        GapReason::Slow => Word::GapSlow,
        GapReason::Purged => Word::GapPurged,
        GapReason::Unknown => Word::GapUnknown,
        GapReason::Lost => Word::GapLost,
        GapReason::NotResumed => Word::GapNotResumed,
        GapReason::ResumeRefused => Word::GapResumeRefused,
    });
    let reason = ("reason", why);
    match missing {
        None => words.fill(Word::LinesMayBeMissing, &[reason]),
        Some(missing) => {
            words.count_with(Word::LinesMissing, missing, &words.number(missing), reason)
        }
    }
}

/// Stands between the parts of a row.
const BETWEEN: &str = " · ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_many_are_missing_and_why() {
        assert_eq!(
            Notice::Gap { missing: Some(212), reason: GapReason::Evicted, channel: None }.text(),
            "212 lines missing: older than the log server's history"
        );
        assert_eq!(
            Notice::Gap { missing: Some(3), reason: GapReason::Purged, channel: None }.text(),
            "3 lines missing: deleted from the log server"
        );
        assert_eq!(
            Notice::Gap { missing: None, reason: GapReason::Unknown, channel: None }.text(),
            "Lines may be missing: the log server could not resume where this page stopped"
        );
        let resumed =
            Notice::Resumed { away: Duration::from_secs(14), recovered: 37, missing: Some(0) };
        assert_eq!(
            (resumed.text().as_str(), resumed.is_loss()),
            ("Reconnected after 14 s · 37 lines recovered · none missing", false)
        );
    }

    #[test]
    fn names_the_channel_that_it_concerns() {
        let gap = |missing, reason| {
            let channel = Some("logs:etl:a:orders".into());
            Notice::Gap { missing, reason, channel }.text()
        };
        assert_eq!(gap(Some(3), GapReason::Lost), "orders · 3 lines missing: lost in transit");
        assert_eq!(
            gap(None, GapReason::Restarted),
            "orders · Log server restarted · earlier lines may be missing"
        );
    }

    #[test]
    fn groups_the_digits_of_every_count() {
        let resumed = Notice::Resumed {
            away: Duration::from_secs(14),
            recovered: 11_830,
            missing: Some(11_520),
        };
        assert_eq!(
            resumed.text(),
            "Reconnected after 14 s · 11,830 lines recovered · 11,520 missing"
        );
        assert_eq!(
            Notice::Gap { missing: Some(11_520), reason: GapReason::Lost, channel: None }.text(),
            "11,520 lines missing: lost in transit"
        );
    }

    #[test]
    fn counts_missing_lines_once() {
        // A gap row already counted them.
        assert_eq!(
            Notice::Resumed { away: Duration::ZERO, recovered: 3, missing: Some(7) }.missing(),
            Some(0)
        );
        assert_eq!(
            Notice::Gap { missing: Some(7), reason: GapReason::Evicted, channel: None }.missing(),
            Some(7)
        );
        assert_eq!(Notice::NotReplayed { away: Duration::ZERO }.missing(), None);
    }
}
