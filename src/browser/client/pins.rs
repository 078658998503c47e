//! Pins lines of a client.

use super::Client;
use logs_sse_core::pins::Outcome;

impl Client {
    /// Pins the row with this number, or unpins it. The key of a pin unpins too.
    pub fn toggle_pin(&self, number: u64) -> Outcome {
        let outcome = self.inner.session.borrow_mut().toggle_pin(number);
        self.inner.frame.request();
        outcome
    }
}
