//! Saves the lines of a client to a file.

use std::rc::Weak;

use super::search::SEARCH_SLICE;
use super::{Client, Inner, with};
use crate::browser::clock;
use logs_sse_core::save::{Format, Save};

impl Client {
    /// Saves the lines that are shown, or all lines, to a file, which the browser downloads.
    /// Calls `on_end` when it is complete. Does nothing while another file is being written.
    pub fn save(&self, format: Format, only_shown: bool, on_end: impl FnOnce() + 'static) {
        let save = Save::new(format, only_shown);
        let me: Weak<Inner> = self.inner.me.clone();
        self.inner.view.saving.start(save, move || with(&me, Inner::save_slice), on_end);
    }
}

impl Inner {
    fn save_slice(&self) {
        let end = clock::now() + SEARCH_SLICE;
        let session = self.session.borrow();
        self.view.saving.advance(&session, self.home.document(), || end <= clock::now());
    }
}
