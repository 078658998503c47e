//! The connection in words: what a status bar shows, and which buttons are useful. Draws nothing.

use std::time::Duration;

use crate::connection::{Connection, Reading, State, StopReason, unread};
use crate::format::{duration, grouped};
use crate::stream_stats::StreamStats;
use crate::time::Instant;
use crate::time::millis;
use logs_sse_wire::unread::Unread;

/// What to show of the connection at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state in one word.
    pub badge: Badge,
    /// What is happening, beyond the badge; empty if the badge says it all.
    pub progress: String,
    /// Why the connection is not open or not live, in plain words; empty if there is nothing to
    /// explain.
    pub reason: String,
    /// Statistics of an open stream: when the last event arrived, how many lines per second. Empty
    /// otherwise.
    pub stats: String,
    /// Whether lines arrive as they are published, as far as can be known: the stream is open, and
    /// events on it were understood.
    pub is_live: bool,
    /// What the main button does.
    pub main_action: MainAction,
    /// Whether a wait is in progress that can be cut short.
    pub can_retry_now: bool,
    /// After how long the text changes although the state does not, as in a countdown.
    pub stale_after: Option<Duration>,
}

/// The state in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Badge {
    /// No connection was requested.
    Disconnected,
    /// An attempt is in progress.
    Connecting,
    /// The server responded with a stream. Whether lines arrive is a separate question:
    /// [`Status::is_live`].
    Connected,
    /// The stream is open, but missed its heartbeats, or sends nothing that can be parsed.
    Stale,
    /// The page is hidden, and its stream is closed until it returns.
    Paused,
    /// Not connected, although it should be.
    Error,
    /// The browser reports no network.
    Offline,
}

impl Badge {
    /// Returns the word to show.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Disconnected => "DISCONNECTED",
            Self::Connecting => "CONNECTING",
            Self::Connected => "CONNECTED",
            Self::Stale => "STALE",
            Self::Paused => "PAUSED",
            Self::Error => "ERROR",
            Self::Offline => "OFFLINE",
        }
    }

    /// Returns the name used in CSS classes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Stale => "stale",
            Self::Paused => "paused",
            Self::Error => "error",
            Self::Offline => "offline",
        }
    }
}

/// What the main button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MainAction {
    /// Connects to the target.
    Connect,
    /// Closes the connection and stops reconnecting.
    Disconnect,
}

impl MainAction {
    /// Returns the text of the button.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Connect => "Connect Live Logs",
            Self::Disconnect => "Disconnect",
        }
    }
}

impl Status {
    /// Creates the status of `connection` at `now`. `stats` are those of its stream.
    #[must_use]
    pub fn new(connection: &Connection, stats: &StreamStats, now: Instant) -> Self {
        let reason = connection.last_failure().map(ToString::to_string).unwrap_or_default();
        let base = Self {
            badge: Badge::Disconnected,
            progress: String::new(),
            reason,
            stats: String::new(),
            is_live: false,
            main_action: MainAction::Disconnect,
            can_retry_now: false,
            stale_after: None,
        };
        match connection.state() {
            State::Idle => Self { main_action: MainAction::Connect, reason: String::new(), ..base },
            State::Connecting { attempt: 1 } => Self { badge: Badge::Connecting, ..base },
            State::Connecting { attempt } => Self {
                badge: Badge::Connecting,
                progress: format!("attempt {}", grouped((*attempt).into())),
                ..base
            },
            State::Open { .. } => open(base, connection, stats, now),
            State::Waiting { until, attempt } => waiting(base, *until - now, *attempt),
            State::Offline => offline(base, connection.next_attempt().unwrap_or(now) - now),
            State::Paused => Self {
                badge: Badge::Paused,
                progress: "paused while this tab is hidden".into(),
                reason: String::new(),
                can_retry_now: true,
                ..base
            },
            State::Stopped(stop) => stopped(base, stop),
        }
    }

    /// Returns whether lines arrive as they are published.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Returns what a screen reader should announce: the state and its reason, without the
    /// countdown, which would be read out every second.
    #[must_use]
    pub fn announcement(&self) -> String {
        match self.badge {
            // Nor the statistics, which change every second while all is well.
            Badge::Connected => join([self.badge.word(), "", &self.reason]),
            Badge::Error if self.can_retry_now => {
                join([self.badge.word(), "reconnecting", &self.reason])
            }
            Badge::Offline => join([self.badge.word(), NO_NETWORK, &self.reason]),
            _ => self.line(),
        }
    }

    /// Returns the status as one line, for the console.
    #[must_use]
    pub fn line(&self) -> String {
        join([self.badge.word(), &self.progress, &self.reason])
    }
}

