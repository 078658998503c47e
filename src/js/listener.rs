//! Notifies the package's JavaScript of new rows, and of a status that is in another state.
//! Keeps only how much it has delivered.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::browser::Client;
use logs_sse_core::js_export::{RowFeed, Rows, StatusReport};
use logs_sse_core::session::Session;

/// A callback, and how much it has received.
#[derive(Debug)]
pub(crate) struct Listener {
    /// `notify(rows or undefined, status or undefined, isFrame)`.
    notify: Function,
    feed: Cell<RowFeed>,
    last: RefCell<StatusReport>,
    wants_rows: Cell<bool>,
}

impl Listener {
    /// Creates a listener that calls `notify`, with rows only if they are wanted.
    pub(crate) fn new(notify: Function, wants_rows: bool) -> Self {
        Self {
            notify,
            feed: Cell::default(),
            last: RefCell::default(),
            wants_rows: Cell::new(wants_rows),
        }
    }

    /// Changes whether rows are delivered from now on. Rows that exist already are skipped.
    #[cfg(feature = "ui")]
    pub(crate) fn want_rows(&self, client: &Client, wants_rows: bool) {
        if self.wants_rows.replace(wants_rows) != wants_rows {
            let mut feed = self.feed.get();
            client.with_session(|session| feed.skip(session));
            self.feed.set(feed);
            client.retain_from(wants_rows.then(|| feed.next()));
        }
    }

    /// Delivers what is new.
    pub(crate) fn update(&self, client: &Client, is_frame: bool) {
        // Nothing is borrowed while JavaScript runs, since it may call back.
        let (rows, status) =
            client.with_session(|session| (self.rows(session), self.changed(client, session)));
        client.retain_from(self.wants_rows.get().then(|| self.feed.get().next()));
        if is_frame || rows.is_some() {
            let rows = rows.map_or(JsValue::UNDEFINED, JsValue::from);
            let status = status.as_ref().map_or(JsValue::UNDEFINED, to_js);
            // The JavaScript side catches what its host throws.
            let _ = self.notify.call3(&JsValue::NULL, &rows, &status, &is_frame.into());
        }
    }

    fn rows(&self, session: &Session) -> Option<Array> {
        let mut feed = self.feed.get();
        let rows = if self.wants_rows.get() {
            feed.take(session)
        } else {
            feed.skip(session);
            Vec::new()
        };
        self.feed.set(feed);
        (!rows.is_empty()).then(|| rows.into_iter().map(piece).collect())
    }

    fn changed(&self, client: &Client, session: &Session) -> Option<StatusReport> {
        let status = StatusReport::new(session, client.now());
        if self.last.borrow().is_same_state(&status) {
            return None;
        }
        self.last.replace(status.clone());
        Some(status)
    }
}

/// Returns a struct as a JavaScript object. `None` becomes `null`.
pub(crate) fn to_js<T: Serialize>(value: &T) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true);
    // It fails only for maps with odd keys and numbers that JavaScript cannot hold; there are none.
    value.serialize(&serializer).unwrap_or(JsValue::NULL)
}

fn piece(rows: Rows) -> JsValue {
    match rows {
        Rows::Lines(json) => json.into(),
        Rows::Notice(notice) => to_js(&notice),
    }
}
