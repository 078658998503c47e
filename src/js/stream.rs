//! The client without a view, as JavaScript holds it.

use std::rc::{Rc, Weak};

use js_sys::{Error, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::browser::Client;
use crate::js::listener::{Listener, to_js};
use crate::js::options::{ClientOptions, channels_target, opener};
use logs_sse_core::js_export::StatusReport;
use logs_sse_core::store::Capacity;
use logs_sse_core::target::Target;

/// A stream of logs. The listener keeps the lines; here they only pass through.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LogStream {
    inner: Rc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    listener: Listener,
}

#[wasm_bindgen]
impl LogStream {
    /// Creates a stream that is not connected. `notify(rows or undefined, status or undefined,
    /// isFrame)` receives what is new, where rows are an array of JSON texts of lines and of notices;
    /// `open` opens streams (see `Opener`), or is undefined.
    ///
    /// # Errors
    /// Throws an `Error` that names the option with a wrong value.
    #[wasm_bindgen(constructor)]
    pub fn new(notify: Function, open: Option<Function>, options: JsValue) -> Result<Self, Error> {
        let options = ClientOptions::from_js(options).map_err(|error| Error::new(&error))?;
        let inner = Rc::new(Inner {
            client: Client::with_opener(opener(open), options.client(PASSING, 0), |_| true),
            listener: Listener::new(notify, true),
        });
        let me: Weak<Inner> = Rc::downgrade(&inner);
        inner.client.on_update(move |is_frame| {
            if let Some(inner) = me.upgrade() {
                inner.listener.update(&inner.client, is_frame);
            }
        });
        inner.client.retain_from(Some(0));
        Ok(Self { inner })
    }

    /// Selects one workflow, read through a proxy route.
    pub fn follow_workflow(
        &self,
        service: &str,
        workspace_id: &str,
        workflow_id: &str,
        endpoint: &str,
    ) {
        self.inner.client.set_target(Target::new(service, workspace_id, workflow_id, endpoint));
    }

    /// Selects channels of a gateway, separated by commas.
    pub fn follow_channels(&self, channels: &str, gateway: &str) {
        self.inner.client.set_target(channels_target(channels, gateway));
    }

    /// Sets whether cookies are sent to a stream of another origin.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.inner.client.set_with_credentials(with_credentials);
    }

    /// Opens the stream, and keeps it open across failures.
    pub fn connect(&self) {
        self.inner.client.connect();
    }

    /// Closes the stream. The position is kept.
    pub fn disconnect(&self) {
        self.inner.client.disconnect();
    }

    /// Retries now instead of after the delay.
    pub fn retry_now(&self) {
        self.inner.client.retry_now();
    }

    /// Returns the status, a [`StatusReport`] as an object.
    pub fn status(&self) -> JsValue {
        let client = &self.inner.client;
        to_js(&client.with_session(|session| StatusReport::new(session, client.now())))
    }
}

/// Lines are kept until they are delivered, since the listener keeps its own.
const PASSING: Capacity = Capacity { lines: 1, bytes: 0 };
