//! Where a stream starts: applies the reader's cursor, or its wish for the newest logs, to each
//! channel. Knows only the extents of histories.

use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::protocol::GapReason;

use crate::hub::bounds::Extent;

/// Where a stream begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The position of a reader that comes back.
    pub resume: Resume,
    /// How many of the newest logs a channel without a position begins with.
    pub tail: u64,
}

impl From<Resume> for Beginning {
    fn from(resume: Resume) -> Self {
        Self { resume, tail: 0 }
    }
}

/// What the reader's cursor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// No cursor: the stream starts live.
    Live,
    /// A cursor of this gateway, or of an earlier one.
    At(Cursor),
    /// An id that is not a cursor. What the reader missed is unknown.
    Unknown,
}

impl Resume {
    /// Parses the header `Last-Event-ID` and the query parameter `last_event_id`.
    ///
    /// The header wins: the URL's value becomes stale when a browser retries by itself. An empty
    /// text means no cursor.
    #[must_use]
    pub fn parse(header: Option<&[u8]>, query: Option<&str>) -> Self {
        let header = header.map(String::from_utf8_lossy);
        let texts = [header.as_deref(), query];
        match texts.into_iter().flatten().map(str::trim).find(|text| !text.is_empty()) {
            None => Self::Live,
            Some(text) => text.parse().map_or(Self::Unknown, Self::At),
        }
    }
}

impl Beginning {
    /// Returns the start position for the channel at `index`, given `count` requested channels and
    /// the retained `extent`.
    pub(crate) fn start(&self, index: usize, count: usize, epoch: &Epoch, extent: Extent) -> Start {
        let after = |position| Start { position, gap: None };
        let before_oldest = extent.oldest - 1;
        let tail = after(extent.newest.saturating_sub(self.tail).max(before_oldest));
        // Without a tail: part of it may be what the reader has already.
        let unknown = Start { position: extent.newest, gap: Some(GapReason::Unknown) };
        match &self.resume {
            Resume::Live => tail,
            Resume::Unknown => unknown,
            Resume::At(cursor) if cursor.positions().len() != count => unknown,
            Resume::At(cursor) => match cursor.positions()[index] {
                None => tail,
                Some(_) if cursor.epoch() != epoch => {
                    Start { position: before_oldest, gap: Some(GapReason::Restarted) }
                }
                Some(position) if position > extent.newest => unknown,
                Some(position) => after(position),
            },
        }
    }
}

/// The start of a channel on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The next log is the one after this number.
    pub(crate) position: u64,
    /// Why an unknown number of logs was lost before it, if any.
    pub(crate) gap: Option<GapReason>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: Extent = Extent { oldest: 5, newest: 9 };

    fn starts(cursor: &str, count: usize) -> Vec<(u64, Option<GapReason>)> {
        starts_with_tail(cursor, count, 0)
    }

    fn starts_with_tail(cursor: &str, count: usize, tail: u64) -> Vec<(u64, Option<GapReason>)> {
        let epoch = "aaaaaa".parse().expect("an epoch");
        let beginning = Beginning { resume: Resume::parse(None, Some(cursor)), tail };
        (0..count)
            .map(|index| beginning.start(index, count, &epoch, HELD))
            .map(|start| (start.position, start.gap))
            .collect()
    }

    #[test]
    fn the_header_wins_and_an_empty_text_is_no_cursor() {
        let at = |text: &str| Resume::At(text.parse().expect("a cursor"));
        assert_eq!(Resume::parse(Some(b"1.aaaaaa.1"), Some("1.aaaaaa.2")), at("1.aaaaaa.1"));
        assert_eq!(Resume::parse(Some(b""), Some("1.aaaaaa.2")), at("1.aaaaaa.2"));
        assert_eq!(Resume::parse(Some(b" "), Some("")), Resume::Live);
        assert_eq!(Resume::parse(Some(b"\xff"), None), Resume::Unknown);
    }

    #[test]
    fn resumes_after_each_position() {
        assert_eq!(starts("1.aaaaaa.7-_-0-9", 4), [(7, None), (9, None), (0, None), (9, None)]);
    }

    #[test]
    fn a_channel_without_a_position_starts_before_its_newest_logs() {
        for (tail, position) in [(0, 9), (1, 8), (5, 4), (6, 4), (u64::MAX, 4)] {
            assert_eq!(starts_with_tail("", 1, tail), [(position, None)], "{tail}");
        }
        assert_eq!(starts_with_tail("1.aaaaaa.8-_", 2, 3), [(8, None), (6, None)]);
        let restarted = (4, Some(GapReason::Restarted));
        assert_eq!(starts_with_tail("1.bbbbbb.8-_", 2, 3), [restarted, (6, None)]);
    }

    #[test]
    fn an_unusable_cursor_starts_live_despite_a_tail() {
        let unknown = (9, Some(GapReason::Unknown));
        assert_eq!(starts_with_tail("log-1", 1, 3), [unknown]);
        assert_eq!(starts_with_tail("1.aaaaaa.a-_", 2, 3), [unknown, (6, None)]);
    }

    #[test]
    fn an_empty_history_has_no_tail() {
        let epoch = "aaaaaa".parse().expect("an epoch");
        for extent in [Extent { oldest: 1, newest: 0 }, Extent { oldest: 8, newest: 7 }] {
            let beginning = Beginning { resume: Resume::Live, tail: 100 };
            assert_eq!(beginning.start(0, 1, &epoch, extent).position, extent.newest);
        }
    }

    #[test]
    fn a_cursor_of_another_epoch_replays_the_whole_history_after_a_gap() {
        assert_eq!(starts("1.bbbbbb.7-_", 2), [(4, Some(GapReason::Restarted)), (9, None)]);
    }

    #[test]
    fn an_unusable_cursor_starts_live_after_a_gap() {
        let unknown = (9, Some(GapReason::Unknown));
        for cursor in
            ["log-1795472915237-ndezmtrxi", "7", "1.aaaaaa.7", "1.bbbbbb.7-8-9", "1.aaaaaa.a-b"]
        {
            assert_eq!(starts(cursor, 2), [unknown, unknown], "{cursor}");
        }
        assert_eq!(starts("1.aaaaaa.7-a", 2), [(7, None), unknown]);
    }
}
