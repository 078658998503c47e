//! The connection in words: what a status bar shows and which buttons make sense. Decides words,
//! draws nothing.

use std::time::Duration;

use crate::connection::{Connection, Reading, State, StopReason, unread};
use crate::notice::time;
use crate::stream_stats::StreamStats;
use crate::summary::grouped;
use crate::time::Instant;
use crate::time::millis;
use logs_sse_wire::unread::Unread;

/// What to show of the connection at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The one word.
    pub badge: Badge,
    /// What goes on, beyond the word; empty when the word says it all.
    pub progress: String,
    /// Why it is not connected, or not live, in plain words; empty when there is nothing to
    /// explain.
    pub reason: String,
    /// Signs of life of an open stream: when something last came, how many lines a second. Empty
    /// otherwise.
    pub vitals: String,
    /// Whether lines arrive as they are published, as far as anybody can know: the stream is open,
    /// and it was understood.
    pub is_live: bool,
    /// What the main button does.
    pub main_action: MainAction,
    /// Whether there is a wait that can be cut short.
    pub can_retry_now: bool,
    /// After how long the same state reads differently, as a countdown does.
    pub stale_after: Option<Duration>,
}

/// The state in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Badge {
    /// Nobody asked for a connection.
    Disconnected,
    /// An attempt is under way.
    Connecting,
    /// The server answered with a stream. Whether lines arrive is another question:
    /// [`Status::is_live`].
    Connected,
    /// The stream is open, but gave no sign of life when it should have, or none that can be read.
    Stale,
    /// The page is hidden, and its stream closed for that time.
    Paused,
    /// Not connected, though it should be.
    Error,
    /// The browser has no network.
    Offline,
}

impl Badge {
    /// The word.
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

    /// A name for style sheets.
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
    /// Begin.
    Connect,
    /// End.
    Disconnect,
}

impl MainAction {
    /// The button's text.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Connect => "Connect Live Logs",
            Self::Disconnect => "Disconnect",
        }
    }
}

impl Status {
    /// The status of `connection`, whose stream shows these signs of life, at `now`.
    #[must_use]
    pub fn of(connection: &Connection, vitals: &StreamStats, now: Instant) -> Self {
        let reason = connection.last_failure().map(ToString::to_string).unwrap_or_default();
        let plain = Self {
            badge: Badge::Disconnected,
            progress: String::new(),
            reason,
            vitals: String::new(),
            is_live: false,
            main_action: MainAction::Disconnect,
            can_retry_now: false,
            stale_after: None,
        };
        match connection.state() {
            State::Idle => {
                Self { main_action: MainAction::Connect, reason: String::new(), ..plain }
            }
            State::Connecting { attempt: 1 } => Self { badge: Badge::Connecting, ..plain },
            State::Connecting { attempt } => Self {
                badge: Badge::Connecting,
                progress: format!("attempt {}", grouped((*attempt).into())),
                ..plain
            },
            State::Open { .. } => open(plain, connection, vitals, now),
            State::Waiting { until, attempt } => waiting(plain, *until - now, *attempt),
            State::Offline => offline(plain, connection.next_attempt().unwrap_or(now) - now),
            State::Paused => Self {
                badge: Badge::Paused,
                progress: "resumes when this tab is visible".into(),
                reason: String::new(),
                can_retry_now: true,
                ..plain
            },
            State::Stopped(stop) => stopped(plain, stop),
        }
    }

    /// Whether lines arrive as they are published.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// What a screen reader should hear: the state and its reason, without the countdown, which
    /// would be read out every second.
    #[must_use]
    pub fn announcement(&self) -> String {
        match self.badge {
            // Nor what changes by the second while all is well.
            Badge::Connected => join([self.badge.word(), "", &self.reason]),
            Badge::Error if self.can_retry_now => {
                join([self.badge.word(), "retrying", &self.reason])
            }
            Badge::Offline => join([self.badge.word(), NO_NETWORK, &self.reason]),
            _ => self.line(),
        }
    }

