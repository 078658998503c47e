//! One row's place in the index, and what a filter asks of it. Forty bytes, since there is one for
//! each row that is held.

use std::ops::Range;

use crate::ring::Address;
use logs_sse_wire::entry::Level;

/// One row's place in the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) place: Address,
    /// Bytes of the text; [`ODD`] for a row that rests elsewhere.
    pub(crate) length: u32,
    /// 0 for none.
    pub(crate) seq: u64,
    /// [`NEVER`] for none.
    pub(crate) stamp: i64,
    pub(crate) id_length: u16,
    /// By its number among the channels.
    pub(crate) channel: u16,
    /// By its number among the pipelines.
    pub(crate) pipeline: u16,
    pub(crate) level: Level,
    /// Whether the text is JSON that is shown otherwise than it came.
    pub(crate) is_json: bool,
    /// Whether the text may hold escape sequences, which no search sees.
    pub(crate) has_escape: bool,
    pub(crate) is_error: bool,
    pub(crate) is_line: bool,
}

impl Slot {
    /// A row that rests elsewhere, and is no line.
    pub(crate) const ODD: Self = Self {
        place: Address { chunk: 0, at: 0 },
        length: ODD,
        seq: 0,
        stamp: NEVER,
        id_length: 0,
        channel: 0,
        pipeline: 0,
        level: Level::Other,
        is_json: false,
        has_escape: false,
        is_error: false,
        is_line: false,
    };

    /// Whether the row rests elsewhere, read.
    pub(crate) fn is_odd(&self) -> bool {
        self.length == ODD
    }

    /// What a row of the usual kind counts against the bound.
    pub(crate) fn cost(&self) -> usize {
        SLOT_BYTES + usize::from(self.id_length) + self.length as usize
    }

    /// Where in its chunk the text of a row of the usual kind lies, behind its id.
    pub(crate) fn text(&self) -> Range<usize> {
        let start = self.place.at as usize + usize::from(self.id_length);
        start..start + self.length as usize
    }
}

/// The length of a row that rests among the odd ones. No line has it: see
/// [`MAX_LINE_BYTES`](logs_sse_wire::message::MAX_LINE_BYTES).
const ODD: u32 = u32::MAX;

/// The time of a line without one.
pub(crate) const NEVER: i64 = i64::MIN;

/// What a row costs beside its bytes.
pub(crate) const SLOT_BYTES: usize = std::mem::size_of::<Slot>();

/// A million rows are held: a field more must not cost eight megabytes without being noticed.
const _: () = assert!(SLOT_BYTES == 40);
