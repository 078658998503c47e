//! Adds rows at the front of a store: lines that a gateway held before the oldest stored one.

use super::{Row, Slot, Store};
use crate::notice::Notice;
use crate::ring::Address;
use logs_sse_wire::message::Raw;

impl Store {
    /// Adds lines before the oldest row, oldest first. They are held in addition to the capacity,
    /// otherwise they would be the first rows to be evicted.
    pub fn prepend(&mut self, lines: &[Raw<'_>]) {
        // One chunk for all of them, so that chunks stay in the order of the rows.
        let length = lines.iter().map(|raw| raw.id.len() + raw.text.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        let chunk = self.ring.front_number();
        let newest = self.indexes.start_thread();
        let mut last = None;
        let rows: Vec<_> = lines
            .iter()
            .map(|raw| {
                let address = Address { chunk, offset: bytes.len() as u32 };
                let (slot, moment) = self.index(raw, address);
                last = moment.or(last);
                if slot.is_parsed() {
                    return (slot, last, Some(Row::Line(raw.read())));
                }
                bytes.extend_from_slice(raw.id.as_bytes());
                bytes.extend_from_slice(raw.text.as_bytes());
                (slot, last, None)
            })
            .collect();
        self.indexes.thread = newest;
        self.ring.push_front(bytes);
        rows.into_iter().rev().for_each(|(slot, moment, row)| self.push_front(slot, moment, row));
        let loaded = lines.len() as u64;
        self.dropped = self.dropped.saturating_sub(loaded);
        self.dropped_lines = self.dropped_lines.saturating_sub(loaded);
    }

    /// Adds a notice before the oldest row.
    pub fn prepend_notice(&mut self, notice: Notice) {
        let address = Address { chunk: self.ring.front_number(), offset: 0 };
        self.ring.push_front(Vec::new());
        let slot = Slot { address, ..Slot::PARSED };
        self.push_front(slot, None, Some(Row::Notice(notice)));
    }

    /// Sets whether the oldest row stays, whatever arrives: the lines before it are requested.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
        self.trim();
    }

    /// Returns whether more rows may be added at the front.
    #[must_use]
    pub fn has_room_for_earlier(&self) -> bool {
        self.earlier.rows < MOST_EARLIER && self.earlier.bytes < self.capacity.bytes
    }

    /// Returns whether rows are held in addition to the capacity.
    #[must_use]
    pub fn has_earlier(&self) -> bool {
        self.earlier.rows > 0
    }

    fn push_front(&mut self, slot: Slot, moment: Option<i64>, row: Option<Row>) {
        let Some(number) = self.first.checked_sub(1) else { return };
        // Rows that were set aside have this number and those before it.
        self.forget_aside();
        let cost = row.as_ref().map_or_else(|| slot.cost(), Row::cost);
        self.first = number;
        self.bytes += cost;
        self.earlier.rows += 1;
        self.earlier.bytes += cost;
        self.lines += usize::from(slot.is_line);
        self.indexes.prepend(number, &slot, moment, self.slots.front());
        self.slots.push_front(slot);
        if let Some(row) = row {
            self.parsed.push_front((number, row));
        }
    }
}

/// The most rows that are held in addition to the capacity.
const MOST_EARLIER: usize = 200_000;
