//! The stored log: bounded, evicting the oldest rows first. Every row has a number that never
//! changes. Knows nothing of the screen.
//!
//! Lines are stored as the raw bytes received, next to a small index, and parsed on display.

#[cfg(feature = "view")]
mod counts;
#[cfg(feature = "view")]
mod earlier;
#[cfg(feature = "view")]
mod facets;
#[cfg(feature = "view")]
mod folded;
#[cfg_attr(not(feature = "view"), path = "store/no_indexes.rs")]
mod indexes;
mod names;
#[cfg(feature = "view")]
mod run;
mod slot;
#[cfg(feature = "view")]
mod times;
#[cfg(feature = "view")]
mod undo;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use crate::notice::Notice;
use crate::ring::{Address, Ring};
use crate::store::indexes::Indexes;
use crate::store::names::Names;
pub(crate) use crate::store::names::UNNAMED;
#[cfg(feature = "view")]
pub(crate) use crate::store::run::{Limit, Run, RunRow};
pub(crate) use crate::store::slot::Slot;
use crate::store::slot::{NEVER, SLOT_BYTES};
#[cfg(feature = "view")]
pub use crate::store::undo::UNDO_LINES;
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::{Line, MAX_LINE_BYTES, Raw};

/// A parsed row of the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A log line, parsed from the bytes that were received.
    Line(Line),
    /// Something about the stream, for example that lines are missing here.
    Notice(Notice),
}

impl Row {
    /// Returns the line, if the row is one.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Line(line) => Some(line),
            Self::Notice(_) => None,
        }
    }

    /// Returns what the row counts against [`Capacity::bytes`]: its text, its id and its index
    /// entry.
    #[must_use]
    pub fn cost(&self) -> usize {
        match self {
            #[cfg(feature = "view")]
            Self::Line(line) if line.cut_bytes > 0 => {
                SLOT_BYTES + line.id.len() + line.entry.text().len() + line.entry.message().len()
            }
            Self::Line(line) => SLOT_BYTES + line.id.len() + line.entry.text().len(),
            Self::Notice(_) => SLOT_BYTES,
        }
    }
}

/// Limits what a store holds. The oldest rows are evicted as soon as either limit is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The most rows, notices included.
    pub lines: usize,
    /// The most bytes, so that a few thousand huge lines cannot fill the page's memory.
    pub bytes: usize,
}

impl Capacity {
    /// The most lines that may be requested. With their index and 512 bytes each, 2,000,000 lines
    /// take a gigabyte, and WebAssembly has four.
    pub const MAX_LINES: usize = 2_000_000;

    /// Creates a capacity of `lines` lines, clamped to `1..=MAX_LINES`, with a byte limit that such
    /// lines do not normally reach: 64 MiB or more.
    #[must_use]
    pub fn from_lines(lines: usize) -> Self {
        let lines = lines.clamp(1, Self::MAX_LINES);
        Self { lines, bytes: Self::default().bytes.max(lines * TYPICAL_LINE_BYTES) }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self { lines: 10_000, bytes: 64 << 20 }
    }
}

/// The stored rows, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Store {
    capacity: Capacity,
    slots: VecDeque<Slot>,
    ring: Ring,
    /// Rows that are stored parsed, by their numbers: notices, and lines that do not fit the index.
    parsed: VecDeque<(u64, Row)>,
    /// Channel names, which slots refer to by number. There are few, and they are never removed.
    channels: Names,
    /// The number of rows that are lines.
    lines: usize,
    bytes: usize,
    /// The number of the oldest stored row.
    first: u64,
    dropped: u64,
    /// The same, counting lines only.
    dropped_lines: u64,
    indexes: Indexes,
    /// The number of the first row after the last [`Store::clear`].
    cleared_at: u64,
    /// How often [`Store::clear`] was called.
    clears: u32,
    /// Rows from this number on are retained, even beyond the capacity, until a listener has
    /// received them.
    retained_from: Option<u64>,
    /// Whether no row is evicted, since lines before the oldest one are about to be added.
    is_held: bool,
    earlier: Earlier,
    /// The rows of the last [`Store::set_aside`].
    #[cfg(feature = "view")]
    aside: Option<Box<Self>>,
}

