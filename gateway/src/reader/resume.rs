//! Where a stream starts: applies the reader's cursor to each channel. Knows only the extents of
//! histories.

use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::protocol::GapReason;

use crate::hub::bounds::Extent;

/// Where a stream begins, according to the reader's cursor.
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

    /// Returns the start position for the channel at `index`, given `count` requested channels and
    /// the retained `extent`.
    pub(crate) fn start(&self, index: usize, count: usize, epoch: &Epoch, extent: Extent) -> Start {
        let live = |gap| Start { position: extent.newest, gap };
        match self {
            Self::Live => live(None),
            Self::Unknown => live(Some(GapReason::Unknown)),
            Self::At(cursor) if cursor.positions().len() != count => live(Some(GapReason::Unknown)),
            Self::At(cursor) => match cursor.positions()[index] {
                None => live(None),
                Some(_) if cursor.epoch() != epoch => {
                    Start { position: extent.oldest - 1, gap: Some(GapReason::Restarted) }
                }
                Some(position) if position > extent.newest => live(Some(GapReason::Unknown)),
                Some(position) => Start { position, gap: None },
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
        let epoch = "aaaaaa".parse().expect("an epoch");
        let resume = Resume::parse(None, Some(cursor));
        (0..count)
            .map(|index| resume.start(index, count, &epoch, HELD))
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
