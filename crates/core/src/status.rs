//! The connection in words: what a status bar shows, and which buttons are useful. Draws nothing.

use std::time::Duration;

use crate::connection::{Connection, Reading, State, StopReason, unread};
use crate::stream_stats::StreamStats;
use crate::time::Instant;
use crate::time::millis;
use crate::words::{Word, Words};
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
    pub fn word(self) -> Word {
        match self {
            Self::Disconnected => Word::BadgeDisconnected,
            Self::Connecting => Word::BadgeConnecting,
            Self::Connected => Word::BadgeConnected,
            Self::Stale => Word::BadgeStale,
            Self::Paused => Word::BadgePaused,
            Self::Error => Word::BadgeError,
            Self::Offline => Word::BadgeOffline,
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
    #[cfg(feature = "view")]
    #[must_use]
    pub fn label(self) -> Word {
        match self {
            Self::Connect => Word::Connect,
            Self::Disconnect => Word::Disconnect,
        }
    }
}

impl Status {
    /// Creates the status of `connection` at `now`. `stats` are those of its stream.
    #[must_use]
    pub fn new(connection: &Connection, stats: &StreamStats, now: Instant, words: &Words) -> Self {
        let reason = connection.last_failure().map(|failure| failure.text_in(words));
        let reason = reason.unwrap_or_default();
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
                progress: words
                    .fill(Word::Attempt, &[("attempt", &words.number((*attempt).into()))]),
                ..base
            },
            State::Open { .. } => open(base, connection, stats, now, words),
            State::Waiting { until, attempt } => waiting(base, *until - now, *attempt, words),
            State::Offline => offline(base, connection.next_attempt().unwrap_or(now) - now, words),
            State::Paused => Self {
                badge: Badge::Paused,
                progress: words.text(Word::PausedWhileHidden).to_owned(),
                reason: String::new(),
                can_retry_now: true,
                ..base
            },
            State::Stopped(stop) => stopped(base, stop, words),
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
    pub fn announcement(&self, words: &Words) -> String {
        let progress = match self.badge {
            // Nor the statistics, which change every second while all is well.
            Badge::Connected => "",
            Badge::Error if self.can_retry_now => words.text(Word::Reconnecting),
            Badge::Offline => words.text(Word::NoNetwork),
            _ => &self.progress,
        };
        join([words.text(self.badge.word()), progress, &self.reason])
    }

    /// Returns a status in English as one line, for the console.
    #[must_use]
    pub fn line(&self) -> String {
        join([self.badge.word().english(), &self.progress, &self.reason])
    }
}

fn join(parts: [&str; 3]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn open(
    base: Status,
    connection: &Connection,
    stats: &StreamStats,
    now: Instant,
    words: &Words,
) -> Status {
    let base =
        Status { badge: Badge::Connected, stale_after: Some(Duration::from_secs(1)), ..base };
    if let Some(silence) = connection.suspicious_silence(now) {
        return Status {
            badge: Badge::Stale,
            progress: words.fill(Word::NoData, &[("time", &words.duration(silence))]),
            ..base
        };
    }
    match connection.reading(now) {
        Reading::Understood => Status { is_live: true, stats: stats.text(now, words), ..base },
        Reading::NotYet => Status { stats: words.text(Word::WaitingForEvent).to_owned(), ..base },
        // A server of the first generation may well be idle.
        Reading::Overdue(what @ Unread::Nothing) => Status { reason: unread(what, words), ..base },
        Reading::Overdue(what) => {
            Status { badge: Badge::Stale, reason: unread(what, words), ..base }
        }
    }
}

fn waiting(base: Status, left: Duration, attempt: u32, words: &Words) -> Status {
    let (seconds, stale_after) = countdown(left);
    let word = if seconds == 0 { Word::ReconnectingNow } else { Word::ReconnectingIn };
    let attempt = words.number(attempt.into());
    let progress = words.fill(word, &[("attempt", &attempt), ("seconds", &seconds.to_string())]);
    Status { badge: Badge::Error, progress, can_retry_now: true, stale_after, ..base }
}

/// The network is only a report: browsers get it wrong behind some VPNs.
fn offline(base: Status, left: Duration, words: &Words) -> Status {
    let (seconds, stale_after) = countdown(left);
    Status {
        badge: Badge::Offline,
        progress: words.fill(Word::NextAttemptIn, &[("seconds", &seconds.to_string())]),
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

fn stopped(base: Status, stop: &StopReason, words: &Words) -> Status {
    let reason = match stop {
        StopReason::GaveUp { .. } => base.reason,
        _ => String::new(),
    };
    Status {
        badge: Badge::Error,
        progress: stop.text_in(words),
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
        let status = Status::new(&connection, &StreamStats::default(), at(0.0), &Words::ENGLISH);
        assert_eq!(
            status.line(),
            "ERROR: reconnecting in 1 s (attempt 2): cannot reach the log server"
        );
        assert_eq!(status.stale_after, Some(until - at(0.0)));
        let due = Status::new(&connection, &StreamStats::default(), until, &Words::ENGLISH);
        assert_eq!((due.progress.as_str(), due.stale_after), ("reconnecting… (attempt 2)", None));
    }

    #[test]
    fn says_why_it_gave_up() {
        let (connection, _) = failed_once(Config { max_attempts: Some(1), ..Config::default() });
        let status = Status::new(&connection, &StreamStats::default(), at(0.0), &Words::ENGLISH);
        assert_eq!(status.line(), "ERROR: gave up after 1 attempt: cannot reach the log server");
        assert_eq!(status.main_action, MainAction::Connect);
    }

    #[test]
    fn a_bad_target_is_reported_verbatim() {
        let mut connection = Connection::new(Config::default(), 3);
        connection.handle_input(at(0.0), Input::Target(Err("no workflow is selected".into())));
        connection.handle_input(at(0.0), Input::Connect);
        assert_eq!(
            Status::new(&connection, &StreamStats::default(), at(0.0), &Words::ENGLISH).line(),
            "ERROR: no workflow is selected"
        );
    }
}
