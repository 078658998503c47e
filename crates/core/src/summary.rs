//! The log in words: how much is stored, how much was dropped, and what to say if there is nothing.
//! Draws nothing.

use crate::channel_mark::ChannelMark;
use crate::connection::State;
use crate::counters::Counters;
use crate::find::Find;
use crate::row_lines;
use crate::store::{Row, Store};
use crate::styled::{Looks, Styled, label};
use crate::target::Target;
use crate::viewport::Order;
use crate::visible::visible;
use crate::words::{Word, Words};
use logs_sse_wire::entry::{Level, head};
use logs_sse_wire::message::Line;

/// Describes what is stored: `1,204 lines`, or `Newest 50,000 lines · 29,996 older lines dropped`.
#[must_use]
pub fn held(store: &Store, words: &Words) -> String {
    let lines = words.count(Word::Lines, store.lines() as u64);
    match store.dropped_lines() {
        0 => lines,
        dropped => {
            let dropped = words.count(Word::OlderDropped, dropped);
            words.fill(Word::Newest, &[("lines", &lines), ("dropped", &dropped)])
        }
    }
}

/// Describes the lines that match: `1,204 of 100,000 lines match`, or `1,204 matches so far…` until
/// the search is complete.
#[must_use]
pub fn found(find: &Find, store: &Store, words: &Words) -> String {
    let found = find.lines(store);
    if find.is_complete(store) {
        let lines = words.count(Word::Lines, store.lines() as u64);
        words.count_with(Word::FoundOf, found, &words.number(found), ("lines", &lines))
            + &unknown_levels(find, store, words)
            + &without_time(find, store, words)
    } else {
        words.count(Word::FoundSoFar, found)
    }
}

/// Describes the lines that a level filter leaves out only because their level is unknown.
fn unknown_levels(find: &Find, store: &Store, words: &Words) -> String {
    match store.unknown_levels() {
        0 => String::new(),
        _ if find.query().shown_levels().has(Level::Other) => String::new(),
        lines => after(&words.count(Word::UnknownLevelHidden, lines as u64)),
    }
}

/// Describes the lines that a filter by time leaves out only because they have none.
fn without_time(find: &Find, store: &Store, words: &Words) -> String {
    match store.untimed() {
        lines if lines > 0 && find.query().times.is_some() => {
            after(&words.count(Word::WithoutTimeHidden, lines))
        }
        _ => String::new(),
    }
}

/// Puts a part of a summary after the others.
fn after(part: &str) -> String {
    [" · ", part].concat()
}

/// Returns the label of the button that searches without regard to case, or an empty string if that
/// finds nothing.
#[must_use]
pub fn ignore_case(lines: u64, words: &Words) -> String {
    if lines == 0 { String::new() } else { words.count(Word::IgnoreCase, lines) }
}

/// Returns the placeholder shown while no line matches.
#[must_use]
pub fn no_match(find: &Find, store: &Store) -> Word {
    if find.is_complete(store) { Word::NoMatchingLines } else { Word::Searching }
}

/// Describes missing and duplicate lines; empty if there are none.
#[must_use]
pub fn losses(counters: Counters, words: &Words) -> String {
    let part = |word, count| {
        if count > 0 { after(&words.count(word, count)) } else { String::new() }
    };
    part(Word::Missing, counters.missing) + &part(Word::DuplicatesRemoved, counters.duplicates)
}

/// Returns the label of the button that brings back `lines` cleared lines, or an empty string.
#[must_use]
pub fn undo(lines: Option<u64>, words: &Words) -> String {
    let cleared = lines.map(|lines| words.count(Word::Cleared, lines));
    cleared.map(|cleared| words.fill(Word::Undo, &[("cleared", &cleared)])).unwrap_or_default()
}

/// Returns the placeholder for an empty log. `is_cleared` says whether the reader emptied it.
#[must_use]
pub fn empty(state: &State, is_cleared: bool) -> Word {
    match state {
        State::Open { .. } if is_cleared => Word::EmptyCleared,
        State::Idle => Word::EmptyIdle,
        State::Open { .. } => Word::EmptyOpen,
        State::Connecting { .. } => Word::EmptyConnecting,
        State::Waiting { .. } | State::Offline | State::Paused => Word::EmptyWaiting,
        State::Stopped(_) => Word::EmptyStopped,
    }
}