fn join(parts: [&str; 3]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn open(base: Status, connection: &Connection, stats: &StreamStats, now: Instant) -> Status {
    let base =
        Status { badge: Badge::Connected, stale_after: Some(Duration::from_secs(1)), ..base };
    if let Some(silence) = connection.suspicious_silence(now) {
        return Status {
            badge: Badge::Stale,
            progress: format!("no data for {}", duration(silence)),
            ..base
        };
    }
    match connection.reading(now) {
        Reading::Understood => Status { is_live: true, stats: stats.text(now), ..base },
        Reading::NotYet => Status { stats: "waiting for the first event".into(), ..base },
        // A server of the first generation may well be idle.
        Reading::Overdue(what @ Unread::Nothing) => Status { reason: unread(what), ..base },
        Reading::Overdue(what) => Status { badge: Badge::Stale, reason: unread(what), ..base },
    }
}

fn waiting(base: Status, left: Duration, attempt: u32) -> Status {
    let (seconds, stale_after) = countdown(left);
    let attempt = grouped(attempt.into());
    let progress = if seconds == 0 {
        format!("reconnecting… (attempt {attempt})")
    } else {
        format!("reconnecting in {seconds} s (attempt {attempt})")
    };
    Status { badge: Badge::Error, progress, can_retry_now: true, stale_after, ..base }
}

fn offline(base: Status, left: Duration) -> Status {
    let (seconds, stale_after) = countdown(left);
    Status {
        badge: Badge::Offline,
        progress: format!("{NO_NETWORK}, next attempt in {seconds} s"),
        can_retry_now: true,
        stale_after,
        ..base
    }
}

/// Returns the seconds left, rounded up, and the time until that number changes.
fn countdown(left: Duration) -> (u64, Option<Duration>) {
    let seconds = millis(left).div_ceil(1_000);
    let stale_after = left.checked_sub(Duration::from_millis(seconds.saturating_sub(1) * 1_000));
    (seconds, stale_after.filter(|after| !after.is_zero()))
}

/// Only a report: browsers get it wrong behind some VPNs.
const NO_NETWORK: &str = "the browser reports no network";

fn stopped(base: Status, stop: &StopReason) -> Status {
    let reason = match stop {
        StopReason::GaveUp { .. } => base.reason,
        _ => String::new(),
    };
    Status {
        badge: Badge::Error,
        progress: stop.to_string(),
        reason,
        main_action: MainAction::Connect,
        ..base
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Config, Failure, Input, Output};

    fn at(millis: f64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Returns a connection that failed once at 0 ms, and the time of its next attempt.
    fn failed_once(config: Config) -> (Connection, Instant) {
        let mut connection = Connection::new(config, 3);
        connection.handle_input(at(0.0), Input::Target(Ok("/s".into())));
        connection.handle_input(at(0.0), Input::Connect);
        let Some(Output::Open { source, .. }) = connection.poll_output() else {
            panic!("expected an open")
        };
        connection.handle_input(at(0.0), Input::Failed(source, Failure::Unreachable));
        let until = match connection.state() {
            State::Waiting { until, .. } => *until,
            _ => at(0.0),
        };
        (connection, until)
    }

    #[test]
    fn counts_down_and_says_when_the_count_changes() {
        let (connection, until) = failed_once(Config::default());
        let status = Status::new(&connection, &StreamStats::default(), at(0.0));
        assert_eq!(
            status.line(),
            "ERROR: reconnecting in 1 s (attempt 2): cannot reach the log server"
        );
        assert_eq!(status.stale_after, Some(until - at(0.0)));
        let due = Status::new(&connection, &StreamStats::default(), until);
        assert_eq!((due.progress.as_str(), due.stale_after), ("reconnecting… (attempt 2)", None));
    }

    #[test]
    fn says_why_it_gave_up() {
        let (connection, _) = failed_once(Config { max_attempts: Some(1), ..Config::default() });
        let status = Status::new(&connection, &StreamStats::default(), at(0.0));
        assert_eq!(status.line(), "ERROR: gave up after 1 attempt: cannot reach the log server");
        assert_eq!(status.main_action, MainAction::Connect);
    }

    #[test]
    fn a_bad_target_is_reported_verbatim() {
        let mut connection = Connection::new(Config::default(), 3);
        connection.handle_input(at(0.0), Input::Target(Err("no workflow is selected".into())));
        connection.handle_input(at(0.0), Input::Connect);
        assert_eq!(
            Status::new(&connection, &StreamStats::default(), at(0.0)).line(),
            "ERROR: no workflow is selected"
        );
    }
}
