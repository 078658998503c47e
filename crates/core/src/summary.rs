//! The log in words: how much is held, how much was let go, and what to say when there is nothing.
//! Decides words, draws nothing.

use crate::connection::State;
use crate::find::Find;
use crate::session::Tally;
use crate::store::{Row, Store};
use crate::styled::{Looks, Piece, Styled, label};
use crate::visible::visible;
use logs_sse_wire::entry::{Level, head};
use logs_sse_wire::message::Line;

/// What to say of all that is held: `1,204 lines`, and how many of the oldest were dropped.
#[must_use]
pub fn held(store: &Store) -> String {
    let lines = counted(store.lines() as u64, "line", "lines");
    match store.dropped() {
        0 => lines,
        dropped => format!(
            "{lines}, the newest; {} dropped to stay within {}",
            grouped(dropped),
            bound(store)
        ),
    }
}

/// What to say of the lines that match: `1,204 of 100,000 lines`, and until all are searched `1,204
/// hits · searching…`.
#[must_use]
pub fn found(find: &Find, store: &Store) -> String {
    let found = find.lines(store);
    if find.is_complete(store) {
        format!(
            "{} of {}{}",
            grouped(found),
            counted(store.lines() as u64, "line", "lines"),
            unknown_levels(find, store)
        )
    } else {
        format!("{} · searching…", counted(found, "hit", "hits"))
    }
}

/// What to say of lines that a choice of levels leaves out only because theirs is not known.
fn unknown_levels(find: &Find, store: &Store) -> String {
    match store.unknown_levels() {
        0 => String::new(),
        _ if find.query().levels.has(Level::Other) => String::new(),
        lines => format!(" · {} of unknown level not shown", grouped(lines as u64)),
    }
}

/// What a menu calls the choice of lines whose level is not known, or that have none.
#[must_use]
pub fn unknown_choice(lines: u64) -> String {
    format!("Unknown level ({})", grouped(lines))
}

/// What to say in place of lines where none matches.
#[must_use]
pub fn unfound(find: &Find, store: &Store) -> &'static str {
    if find.is_complete(store) { "No line matches." } else { "Searching…" }
}

/// What to say of lines that did not come, or came twice; empty when there are none.
#[must_use]
pub fn losses(tally: Tally) -> String {
    let missing = if tally.missing > 0 {
        format!(" · {} missing", grouped(tally.missing))
    } else {
        String::new()
    };
    let duplicates = if tally.duplicates > 0 {
        format!(" · {} removed", counted(tally.duplicates, "duplicate", "duplicates"))
    } else {
        String::new()
    };
    missing + &duplicates
}

/// What to say in place of an empty log.
#[must_use]
pub fn empty(state: &State) -> &'static str {
    match state {
        State::Idle => "Not connected.",
        State::Open { .. } => "Connected. No log has come yet.",
        State::Connecting { .. } | State::Waiting { .. } | State::Offline | State::Paused => {
            "Not connected yet. Logs will show here."
        }
        State::Stopped(_) => "Not connected. See the status above.",
    }
}

/// What to say of lines that came while the reader looks at older ones.
#[must_use]
pub fn unseen(lines: u64) -> String {
    match lines {
        0 => "Newest".into(),
        lines => counted(lines, "new line", "new lines"),
    }
}

/// A number and its noun, with thousands set apart.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A row as it is shown; whatever it has not is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowText {
    /// Its names in style sheets.
    pub class: String,
    /// The most exact time that its producer gave, as it came.
    pub exact_time: String,
    /// The level, as its producer wrote it.
    pub level: String,
    /// The pipeline or stage.
    pub pipeline: String,
    /// The channel, where it is another one than was asked for.
    pub channel: String,
    /// The message without escape sequences, or what there is to notice; at most [`ROW_BYTES`] of
    /// it.
    pub message: String,
    /// How the message looks.
    pub looks: Looks,
    /// How much of the message is not shown.
    pub more: String,
    /// The status or duration.
    pub status: String,
}

impl RowText {
    /// What is shown of `row`; `channel` is the one that was asked for.
    #[must_use]
    pub fn of(row: &Row, channel: &str) -> Self {
        match row {
            Row::Line(line) => Self::of_line(line, channel),
            Row::Notice(notice) => {
                let class = if notice.is_loss() {
                    "dsl-row dsl-notice dsl-loss"
                } else {
                    "dsl-row dsl-notice"
                };
                Self { class: class.into(), message: notice.text(), ..Self::default() }
            }
        }
    }