/// Returns the label of the button that leads to the newest line, past `lines` that the reader has
/// not seen. Its arrow points to where that line is.
#[must_use]
pub fn newest(lines: u64, order: Order, words: &Words) -> String {
    let arrow = if order == Order::NewestFirst { "↑ " } else { "↓ " };
    match lines {
        0 => [arrow, words.text(Word::JumpToNewest)].concat(),
        lines => [arrow, &words.count(Word::New, lines)].concat(),
    }
}

/// Returns the label of the button that leads to the first new error, or an empty string.
#[must_use]
pub fn new_errors(errors: u64, words: &Words) -> String {
    if errors == 0 { String::new() } else { words.count(Word::Errors, errors) }
}

/// Says that the view does not move, and how many new lines it does not show.
#[must_use]
pub fn held_view(lines: u64, words: &Words) -> String {
    let paused = words.text(Word::ViewPaused).to_owned();
    if lines == 0 { paused } else { paused + &after(&words.count(Word::New, lines)) }
}

/// Returns the text of the row after the oldest line.
#[must_use]
pub fn dropped(lines: u64, words: &Words) -> String {
    words.count(Word::DroppedWhilePaused, lines)
}

/// A row as it is shown. Parts that it lacks are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowText {
    /// The row's CSS classes.
    pub class: String,
    /// The most precise time that the producer sent, unchanged.
    pub exact_time: String,
    /// The level, as the producer wrote it.
    pub level: String,
    /// The pipeline or stage.
    pub pipeline: String,
    /// The channel, if it is not one of those requested.
    pub channel: String,
    /// How the channel is marked, if it is one of several.
    pub mark: ChannelMark,
    /// The message without escape sequences, or the text of the notice; at most [`ROW_BYTES`] of
    /// it.
    pub message: String,
    /// The styles of the message.
    pub looks: Looks,
    /// The field because of which the line matches, and the size of the part of the message that is
    /// not there, otherwise the number of its lines after the first, of which the class is
    /// `dsl-lines`.
    pub more: String,
    /// The status or duration.
    pub status: String,
    /// Whether the row can be unfolded: it has further lines.
    pub has_lines: bool,
}

impl RowText {
    /// Creates the text of `row`, in English. `target` has the channels that are requested.
    #[must_use]
    pub fn from_row(row: &Row, target: Option<&Target>) -> Self {
        Self::sized(row, target, ROW_BYTES, &Words::ENGLISH)
    }

    /// Creates the text of `row` with at most `bytes` of its message.
    pub(crate) fn sized(row: &Row, target: Option<&Target>, bytes: usize, words: &Words) -> Self {
        match row {
            Row::Line(line) => Self::from_line(line, target, bytes, words),
            Row::Notice(notice) => {
                let class = if notice.is_loss() {
                    "dsl-row dsl-notice dsl-loss"
                } else {
                    "dsl-row dsl-notice"
                };
                let mark = mark_of(notice.channel(), target);
                Self {
                    class: class.into(),
                    message: notice.text_in(words),
                    mark,
                    ..Self::default()
                }
            }
        }
    }

    /// Returns the name of the button that opens the entry: `Details: ERROR, LOAD, Job aborted…`.
    #[must_use]
    pub fn button_name(&self, words: &Words) -> String {
        let message = head(&self.message, NAME_BYTES);
        let message = visible(message.split('\n').next().unwrap_or_default());
        let rest = if message.len() < self.message.len() { "…" } else { "" };
        let parts = [&*self.mark.name, &*self.level, &*self.pipeline, &*message];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        match parts.join(", ") {
            parts if parts.is_empty() => words.text(Word::Details).to_owned(),
            parts => words.fill(Word::DetailsOf, &[("line", &[&parts, rest].concat())]),
        }
    }

    /// Says of how many `lines` the row consists if they are folded, or how often it `repeats`.
    pub(crate) fn fold(&mut self, lines: u64, repeats: u64, words: &Words) {
        self.has_lines |= lines > 1;
        let sign = if repeats > 1 {
            ["×", &words.number(repeats)].concat()
        } else if lines > 1 && !self.class.ends_with(row_lines::CLASS) {
            words.count(Word::MoreLines, lines - 1)
        } else {
            return;
        };
        if repeats > 1 && !self.more.is_empty() {
            // It does not go when lines wrap.
            self.class = self.class.replace(row_lines::CLASS, "");
            self.more = format!("{sign} {}", self.more);
        } else {
            self.more = sign;
        }
    }

