//! Scroll positions of a list that is taller than an element can be. Arithmetic only, in CSS
//! pixels.

/// Maps a list of a given height, seen through a window of a given height, to an element that a
/// browser can scroll.
///
/// The scrolling element represents the list at a scale. Near both ends the scale is 1:1, so that
/// the last screens before an end take exactly as much scrolling as they are high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The height of the element.
    pub(crate) element: f64,
    /// The largest scroll position of the element.
    pub(crate) last_top: f64,
    /// The depth in the list at that position.
    pub(crate) last_depth: f64,
}

impl Scale {
    /// Creates the scale of a list that is `total` high, in a window that is `height` high.
    pub(crate) fn new(total: f64, height: f64) -> Self {
        let element = total.min(MAX_ELEMENT);
        Self {
            element,
            last_top: (element - height).max(0.0),
            last_depth: (total - height).max(0.0),
        }
    }

    /// Returns the depth in the list at a scroll position.
    pub(crate) fn depth(self, top: f64) -> f64 {
        convert(top, self.last_top, self.last_depth)
    }

    /// Returns the scroll position of a depth in the list.
    pub(crate) fn top(self, depth: f64) -> f64 {
        convert(depth, self.last_depth, self.last_top)
    }
}

/// Maps a position between 0 and `from` to one between 0 and `to`: one to one near both ends, in
/// proportion between them.
fn convert(at: f64, from: f64, to: f64) -> f64 {
    // Not `clamp`: its panic formats numbers, which adds 6 kB to the download.
    let at = at.max(0.0).min(from);
    if from == to || at <= UNSCALED {
        at.min(to)
    } else if from - at <= UNSCALED {
        to - (from - at)
    } else {
        UNSCALED + (at - UNSCALED) / (from - 2.0 * UNSCALED) * (to - 2.0 * UNSCALED)
    }
}

/// The maximum height of the element. Browsers cap heights: Firefox near 17.9 M px, Chromium at
/// 33.5 M device px, which is 8.4 M px on a page zoomed to 400 %.
const MAX_ELEMENT: f64 = 8_000_000.0;

/// How much at either end is shown at 1:1: a few hundred screens.
const UNSCALED: f64 = 200_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_fits_is_not_scaled() {
        let scale = Scale::new(7_000_000.0, 300.0);
        for place in [0.0, 17.0, 3_000_000.0, 6_999_700.0] {
            assert_eq!((scale.depth(place), scale.top(place)), (place, place));
        }
        assert_eq!(Scale::new(100.0, 300.0).depth(50.0), 0.0);
    }

    #[test]
    fn both_ends_are_reachable_and_unscaled() {
        let scale = Scale::new(56_000_000.0, 300.0);
        assert_eq!((scale.depth(0.0), scale.depth(scale.last_top)), (0.0, 55_999_700.0));
        assert_eq!(
            (scale.depth(5_000.0), scale.depth(scale.last_top - 5_000.0)),
            (5_000.0, 55_994_700.0)
        );
        assert_eq!(scale.depth(scale.last_top / 2.0), 55_999_700.0 / 2.0);
    }

    #[test]
    fn converting_a_position_back_yields_the_same_position() {
        let scale = Scale::new(28_000_000.0, 308.0);
        let mut last = -1.0;
        for step in 0..=1_000 {
            let depth = scale.last_depth * f64::from(step) / 1_000.0;
            let top = scale.top(depth);
            assert!((scale.depth(top) - depth).abs() < 1e-6 && top > last, "{depth} {top}");
            last = top;
        }
    }
}
