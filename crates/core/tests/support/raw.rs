//! Lines as a backend without channels sends them: text and nothing else.

use logs_sse_wire::message::Raw;

/// Returns a line of this text without id, channel, number or time.
pub(crate) fn raw(text: &str) -> Raw<'_> {
    Raw::bare(text)
}
