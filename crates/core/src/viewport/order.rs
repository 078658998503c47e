//! The order of the rows: newest first, or oldest first as in a terminal.
//!
//! A list in one order is the mirror image of the same list in the other. All arithmetic is that of
//! a list with the newest row at its edge, and depths and distances grow towards older rows; only
//! what concerns the browser, and what the eye calls up and down, depends on the order.

use std::ops::Range;

use super::{Anchor, Motion, NEAR_TOP, Viewport};
use crate::scale::Scale;
use crate::settings::Setting;

/// The order of the rows, from the top down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest row is at the top.
    #[default]
    NewestFirst,
    /// The newest row is at the bottom. A list that does not fill the window is at the bottom too.
    OldestFirst,
}

impl Setting for Order {
    const NAME: &'static str = "order";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "newest-first" => Some(Self::NewestFirst),
            "oldest-first" => Some(Self::OldestFirst),
            _ => None,
        }
    }

    fn stored(&self) -> String {
        let name = if *self == Self::NewestFirst { "newest-first" } else { "oldest-first" };
        name.to_owned()
    }
}

impl Viewport {
    /// Returns the order of the rows.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }

    /// Changes the order of the rows `held`. A view that follows goes to the other edge; otherwise
    /// the row that the reader looks at keeps its place, as far as there are rows beside it.
    pub fn set_order(&mut self, order: Order, held: &Range<u64>) {
        if self.order == order {
            return;
        }
        if let Some(anchor) = self.anchor_in(held) {
            let row = self.topmost(held).unwrap_or(anchor.row);
            let y = self.mirrored(row, self.position_of(row, held));
            self.mode.hold(Anchor { row, y, motion: Motion::Placed, ..anchor });
            self.moved();
        }
        self.order = order;
        // The position of the scrollbar has another meaning now, and is to be set in any case.
        self.scroll_top = f64::INFINITY;
    }

    /// Returns the uppermost row that is whole, otherwise the uppermost one.
    fn topmost(&self, list: &Range<u64>) -> Option<u64> {
        let seen = self.on_screen(list);
        let is_whole = |row: &u64| self.shows(*row, list);
        match self.order {
            Order::NewestFirst => seen.clone().rev().find(is_whole).or(seen.last()),
            Order::OldestFirst => seen.clone().find(is_whole).or(seen.min()),
        }
    }

    /// Returns the distance of a row from the opposite edge of the window.
    pub(super) fn mirrored(&self, row: u64, y: f64) -> f64 {
        self.height - self.heights.height(row) - y
    }

    /// Returns `y` as a distance from the upper edge, or one from the upper edge as `y`.
    pub(super) fn top_distance(&self, row: u64, y: f64) -> f64 {
        match self.order {
            Order::NewestFirst => y,
            Order::OldestFirst => self.mirrored(row, y),
        }
    }

    /// Converts a scroll position of the browser into the distance from the edge of the element
    /// where the newest row is, or back.
    pub(super) fn newest_distance(&self, top: f64, scale: &Scale) -> f64 {
        match self.order {
            Order::NewestFirst => top,
            Order::OldestFirst => scale.last_top - top,
        }
    }

    /// Returns the height of the element, which a list fills from the edge of the newest row.
    pub(super) fn element(&self, scale: &Scale) -> f64 {
        match self.order {
            Order::NewestFirst => scale.element,
            Order::OldestFirst => scale.element.max(self.height.floor()),
        }
    }

    /// Returns within how many pixels of the newest row the reader counts as being there.
    ///
    /// The element grows at the edge where the newest row is if that is the lower one. There, a
    /// distance arises without a scroll, and is not left as it is.
    pub(super) fn near(&self) -> f64 {
        match self.order {
            Order::NewestFirst => NEAR_TOP,
            Order::OldestFirst => 1.0,
        }
    }
}
