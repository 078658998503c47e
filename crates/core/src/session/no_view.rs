//! Takes the place of `view.rs` where there is no view.

use super::Session;
use crate::time::Instant;
use logs_sse_wire::message::Raw;
use logs_sse_wire::protocol::Hello;

/// What is needed where nothing is shown: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {}

impl View {
    pub(super) fn channels_changed(&mut self) {}

    pub(super) fn start_over(&mut self) {}

    pub(super) fn line_arrived(&mut self, _: Instant) {}

    pub(super) fn greeted(&mut self, _: &Hello) {}

    pub(super) fn is_known(&mut self, _: &Raw<'_>) -> bool {
        false
    }
}

impl Session {
    /// Nothing loads earlier lines.
    pub(super) fn restart_earlier(&mut self) {}
}
