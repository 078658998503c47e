//! What a screen reader says about a log while its reader does something else: one text at a time,
//! so rarely that a flood or an outage can be listened to. Knows neither clock nor page.

use std::time::Duration;

use crate::connection::State;
use crate::find::{Find, Query};
use crate::session::Session;
use crate::status::{Badge, MainAction, Status};
use crate::tally::Count;
use crate::time::Instant;
use crate::words::{Word, Words};
use logs_sse_wire::entry::head;

/// Decides when to say what.
#[derive(Clone, Debug)]
pub struct Announcer {
    /// How often new lines are summarised, if they are.
    every: Option<Duration>,
    text: String,
    /// What a key or button has done, and when that was first in the text: for a moment, nothing
    /// may replace it.
    done: Option<(String, Option<Instant>)>,
    connection: Connection,
    is_held: bool,
    query: Query,
    /// When the reader last changed the query, until its result was said.
    asked: Option<Instant>,
    /// The number of the first row that no summary has counted.
    counted: u64,
    /// When lines were last summarised.
    summarised: Option<Instant>,
    /// When an error was last part of that.
    error_said: Option<Instant>,
    /// Whether an error waits until it may be said.
    has_error: bool,
}

/// What was said about the connection.
#[derive(Clone, Debug, Default)]
struct Connection {
    said: String,
    /// When it was said that there is none, or none that works.
    lost: Option<Instant>,
    /// Since when there is one again.
    open: Option<Instant>,
}

impl Default for Announcer {
    fn default() -> Self {
        Self {
            every: Some(Duration::from_secs(DEFAULT_EVERY.into())),
            text: String::new(),
            done: None,
            connection: Connection::default(),
            is_held: false,
            query: Query::default(),
            asked: None,
            counted: 0,
            summarised: None,
            error_said: None,
            has_error: false,
        }
    }
}

impl Announcer {
    /// Sets after how many seconds new lines are summarised. With 0, neither lines nor errors are
    /// said.
    pub fn set_every(&mut self, seconds: u32) {
        self.every = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    }

    /// Decides what to say of `session` at `now`. Returns whether [`text`](Self::text) changed.
    ///
    /// Call it in every frame of a page that is visible: a hidden one says nothing. `is_held` says
    /// whether the view does not move with the log.
    pub fn update(&mut self, now: Instant, session: &Session, is_held: bool) -> bool {
        let said = [
            self.connection.update(now, session),
            self.place(is_held, session.words()),
            self.result(now, session),
            self.lines(now, session),
        ];
        let done = self.done(now);
        let mut said: Vec<_> = said.into_iter().flatten().collect();
        if said.is_empty() {
            return false;
        }
        if let Some(done) = done {
            said.insert(0, done);
            self.done = None;
        }
        self.put(&said.join(". "));
        true
    }

    /// Says at once what a key or button has done. What is new in the next second is said with it.
    pub fn say(&mut self, text: &str) {
        self.done = Some((text.to_owned(), None));
        self.put(text);
    }

    /// Returns what a key or button has done a moment ago.
    fn done(&mut self, now: Instant) -> Option<String> {
        let (text, since) = self.done.as_mut()?;
        if now - *since.get_or_insert(now) < DONE {
            return Some(text.clone());
        }
        self.done = None;
        None
    }

    fn put(&mut self, text: &str) {
        // The same text would be no change, and a screen reader would stay silent.
        let again = if self.text == text { "\u{a0}" } else { "" };
        self.text = [text, again].concat();
    }

