//! What a program in the page receives: new rows, and the status. Decides nothing.
//!
//! The status and notices cross to JavaScript as objects that serde builds from the structs below.
//! Lines cross as one JSON text, which the browser parses faster than a module could build objects.

use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::time::Duration;

use logs_sse_wire::entry::Level;
use logs_sse_wire::indexed_fields::level_of;
use logs_sse_wire::json::quote;
use logs_sse_wire::message::Raw;
use logs_sse_wire::unread::Unread;
use serde::Serialize;

use crate::connection::{Failure, Reading, State, StopReason};
use crate::format::counted;
use crate::notice::Notice;
use crate::session::Session;
use crate::status::{Badge, MainAction, Status};
use crate::store::Row;
use crate::time::Instant;

/// The status, as `LogsStatus` in `www/package/types/index.d.ts` describes it. A test compares the
/// two. Numbers are floating point, as in JavaScript; times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are documented in index.d.ts")]
pub struct StatusReport {
    pub state: &'static str,
    pub word: &'static str,
    pub is_live: bool,
    pub progress: String,
    pub reason: String,
    pub cause: Option<&'static str>,
    pub will_retry: bool,
    pub attempt: u32,
    pub retry_in_ms: Option<f64>,
    pub last_event_age_ms: Option<f64>,
    pub lag_ms: Option<f64>,
    pub lines_per_second: u32,
    pub received: f64,
    pub duplicates: f64,
    pub missing: f64,
    pub gaps: f64,
    pub refused: Vec<String>,
}

impl StatusReport {
    /// Returns the status of `session` at `now`.
    #[must_use]
    pub fn new(session: &Session, now: Instant) -> Self {
        let status = session.status(now);
        let (counters, stats) = (session.counters(), session.stats());
        let millis =
            |time: Option<Duration>| time.map(|time| (time.as_secs_f64() * 1_000.0).floor());
        Self {
            state: status.badge.name(),
            word: status.badge.word().english(),
            is_live: status.is_live(),
            reason: reason(session, &status),
            cause: cause(session, now),
            will_retry: status.badge != Badge::Connected
                && status.main_action == MainAction::Disconnect,
            progress: status.progress,
            attempt: session.connection().attempt_number(),
            retry_in_ms: millis(session.connection().next_attempt().map(|at| at - now)),
            last_event_age_ms: millis(stats.age(now)),
            lag_ms: millis(stats.lag()),
            lines_per_second: stats.rate(now),
            received: counters.received as f64,
            duplicates: counters.duplicates as f64,
            missing: counters.missing as f64,
            gaps: counters.gaps as f64,
            refused: session.refused().to_vec(),
        }
    }

    /// Returns whether `other` differs at most in what changes by the mere passing of time or of
    /// lines. Otherwise something happened that listeners are notified of.
    #[must_use]
    pub fn is_same_state(&self, other: &Self) -> bool {
        self.state == other.state
            && self.word == other.word
            && self.is_live == other.is_live
            && self.cause == other.cause
            && self.reason == other.reason
            && self.will_retry == other.will_retry
            && self.attempt == other.attempt
            && self.refused == other.refused
    }
}

/// A notice, as `Notice` in `www/package/types/index.d.ts` describes it, but for its key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are documented in index.d.ts")]
pub struct NoticeReport {
    pub notice: &'static str,
    pub missing: Option<f64>,
    pub channel: Option<String>,
    pub text: String,
}

impl NoticeReport {
    pub(crate) fn new(notice: &Notice) -> Self {
        Self {
            notice: match notice {
                Notice::Gap { .. } => "gap",
                Notice::Resumed { .. } => "resumed",
                Notice::NotReplayed { .. } => "not_replayed",
                // Added before the rows that a listener has received, so none receives it.
                Notice::TailStart => "tail_start",
                Notice::HistoryStart { .. } => "history_start",
            },
            missing: notice.missing().map(|missing| missing as f64),
            channel: notice.channel().map(ToOwned::to_owned),
            text: notice.text(),
        }
    }
}

/// A piece of what is new.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// A JSON array of lines, oldest first. A line is `[channel or null, id, seq or null, time or
    /// null, text]`, followed by the class of its level if that is known.
    Lines(String),
    /// A notice between lines.
    Notice(NoticeReport),
}

/// Returns one line as JSON: an element of [`Rows::Lines`].
#[must_use]
pub fn line_record(raw: &Raw<'_>) -> String {
    let mut lines = Lines::default();
    lines.push(raw, level_of(raw));
    lines.0.split_off(1)
}

/// How much of the log a listener has received.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowFeed {
    next: u64,
}

impl RowFeed {
    /// Skips all rows that exist now.
    pub fn skip(&mut self, session: &Session) {
        self.next = session.store().range().end;
    }

