//! The engine without a view, as JavaScript holds it.

use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::browser::Client;
use crate::js::policy;
use crate::js::teller::Teller;
use logs_sse_core::store::Capacity;
use logs_sse_core::target::Target;

/// A stream of logs. The lines rest with the listener; here they only pass through.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LogStream {
    told: Rc<Told>,
}

#[derive(Debug)]
struct Told {
    client: Client,
    teller: Teller,
}

#[wasm_bindgen]
impl LogStream {
    /// A stream that is not connected yet. `tell(rows or undefined, status or undefined, isFrame)`
    /// hears all that is new; `open` opens streams (see `Opener`), or is undefined.
    #[wasm_bindgen(constructor)]
    pub fn new(tell: Function, open: Option<Function>, policy: &[f64]) -> Self {
        let options = policy::options(PASSING, policy);
        let told = Rc::new(Told {
            client: Client::opening(policy::opener(open), options, |_| true),
            teller: Teller::new(tell, true),
        });
        let me: Weak<Told> = Rc::downgrade(&told);
        told.client.hear(move |is_frame| {
            if let Some(told) = me.upgrade() {
                told.teller.tell(&told.client, is_frame);
            }
        });
        told.client.keep_from(Some(0));
        Self { told }
    }

    /// Reads one workflow over a proxy route.
    pub fn follow_workflow(
        &self,
        service: &str,
        workspace_id: &str,
        workflow_id: &str,
        endpoint: &str,
    ) {
        self.told.client.set_target(Target::new(service, workspace_id, workflow_id, endpoint));
    }

    /// Reads channels over a gateway; a comma stands between them.
    pub fn follow_channels(&self, channels: &str, gateway: &str) {
        self.told.client.set_target(Target::of_channels(
            channels.split(',').filter(|channel| !channel.is_empty()),
            gateway,
        ));
    }

    /// Changes whether cookies are sent to a stream of another origin.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.told.client.set_with_credentials(with_credentials);
    }

    /// Begins.
    pub fn connect(&self) {
        self.told.client.connect();
    }

    /// Ends.
    pub fn disconnect(&self) {
        self.told.client.disconnect();
    }

    /// Cuts a wait short.
    pub fn retry_now(&self) {
        self.told.client.retry_now();
    }

    /// The status as JSON.
    pub fn status(&self) -> String {
        self.told.client.report()
    }
}

/// Lines are kept until the listener has heard them, and it holds its own.
const PASSING: Capacity = Capacity { lines: 1, bytes: 0 };
