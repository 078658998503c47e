//! The log that is held: bounded, oldest out first, every row known by a number that never changes. Knows nothing of rows on a screen.

use std::collections::VecDeque;
use std::ops::Range;

use crate::core::notice::Notice;
use crate::core::wire::Line;

/// One row of the log.
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

    fn bytes(&self) -> usize {
        self.line().map_or(std::mem::size_of::<Self>(), |line| line.entry.bytes())
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
    /// The most lines that may be asked for: a list of this many rows still fits the tallest element a browser draws (about 17 M px).
    pub const MAX_LINES: usize = 500_000;

    /// Room for `lines` lines, brought into `1..=MAX_LINES`, within the usual bytes.
    #[must_use]
    pub fn of_lines(lines: usize) -> Self {
        Self { lines: lines.clamp(1, Self::MAX_LINES), ..Self::default() }
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
    rows: VecDeque<Row>,
    /// How many of the rows are logs.
    lines: usize,
    bytes: usize,
    /// The number of the oldest row held.
    first: u64,
    dropped: u64,
    version: u64,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Adds a row at the end and lets the oldest go as needed. A single row larger than the bound is held all the same.
    pub fn append(&mut self, row: Row) {
        self.bytes += row.bytes();
        self.lines += usize::from(row.line().is_some());
        self.rows.push_back(row);
        self.trim();
        self.version += 1;
    }

    /// Changes how much may be held, letting the oldest go as needed.
    pub fn resize(&mut self, capacity: Capacity) {
        if self.capacity != capacity {
            self.capacity = capacity;
            self.trim();
            self.version += 1;
        }
    }

    /// Lets all rows go, and forgets that any were dropped. The numbers go on, so that a row is never mistaken for an older one.
    pub fn clear(&mut self) {
        self.first = self.range().end;
        self.rows.clear();
        self.bytes = 0;
        self.lines = 0;
        self.dropped = 0;
        self.version += 1;
    }

    /// The row with this number, if it is still held.
    #[must_use]
    pub fn row(&self, number: u64) -> Option<&Row> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.rows.get(index)
    }

    /// The numbers of the rows that are held.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.first..self.first + self.rows.len() as u64
    }

    /// How many rows are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many of the rows are logs.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Whether none are held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
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

    fn trim(&mut self) {
        while self.rows.len() > self.capacity.lines.max(1) || (self.bytes > self.capacity.bytes && self.rows.len() > 1) {
            let Some(oldest) = self.rows.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.lines -= usize::from(oldest.line().is_some());
            self.first += 1;
            self.dropped += 1;
        }
    }
}