    fn of_line(line: &Line, channel: &str) -> Self {
        let entry = &line.entry;
        let message = Styled::row(entry.message(), ROW_BYTES);
        let more = message.left_out + line.cut_bytes;
        Self {
            class: format!("dsl-row dsl-level-{}", entry.level().class()),
            exact_time: label(entry.exact_time()),
            level: label(entry.level_text()),
            pipeline: label(entry.pipeline()),
            channel: label(line.channel.as_deref().filter(|of| *of != channel).unwrap_or_default()),
            message: message.text,
            looks: message.looks,
            more: if more > 0 { format!("+{}", size(more)) } else { String::new() },
            status: label(entry.status()),
        }
    }
}

/// One whole entry, for a reader who opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Where it came from and when: channel, id, exact time, whether it was cut.
    pub about: String,
    /// The message, all of it, without escape sequences.
    pub message: String,
    /// How the message looks.
    pub looks: Looks,
    /// All fields.
    pub fields: String,
}

impl Whole {
    /// The whole of `line`.
    #[must_use]
    pub fn of(line: &Line) -> Self {
        let cut = if line.cut_bytes > 0 {
            format!("cut: {} more were sent", size(line.cut_bytes))
        } else {
            String::new()
        };
        let parts =
            [line.channel.as_deref().unwrap_or_default(), &line.id, line.entry.exact_time(), &cut];
        let Styled { text, looks, .. } = Styled::whole(line.entry.message());
        Self {
            about: label(
                &parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            ),
            message: text,
            looks,
            fields: visible(&line.entry.detail()).into_owned(),
        }
    }

    /// The message: all of it, or as much as opens without a stall.
    #[must_use]
    pub fn shown_message(&self, all: bool) -> &str {
        if all { &self.message } else { head(&self.message, HEAD_BYTES) }
    }

    /// The same, as it is drawn.
    #[must_use]
    pub fn message_pieces(&self, all: bool) -> Vec<Piece<'_>> {
        self.looks.pieces(self.shown_message(all), &mut std::iter::empty())
    }

    /// The fields, likewise.
    #[must_use]
    pub fn shown_fields(&self, all: bool) -> String {
        if all { &self.fields } else { head(&self.fields, HEAD_BYTES) }.to_owned()
    }

    /// What a button says that shows the rest; empty when there is none.
    #[must_use]
    pub fn rest(&self, all: bool) -> String {
        let longer = self.message.len().max(self.fields.len());
        if all || longer <= HEAD_BYTES {
            String::new()
        } else {
            format!("Show all {}", size(longer))
        }
    }
}

/// A size for people: `812 B`, `1.5 kB`, `3.0 MB`.
#[must_use]
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

fn bound(store: &Store) -> String {
    let capacity = store.capacity();
    if store.len() < capacity.lines {
        size(capacity.bytes)
    } else {
        counted(capacity.lines as u64, "line", "lines")
    }
}

/// A number with thousands set apart: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The most bytes of a message that a row shows: more than any screen does, and less than what
/// stalls a browser's layout.
pub const ROW_BYTES: usize = 2_048;

