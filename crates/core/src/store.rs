//! The log that is held: bounded, oldest out first, every row known by a number that never changes.
//! Knows nothing of rows on a screen.
//!
//! A line rests as the bytes that came, with a small index beside them: what it says is read when
//! somebody looks at it.

mod names;
mod run;
mod slot;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use crate::notice::Notice;
use crate::ring::Ring;
use crate::store::names::Names;
pub(crate) use crate::store::names::UNNAMED;
pub(crate) use crate::store::run::{Limit, Run};
pub(crate) use crate::store::slot::Slot;
use crate::store::slot::{NEVER, SLOT_BYTES};
use logs_sse_wire::entry::Level;
use logs_sse_wire::indexed_fields::IndexedFields;
use logs_sse_wire::message::{Line, MAX_LINE_BYTES, Raw};

/// One row of the log, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A log.
    Line(Line),
    /// What the log itself does not say, such as that lines are missing here.
    Notice(Notice),
}

impl Row {
    /// The log, if it is one.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Line(line) => Some(line),
            Self::Notice(_) => None,
        }
    }

    /// The log, if it is one.
    #[must_use]
    pub fn into_line(self) -> Option<Line> {
        match self {
            Self::Line(line) => Some(line),
            Self::Notice(_) => None,
        }
    }

    /// What this row counts against [`Capacity::bytes`]: its text, its id, and its place in the
    /// index.
    #[must_use]
    pub fn cost(&self) -> usize {
        match self {
            Self::Line(line) if line.cut_bytes > 0 => {
                SLOT_BYTES + line.id.len() + line.entry.text().len() + line.entry.message().len()
            }
            Self::Line(line) => SLOT_BYTES + line.id.len() + line.entry.text().len(),
            Self::Notice(_) => SLOT_BYTES,
        }
    }
}

/// How much a store may hold; whichever bound is reached first lets the oldest lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The most lines.
    pub lines: usize,
    /// The most bytes, so that a few thousand huge lines cannot fill the page's memory.
    pub bytes: usize,
}

impl Capacity {
    /// The most lines that may be asked for: 2,000,000 with their index, at 512 bytes a line, are a
    /// gigabyte, and WebAssembly has four.
    pub const MAX_LINES: usize = 2_000_000;

    /// Room for `lines` lines, brought into `1..=MAX_LINES`, and for as many bytes as such lines
    /// usually have; 64 MiB at least.
    #[must_use]
    pub fn of_lines(lines: usize) -> Self {
        let lines = lines.clamp(1, Self::MAX_LINES);
        Self { lines, bytes: Self::default().bytes.max(lines * USUAL_LINE_BYTES) }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self { lines: 10_000, bytes: 64 << 20 }
    }
}

