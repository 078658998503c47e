//! The lines that the reader pinned, and the places that the reader marked. Their text is kept, so
//! that they stay readable once they are evicted or cleared. Draws nothing.

use crate::line_time::iso;
use crate::opened::Opened;
use crate::save::Format;
use crate::save::line;
use crate::store::{Row, Store};
use crate::target::Target;
use crate::visible::visible;
use crate::words::{Word, Words};
use logs_sse_wire::entry::head;
use logs_sse_wire::message::Line;

/// A pinned row: a line, with those that are folded into it. Or a marked place: the row before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// Identifies the pin. Below the numbers of all rows, so that one number opens either.
    key: u64,
    /// The number of its first row while that is stored.
    number: u64,
    /// What is shown as one row.
    row: Row,
    /// The lines that are folded into the first.
    others: Vec<Row>,
    /// When the reader marked the place after the row, in milliseconds since 1970 (UTC); `None` for
    /// a pinned row.
    mark: Option<i64>,
}

/// The pinned rows, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    pins: Vec<Pin>,
    last_key: u64,
    version: u32,
}

/// What became of a request to pin or unpin a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is pinned now.
    Pinned,
    /// It is no longer pinned.
    Unpinned,
    /// It is not pinned, since that would exceed a limit.
    Full,
    /// There is no line with this number.
    NotHeld,
    /// The place is marked now.
    Marked,
    /// It is no longer marked.
    Unmarked,
    /// There is no line beside which a place could be marked.
    NoPlace,
}

impl Outcome {
    /// Returns the outcome in words.
    #[must_use]
    pub fn text(self, words: &Words) -> String {
        let word = match self {
            Self::Pinned => Word::Pinned,
            Self::Unpinned => Word::Unpinned,
            Self::Full => {
                let (count, size) = (MAX_PINS as u64, words.size(MAX_BYTES));
                return words.count_with(
                    Word::PinsFull,
                    count,
                    &words.number(count),
                    ("size", &size),
                );
            }
            Self::NotHeld => Word::NotHeld,
            Self::Marked => Word::Marked,
            Self::Unmarked => Word::MarkRemoved,
            Self::NoPlace => Word::NothingToMark,
        };
        words.text(word).to_owned()
    }
}

impl Pin {
    /// Returns the number that identifies the pin, and opens the kept entry.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Returns the number of its row, if that is still stored. Lines that are loaded again need not
    /// have the numbers that they had before.
    #[must_use]
    pub fn held(&self, store: &Store) -> Option<u64> {
        let line = self.row.line()?;
        let is_same = match store.raw_line(self.number) {
            Some(raw) => {
                raw.seq == line.seq && *raw.id == *line.id && *raw.text == *line.entry.text()
            }
            None => store.parsed_row(self.number).and_then(Row::line).is_some_and(|other| {
                other.seq == line.seq && other.entry.text() == line.entry.text()
            }),
        };
        is_same.then_some(self.number)
    }

    /// Returns whether the row with this number shows its line, or did so while it was stored.
    fn is_at(&self, store: &Store, number: u64) -> bool {
        if store.range().contains(&number) {
            store.group(number).contains(&self.number) && self.held(store).is_some()
        } else {
            self.number == number
        }
    }

    /// Returns whether it is a marked place rather than a pinned row.
    #[must_use]
    pub fn is_mark(&self) -> bool {
        self.mark.is_some()
    }

    /// Returns the first line of its text, for a list. `time` formats milliseconds since 1970.
    #[must_use]
    pub fn label(
        &self,
        time: &dyn Fn(i64) -> String,
        target: Option<&Target>,
        words: &Words,
    ) -> String {
        let text = line::text(&self.row, time, "", target);
        let first = text.lines().next().unwrap_or_default();
        let line = visible(head(first, LABEL_BYTES));
        match self.mark {
            Some(millis) => {
                let mark = mark_text(&time(millis), words);
                words.fill(Word::MarkAfter, &[("mark", &mark), ("line", &line)])
            }
            None => line.into_owned(),
        }
    }

    /// Returns the kept entry.
    #[must_use]
    pub fn opened(&self) -> Option<Opened> {
        Some(Opened::with_others(self.row.line()?, self.others.iter().filter_map(Row::line)))
    }

    /// Returns the channel of its line, or an empty name.
    pub(crate) fn channel(&self) -> &str {
        self.row.line().and_then(|line| line.channel.as_deref()).unwrap_or_default()
    }

    fn cost(&self) -> usize {
        [&self.row].into_iter().chain(&self.others).filter_map(Row::line).map(cost).sum()
    }
}

impl Pins {
    /// Pins the row with this number, or unpins it if it is pinned. The key of a pin unpins too, and
    /// that of a mark removes it.
    pub fn toggle(&mut self, store: &Store, number: u64) -> Outcome {
        match self.find(store, number, false) {
            Some(at) => self.remove(at),
            None => self.add(store, number, None),
        }
    }

    /// Marks the place after the row with this number at `now`, in milliseconds since 1970 (UTC), or
    /// removes the mark that is there.
    pub fn toggle_mark(&mut self, store: &Store, number: u64, now: i64) -> Outcome {
        match self.find(store, number, true) {
            Some(at) => self.remove(at),
            None => self.add(store, number, Some(now)),
        }
    }