impl Store {
    /// Creates an empty store.
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Creates an empty store to which rows can also be added at the front.
    #[must_use]
    pub fn with_room_at_front(capacity: Capacity) -> Self {
        Self { capacity, first: MIDDLE, cleared_at: MIDDLE, ..Self::default() }
    }

    /// Appends a line, and evicts the oldest rows as needed. A single row larger than the capacity
    /// is still stored.
    pub fn append(&mut self, raw: &Raw<'_>) {
        let (slot, moment) = self.index(raw, Address::default());
        if slot.is_parsed() {
            return self.append_parsed(slot, moment, Row::Line(raw.read()));
        }
        let address = self.ring.append([raw.id.as_bytes(), raw.text.as_bytes()]);
        self.push(Slot { address, ..slot }, moment);
    }

    /// Appends a notice, and evicts the oldest rows as needed.
    pub fn note(&mut self, notice: Notice) {
        self.indexes.end_thread();
        self.append_parsed(Slot::PARSED, None, Row::Notice(notice));
    }

    /// Changes the capacity, and evicts the oldest rows as needed.
    pub fn resize(&mut self, capacity: Capacity) {
        if self.capacity != capacity {
            self.capacity = capacity;
            self.forget_aside();
            self.release_earlier();
        }
    }

    /// Holds no rows in addition to the capacity any more, and evicts the oldest as needed.
    pub fn release_earlier(&mut self) {
        self.earlier = Earlier::default();
        self.trim();
    }