    /// Returns the number of the next row that the listener receives.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Returns the rows added since the last call, oldest first; nothing if there are none.
    ///
    /// Rows evicted before they could be delivered are reported first, as a single `gap` notice.
    pub fn take(&mut self, session: &Session) -> Vec<Rows> {
        let range = session.store().range();
        // Rows that the user cleared are not lost.
        self.next = self.next.max(session.store().cleared_at());
        let mut rows = Vec::new();
        if self.next == range.end {
            return rows;
        }
        if self.next < range.start {
            let missing = range.start - self.next;
            rows.push(Rows::Notice(NoticeReport {
                notice: "gap",
                missing: Some(missing as f64),
                channel: None,
                text: format!(
                    "{} dropped before this page read them",
                    counted(missing, "row was", "rows were")
                ),
            }));
        }
        let mut lines = Lines::default();
        for number in self.next.max(range.start)..range.end {
            let store = session.store();
            match store.raw_line(number) {
                Some(raw) => lines.push(&raw, store.level(number)),
                None => match store.row(number) {
                    Some(Row::Line(cut)) => {
                        let raw = Raw {
                            id: Cow::Borrowed(&cut.id),
                            channel: cut.channel.as_deref().map(Cow::Borrowed),
                            seq: cut.seq,
                            ..Raw::bare(cut.entry.text())
                        };
                        lines.push(&raw, cut.entry.level());
                    }
                    Some(Row::Notice(notice)) => {
                        rows.extend(lines.finish());
                        rows.push(Rows::Notice(NoticeReport::new(&notice)));
                    }
                    None => {}
                },
            }
        }
        rows.extend(lines.finish());
        self.next = range.end;
        rows
    }
}

/// Returns why the connection is not live. The status bar shows the sentence of a stop in place of
/// the countdown; a program reads it as the reason.
fn reason(session: &Session, status: &Status) -> String {
    match session.state() {
        State::Stopped(stop) => stop.to_string(),
        _ => status.reason.clone(),
    }
}

fn cause(session: &Session, now: Instant) -> Option<&'static str> {
    match session.state() {
        State::Idle => None,
        // A server that sends nothing may be idle, which is no error.
        State::Open { .. } => match session.connection().reading(now) {
            Reading::Understood | Reading::NotYet | Reading::Overdue(Unread::Nothing) => None,
            Reading::Overdue(_) => Some(UNREADABLE),
        },
        State::Stopped(stop) => Some(match stop {
            StopReason::BadTarget(_) => "bad_target",
            StopReason::NotGranted(_) => "not_granted",
            StopReason::NotAllowed(_) => "not_allowed",
            StopReason::NothingToStream(_) => "nothing_to_stream",
            StopReason::SentAway => "sent_away",
            StopReason::Blocked => "blocked",
            StopReason::GaveUp { .. } => "gave_up",
        }),
        _ => session.connection().last_failure().map(|failure| match failure {
            Failure::Lost | Failure::LostEarly => "lost",
            Failure::Silent(_) => "silent",
            Failure::Unread(_) => UNREADABLE,
            Failure::Unreachable | Failure::OutOfReach => "unreachable",
            Failure::Rejected | Failure::Explained(_) => "rejected",
            Failure::TimedOut(_) => "timed_out",
            Failure::CannotOpen(_) => "cannot_open",
            Failure::Bye(_) => "bye",
            Failure::Busy(_) => "busy",
            Failure::NotFound => "not_found",
            Failure::Status(_) => "status",
            Failure::WebPage => "web_page",
            Failure::WrongType(_) => "wrong_type",
            Failure::Redirected => "redirected",
            Failure::Charset(_) | Failure::BrowserRefused => "browser_refused",
        }),
    }
}

const UNREADABLE: &str = "unreadable";

/// A JSON array of lines under construction. The entry's text is not parsed here.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn push(&mut self, raw: &Raw<'_>, level: Level) {
        let json = &mut self.0;
        json.push_str(if json.is_empty() { "[[" } else { ",[" });
        match &raw.channel {
            Some(channel) => quote(json, channel),
            None => json.push_str("null"),
        }
        json.push(',');
        quote(json, &raw.id);
        json.push(',');
        number(json, raw.seq);
        json.push(',');
        number(json, raw.stamp);
        json.push(',');
        quote(json, &raw.text);
        if level != Level::Other {
            json.push(',');
            quote(json, level.class());
        }
        json.push(']');
    }

    /// Returns the finished array, if it has lines, and begins another.
    fn finish(&mut self) -> Option<Rows> {
        let mut json = std::mem::take(&mut self.0);
        (!json.is_empty()).then(|| {
            json.push(']');
            Rows::Lines(json)
        })
    }
}

fn number(json: &mut String, number: Option<impl Display>) {
    // Writing to a String cannot fail.
    let _ = match number {
        Some(number) => write!(json, "{number}"),
        None => json.write_str("null"),
    };
}
