//! The index entry of one row, with what a filter needs. Forty bytes, because there is one for each
//! stored row.

#[cfg(feature = "view")]
use std::ops::Range;

#[cfg(feature = "view")]
use crate::fold::Join;
use crate::ring::Address;
#[cfg(feature = "view")]
use crate::tally::Count;
use logs_sse_wire::entry::Level;

/// The index entry of one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) address: Address,
    /// The length of the text in bytes; [`PARSED`] for a row that is stored parsed.
    pub(crate) length: u32,
    /// The sequence number; 0 for none.
    pub(crate) seq: u64,
    /// The time of the line; [`NEVER`] for none.
    pub(crate) stamp: i64,
    pub(crate) id_length: u16,
    /// The channel's number in the store's names.
    pub(crate) channel: u16,
    /// The pipeline's number in the store's names.
    #[cfg(feature = "view")]
    pub(crate) pipeline: u16,
    pub(crate) level: Level,
    /// Whether the text is JSON, which is shown differently from how it was received.
    #[cfg(feature = "view")]
    pub(crate) is_json: bool,
    /// Whether the text may contain escape sequences, which searches ignore.
    #[cfg(feature = "view")]
    pub(crate) has_escape: bool,
    pub(crate) is_error: bool,
    pub(crate) is_line: bool,
    /// How the row relates to the one before it.
    #[cfg(feature = "view")]
    pub(crate) join: Join,
}

impl Slot {
    /// A row that is stored parsed and is not a line.
    pub(crate) const PARSED: Self = Self {
        address: Address { chunk: 0, offset: 0 },
        length: PARSED,
        seq: 0,
        stamp: NEVER,
        id_length: 0,
        channel: 0,
        #[cfg(feature = "view")]
        pipeline: 0,
        level: Level::Other,
        #[cfg(feature = "view")]
        is_json: false,
        #[cfg(feature = "view")]
        has_escape: false,
        is_error: false,
        is_line: false,
        #[cfg(feature = "view")]
        join: Join::Head,
    };

    /// Returns whether the row is stored parsed rather than as raw bytes.
    pub(crate) fn is_parsed(&self) -> bool {
        self.length == PARSED
    }

    /// Returns what the row counts as.
    #[cfg(feature = "view")]
    pub(crate) fn count(&self) -> Count {
        // A trace is one error, however many lines it has.
        let is_error = self.is_line && self.level == Level::Error && self.join != Join::Continues;
        Count { lines: u64::from(self.is_line), errors: u64::from(is_error) }
    }

    /// Returns what a raw row counts against the capacity.
    pub(crate) fn cost(&self) -> usize {
        SLOT_BYTES + usize::from(self.id_length) + self.length as usize
    }

    /// Returns the position of a raw row's text in its chunk, after its id.
    #[cfg(feature = "view")]
    pub(crate) fn text(&self) -> Range<usize> {
        let start = self.address.offset as usize + usize::from(self.id_length);
        start..start + self.length as usize
    }
}

/// The length of a row that is stored parsed. No line is that long: see
/// [`MAX_LINE_BYTES`](logs_sse_wire::message::MAX_LINE_BYTES).
const PARSED: u32 = u32::MAX;

/// The time of a line without one.
pub(crate) const NEVER: i64 = i64::MIN;

/// What a row costs in addition to its bytes.
pub(crate) const SLOT_BYTES: usize = std::mem::size_of::<Slot>();

/// A million rows may be stored: another field must not cost eight megabytes unnoticed.
#[cfg(feature = "view")]
const _: () = assert!(SLOT_BYTES == 40);