    /// The status as one line, for the console.
    #[must_use]
    pub fn line(&self) -> String {
        join([self.badge.word(), &self.progress, &self.reason])
    }
}

fn join(parts: [&str; 3]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn open(plain: Status, connection: &Connection, vitals: &StreamStats, now: Instant) -> Status {
    let plain =
        Status { badge: Badge::Connected, stale_after: Some(Duration::from_secs(1)), ..plain };
    if let Some(silence) = connection.doubt(now) {
        return Status {
            badge: Badge::Stale,
            progress: format!("no sign of life for {}", time(silence)),
            ..plain
        };
    }
    match connection.reading(now) {
        Reading::Understood => Status { is_live: true, vitals: vitals.text(now), ..plain },
        Reading::NotYet => Status { vitals: "waiting for the first event".into(), ..plain },
        // A server of the first generation may well be idle.
        Reading::Overdue(what @ Unread::Nothing) => Status { reason: unread(what), ..plain },
        Reading::Overdue(what) => Status { badge: Badge::Stale, reason: unread(what), ..plain },
    }
}

fn waiting(plain: Status, left: Duration, attempt: u32) -> Status {
    let (seconds, stale_after) = countdown(left);
    let attempt = grouped(attempt.into());
    let progress = if seconds == 0 {
        format!("retrying now (attempt {attempt})")
    } else {
        format!("retrying in {seconds} s (attempt {attempt})")
    };
    Status { badge: Badge::Error, progress, can_retry_now: true, stale_after, ..plain }
}

fn offline(plain: Status, left: Duration) -> Status {
    let (seconds, stale_after) = countdown(left);
    Status {
        badge: Badge::Offline,
        progress: format!("{NO_NETWORK}, next attempt in {seconds} s"),
        can_retry_now: true,
        stale_after,
        ..plain
    }
}

/// The seconds left, rounded up, and after how long they are others.
fn countdown(left: Duration) -> (u64, Option<Duration>) {
    let seconds = millis(left).div_ceil(1_000);
    let stale_after = left.checked_sub(Duration::from_millis(seconds.saturating_sub(1) * 1_000));
    (seconds, stale_after.filter(|after| !after.is_zero()))
}

/// Not that there is none: browsers are wrong about it behind some VPNs.
const NO_NETWORK: &str = "the browser reports no network";

fn stopped(plain: Status, stop: &StopReason) -> Status {
    let reason = match stop {
        StopReason::GaveUp { .. } => plain.reason,
        _ => String::new(),
    };
    Status {
        badge: Badge::Error,
        progress: stop.to_string(),
        reason,
        main_action: MainAction::Connect,
        ..plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Config, Failure, Input, Output};

    fn at(millis: f64) -> Instant {
        Instant::from_millis(millis)
    }

    /// A connection that failed once at 0 ms, and when it will try again.
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
        let status = Status::of(&connection, &StreamStats::default(), at(0.0));
        assert_eq!(
            status.line(),
            "ERROR: retrying in 1 s (attempt 2): the log server cannot be reached"
        );
        assert_eq!(status.stale_after, Some(until - at(0.0)));
        let due = Status::of(&connection, &StreamStats::default(), until);
        assert_eq!((due.progress.as_str(), due.stale_after), ("retrying now (attempt 2)", None));
    }

    #[test]
    fn says_why_it_gave_up() {
        let (connection, _) = failed_once(Config { max_attempts: Some(1), ..Config::default() });
        let status = Status::of(&connection, &StreamStats::default(), at(0.0));
        assert_eq!(
            status.line(),
            "ERROR: gave up after one attempt: the log server cannot be reached"
        );
        assert_eq!(status.main_action, MainAction::Connect);
    }

    #[test]
    fn a_bad_target_is_told_in_its_own_words() {
        let mut connection = Connection::new(Config::default(), 3);
        connection.handle_input(at(0.0), Input::Target(Err("no workflow is chosen".into())));
        connection.handle_input(at(0.0), Input::Connect);
        assert_eq!(
            Status::of(&connection, &StreamStats::default(), at(0.0)).line(),
            "ERROR: no workflow is chosen"
        );
    }
}
