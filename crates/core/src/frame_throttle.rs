//! How often the list is drawn. Knows no clock and no frames.

use std::ops::Range;
use std::time::Duration;

use crate::time::Instant;
use crate::viewport::Viewport;

/// What was drawn last, and when.
///
/// Where all that is seen is replaced from one frame to the next, nobody can read it: drawing each
/// frame would only take time from whatever else the page does.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameThrottle {
    last: Option<(Instant, u64)>,
}

impl FrameThrottle {
    /// Whether to draw at `now`, when the store holds the lines `held`; if not, ask again on the
    /// next frame. What is to be drawn counts as drawn.
    pub fn is_due(&mut self, now: Instant, viewport: &Viewport, held: &Range<u64>) -> bool {
        let is_early = self.last.is_some_and(|(at, end)| {
            let came = held.end.saturating_sub(end);
            viewport.is_following()
                && came > 0
                && came >= viewport.rows_seen(held)
                && now - at < LEAST
        });
        if !is_early {
            self.last = Some((now, held.end));
        }
        !is_early
    }
}

/// The least time between two drawings that have no line in common: with 60 frames a second every
/// third, so that 20 times a second the newest line is seen.
const LEAST: Duration = Duration::from_millis(45);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewport::Measures;

    fn at(millis: f64) -> Instant {
        Instant::from_millis(1_000_000.0 + millis)
    }

    fn viewport() -> Viewport {
        let mut viewport = Viewport::default();
        viewport.measured(Measures { row: 20.0, width: 500.0, height: 100.0 });
        viewport
    }

    /// At which of 13 frames of 16.7 ms a list is drawn to which `lines` come each frame.
    fn drawn(viewport: &Viewport, lines: u64) -> Vec<u64> {
        let mut pace = FrameThrottle::default();
        (0..13)
            .filter(|&frame| {
                pace.is_due(at(frame as f64 * 16.7), viewport, &(0..100 + frame * lines))
            })
            .collect()
    }

    #[test]
    fn draws_every_frame_while_something_stays() {
        assert_eq!(drawn(&viewport(), 4).len(), 13);
    }

    #[test]
    fn draws_every_third_frame_where_nothing_stays() {
        assert_eq!(drawn(&viewport(), 5), [0, 3, 6, 9, 12]);
    }

    #[test]
    fn draws_every_frame_for_a_reader_who_holds_the_list() {
        let mut held = viewport();
        held.scrolled(500.0, &(0..100));
        assert_eq!(drawn(&held, 500).len(), 13);
    }

    #[test]
    fn draws_at_once_what_comes_after_a_quiet_moment() {
        let mut pace = FrameThrottle::default();
        assert!(pace.is_due(at(0.0), &viewport(), &(0..100)));
        assert!(pace.is_due(at(50.0), &viewport(), &(0..1_000)));
    }

    #[test]
    fn a_status_that_changes_is_drawn_at_once() {
        let mut pace = FrameThrottle::default();
        assert!(pace.is_due(at(0.0), &viewport(), &(0..0)));
        assert!(pace.is_due(at(1.0), &viewport(), &(0..0)));
    }
}