    /// Makes the row one that shows all its lines.
    pub fn unfold(&mut self) {
        self.class = format!("{} dsl-unfolded", self.class);
        // Equal lines are counted, not what they amount to.
        if self.more.starts_with('×') {
            let end = self.more.find(' ').unwrap_or(self.more.len());
            self.more.truncate(end);
        }
        self.more = self.more.replacen('+', "−", 1);
    }

    fn from_line(line: &Line, target: Option<&Target>, bytes: usize, words: &Words) -> Self {
        let entry = &line.entry;
        let channel = line.channel.as_deref();
        let is_requested =
            |name: &&str| target.is_some_and(|target| target.names().iter().any(|it| it == name));
        let message = Styled::row(row_lines::from_text(entry.message()), bytes);
        let (more, kind) = row_lines::more(&message.text, message.left_out + line.cut_bytes, words);
        Self {
            class: format!("dsl-row dsl-level-{}{kind}", entry.level().class()),
            exact_time: label(entry.exact_time()),
            level: label(entry.level_text()),
            pipeline: label(entry.pipeline()),
            channel: label(channel.filter(|name| !is_requested(name)).unwrap_or_default()),
            message: message.text,
            looks: message.looks,
            more,
            status: label(entry.status()),
            has_lines: !kind.is_empty(),
            mark: mark_of(channel, target),
        }
    }
}

fn mark_of(channel: Option<&str>, target: Option<&Target>) -> ChannelMark {
    target.zip(channel).and_then(|(target, name)| target.mark(name)).unwrap_or_default()
}

/// The most bytes of a message that a row shows: more than fits on any screen, and less than what
/// stalls a browser's layout.
pub const ROW_BYTES: usize = 2_048;

/// The same for a row that shows all its lines: as much as an opened entry.
pub(crate) const UNFOLDED_BYTES: usize = 65_536;

