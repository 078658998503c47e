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

/// The row that keeps its place in the window. All other rows are where their heights put them, so
/// no height that turns out to be another moves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Anchor {
    /// The number of the row. A row below the oldest one was evicted.
    pub(super) row: u64,
    /// The distance of its upper edge below that of the window; with the oldest row first, of its
    /// lower edge above that of the window.
    pub(super) y: f64,
    /// The end of the list when the reader came here. Later rows are drawn only if they are in the
    /// window.
    pub(super) ceiling: u64,
    /// The oldest row when the reader came here.
    pub(super) oldest: u64,
    pub(super) motion: Motion,
}

/// How the reader came to a place that is not settled: across rows that may not be measured yet, so
/// that it may turn out to be beyond an end of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Settled,
    /// Towards newer rows. The view stops at the newest one.
    Newer,
    /// Towards older rows, or anywhere. The view stops at the newest and at the oldest one.
    Older,
    /// Not by a scroll: all rows on the screen were evicted, or the order has changed. The view
    /// stops at both edges of the list, and does not follow there.
    Placed,
}

impl Anchor {
    /// Creates an anchor in `list`.
    pub(super) fn at(row: u64, y: f64, list: &Range<u64>) -> Self {
        Self { row, y, ceiling: list.end, oldest: list.start, motion: Motion::Settled }
    }

    /// Creates an anchor at the end of the list, wherever that turns out to be.
    pub(super) fn at_end(motion: Motion, list: &Range<u64>) -> Self {
        Self { motion, ..Self::at(list.start, f64::NEG_INFINITY, list) }
    }
}

impl Mode {
    pub(super) fn anchor(&self) -> Option<Anchor> {
        match *self {
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
