//! The log in words: how much is held, how much was let go, and what to say when there is nothing. Decides words, draws nothing.

use crate::core::connection::State;
use crate::core::entry::head;
use crate::core::session::Tally;
use crate::core::store::Store;
use crate::core::wire::Line;

/// What to say of all that is held: `1,204 lines`, and how many of the oldest were dropped.
#[must_use]
pub fn held(store: &Store) -> String {
    let lines = counted(store.lines() as u64, "line", "lines");
    match store.dropped() {
        0 => lines,
        dropped => format!("{lines}, the newest; {} dropped to stay within {}", grouped(dropped), bound(store)),
    }
}

/// What to say of lines that did not come, or came twice; empty when there are none.
#[must_use]
pub fn losses(tally: Tally) -> String {
    let missing = if tally.missing > 0 { format!(" · {} missing", grouped(tally.missing)) } else { String::new() };
    let duplicates =
        if tally.duplicates > 0 { format!(" · {} removed", counted(tally.duplicates, "duplicate", "duplicates")) } else { String::new() };
    missing + &duplicates
}

/// What to say in place of an empty log.
#[must_use]
pub fn empty(state: &State) -> &'static str {
    match state {
        State::Idle => "Not connected.",
        State::Open { .. } => "Connected. No log has come yet.",
        State::Connecting { .. } | State::Waiting { .. } | State::Offline | State::Paused => "Not connected yet. Logs will show here.",
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

/// The part of a message that a row shows, and how many bytes more there are.
///
/// A row is one line of text; a browser that has to lay out a megabyte of it stalls.
#[must_use]
pub fn row_text(line: &Line) -> (&str, usize) {
    let message = line.entry.message();
    let shown = head(message, ROW_BYTES);
    (shown, message.len() - shown.len() + line.cut_bytes)
}

/// One whole entry, for a reader who opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Where it came from and when: channel, id, exact time, whether it was cut.
    pub about: String,
    /// The message, all of it.
    pub message: String,
    /// All fields.
    pub fields: String,
}

impl Whole {
    /// The whole of `line`.
    #[must_use]
    pub fn of(line: &Line) -> Self {
        let cut = if line.cut_bytes > 0 { format!("cut: {} more were sent", size(line.cut_bytes)) } else { String::new() };
        let parts = [line.channel.as_deref().unwrap_or_default(), &line.id, line.entry.exact_time(), &cut];
        Self {
            about: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            message: line.entry.message().to_owned(),
            fields: line.entry.detail(),
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
    if store.len() < capacity.lines { size(capacity.bytes) } else { counted(capacity.lines as u64, "line", "lines") }
}

fn grouped(number: u64) -> String {
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

/// More than any screen shows of one line.
const ROW_BYTES: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::{Capacity, Row};
    use crate::core::wire::{self, Message};

    fn line(text: &str) -> Line {
        match wire::read("message", "", text) {
            Message::Line(line) => line,
            other => panic!("expected a line, got {other:?}"),
        }
    }

    fn row(text: &str) -> Row {
        Row::Line(line(text))
    }

    #[test]
    fn tells_how_many_are_held_and_how_many_were_dropped() {
        let mut store = Store::new(Capacity::of_lines(1_000));
        store.append(row("a"));
        assert_eq!(held(&store), "1 line");
        for _ in 0..2_233 {
            store.append(row("a"));
        }
        assert_eq!(held(&store), "1,000 lines, the newest; 1,234 dropped to stay within 1,000 lines");
    }

    #[test]
    fn names_the_bound_that_was_reached() {
        let mut store = Store::new(Capacity { lines: 10, bytes: 3_000 });
        for _ in 0..3 {
            store.append(row(&"x".repeat(1_000)));
        }
        assert_eq!(held(&store), "1 line, the newest; 2 dropped to stay within 3.0 kB");
    }

    #[test]
    fn a_row_shows_the_head_of_a_long_message() {
        let long = line(&"é".repeat(2_000));
        let (shown, more) = row_text(&long);
        assert_eq!((shown.len(), more), (2_048, 1_952));
    }

    #[test]
    fn sets_thousands_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