    fn remove(&mut self, at: usize) -> Outcome {
        self.version += 1;
        if self.pins.remove(at).is_mark() { Outcome::Unmarked } else { Outcome::Unpinned }
    }

    fn add(&mut self, store: &Store, number: u64, mark: Option<i64>) -> Outcome {
        let row = store.folded(number).filter(|row| row.line().is_some());
        let Some(row) = row else { return Outcome::NotHeld };
        let mut room = MAX_BYTES.checked_sub(self.bytes());
        let mut take = |row: &Row| {
            room = room.and_then(|room| room.checked_sub(row.line().map_or(0, cost)));
            room.is_some()
        };
        let mut has_room = self.pins.len() < MAX_PINS && take(&row);
        let mut others = Vec::new();
        for row in store.rest(number).filter_map(|number| store.row(number)) {
            has_room = has_room && take(&row);
            if !has_room {
                break;
            }
            others.push(row);
        }
        if !has_room {
            return Outcome::Full;
        }
        self.last_key += 1;
        let number = store.shown_line(number);
        let pin = Pin { key: self.last_key, number, row, others, mark };
        let order = |pin: &Pin| (pin.number, pin.is_mark());
        let at = self.pins.partition_point(|other| order(other) <= order(&pin));
        self.pins.insert(at, pin);
        self.version += 1;
        if mark.is_some() { Outcome::Marked } else { Outcome::Pinned }
    }

    /// Removes every pin, as for another workflow.
    pub fn clear(&mut self) {
        if !self.pins.is_empty() {
            self.pins.clear();
            self.version += 1;
        }
    }

    /// Returns whether the row with this number is pinned.
    #[must_use]
    pub fn is_pinned(&self, store: &Store, number: u64) -> bool {
        self.find(store, number, false).is_some()
    }

    /// Returns when the reader marked the place after the row with this number, in milliseconds
    /// since 1970 (UTC).
    #[must_use]
    pub fn mark_at(&self, store: &Store, number: u64) -> Option<i64> {
        self.pins[self.find(store, number, true)?].mark
    }

    /// Returns whether any place is marked.
    #[must_use]
    pub fn has_marks(&self) -> bool {
        self.pins.iter().any(Pin::is_mark)
    }

    /// Returns the index of the pin, or the mark, at the row with this number, or with this key.
    fn find(&self, store: &Store, number: u64, is_mark: bool) -> Option<usize> {
        let is_at = |pin: &Pin| pin.is_mark() == is_mark && pin.is_at(store, number);
        self.pins.iter().position(|pin| pin.key == number || is_at(pin))
    }

    /// Returns whether the pin with this key was removed, or `None` if it is not the key of a pin
    /// but the number of a row.
    #[must_use]
    pub fn is_removed(&self, key: u64) -> Option<bool> {
        (1..=self.last_key).contains(&key).then(|| self.get(key).is_none())
    }

    /// Returns the pin with this key.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.key == key)
    }

    /// Returns the pins, oldest line first.
    #[must_use]
    pub fn all(&self) -> &[Pin] {
        &self.pins
    }

    /// Returns a version that changes whenever the pins do.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the label of the button that lists the pins, or an empty string if there are none.
    #[must_use]
    pub fn summary(&self, words: &Words) -> String {
        match self.pins.len() {
            0 => String::new(),
            pins => words.count(Word::PinsCount, pins as u64),
        }
    }

    /// Returns the pins as the last part of a file. `time` and `indent` are those of its rows.
    pub(crate) fn saved(
        &self,
        format: Format,
        time: &dyn Fn(i64) -> String,
        indent: &str,
        target: Option<&Target>,
    ) -> String {
        let mut text = String::new();
        let mut push = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        if format == Format::Text && !self.pins.is_empty() {
            push("# pinned");
        }
        for pin in &self.pins {
            if format == Format::Text {
                push(&line::text(&pin.row, time, indent, target));
                if let Some(millis) = pin.mark {
                    push(&format!("# {}", mark_text(&time(millis), &Words::ENGLISH)));
                }
                continue;
            }
            let mark = pin.mark.map(|millis| format!("\"marked\":\"{}\",", iso(millis)));
            for row in [&pin.row].into_iter().chain(&pin.others) {
                let (json, mark) = (line::json(row), mark.as_deref().unwrap_or_default());
                let rest = json.strip_prefix('{').unwrap_or(&json);
                push(&["{\"pinned\":true,", mark, rest].concat());
            }
        }
        text
    }

    fn bytes(&self) -> usize {
        self.pins.iter().map(Pin::cost).sum()
    }
}

/// Returns the name of a place that was marked at `time`.
#[must_use]
pub fn mark_text(time: &str, words: &Words) -> String {
    words.fill(Word::YouWereHere, &[("time", time)])
}

/// Returns what a line counts against the limit of bytes.
fn cost(line: &Line) -> usize {
    line.id.len() + line.entry.text().len() + line.entry.message().len()
}

const MAX_PINS: usize = 100;

/// The most bytes of all pins. What is pinned is kept besides the stored lines.
const MAX_BYTES: usize = 1_000_000;

/// The longest text of a pin in a list.
const LABEL_BYTES: usize = 300;

#[cfg(test)]
mod tests;