/// The most bytes of an entry that are shown before somebody asks for all: laying out a megabyte
/// takes a browser a quarter of a second.
const HEAD_BYTES: usize = 65_536;

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
    fn names_a_channel_that_was_not_asked_for() {
        let row = row(r#"{"channel":"logs:faas:a:b","data":{"message":"m"}}"#);
        assert_eq!(
            [RowText::of(&row, "logs:etl:a:b").channel, RowText::of(&row, "logs:faas:a:b").channel],
            ["logs:faas:a:b", ""]
        );
    }

    #[test]
    fn tells_how_many_are_held_and_how_many_were_dropped() {
        let mut store = Store::new(Capacity::of_lines(1_000));
        store.append(&raw("a"));
        assert_eq!(held(&store), "1 line");
        for _ in 0..2_233 {
            store.append(&raw("a"));
        }
        assert_eq!(
            held(&store),
            "1,000 lines, the newest; 1,234 dropped to stay within 1,000 lines"
        );
    }

    #[test]
    fn tells_how_many_match_and_that_it_still_searches() {
        let mut store = Store::new(Capacity::of_lines(2_000));
        (0..1_234)
            .for_each(|index| store.append(&raw(if index % 2 == 0 { "even" } else { "odd" })));
        let mut find = Find::new(Query::default().text("even"), &store);
        assert_eq!(
            (found(&find, &store).as_str(), unfound(&find, &store)),
            ("0 hits · searching…", "Searching…")
        );
        find.advance(&store, usize::MAX);
        assert_eq!(
            (found(&find, &store).as_str(), unfound(&find, &store)),
            ("617 of 1,234 lines", "No line matches.")
        );
    }

    #[test]
    fn a_choice_of_levels_says_how_many_lines_it_leaves_out_unknown() {
        let mut store = Store::new(Capacity::of_lines(3));
        for text in [
            "no level",
            r#"{"level":"AUDIT","message":"m"}"#,
            r#"{"level":"error","message":"m"}"#,
            r#"{"message":"m"}"#,
        ] {
            store.append(&raw(text));
        }
        let said = |levels: Levels| {
            let mut find = Find::new(Query { levels, ..Query::default().text("m") }, &store);
            find.advance(&store, usize::MAX);
            found(&find, &store)
        };
        assert_eq!(
            said(Levels::of(&[Level::Error])),
            "1 of 3 lines · 2 of unknown level not shown"
        );
        assert_eq!(
            (said(Levels::ALL), said(Levels::CHOICES[5].1)),
            ("3 of 3 lines".into(), "2 of 3 lines".into())
        );
        assert_eq!(
            (store.unknown_levels(), unknown_choice(1_234).as_str()),
            (2, "Unknown level (1,234)")
        );
    }

    #[test]
    fn a_row_shows_the_level_as_it_came_and_what_hides_in_any_of_its_texts() {
        let text = r#"{"level":"\u001b[31mCRIT\u001b[0m","pipeline":"a\u202eb","status":"\u0000","message":"\u001b[1mbold\u001b[0m"}"#;
        let row = RowText::of(&row(text), "");
        assert_eq!(
            (row.class.as_str(), row.level.as_str(), row.pipeline.as_str(), row.status.as_str()),
            ("dsl-row dsl-level-error", "CRIT", "a⟨U+202E⟩b", "␀")
        );
        assert_eq!((row.message.as_str(), row.more.as_str()), ("bold", ""));
    }

    #[test]
    fn a_whole_entry_keeps_each_state_of_progress_and_shows_what_hides() {
        let whole = Whole::of(
            &raw("{\"message\":\"10%\\r100%\\r\",\"name\":\"a\u{202e}b\",\"ratio\":NaN}").read(),
        );
        assert_eq!(
            (whole.message.as_str(), whole.shown_message(false)),
            ("10%\n100%", "10%\n100%")
        );
        assert!(
            whole.fields.contains(r#""10%\r100%\r""#)
                && whole.fields.contains("a⟨U+202E⟩b")
                && whole.fields.contains(r#""NaN""#),
            "{}",
            whole.fields
        );
    }

    #[test]
    fn names_the_bound_that_was_reached() {
        let mut store = Store::new(Capacity { lines: 10, bytes: 2_000 });
        for _ in 0..3 {
            store.append(&raw(&"x".repeat(1_000)));
        }
        assert_eq!(held(&store), "1 line, the newest; 2 dropped to stay within 2.0 kB");
    }

    #[test]
    fn a_row_shows_the_head_of_a_long_message() {
        let long = RowText::of(&row(&"é".repeat(2_000)), "");
        assert_eq!((long.message.len(), long.more.as_str()), (2_048, "+1.9 kB"));
    }

    #[test]
    fn a_huge_entry_opens_with_its_head_and_shows_all_when_asked() {
        let whole = |text: &str| Whole::of(&raw(text).read());
        let huge = whole(&"é".repeat(500_000));
        assert_eq!(
            (huge.shown_message(false).len(), huge.shown_message(true).len()),
            (65_536, 1_000_000)
        );
        assert_eq!((huge.rest(false).as_str(), huge.rest(true).as_str()), ("Show all 1.0 MB", ""));
        assert_eq!(
            (whole("short").shown_message(false), whole("short").rest(false).as_str()),
            ("short", "")
        );
    }

    #[test]
    fn sets_thousands_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
