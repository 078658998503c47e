//! Adds rows at the front of a store: lines that a gateway held before the oldest stored one.

use super::{NEVER, Row, Slot, Store};
use crate::fold::{Arrived, Thread};
use crate::notice::Notice;
use crate::ring::Address;
use crate::store::names::UNNAMED;
use logs_sse_wire::indexed_fields::IndexedFields;
use logs_sse_wire::message::{MAX_LINE_BYTES, Raw};

/// What was added at the front, in addition to the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Store {
    /// Adds lines before the oldest row, oldest first. They are held in addition to the capacity,
    /// otherwise they would be the first rows to be evicted.
    pub fn prepend(&mut self, lines: &[Raw<'_>]) {
        // One chunk for all of them, so that chunks stay in the order of the rows.
        let length = lines.iter().map(|raw| raw.id.len() + raw.text.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        let chunk = self.ring.front_number();
        let mut thread = Thread::default();
        let mut last = None;
        let rows: Vec<_> = lines
            .iter()
            .map(|raw| {
                let address = Address { chunk, offset: bytes.len() as u32 };
                let (slot, moment) = self.index(raw, address, &mut thread);
                last = moment.or(last);
                if slot.is_parsed() {
                    return (slot, last, Some(Row::Line(raw.read())));
                }
                bytes.extend_from_slice(raw.id.as_bytes());
                bytes.extend_from_slice(raw.text.as_bytes());
                (slot, last, None)
            })
            .collect();
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

    /// Holds no rows in addition to the capacity any more, and evicts the oldest as needed.
    pub fn release_earlier(&mut self) {
        self.earlier = Earlier::default();
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

    /// Returns the index entry of a line, of a parsed row if it does not fit the index, and when the
    /// line was written. `thread` has the line before it.
    pub(super) fn index(
        &mut self,
        raw: &Raw<'_>,
        address: Address,
        thread: &mut Thread,
    ) -> (Slot, Option<i64>) {
        let fields = IndexedFields::of(raw);
        let slot = Slot {
            address,
            channel: self.channels.intern(raw.channel.as_deref().unwrap_or_default()),
            pipeline: self.pipelines.intern(&fields.pipeline),
            level: fields.level,
            is_json: fields.is_json,
            has_escape: fields.has_escape,
            is_error: raw.is_error,
            is_line: true,
            ..Slot::PARSED
        };
        let id_length = u16::try_from(raw.id.len())
            .ok()
            .filter(|_| slot.channel != UNNAMED && raw.text.len() <= MAX_LINE_BYTES);
        let Some(id_length) = id_length else {
            thread.end();
            return (slot, fields.moment);
        };
        let Slot { channel, pipeline, level, .. } = slot;
        let message = &fields.message;
        let (join, level) = thread.next(Arrived { channel, pipeline, level, message });
        let (seq, stamp) = (raw.seq.unwrap_or_default(), raw.stamp.unwrap_or(NEVER));
        let length = raw.text.len() as u32;
        (Slot { length, id_length, seq, stamp, join, level, ..slot }, fields.moment)
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
        self.count(&slot, usize::wrapping_add);
        self.facets.add(&slot);
        self.histogram.push_front(moment, slot.count());
        self.tally.add(number, slot.count());
        // The line that began the log may have lost its head, which is back now.
        let takes = self.slots.front().is_some_and(|next| {
            self.folding.joins(next.join)
                && slot.is_line
                && (slot.channel, slot.pipeline) == (next.channel, next.pipeline)
        });
        self.folds.add_older(number, takes);
        self.slots.push_front(slot);
        if let Some(row) = row {
            self.parsed.push_front((number, row));
        }
    }
}

/// The most rows that are held in addition to the capacity.
const MOST_EARLIER: usize = 200_000;
