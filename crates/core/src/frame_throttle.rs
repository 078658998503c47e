//! How often the list is drawn. Knows neither clock nor frames.

use std::ops::Range;
use std::time::Duration;

use crate::time::Instant;
use crate::viewport::Viewport;

/// Remembers what was drawn last, and when.
///
/// If every visible row is replaced from one frame to the next, the rows cannot be read, and
/// drawing each frame only takes time from the rest of the page.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameThrottle {
    last: Option<(Instant, u64)>,
}

impl FrameThrottle {
    /// Returns whether to draw now, and records the draw if so; otherwise ask again next frame.
    /// `held` is the range of row numbers in the store.
    pub fn is_due(&mut self, now: Instant, viewport: &Viewport, held: &Range<u64>) -> bool {
        let is_early = self.last.is_some_and(|(at, end)| {
            let arrived = held.end.saturating_sub(end);
            viewport.is_following()
                && arrived > 0
                && arrived >= viewport.rows_seen(held)
                && now - at < MIN_INTERVAL
        });
        if !is_early {
            self.last = Some((now, held.end));
        }
        !is_early
    }
}

/// The minimum time between two draws that share no row: every third of 60 frames a second, so that
/// the newest line is shown 20 times a second.
const MIN_INTERVAL: Duration = Duration::from_millis(45);

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

    /// Returns which of 13 frames, 16.7 ms apart, are drawn while `lines` arrive per frame.
    fn drawn(viewport: &Viewport, lines: u64) -> Vec<u64> {
        let mut throttle = FrameThrottle::default();
        (0..13)
            .filter(|&frame| {
                throttle.is_due(at(frame as f64 * 16.7), viewport, &(0..100 + frame * lines))
            })
            .collect()
    }

    #[test]
    fn draws_every_frame_while_some_rows_remain() {
        assert_eq!(drawn(&viewport(), 4).len(), 13);
    }

    #[test]
    fn draws_every_third_frame_when_all_rows_are_replaced() {
        assert_eq!(drawn(&viewport(), 5), [0, 3, 6, 9, 12]);
    }

    #[test]
    fn draws_every_frame_for_a_reader_who_holds_the_list() {
        let mut held = viewport();
        held.scrolled(500.0, &(0..100));
        assert_eq!(drawn(&held, 500).len(), 13);
    }

    #[test]
    fn draws_immediately_after_a_pause() {
        let mut throttle = FrameThrottle::default();
        assert!(throttle.is_due(at(0.0), &viewport(), &(0..100)));
        assert!(throttle.is_due(at(50.0), &viewport(), &(0..1_000)));
    }

    #[test]
    fn draws_a_changed_status_immediately() {
        let mut throttle = FrameThrottle::default();
        assert!(throttle.is_due(at(0.0), &viewport(), &(0..0)));
        assert!(throttle.is_due(at(1.0), &viewport(), &(0..0)));
    }
}
