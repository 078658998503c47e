//! The engine without a view, as JavaScript holds it.

use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::browser::Client;
use crate::js::listener::Listener;
use crate::js::options;
use logs_sse_core::store::Capacity;
use logs_sse_core::target::Target;

/// A stream of logs. The lines rest with the listener; here they only pass through.
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
    /// A stream that is not connected yet. `tell(rows or undefined, status or undefined, isFrame)`
    /// hears all that is new; `open` opens streams (see `Opener`), or is undefined.
    #[wasm_bindgen(constructor)]
    pub fn new(tell: Function, open: Option<Function>, encoded_options: &[f64]) -> Self {
        let options = options::options(PASSING, encoded_options);
        let inner = Rc::new(Inner {
            client: Client::with_opener(options::opener(open), options, |_| true),
            listener: Listener::new(tell, true),
        });
        let me: Weak<Inner> = Rc::downgrade(&inner);
        inner.client.on_update(move |is_frame| {
            if let Some(inner) = me.upgrade() {
                inner.listener.tell(&inner.client, is_frame);
            }
        });
        inner.client.retain_from(Some(0));
        Self { inner }
    }

    /// Reads one workflow over a proxy route.
    pub fn follow_workflow(
        &self,
        service: &str,
        workspace_id: &str,
        workflow_id: &str,
        endpoint: &str,
    ) {
        self.inner.client.set_target(Target::new(service, workspace_id, workflow_id, endpoint));
    }

    /// Reads channels over a gateway; a comma stands between them.
    pub fn follow_channels(&self, channels: &str, gateway: &str) {
        self.inner.client.set_target(Target::of_channels(
            channels.split(',').filter(|channel| !channel.is_empty()),
            gateway,
        ));
    }

    /// Changes whether cookies are sent to a stream of another origin.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.inner.client.set_with_credentials(with_credentials);
    }

    /// Begins.
    pub fn connect(&self) {
        self.inner.client.connect();
    }

    /// Ends.
    pub fn disconnect(&self) {
        self.inner.client.disconnect();
    }

    /// Cuts a wait short.
    pub fn retry_now(&self) {
        self.inner.client.retry_now();
    }

    /// The status as JSON.
    pub fn status(&self) -> String {
        self.inner.client.report()
    }
}

/// Lines are kept until the listener has heard them, and it holds its own.
const PASSING: Capacity = Capacity { lines: 1, bytes: 0 };