/// The most bytes of a message in the name of a button: as much as people listen to.
const NAME_BYTES: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::{Levels, Query};
    use crate::store::Capacity;
    use logs_sse_wire::message::{self, Message, Raw};

    fn raw(text: &str) -> Raw<'_> {
        match message::read("message", "", text) {
            Message::Line(raw) => raw,
            other => panic!("expected a line, got {other:?}"),
        }
    }

    fn row(text: &str) -> Row {
        Row::Line(raw(text).read())
    }

    #[test]
    fn names_a_channel_that_was_not_requested() {
        let row = row(r#"{"channel":"logs:faas:a:b","data":{"message":"m"}}"#);
        let channel = |requested: &[&str]| {
            let target = Target::from_channels(requested.iter().copied(), "").ok();
            RowText::from_row(&row, target.as_ref()).channel
        };
        let both = channel(&["logs:etl:a:b", "logs:faas:a:b"]);
        assert_eq!(
            [channel(&["logs:etl:a:b"]), channel(&["logs:faas:a:b"]), both],
            ["logs:faas:a:b", "", ""]
        );
    }

    #[test]
    fn says_how_many_lines_are_stored_and_dropped() {
        let mut store = Store::new(Capacity::from_lines(1_000));
        store.append(&raw("a"));
        assert_eq!(held(&store, &Words::ENGLISH), "1 line");
        for _ in 0..2_233 {
            store.append(&raw("a"));
        }
        assert_eq!(held(&store, &Words::ENGLISH), "Newest 1,000 lines · 1,234 older lines dropped");
    }

    #[test]
    fn says_how_many_lines_match_and_whether_the_search_continues() {
        let mut store = Store::new(Capacity::from_lines(2_000));
        (0..1_234)
            .for_each(|index| store.append(&raw(if index % 2 == 0 { "even" } else { "odd" })));
        let mut find = Find::new(Query::default().text("even"), &store);
        assert_eq!(
            (found(&find, &store, &Words::ENGLISH).as_str(), no_match(&find, &store).english()),
            ("0 matches so far…", "Searching…")
        );
        find.advance(&store, usize::MAX);
        assert_eq!(
            (found(&find, &store, &Words::ENGLISH).as_str(), no_match(&find, &store).english()),
            ("617 of 1,234 lines match", "No matching lines")
        );
    }

    #[test]
    fn a_level_filter_says_how_many_lines_of_unknown_level_it_hides() {
        let mut store = Store::new(Capacity::from_lines(3));
        for text in [
            "no level",
            r#"{"level":"AUDIT","message":"m"}"#,
            r#"{"level":"error","message":"m"}"#,
            r#"{"message":"m"}"#,
        ] {
            store.append(&raw(text));
        }
        let summary = |levels: Levels| {
            let mut find = Find::new(Query { levels, ..Query::default().text("m") }, &store);
            find.advance(&store, usize::MAX);
            found(&find, &store, &Words::ENGLISH)
        };
        assert_eq!(
            summary(Levels::of(&[Level::Error])),
            "1 of 3 lines matches · 2 of unknown level not shown"
        );
        assert_eq!(
            (summary(Levels::ALL), summary(Levels::of(&[Level::Other]))),
            ("3 of 3 lines match".into(), "2 of 3 lines match".into())
        );
    }

    #[test]
    fn a_filter_by_time_says_how_many_lines_without_a_time_it_hides() {
        let mut store = Store::new(Capacity::from_lines(9));
        for text in ["no time", r#"{"timestamp":1795658580000,"message":"m"}"#, "follows"] {
            store.append(&raw(text));
        }
        let times = Some(1_795_658_580..1_795_658_590);
        let mut find = Find::new(Query { times, ..Query::default() }, &store);
        find.advance(&store, usize::MAX);
        assert_eq!(
            found(&find, &store, &Words::ENGLISH),
            "2 of 3 lines match · 1 without a time not shown"
        );
    }

    #[test]
    fn a_row_shows_the_level_as_received_and_hidden_characters_in_every_text() {
        let text = r#"{"level":"\u001b[31mCRIT\u001b[0m","pipeline":"a\u202eb","status":"\u0000","message":"\u001b[1mbold\u001b[0m"}"#;
        let row = RowText::from_row(&row(text), None);
        assert_eq!(
            (row.class.as_str(), row.level.as_str(), row.pipeline.as_str(), row.status.as_str()),
            ("dsl-row dsl-level-error", "CRIT", "a⟨U+202E⟩b", "␀")
        );
        assert_eq!((row.message.as_str(), row.more.as_str()), ("bold", ""));
    }

    #[test]
    fn the_button_of_a_row_is_named_after_its_line() {
        let name = |text: &str| RowText::from_row(&row(text), None).button_name(&Words::ENGLISH);
        assert_eq!(
            name(r#"{"level":"ERROR","pipeline":"LOAD","message":"Job aborted\n\tat one"}"#),
            "Details: ERROR, LOAD, Job aborted…"
        );
        assert_eq!([name("plain"), name("")], ["Details: plain", "Details"]);
        assert_eq!(name(&"é".repeat(60)), format!("Details: {}…", "é".repeat(40)));
    }

    #[test]
    fn says_what_is_new_while_the_view_does_not_move() {
        assert_eq!(
            [
                newest(0, Order::NewestFirst, &Words::ENGLISH),
                newest(106, Order::NewestFirst, &Words::ENGLISH)
            ],
            ["↑ Jump to newest", "↑ 106 new"]
        );
        assert_eq!(
            [
                new_errors(0, &Words::ENGLISH),
                new_errors(1, &Words::ENGLISH),
                new_errors(2, &Words::ENGLISH)
            ],
            ["", "1 error", "2 errors"]
        );
        assert_eq!(
            [held_view(0, &Words::ENGLISH), held_view(1_204, &Words::ENGLISH)],
            ["View paused", "View paused · 1,204 new"]
        );
        assert_eq!(dropped(4_317, &Words::ENGLISH), "4,317 lines dropped while you were paused");
    }

    #[test]
    fn a_row_shows_the_head_of_a_long_message() {
        let long = RowText::from_row(&row(&"é".repeat(2_000)), None);
        assert_eq!((long.message.len(), long.more.as_str()), (2_048, "+1.9 kB"));
    }
}
