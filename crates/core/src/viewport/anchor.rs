//! Whether a view moves with the log, and the row that it keeps in place otherwise.

use std::ops::Range;

/// Whether the view moves with the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    /// It shows the newest row, whichever that is.
    Following,
    /// The reader left the newest row. Scrolling back to it follows again.
    Held(Anchor),
    /// The reader paused it. Scrolling does not end that.
    Paused(Anchor),
}

/// The row that keeps its place in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Anchor {
    /// The number of the row. A row below the oldest one was evicted.
    pub(super) row: u64,
    /// The distance of its upper edge below that of the window.
    pub(super) y: f64,
    /// The end of the list when the reader came here. Later rows are drawn only if they are in the
    /// window.
    pub(super) ceiling: u64,
    /// The oldest row when the reader came here.
    pub(super) oldest: u64,
    /// Whether the reader went to the end of the list, whose rows may not have been measured.
    pub(super) is_at_end: bool,
}

impl Anchor {
    /// Creates an anchor in `list`.
    pub(super) fn at(row: u64, y: f64, list: &Range<u64>) -> Self {
        Self { row, y, ceiling: list.end, oldest: list.start, is_at_end: false }
    }
}

impl Mode {
    pub(super) fn anchor(&self) -> Option<Anchor> {
        match *self {
            Self::Following => None,
            Self::Held(anchor) | Self::Paused(anchor) => Some(anchor),
        }
    }

    pub(super) fn anchor_mut(&mut self) -> Option<&mut Anchor> {
        match self {
            Self::Following => None,
            Self::Held(anchor) | Self::Paused(anchor) => Some(anchor),
        }
    }

    /// Keeps `anchor` in place from now on. A paused view stays paused.
    pub(super) fn hold(&mut self, anchor: Anchor) {
        *self = match self {
            Self::Paused(_) => Self::Paused(anchor),
            Self::Following | Self::Held(_) => Self::Held(anchor),
        };
    }
}
