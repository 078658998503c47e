//! What a program in the page hears of the log: new rows and the status, as JSON that the browser
//! reads at its own speed. Decides nothing.

use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::time::Duration;

use crate::connection::{Failure, Reading, State, StopReason};
use crate::notice::Notice;
use crate::session::Session;
use crate::status::{Badge, MainAction, Status};
use crate::store::Row;
use crate::summary::counted;
use crate::time::{self, Instant};
use logs_sse_wire::entry::Level;
use logs_sse_wire::json::{quote, quoted};
use logs_sse_wire::message::Raw;
use logs_sse_wire::unread::Unread;

/// How far a listener has heard the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowFeed {
    next: u64,
}

impl RowFeed {
    /// Nothing that came so far is news any more.
    pub fn skip(&mut self, session: &Session) {
        self.next = session.store().range().end;
    }

    /// The number of the next row to be heard.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The rows that are new since the last call, as a JSON array, oldest first; `None` when there
    /// are none.
    ///
    /// A log is `[number, channel or null, id, seq or null, time or null, text]`, and behind it the
    /// class of its level if that is known; a notice `[number, kind, missing or null,
    /// sentence]`. Rows that were let go before they were heard stand first, as one notice
    /// `gap`.
    pub fn take(&mut self, session: &Session) -> Option<String> {
        let range = session.store().range();
        // What was let go on purpose is no loss.
        self.next = self.next.max(session.store().cleared_at());
        if self.next == range.end {
            return None;
        }
        let mut json = Json::default();
        json.open('[');
        if self.next < range.start {
            let unheard = range.start - self.next;
            let dropped = format!(
                "{} dropped before this page read them",
                counted(unheard, "row was", "rows were")
            );
            json.item(&format!("[{},\"gap\",{unheard},{}]", range.start - 1, quoted(&dropped)));
        }
        for number in self.next.max(range.start)..range.end {
            match session.store().raw_line(number) {
                Some(raw) => line(&mut json, number, &raw, session.store().level(number)),
                None => session
                    .store()
                    .row(number)
                    .iter()
                    .for_each(|row| write_parsed_row(&mut json, number, row)),
            }
        }
        json.close(']');
        self.next = range.end;
        Some(json.0)
    }
}

/// The status as a JSON object, with the names of `LogsStatus` in `www/package/types/index.d.ts`.
#[must_use]
pub fn status(session: &Session, now: Instant) -> String {
    let status = session.status(now);
    let (tally, vitals) = (session.tally(), session.vitals());
    let millis = |time: Option<Duration>| {
        time.map_or_else(|| "null".to_owned(), |time| time::millis(time).to_string())
    };
    let mut json = Json::default();
    json.open('{');
    write_stable_fields(&mut json, session, &status, now);
    json.field("progress", &quoted(&status.progress));
    json.field("retryInMs", &millis(session.connection().next_attempt().map(|at| at - now)));
    json.field("lastEventAgeMs", &millis(vitals.age(now)));
    json.field("lagMs", &millis(vitals.lag()));
    json.field("linesPerSecond", &vitals.rate(now).to_string());
    for (name, count) in [
        ("received", tally.received),
        ("duplicates", tally.duplicates),
        ("missing", tally.missing),
        ("gaps", tally.gaps),
    ] {
        json.field(name, &count.to_string());
    }
    json.close('}');
    json.0
}

/// The part of the status that does not change by the mere passing of time or lines: when it is
/// another text, something happened.
#[must_use]
pub fn status_key(session: &Session, now: Instant) -> String {
    let mut json = Json::default();
    write_stable_fields(&mut json, session, &session.status(now), now);
    json.0
}

fn write_stable_fields(json: &mut Json, session: &Session, status: &Status, now: Instant) {
    json.field("state", &quoted(status.badge.name()));
    json.field("word", &quoted(status.badge.word()));
    json.field("isLive", if status.is_live() { "true" } else { "false" });
    json.field("cause", &cause(session, now).map_or_else(|| "null".to_owned(), quoted));
    json.field("reason", &quoted(&reason(session, status)));
    let will_retry =
        status.badge != Badge::Connected && status.main_action == MainAction::Disconnect;
    json.field("willRetry", if will_retry { "true" } else { "false" });
    json.field("attempt", &session.connection().attempt_number().to_string());
    let mut refused = Json::default();
    refused.open('[');
    session.refused().iter().for_each(|channel| refused.item(&quoted(channel)));
    refused.close(']');
    json.field("refused", &refused.0);
}

/// A stop has its sentence where a countdown would stand; a program wants it as the reason.
fn reason(session: &Session, status: &Status) -> String {
    match session.state() {
        State::Stopped(stop) => stop.to_string(),
        _ => status.reason.clone(),
    }
}

fn cause(session: &Session, now: Instant) -> Option<&'static str> {
    match session.state() {
        State::Idle => None,
        // What may as well be an idle server is no error.
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
            Failure::Rejected => "rejected",
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

/// Whoever hears it reads the entry itself, so it stays unread here.
fn line(json: &mut Json, number: u64, raw: &Raw<'_>, level: Level) {
    json.comma();
    json.open('[');
    json.number(Some(number));
    json.comma();
    match &raw.channel {
        Some(channel) => quote(&mut json.0, channel),
        None => json.number(None::<u64>),
    }
    json.comma();
    quote(&mut json.0, &raw.id);
    json.comma();
    json.number(raw.seq);
    json.comma();
    json.number(raw.stamp);
    json.comma();
    quote(&mut json.0, &raw.text);
    if level != Level::Other {
        json.comma();
        quote(&mut json.0, level.class());
    }
    json.close(']');
}

/// A row that rests read: a notice, or a line too long to be held whole.
fn write_parsed_row(json: &mut Json, number: u64, row: &Row) {
    match row {
        Row::Notice(told) => json.item(&notice(number, told)),
        Row::Line(cut) => {
            let raw = Raw {
                id: Cow::Borrowed(&cut.id),
                channel: cut.channel.as_deref().map(Cow::Borrowed),
                seq: cut.seq,
                stamp: None,
                text: cut.entry.text().into(),
                is_error: false,
                picks: None,
            };
            line(json, number, &raw, cut.entry.level());
        }
    }
}

fn notice(number: u64, notice: &Notice) -> String {
    let kind = match notice {
        Notice::Gap { .. } => "gap",
        Notice::Resumed { .. } => "resumed",
        Notice::NotReplayed { .. } => "not_replayed",
    };
    let missing = notice.missing().map_or_else(|| "null".to_owned(), |missing| missing.to_string());
    format!("[{number},\"{kind}\",{missing},{}]", quoted(&notice.text()))
}

/// JSON under way: knows where commas go.
#[derive(Default)]
struct Json(String);

impl Json {
    fn open(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    fn comma(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with(['[', '{']) {
            self.0.push(',');
        }
    }

    fn number(&mut self, number: Option<impl Display>) {
        // A String takes all that is written into it.
        let _ = match number {
            Some(number) => write!(self.0, "{number}"),
            None => self.0.write_str("null"),
        };
    }

    fn item(&mut self, json: &str) {
        self.comma();
        self.0.push_str(json);
    }

    fn field(&mut self, name: &str, json: &str) {
        self.item(&format!("\"{name}\":{json}"));
    }

    fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }
}