/// The rows that are held, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Store {
    capacity: Capacity,
    slots: VecDeque<Slot>,
    ring: Ring,
    /// Rows that are no plain line, by their numbers: notices, and lines too odd for the index.
    odd: VecDeque<(u64, Row)>,
    /// Channels, by which slots name them. Few, and never forgotten.
    channels: Names,
    /// Pipelines, likewise; a filter offers them.
    pipelines: Names,
    /// How many of the rows are logs.
    lines: usize,
    /// How many of them may hold escape sequences, and of how many the level is not known.
    escaped: usize,
    unknown: usize,
    bytes: usize,
    /// The number of the oldest row held.
    first: u64,
    dropped: u64,
    /// The number that was next when all was let go on purpose.
    cleared_at: u64,
    /// Rows from this number on are kept, over the bound too, until a listener has heard them.
    kept_from: Option<u64>,
    version: u64,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Adds a line at the end and lets the oldest go as needed. A single row larger than the bound
    /// is held all the same.
    pub fn append(&mut self, raw: &Raw<'_>) {
        let glance = IndexedFields::of(raw);
        let slot = Slot {
            channel: self.channels.number(raw.channel.as_deref().unwrap_or_default()),
            pipeline: self.pipelines.number(&glance.pipeline),
            level: glance.level,
            is_json: glance.is_json,
            has_escape: glance.has_escape,
            is_error: raw.is_error,
            is_line: true,
            ..Slot::ODD
        };
        let Some(id_length) = u16::try_from(raw.id.len())
            .ok()
            .filter(|_| slot.channel != UNNAMED && raw.text.len() <= MAX_LINE_BYTES)
        else {
            return self.append_odd(slot, Row::Line(raw.read()));
        };
        let place = self.ring.append([raw.id.as_bytes(), raw.text.as_bytes()]);
        let (seq, stamp) = (raw.seq.unwrap_or_default(), raw.stamp.unwrap_or(NEVER));
        self.push(Slot { place, length: raw.text.len() as u32, id_length, seq, stamp, ..slot });
    }

    /// Adds a notice at the end and lets the oldest go as needed.
    pub fn note(&mut self, notice: Notice) {
        self.append_odd(Slot::ODD, Row::Notice(notice));
    }

    /// Changes how much may be held, letting the oldest go as needed.
    pub fn resize(&mut self, capacity: Capacity) {
        if self.capacity != capacity {
            self.capacity = capacity;
            self.trim();
            self.version += 1;
        }
    }

    /// How many rows are kept that a listener has not heard; none when nobody listens.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.kept_from.map_or(0, |number| self.range().end.saturating_sub(number))
    }

    /// Lets all rows go, and forgets that any were dropped. The numbers go on, so that a row is
    /// never mistaken for an older one.
    pub fn clear(&mut self) {
        self.first = self.range().end;
        self.cleared_at = self.first;
        self.slots.clear();
        self.odd.clear();
        self.ring.clear();
        self.pipelines.clear();
        self.bytes = 0;
        (self.lines, self.escaped, self.unknown) = (0, 0, 0);
        self.dropped = 0;
        self.version += 1;
    }

    /// Keeps the rows from `number` on until the next call, however small the capacity is; `None`
    /// keeps nothing. Returns whether rows were evicted that had been kept.
    pub fn retain_from(&mut self, number: Option<u64>) -> bool {
        let first = self.first;
        if self.kept_from != number {
            self.kept_from = number;
            self.trim();
        }
        let has_evicted = self.first != first;
        self.version += u64::from(has_evicted);
        has_evicted
    }

    /// The number that was next when all was let go on purpose, by [`clear`](Self::clear).
    #[must_use]
    pub fn cleared_at(&self) -> u64 {
        self.cleared_at
    }

    /// The row with this number, read anew, if it is still held.
    #[must_use]
    pub fn row(&self, number: u64) -> Option<Row> {
        match self.parsed_row(number) {
            Some(row) => Some(row.clone()),
            None => self.raw_line(number).map(|raw| Row::Line(raw.read())),
        }
    }

    /// The line with this number as it came, if it is still held and one of the usual kind.
    #[must_use]
    pub fn raw_line(&self, number: u64) -> Option<Raw<'_>> {
        self.slot(number).filter(|slot| !slot.is_odd()).and_then(|slot| self.raw(slot))
    }

    /// How grave the line with this number is.
    #[must_use]
    pub fn level(&self, number: u64) -> Level {
        self.slot(number).map_or(Level::Other, |slot| slot.level)
    }

    /// The numbers of the rows that are held.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.first..self.first + self.slots.len() as u64
    }

    /// How many rows are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many of the rows are logs.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// How many of the logs have a level that is not known, or none.
    #[must_use]
    pub fn unknown_levels(&self) -> usize {
        self.unknown
    }

    /// Whether a line may hold escape sequences.
    pub(crate) fn has_escapes(&self) -> bool {
        self.escaped > 0
    }

    /// Whether none are held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many rows were let go to make room, since the start or the last [`clear`](Self::clear).
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How much may be held.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Changes with every change of the content, and with nothing else.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The pipelines of the lines since the last [`clear`](Self::clear), in the order in which they
    /// came; of a flood of names the first ones.
    pub fn pipelines(&self) -> impl Iterator<Item = &str> {
        self.pipelines.iter()
    }

    /// Changes with what [`pipelines`](Self::pipelines) returns, and with nothing else.
    #[must_use]
    pub fn pipelines_version(&self) -> u64 {
        self.pipelines.version()
    }

    /// The number by which slots name this pipeline; `None` when none does.
    pub(crate) fn pipeline_number(&self, name: &str) -> Option<u16> {
        self.pipelines.known(name)
    }

    /// The row with this number, if it is held and rests read: a notice, or a line too odd for the
    /// index.
    pub(crate) fn parsed_row(&self, number: u64) -> Option<&Row> {
        self.slot(number).filter(|slot| slot.is_odd())?;
        let at = self.odd.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.odd.get(at).map(|(_, row)| row)
    }

    pub(crate) fn slot(&self, number: u64) -> Option<&Slot> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.slots.get(index)
    }

    fn raw(&self, slot: &Slot) -> Option<Raw<'_>> {
        let id_length = usize::from(slot.id_length);
        let bytes = self.ring.bytes(slot.place, id_length + slot.length as usize);
        let text = |bytes| std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        Some(Raw {
            id: text(bytes.get(..id_length)?)?,
            channel: self.channels.name(slot.channel).map(Cow::Borrowed),
            seq: (slot.seq > 0).then_some(slot.seq),
            stamp: (slot.stamp != NEVER).then_some(slot.stamp),
            text: text(bytes.get(id_length..)?)?,
            is_error: slot.is_error,
            picks: None,
        })
    }

    fn append_odd(&mut self, slot: Slot, row: Row) {
        self.odd.push_back((self.range().end, row));
        // It marks where the next plain line will stand, so that the chunks before are known to be
        // free when it is the oldest.
        let place = self.ring.append([&[], &[]]);
        self.push(Slot { place, ..slot });
    }

    fn push(&mut self, slot: Slot) {
        self.bytes += if slot.is_odd() {
            self.odd.back().map_or(0, |(_, row)| row.cost())
        } else {
            slot.cost()
        };
        self.count(&slot, usize::wrapping_add);
        self.slots.push_back(slot);
        self.trim();
        self.version += 1;
    }

    fn count(&mut self, slot: &Slot, change: fn(usize, usize) -> usize) {
        self.lines = change(self.lines, usize::from(slot.is_line));
        self.escaped = change(self.escaped, usize::from(slot.has_escape));
        self.unknown =
            change(self.unknown, usize::from(slot.is_line && slot.level == Level::Other));
    }

    fn trim(&mut self) {
        let before = self.first;
        let last = self.kept_from.unwrap_or(u64::MAX);
        while self.first < last && self.is_over() {
            let Some(oldest) = self.slots.pop_front() else { return };
            self.bytes -= if oldest.is_odd() {
                self.odd.pop_front().map_or(0, |(_, row)| row.cost())
            } else {
                oldest.cost()
            };
            self.count(&oldest, usize::wrapping_sub);
            self.first += 1;
            self.dropped += 1;
        }
        if let Some(oldest) = self.slots.front().filter(|_| self.first != before) {
            self.ring.release_before(oldest.place);
        }
    }

    fn is_over(&self) -> bool {
        self.slots.len() > self.capacity.lines.max(1)
            || (self.bytes > self.capacity.bytes && self.slots.len() > 1)
    }
}

/// Lines of ETL jobs have about 200 bytes; the bound on lines is meant, that on bytes only for what
/// is out of the ordinary.
const USUAL_LINE_BYTES: usize = 512;
