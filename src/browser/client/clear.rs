//! Clears the lines of a client, and undoes that.

use std::time::Duration;

use super::Client;

impl Client {
    /// Drops all lines. The connection is not affected.
    pub fn clear(&self) {
        self.inner.session.borrow_mut().clear();
        self.inner.request_frame();
    }

    /// Drops all lines, which the reader can undo for half a minute.
    pub fn clear_with_undo(&self) {
        self.inner.session.borrow_mut().clear_with_undo();
        let forget = self.inner.after(UNDO_TIME, |inner| {
            inner.session.borrow_mut().forget_cleared();
            inner.frame.request();
        });
        self.inner.view.undo.set(Some(forget));
        self.inner.request_frame();
    }

    /// Brings back the lines that the reader cleared, and searches first around the row `near`.
    /// Returns whether there were any.
    pub fn undo_clear(&self, near: Option<u64>) -> bool {
        let is_undone = self.inner.session.borrow_mut().undo_clear(near);
        self.inner.search_slice();
        self.inner.request_frame();
        is_undone
    }
}

/// How long a clear can be undone.
const UNDO_TIME: Duration = Duration::from_secs(30);
