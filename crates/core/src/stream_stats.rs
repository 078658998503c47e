//! Signs of life in numbers: when something last came, how many lines a second, how late they are.
//! Judges nothing.

use std::time::Duration;

use crate::notice;
use crate::summary::{counted, grouped};
use crate::time::Instant;
use crate::time::millis;

/// What the stream was seen to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamStats {
    heard_at: Option<Instant>,
    /// Lines in each of the last seconds; the second of `now` modulo their number is the place.
    seconds: [(u64, u32); WINDOW],
    /// How far the server's clock seems behind ours, in milliseconds, at the least that was seen:
    /// mostly two clocks that differ.
    offset: Option<f64>,
    lag: Option<f64>,
}

impl StreamStats {
    /// Notes that a line came at `now`.
    pub fn handle_line(&mut self, now: Instant) {
        let second = second_of(now);
        let place = &mut self.seconds[place_of(second)];
        *place = if place.0 == second { (second, place.1.saturating_add(1)) } else { (second, 1) };
    }

    /// Notes that something came at `now`.
    pub fn handle_event(&mut self, now: Instant) {
        self.heard_at = Some(now);
    }

    /// Notes that the server's clock read `server_time` milliseconds when it sent what came at
    /// `now`.
    pub fn handle_server_time(&mut self, now: Instant, server_time: i64) {
        let apart = now.as_millis() - server_time as f64;
        let offset = self.offset.map_or(apart, |offset| offset.min(apart));
        self.offset = Some(offset);
        self.lag = Some(apart - offset);
    }

    /// The age of the last sign of life at `now`.
    #[must_use]
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.heard_at.map(|heard_at| now - heard_at)
    }

    /// Lines per second over the last whole seconds before `now`.
    #[must_use]
    pub fn rate(&self, now: Instant) -> u32 {
        let this = second_of(now);
        let counted: u64 = self
            .seconds
            .iter()
            .filter(|(second, _)| *second < this && this - *second <= WHOLE_SECONDS)
            .map(|(_, lines)| u64::from(*lines))
            .sum();
        u32::try_from(counted.div_ceil(WHOLE_SECONDS)).unwrap_or(u32::MAX)
    }

    /// How much later than at best things come.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        self.lag.and_then(|millis| Duration::try_from_secs_f64(millis / 1_000.0).ok())
    }

    /// All of it for a person; empty before anything came.
    #[must_use]
    pub fn text(&self, now: Instant) -> String {
        let Some(age) = self.age(now) else { return String::new() };
        let age = if age < Duration::from_secs(2) {
            "last event just now".to_owned()
        } else {
            format!("last event {} ago", notice::time(age))
        };
        let rate = match self.rate(now) {
            0 => String::new(),
            rate => format!(" · {}/s", counted(rate.into(), "line", "lines")),
        };
        let lag = match self.lag().map(millis) {
            Some(lag) if lag >= WORTH_TELLING_MS => format!(" · {} ms late", grouped(lag)),
            _ => String::new(),
        };
        format!("{age}{rate}{lag}")
    }
}

fn second_of(now: Instant) -> u64 {
    (now.as_millis() / 1_000.0) as u64
}

fn place_of(second: u64) -> usize {
    (second % WINDOW as u64) as usize
}

/// Seconds that are remembered: those that are counted, and the one that is not over yet.
const WINDOW: usize = 6;
const WHOLE_SECONDS: u64 = WINDOW as u64 - 1;

/// Less than this is what a network takes.
const WORTH_TELLING_MS: u64 = 250;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Instant {
        Instant::from_millis(seconds * 1_000.0)
    }

    #[test]
    fn counts_lines_of_whole_seconds() {
        let mut vitals = StreamStats::default();
        for tenth in 0..100 {
            vitals.handle_line(at(f64::from(tenth) / 10.0));
        }
        assert_eq!(
            [vitals.rate(at(10.0)), vitals.rate(at(12.0)), vitals.rate(at(60.0))],
            [10, 6, 0]
        );
    }

    #[test]
    fn two_clocks_that_differ_are_no_lag() {
        let mut vitals = StreamStats::default();
        vitals.handle_server_time(at(10.0), 5_000_000);
        vitals.handle_server_time(at(20.0), 5_010_000);
        assert_eq!(vitals.lag(), Some(Duration::ZERO));
        vitals.handle_server_time(at(31.5), 5_020_000);
        assert_eq!(vitals.lag(), Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn tells_the_age_in_words() {
        let mut vitals = StreamStats::default();
        assert_eq!(vitals.text(at(1.0)), "");
        vitals.handle_event(at(1.0));
        assert_eq!(
            [vitals.text(at(1.5)), vitals.text(at(20.0))],
            ["last event just now", "last event 19 s ago"]
        );
    }
}
