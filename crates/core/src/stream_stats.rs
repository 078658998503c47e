//! Statistics of a stream: when the last event arrived, how many lines arrive per second, and how
//! late they are. Draws no conclusions.

use std::time::Duration;

use crate::time::Instant;
use crate::time::millis;
use crate::words::{Word, Words};

/// Statistics of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamStats {
    last_event_at: Option<Instant>,
    last_line_at: Option<Instant>,
    /// Lines in each of the last seconds, in a ring indexed by the second modulo its length.
    seconds: [(u64, u32); WINDOW],
    /// The lowest difference seen between our clock and the server's, in milliseconds. Mostly it
    /// shows that the two clocks differ.
    offset: Option<f64>,
    lag: Option<f64>,
}

impl StreamStats {
    /// Records that a line arrived at `now`.
    pub fn line_arrived(&mut self, now: Instant) {
        self.last_line_at = Some(now);
        let second = second_of(now);
        let entry = &mut self.seconds[index_of(second)];
        *entry = if entry.0 == second { (second, entry.1.saturating_add(1)) } else { (second, 1) };
    }

    /// Records that an event arrived at `now`.
    pub fn event_arrived(&mut self, now: Instant) {
        self.last_event_at = Some(now);
    }

    /// Records that the server's clock read `server_time` milliseconds when it sent what arrived at
    /// `now`.
    pub fn server_time_reported(&mut self, now: Instant, server_time: i64) {
        let difference = now.as_millis() - server_time as f64;
        let offset = self.offset.map_or(difference, |offset| offset.min(difference));
        self.offset = Some(offset);
        self.lag = Some(difference - offset);
    }

    /// Returns the age of the last event at `now`.
    #[must_use]
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.last_event_at.map(|last_event_at| now - last_event_at)
    }

    /// Returns the lines per second over the last whole seconds before `now`.
    #[must_use]
    pub fn rate(&self, now: Instant) -> u32 {
        let this = second_of(now);
        let lines: u64 = self
            .seconds
            .iter()
            .filter(|(second, _)| *second < this && this - *second <= WHOLE_SECONDS)
            .map(|(_, count)| u64::from(*count))
            .sum();
        u32::try_from(lines.div_ceil(WHOLE_SECONDS)).unwrap_or(u32::MAX)
    }

    /// Returns how much later than in the best case events arrive.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        self.lag.map(|millis| Instant::from_millis(millis) - Instant::default())
    }

    /// Returns the statistics as text, or an empty string before the first event.
    #[must_use]
    pub fn text(&self, now: Instant, words: &Words) -> String {
        if self.last_event_at.is_none() {
            return String::new();
        }
        // A heartbeat is an event too, and says nothing of lines.
        let mut text = match self.last_line_at.map(|at| now - at) {
            None => words.text(Word::NoLinesYet).to_owned(),
            Some(age) if age < Duration::from_secs(2) => words.text(Word::LastLineNow).to_owned(),
            Some(age) => words.fill(Word::LastLineAgo, &[("time", &words.duration(age))]),
        };
        let mut add = |part: &str| text.extend([" · ", part]);
        match self.rate(now) {
            0 => {}
            rate => add(&words.count(Word::LinesPerSecond, rate.into())),
        }
        if let Some(lag) = self.lag().filter(|lag| millis(*lag) >= REPORTED_LAG_MS) {
            add(&words.fill(Word::Behind, &[("time", &words.duration(lag))]));
        }
        text
    }
}

fn second_of(now: Instant) -> u64 {
    (now.as_millis() / 1_000.0) as u64
}

fn index_of(second: u64) -> usize {
    (second % WINDOW as u64) as usize
}

/// The seconds that are remembered: those counted, and the current one.
const WINDOW: usize = 6;
const WHOLE_SECONDS: u64 = WINDOW as u64 - 1;

/// Anything less is ordinary network latency.
const REPORTED_LAG_MS: u64 = 250;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Instant {
        Instant::from_millis(seconds * 1_000.0)
    }

    #[test]
    fn counts_lines_of_whole_seconds() {
        let mut stats = StreamStats::default();
        for tenth in 0..100 {
            stats.line_arrived(at(f64::from(tenth) / 10.0));
        }
        assert_eq!([stats.rate(at(10.0)), stats.rate(at(12.0)), stats.rate(at(60.0))], [10, 6, 0]);
    }

    #[test]
    fn clock_difference_is_not_lag() {
        let mut stats = StreamStats::default();
        stats.server_time_reported(at(10.0), 5_000_000);
        stats.server_time_reported(at(20.0), 5_010_000);
        assert_eq!(stats.lag(), Some(Duration::ZERO));
        stats.server_time_reported(at(31.5), 5_020_000);
        assert_eq!(stats.lag(), Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn describes_the_age_of_the_last_line_and_not_that_of_a_heartbeat() {
        let mut stats = StreamStats::default();
        assert_eq!(stats.text(at(1.0), &Words::ENGLISH), "");
        stats.event_arrived(at(1.0));
        assert_eq!(stats.text(at(1.5), &Words::ENGLISH), "no lines yet");
        stats.line_arrived(at(2.0));
        stats.event_arrived(at(20.5));
        assert_eq!(
            [stats.text(at(2.5), &Words::ENGLISH), stats.text(at(21.0), &Words::ENGLISH)],
            ["last line just now", "last line 19 s ago"]
        );
    }
}
