//! Searches the lines of a client.

use std::time::Duration;

use super::{Client, Inner, with};
use crate::browser::clock;
use crate::browser::next_task::NextTask;
use logs_sse_core::find::Query;
use logs_sse_core::session::Direction;

impl Client {
    /// Shows only the lines that match `query`, and searches first around the row `near`. Returns
    /// whether the query is another one. The search runs in slices, between which the page can do
    /// other work.
    pub fn set_query(&self, query: Query, near: Option<u64>) -> bool {
        let is_new = self.inner.session.borrow_mut().set_query_around(query, near);
        self.inner.search_slice();
        self.inner.frame.request();
        is_new
    }

    /// Goes to another match of the query. Returns the number of its row, if there is one.
    pub fn go_to_match(&self, direction: Direction) -> Option<u64> {
        let number = self.inner.session.borrow_mut().go_to_match(direction);
        self.inner.frame.request();
        number
    }

    /// Returns whether there is anything to search for in the lines that arrive.
    #[must_use]
    pub fn has_search(&self) -> bool {
        self.inner.session.borrow().has_search()
    }

    /// Searches the lines that arrived since the last frame, unless a running search will do so.
    pub fn search_new(&self) {
        if !self.inner.view.searching.get().is_some_and(NextTask::is_pending) {
            self.inner.search_slice();
        }
    }
}

impl Inner {
    /// Searches for one slice, then continues as soon as the page has handled what is due, with the
    /// next frame at the latest.
    pub(super) fn search_slice(&self) {
        let end = clock::now() + SEARCH_SLICE;
        while !self.session.borrow_mut().search(SEARCH_STEP) {
            if end <= clock::now() {
                self.view.searching.get_or_init(|| self.search_task()).request();
                self.frame.request();
                return;
            }
        }
    }

    fn search_task(&self) -> NextTask {
        let me = self.me.clone();
        let next_slice = |inner: &Self| {
            inner.search_slice();
            inner.frame.request();
        };
        NextTask::new(move || with(&me, next_slice))
    }
}

/// How long a search may block the page: about half a frame.
pub(super) const SEARCH_SLICE: Duration = Duration::from_millis(8);

/// Bytes searched between two readings of the clock: a tenth of a millisecond.
const SEARCH_STEP: usize = 256 << 10;
