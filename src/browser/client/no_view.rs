//! Takes the place of `view.rs` where there is no view.

use logs_sse_core::session::Session;

/// What is needed where nothing is shown: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {}

impl View {
    pub(super) fn request_frame(&self) {}

    pub(super) fn update_title(&self, _: &Session) {}
}