    /// Returns how many rows a listener has not received yet; zero without a listener.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        let rows = self.range();
        self.retained_from.map_or(0, |number| rows.end.saturating_sub(number.max(rows.start)))
    }

    /// Removes all rows, and resets the number of dropped rows. Numbering continues, so that a row
    /// is never mistaken for an older one.
    pub fn clear(&mut self) {
        self.first = self.range().end;
        self.cleared_at = self.first;
        self.clears += 1;
        self.slots.clear();
        self.parsed.clear();
        self.ring.clear();
        (self.bytes, self.lines) = (0, 0);
        (self.dropped, self.dropped_lines) = (0, 0);
        self.indexes.clear();
        self.is_held = false;
        self.earlier = Earlier::default();
        self.forget_aside();
    }

    /// Retains the rows from `number` on until the next call, whatever the capacity. `None` retains
    /// nothing. Returns whether retained rows were evicted.
    pub fn retain_from(&mut self, number: Option<u64>) -> bool {
        let first = self.first;
        if self.retained_from != number {
            self.retained_from = number;
            self.trim();
        }
        self.first != first
    }

    /// Returns the number of the first row after the last [`clear`](Self::clear).
    #[must_use]
    pub fn cleared_at(&self) -> u64 {
        self.cleared_at
    }

    /// Returns how often the rows were removed by [`clear`](Self::clear).
    #[must_use]
    pub fn clears(&self) -> u32 {
        self.clears
    }

    /// Returns the row with this number, parsed, if it is still stored.
    #[must_use]
    pub fn row(&self, number: u64) -> Option<Row> {
        match self.parsed_row(number) {
            Some(row) => Some(row.clone()),
            None => self.raw_line(number).map(|raw| Row::Line(raw.read())),
        }
    }

    /// Returns the line with this number as it was received, if it is still stored as raw bytes.
    #[must_use]
    pub fn raw_line(&self, number: u64) -> Option<Raw<'_>> {
        self.slot(number).filter(|slot| !slot.is_parsed()).and_then(|slot| self.raw(slot))
    }

    /// Returns the sequence number of the row with this number, if it is a line that has one.
    #[must_use]
    pub fn seq(&self, number: u64) -> Option<u64> {
        match self.parsed_row(number) {
            Some(row) => row.line().and_then(|line| line.seq),
            None => self.slot(number).map(|slot| slot.seq).filter(|seq| *seq > 0),
        }
    }

    /// Returns the level of the line with this number.
    #[must_use]
    pub fn level(&self, number: u64) -> Level {
        self.slot(number).map_or(Level::Other, |slot| slot.level)
    }

    /// Returns the numbers of the stored rows.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.first..self.first + self.slots.len() as u64
    }

    /// Returns the number of stored rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns the number of rows that are lines.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Returns whether no rows are stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns how many rows were evicted since the start or the last [`clear`](Self::clear).
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns how many lines were evicted and not loaded again since the start or the last
    /// [`clear`](Self::clear).
    #[must_use]
    pub fn dropped_lines(&self) -> u64 {
        self.dropped_lines
    }

    /// Returns the limits beyond which the oldest rows are evicted.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Returns the row with this number if it is stored parsed: a notice, or a line that does not
    /// fit the index.
    pub(crate) fn parsed_row(&self, number: u64) -> Option<&Row> {
        self.slot(number).filter(|slot| slot.is_parsed())?;
        let at = self.parsed.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.parsed.get(at).map(|(_, row)| row)
    }

    pub(crate) fn slot(&self, number: u64) -> Option<&Slot> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.slots.get(index)
    }

    fn raw(&self, slot: &Slot) -> Option<Raw<'_>> {
        let id_length = usize::from(slot.id_length);
        let bytes = self.ring.bytes(slot.address, id_length + slot.length as usize);
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

    /// Returns the index entry of a line, of a parsed row if it does not fit the index, and when the
    /// line was written.
    fn index(&mut self, raw: &Raw<'_>, address: Address) -> (Slot, Option<i64>) {
        let channel = self.channels.intern(raw.channel.as_deref().unwrap_or_default());
        let line = Slot { address, channel, is_error: raw.is_error, is_line: true, ..Slot::PARSED };
        let id_length = u16::try_from(raw.id.len())
            .ok()
            .filter(|_| channel != UNNAMED && raw.text.len() <= MAX_LINE_BYTES);
        let mut slot = id_length.map_or(line, |id_length| Slot {
            length: raw.text.len() as u32,
            id_length,
            seq: raw.seq.unwrap_or_default(),
            stamp: raw.stamp.unwrap_or(NEVER),
            ..line
        });
        let moment = self.indexes.describe(raw, &mut slot);
        (slot, moment)
    }

    fn append_parsed(&mut self, slot: Slot, moment: Option<i64>, row: Row) {
        self.parsed.push_back((self.range().end, row));
        // The address marks where the next raw line will start, so that the chunks before it can be
        // released once this row is the oldest.
        let address = self.ring.append([&[], &[]]);
        self.push(Slot { address, ..slot }, moment);
    }

    fn push(&mut self, slot: Slot, moment: Option<i64>) {
        self.bytes += if slot.is_parsed() {
            self.parsed.back().map_or(0, |(_, row)| row.cost())
        } else {
            slot.cost()
        };
        self.lines += usize::from(slot.is_line);
        self.indexes.append(self.range().end, &slot, moment);
        self.slots.push_back(slot);
        self.trim();
        self.limit_aside();
    }

    fn trim(&mut self) {
        let before = self.first;
        let last = self.retained_from.unwrap_or(u64::MAX);
        while !self.is_held && self.first < last && self.exceeds_capacity() {
            let Some(oldest) = self.slots.pop_front() else { return };
            self.bytes -= if oldest.is_parsed() {
                self.parsed.pop_front().map_or(0, |(_, row)| row.cost())
            } else {
                oldest.cost()
            };
            self.lines -= usize::from(oldest.is_line);
            self.indexes.evict(&oldest);
            self.first += 1;
            self.dropped += 1;
            self.dropped_lines += u64::from(oldest.is_line);
        }
        self.indexes.release_before(self.first, self.slots.iter());
        if let Some(oldest) = self.slots.front().filter(|_| self.first != before) {
            self.ring.release_before(oldest.address);
        }
    }

    fn exceeds_capacity(&self) -> bool {
        let Earlier { rows, bytes } = self.earlier;
        self.slots.len() > self.capacity.lines.max(1) + rows
            || (self.bytes > self.capacity.bytes.saturating_add(bytes) && self.slots.len() > 1)
    }
}

/// What was added at the front, in addition to the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Earlier {
    rows: usize,
    bytes: usize,
}

/// Lines of ETL jobs have about 200 bytes. The line limit is the intended one; the byte limit only
/// catches outliers.
const TYPICAL_LINE_BYTES: usize = 512;

/// The number of the first row of a store with room at the front, far below 2^53, above which
/// JavaScript numbers have gaps.
const MIDDLE: u64 = 1 << 40;
