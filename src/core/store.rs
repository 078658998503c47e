//! The log that is held: bounded, oldest out first, every line known by a number that never changes. Knows nothing of rows on a screen.

use std::collections::VecDeque;
use std::ops::Range;

use crate::core::wire::Line;

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

/// The lines that are held, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Store {
    capacity: Capacity,
    lines: VecDeque<Line>,
    bytes: usize,
    /// The number of the oldest line held.
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

    /// Adds a line at the end and lets the oldest go as needed. A single line larger than the bound is held all the same.
    pub fn append(&mut self, line: Line) {
        self.bytes += line.entry.bytes();
        self.lines.push_back(line);
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

    /// Lets all lines go, and forgets that any were dropped. The numbers go on, so that a line is never mistaken for an older one.
    pub fn clear(&mut self) {
        self.first = self.range().end;
        self.lines.clear();
        self.bytes = 0;
        self.dropped = 0;
        self.version += 1;
    }

    /// The line with this number, if it is still held.
    #[must_use]
    pub fn line(&self, number: u64) -> Option<&Line> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.lines.get(index)
    }

    /// The numbers of the lines that are held.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.first..self.first + self.lines.len() as u64
    }

    /// How many lines are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether none are held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many lines were let go to make room, since the start or the last [`clear`](Self::clear).
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
        while self.lines.len() > self.capacity.lines.max(1) || (self.bytes > self.capacity.bytes && self.lines.len() > 1) {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.entry.bytes();
            self.first += 1;
            self.dropped += 1;
        }
    }
}
