//! Where a stream begins: what the reader's cursor means for each channel. Knows no history but its
//! extent.

use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::protocol::GapReason;

use crate::hub::bounds::Extent;

/// What a reader brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// No cursor: it wants what comes from now on.
    Live,
    /// A cursor of this gateway, or of one before it.
    At(Cursor),
    /// An id that is none of ours. What the reader missed cannot be known.
    Unknown,
}

impl Resume {
    /// Reads the header `Last-Event-ID` and the query parameter `last_event_id`.
    ///
    /// The header wins: the URL's value goes stale when a browser retries by itself. An empty text
    /// is no cursor.
    #[must_use]
    pub fn parse(header: Option<&[u8]>, query: Option<&str>) -> Self {
        let header = header.map(String::from_utf8_lossy);
        let texts = [header.as_deref(), query];
        match texts.into_iter().flatten().map(str::trim).find(|text| !text.is_empty()) {
            None => Self::Live,
            Some(text) => text.parse().map_or(Self::Unknown, Self::At),
        }
    }

    /// Where the channel at `index` of the `count` that were asked for begins, if its history
    /// reaches over `extent`.
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

/// A channel's beginning on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The next log is the one after it.
    pub(crate) position: u64,
    /// Why something unknown was lost before it.
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
    fn goes_on_after_each_position() {
        assert_eq!(starts("1.aaaaaa.7-_-0-9", 4), [(7, None), (9, None), (0, None), (9, None)]);
    }

    #[test]
    fn another_epoch_gets_all_that_is_held_and_is_told() {
        assert_eq!(starts("1.bbbbbb.7-_", 2), [(4, Some(GapReason::Restarted)), (9, None)]);
    }

    #[test]
    fn what_cannot_be_placed_goes_live_and_is_told() {
        let unknown = (9, Some(GapReason::Unknown));
        for cursor in
            ["log-1795472915237-ndezmtrxi", "7", "1.aaaaaa.7", "1.bbbbbb.7-8-9", "1.aaaaaa.a-b"]
        {
            assert_eq!(starts(cursor, 2), [unknown, unknown], "{cursor}");
        }
        assert_eq!(starts("1.aaaaaa.7-a", 2), [(7, None), unknown]);
    }
}
