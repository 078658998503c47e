//! Folds the lines of a client into rows.

use super::Client;
use logs_sse_core::fold::Folding;

impl Client {
    /// Changes what is folded. The search for rows begins around the one with number `near`.
    /// Returns whether ordinals are void.
    pub fn set_folding(&self, folding: Folding, near: Option<u64>) -> bool {
        let is_new = self.inner.session.borrow_mut().set_folding(folding, near);
        self.inner.search_slice();
        self.inner.frame.request();
        is_new
    }
}
