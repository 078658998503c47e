//! Takes the place of `indexes.rs` where there is no view.

use crate::store::Store;
use crate::store::slot::Slot;
use logs_sse_wire::indexed_fields::level_of;
use logs_sse_wire::message::Raw;

/// What is needed where nothing is shown: no index.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Indexes;

impl Indexes {
    pub(super) fn describe(&mut self, raw: &Raw<'_>, slot: &mut Slot) -> Option<i64> {
        slot.level = level_of(raw);
        None
    }

    pub(super) fn end_thread(&mut self) {}

    pub(super) fn append(&mut self, _: u64, _: &Slot, _: Option<i64>) {}

    pub(super) fn evict(&mut self, _: &Slot) {}

    pub(super) fn release_before<'a>(&mut self, _: u64, _: impl Iterator<Item = &'a Slot>) {}

    pub(super) fn clear(&mut self) {}
}

/// Nothing clears a store so that the reader could undo it.
impl Store {
    pub(super) fn forget_aside(&mut self) {}

    pub(super) fn limit_aside(&mut self) {}
}
