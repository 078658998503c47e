//! Pins lines of a client, and marks places.

use super::Client;
use logs_sse_core::pins::Outcome;
use logs_sse_core::viewport::Viewport;

impl Client {
    /// Pins the row with this number, or unpins it. The key of a pin unpins too.
    pub fn toggle_pin(&self, number: u64) -> Outcome {
        let outcome = self.inner.session.borrow_mut().toggle_pin(number);
        self.inner.frame.request();
        outcome
    }

    /// Marks the place at which the reader is, or removes the mark that is there; see
    /// [`Session::toggle_mark`](logs_sse_core::session::Session::toggle_mark).
    pub fn toggle_mark(&self, viewport: &Viewport, preferred: &[u64]) -> Outcome {
        let now = self.now().as_millis() as i64;
        let outcome = self.inner.session.borrow_mut().toggle_mark(viewport, preferred, now);
        self.inner.frame.request();
        outcome
    }
}
