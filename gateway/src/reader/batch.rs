//! Decides when waiting logs are sent to a reader with batches. Knows no channel and no clock.

use std::time::Duration;

use tokio::time::Instant;

use crate::hub::bounds::Bounds;
use crate::hub::config::{Config, Keep};

/// How logs become events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// One log, one event.
    #[default]
    Single,
    /// Several logs in one event if they arrive close together, for a reader that requested it.
    Batches,
}

/// Collects logs that arrive close together. The first log after a quiet moment does not wait.
#[derive(Debug)]
pub(crate) struct Collector {
    enough: Bounds,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing waits. A log that arrives before this moment will wait.
    Idle { quiet_at: Instant },
    /// Logs were sent, and the histories may hold more, which will wait until this moment.
    Sent { until: Instant },
    /// Logs wait, until this moment at the latest.
    Holding { until: Instant },
}

impl Collector {
    pub(crate) fn new(page: Bounds, config: &Config, now: Instant) -> Self {
        let enough = enough(page, config);
        Self { enough, state: State::Idle { quiet_at: now } }
    }

    /// Adapts the flush threshold to limits that may have changed.
    pub(crate) fn reconfigure(&mut self, page: Bounds, config: &Config) {
        self.enough = enough(page, config);
    }

    /// Returns how many of the `waiting` logs are sent at `now`: all, the first, or none yet. Logs
    /// that are `is_overdue`, such as a replay, do not wait.
    pub(crate) fn take(&mut self, waiting: Bounds, is_overdue: bool, now: Instant) -> usize {
        let (State::Idle { quiet_at: moment }
        | State::Sent { until: moment }
        | State::Holding { until: moment }) = self.state;
        if waiting.lines == 0 {
            self.state = State::Idle { quiet_at: moment };
            return 0;
        }
        let is_enough = waiting.lines >= self.enough.lines || waiting.bytes >= self.enough.bytes;
        if now < moment && !is_enough && !is_overdue {
            self.state = State::Holding { until: moment };
            return 0;
        }
        let was_quiet = matches!(self.state, State::Idle { quiet_at } if quiet_at <= now);
        self.state = State::Sent { until: now + SPAN };
        if was_quiet && !is_overdue { 1 } else { waiting.lines }
    }

    /// Makes waiting logs due, and returns whether there are any.
    pub(crate) fn hurry(&mut self, now: Instant) -> bool {
        let is_holding = self.deadline().is_some();
        if is_holding {
            self.state = State::Holding { until: now };
        }
        is_holding
    }

    /// Returns when waiting logs are sent at the latest, or `None` if there are none.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Idle { .. } | State::Sent { .. } => None,
            State::Holding { until } => Some(until),
        }
    }

    /// Returns the flush threshold.
    pub(crate) fn enough(&self) -> Bounds {
        self.enough
    }
}

/// Returns the flush threshold: one `page`, or half of the history or lag limit if smaller, so that
/// waiting cannot make a reader slow.
fn enough(page: Bounds, config: &Config) -> Bounds {
    let (Keep::History(kept) | Keep::ForReaders(kept)) = config.keep();
    let enough = |page: usize, kept: usize, behind: usize| page.min(kept.min(behind) / 2).max(1);
    Bounds {
        lines: enough(page.lines, kept.lines, config.reader.lines),
        bytes: enough(page.bytes, kept.bytes, config.reader.bytes),
    }
}

/// How long logs wait for others: less than two frames of a screen, which is imperceptible, and at
/// most 40 events per second while logs trickle.
const SPAN: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Bounds = Bounds { lines: 256, bytes: 1_000 };

    /// A collector, and a clock in milliseconds since its start.
    fn collector() -> (Collector, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        (Collector::new(PAGE, &Config::default(), start), move |millis| {
            start + Duration::from_millis(millis)
        })
    }

    fn logs(lines: usize) -> Bounds {
        Bounds { lines, bytes: lines }
    }

    #[test]
    fn the_first_log_after_a_quiet_moment_is_sent_alone_and_the_next_wait_for_others() {
        let (mut collector, at) = collector();
        assert_eq!(collector.take(logs(3), false, at(0)), 1);
        assert_eq!(
            (collector.take(logs(2), false, at(10)), collector.deadline()),
            (0, Some(at(25)))
        );
        assert_eq!(collector.take(logs(3), false, at(24)), 0);
        assert_eq!(collector.take(logs(4), false, at(25)), 4);
        assert_eq!(
            (collector.take(logs(0), false, at(25)), collector.deadline()),
            (0, None),
            "a timer runs only while logs wait"
        );
        assert_eq!(
            (collector.take(logs(1), false, at(49)), collector.deadline()),
            (0, Some(at(50)))
        );
        assert_eq!(collector.take(logs(1), false, at(60)), 1);
        assert_eq!(collector.take(logs(0), false, at(60)), 0);
        assert_eq!(collector.take(logs(5), false, at(85)), 1);
        assert_eq!(collector.take(logs(4), false, at(120)), 4, "they were there all the time");
    }

    #[test]
    fn enough_or_overdue_logs_do_not_wait() {
        let (mut collector, at) = collector();
        assert_eq!(collector.take(logs(5), true, at(0)), 5);
        assert_eq!(collector.take(logs(255), false, at(1)), 0);
        assert_eq!(collector.take(logs(256), false, at(2)), 256);
        assert_eq!(collector.take(Bounds { lines: 2, bytes: 999 }, false, at(3)), 0);
        assert_eq!(collector.take(Bounds { lines: 2, bytes: 1_000 }, false, at(4)), 2);
        assert_eq!(collector.take(logs(0), false, at(5)), 0);
        assert_eq!(
            collector.take(logs(256), false, at(29)),
            1,
            "a burst after a quiet moment begins with one"
        );
        assert_eq!(collector.take(logs(256), false, at(29)), 256);
    }

    #[test]
    fn hurry_affects_waiting_logs_only() {
        let (mut collector, at) = collector();
        assert!(!collector.hurry(at(0)));
        collector.take(logs(1), false, at(0));
        assert!(!collector.hurry(at(1)));
        collector.take(logs(2), false, at(1));
        assert!(collector.hurry(at(2)));
        assert_eq!(collector.take(logs(2), false, at(2)), 2);
    }

    #[test]
    fn waiting_does_not_make_a_reader_slow() {
        let bounds = |lines| Bounds { lines, bytes: usize::MAX };
        let enough = |config: &Config| Collector::new(PAGE, config, Instant::now()).enough();
        let enough_lines = |history, reader| {
            enough(&Config {
                history: bounds(history),
                reader: bounds(reader),
                ..Config::default()
            })
            .lines
        };
        assert_eq!(enough(&Config::default()), PAGE);
        assert_eq!(
            [
                enough_lines(1_000, 100),
                enough_lines(10, 100),
                enough_lines(0, 8),
                enough_lines(1_000, 1)
            ],
            [50, 5, 4, 1]
        );
    }
}