    /// Returns what was last said.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether something is to be said soon, even if nothing happens until then.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some() || self.has_error
    }

    /// Says when the view stops, and when it follows the log again.
    fn place(&mut self, is_held: bool, words: &Words) -> Option<String> {
        let has_changed = std::mem::replace(&mut self.is_held, is_held) != is_held;
        let word = if is_held { Word::SaidPaused } else { Word::SaidFollowing };
        has_changed.then(|| words.text(word).to_owned())
    }

    /// Says what a query found, once the reader has stopped typing.
    fn result(&mut self, now: Instant, session: &Session) -> Option<String> {
        if *session.query() != self.query {
            self.query.clone_from(session.query());
            self.asked = Some(now);
        }
        let is_due = self.asked.is_some_and(|at| now - at >= TYPING) && session.is_searched();
        if !is_due {
            return None;
        }
        self.asked = None;
        let lines = session.words().count(Word::Lines, session.store().lines() as u64);
        // An invalid pattern is reported where it is entered; the lines stay those of the last one.
        if session.pattern_error().is_some() {
            return None;
        }
        match session.find() {
            Some(find) => Some(found(find, session, &lines)),
            None => Some(lines),
        }
    }

    /// Summarises new lines: an error at once, other lines from time to time.
    fn lines(&mut self, now: Instant, session: &Session) -> Option<String> {
        self.has_error = false;
        let Some(every) = self.every.filter(|_| !self.is_held) else {
            self.counted = session.store().range().end;
            return None;
        };
        let new = session.count_from(self.counted);
        let is_after = |at: Option<Instant>, pause| at.is_none_or(|at| now - at >= pause);
        self.has_error = new.errors > 0;
        let says_error = self.has_error && is_after(self.error_said, ERROR_EVERY);
        if new.lines == 0 || !(says_error || (!self.has_error && is_after(self.summarised, every)))
        {
            return None;
        }
        let text = summary(new, session, self.counted);
        self.counted = session.store().range().end;
        self.summarised = Some(now);
        if says_error {
            self.error_said = Some(now);
            self.has_error = false;
        }
        Some(text)
    }
}

impl Connection {
    /// Says that the connection is lost, again each minute, and once that it is back.
    fn update(&mut self, now: Instant, session: &Session) -> Option<String> {
        let words = session.words();
        let status = session.shown_status(now);
        if status.badge == Badge::Paused {
            return None;
        }
        if is_outage(&status, session.state()) || (self.lost.is_some() && is_attempt(&status)) {
            self.open = None;
            if self.lost.is_some_and(|at| now - at < OUTAGE_EVERY) {
                return None;
            }
            self.lost = Some(now);
            self.said.clear();
            return Some(status.announcement(words));
        }
        // A link that is lost again at once was not back.
        let open = *self.open.get_or_insert(now);
        if self.lost.is_some() && status.badge == Badge::Connected && now - open < SETTLED {
            return None;
        }
        self.lost = None;
        let text = status.announcement(words);
        let is_new = self.said != text;
        self.said.clone_from(&text);
        is_new.then_some(text)
    }
}

/// Returns whether the connection should work, and does not.
fn is_outage(status: &Status, state: &State) -> bool {
    match status.badge {
        Badge::Stale | Badge::Offline => true,
        Badge::Error => status.main_action == MainAction::Disconnect,
        Badge::Connecting => matches!(state, State::Connecting { attempt } if *attempt > 1),
        Badge::Disconnected | Badge::Connected | Badge::Paused => false,
    }
}

fn is_attempt(status: &Status) -> bool {
    status.badge == Badge::Connecting
}

fn found(find: &Find, session: &Session, lines: &str) -> String {
    let words = session.words();
    match find.lines(session.store()) {
        0 => words.text(Word::NoMatchingLines).to_owned(),
        found => words.count_with(Word::SaidFound, found, &words.number(found), ("lines", lines)),
    }
}

/// Describes new lines, and the first error among them.
fn summary(new: Count, session: &Session, from: u64) -> String {
    let words = session.words();
    let lines = words.count(Word::NewLines, new.lines);
    if new.errors == 0 {
        return lines;
    }
    let errors = words.count(Word::Errors, new.errors);
    let first = session.first_error_from(from).and_then(|ordinal| session.row_number(ordinal));
    let text = first.and_then(|number| session.row_text(number)).map(|(text, _)| text);
    let (pipeline, message) = text.map(|text| (text.pipeline, text.message)).unwrap_or_default();
    let message = head(message.lines().next().unwrap_or_default(), MESSAGE_BYTES);
    format!("{lines}, {errors}: {pipeline} {message}").trim_end().replace(":  ", ": ")
}

/// After how many seconds new lines are summarised by default.
pub const DEFAULT_EVERY: u32 = 15;

/// The shortest time between two errors that are said.
const ERROR_EVERY: Duration = Duration::from_secs(3);

/// How often an outage is said.
const OUTAGE_EVERY: Duration = Duration::from_secs(60);

/// How long a connection must last to be said after an outage.
const SETTLED: Duration = Duration::from_secs(2);

/// How long a text stays before it is replaced: a screen reader may not have begun to speak it.
const DONE: Duration = Duration::from_secs(1);

/// The pause after which a query counts as typed.
const TYPING: Duration = Duration::from_millis(500);

/// How much of an error's message is said: about ten seconds of speech.
const MESSAGE_BYTES: usize = 160;
