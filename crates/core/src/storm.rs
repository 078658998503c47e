//! Whether lines arrive faster than anyone can read them. Knows no clock.

use crate::time::Instant;

/// Counts the lines of each second, and remembers whether they have become too many.
///
/// It begins after a few busy seconds, and ends only after more, and much calmer ones, so that what
/// is offered while it lasts does not flicker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Storm {
    second: u64,
    /// The lines of that second so far.
    lines: u32,
    /// How many seconds before it were busy, or calm, in a row.
    busy: u32,
    calm: u32,
    is_on: bool,
}

impl Storm {
    /// Records that a line arrived at `now`.
    pub(crate) fn line_arrived(&mut self, now: Instant) {
        self.advance(now);
        self.lines = self.lines.saturating_add(1);
    }

    /// Returns whether lines arrive too fast at `now`.
    #[must_use]
    pub fn is_on(mut self, now: Instant) -> bool {
        self.advance(now);
        self.is_on
    }

    /// Judges the seconds before that of `now` which were not judged yet.
    fn advance(&mut self, now: Instant) {
        let second = (now.as_millis() / 1_000.0) as u64;
        if self.second < second {
            self.judge();
            // In those between, nothing arrived. Ten are as good as a million.
            (self.second + 1..second).take(CALM_SECONDS as usize).for_each(|_| self.judge());
            self.second = second;
        }
    }

    fn judge(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        self.busy = if lines >= BUSY { self.busy.saturating_add(1) } else { 0 };
        self.calm = if lines < CALM { self.calm.saturating_add(1) } else { 0 };
        self.is_on = match self.is_on {
            false => self.busy >= BUSY_SECONDS,
            true => self.calm < CALM_SECONDS,
        };
    }
}

/// So many lines in a second are busy: ten screens of them.
const BUSY: u32 = 300;

/// Fewer lines than this in a second are calm.
const CALM: u32 = 100;

/// A replay of the history takes one or two seconds.
const BUSY_SECONDS: u32 = 3;

const CALM_SECONDS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: usize) -> Instant {
        Instant::from_millis(1_000_000.0 + second as f64 * 1_000.0)
    }

    fn after(counts: &[u32]) -> (Storm, Vec<bool>) {
        let mut storm = Storm::default();
        let mut states = Vec::new();
        for (second, count) in counts.iter().enumerate() {
            (0..*count).for_each(|_| storm.line_arrived(at(second)));
            states.push(storm.is_on(at(second + 1)));
        }
        (storm, states)
    }

    #[test]
    fn it_begins_after_three_busy_seconds_and_ends_after_ten_calm_ones() {
        assert_eq!(
            after(&[9_000, 0, 300, 300, 299, 300, 300, 300]).1,
            [false, false, false, false, false, false, false, true]
        );
        let (storm, states) = after(&[300, 300, 300, 200, 0, 99]);
        assert_eq!(states, [false, false, true, true, true, true]);
        let states: Vec<_> = (7..16).map(|second| storm.is_on(at(second))).collect();
        assert_eq!(states, [true, true, true, true, true, true, true, false, false]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_never_flickers(counts in prop::collection::vec(prop_oneof![0..90_u32, 100..290_u32, 300..330_u32], 1..60)) {
            let (_, states) = after(&counts);
            let mut was_on = false;
            for (second, is_on) in states.into_iter().enumerate() {
                let recent = |seconds: usize| &counts[(second + 1).saturating_sub(seconds)..=second];
                if is_on && !was_on {
                    prop_assert!(recent(3).len() == 3 && recent(3).iter().all(|lines| *lines >= 300));
                }
                if was_on && !is_on {
                    prop_assert!(recent(10).len() == 10 && recent(10).iter().all(|lines| *lines < 100));
                }
                if recent(3).len() == 3 && recent(3).iter().all(|lines| *lines >= 300) {
                    prop_assert!(is_on);
                }
                was_on = is_on;
            }
        }
    }
}
