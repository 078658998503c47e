//! What a listener in JavaScript is told: the rows that are new, and the status when it reads
//! differently. Keeps only how far it told.

use std::cell::{Cell, RefCell};

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::browser::Client;
use logs_sse_core::js_export::{self, RowFeed};
use logs_sse_core::session::Session;
use logs_sse_core::time::Instant;

/// A listener, and what it knows.
#[derive(Debug)]
pub(crate) struct Listener {
    /// `tell(rows or undefined, status or undefined, is a frame)`.
    tell: Function,
    feed: Cell<RowFeed>,
    standing: RefCell<String>,
    wants_rows: Cell<bool>,
}

impl Listener {
    /// Will tell `tell`; of rows only when they are wanted.
    pub(crate) fn new(tell: Function, wants_rows: bool) -> Self {
        Self {
            tell,
            feed: Cell::default(),
            standing: RefCell::default(),
            wants_rows: Cell::new(wants_rows),
        }
    }

    /// Whether rows are to be told from now on; those that came before are no news.
    #[cfg(feature = "ui")]
    pub(crate) fn want_rows(&self, client: &Client, wants_rows: bool) {
        if self.wants_rows.replace(wants_rows) != wants_rows {
            let mut feed = self.feed.get();
            client.with_session(|session| feed.skip(session));
            self.feed.set(feed);
            client.retain_from(wants_rows.then(|| feed.next()));
        }
    }

    /// Tells what `client` has that is new.
    pub(crate) fn tell(&self, client: &Client, is_frame: bool) {
        let now = client.now();
        // Nothing is borrowed while JavaScript runs: it may call back.
        let (rows, status) =
            client.with_session(|session| (self.rows(session), self.status(session, now)));
        client.retain_from(self.wants_rows.get().then(|| self.feed.get().next()));
        if is_frame || rows.is_some() {
            let value = |text: Option<String>| text.map_or(JsValue::UNDEFINED, JsValue::from);
            // The JavaScript side catches what its host throws.
            let _ = self.tell.call3(&JsValue::NULL, &value(rows), &value(status), &is_frame.into());
        }
    }

    fn rows(&self, session: &Session) -> Option<String> {
        let mut feed = self.feed.get();
        let rows = if self.wants_rows.get() {
            feed.take(session)
        } else {
            feed.skip(session);
            None
        };
        self.feed.set(feed);
        rows
    }

    fn status(&self, session: &Session, now: Instant) -> Option<String> {
        let standing = js_export::status_key(session, now);
        if *self.standing.borrow() == standing {
            return None;
        }
        self.standing.replace(standing);
        Some(js_export::status(session, now))
    }
}
