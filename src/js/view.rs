//! The engine with its view, as JavaScript holds it.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use js_sys::Function;
use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

use crate::browser::Client;
use crate::js::listener::Listener;
use crate::js::options;
use crate::ui::Live;
use logs_sse_core::store::Capacity;
use logs_sse_core::target::Target;

/// A mounted live log. Freeing it closes the stream and takes the view out of the page.
#[wasm_bindgen]
pub struct LogView {
    live: Live,
    listener: Rc<Listener>,
    // In this order they end: the view, then what it stands on.
    _view: Box<dyn Any>,
    _owner: Owner,
}

#[wasm_bindgen]
impl LogView {
    /// Mounts a view that is not connected yet into `element`. `tell(rows or undefined, status or
    /// undefined, isFrame)` hears all that is new; `open` opens streams (see `Opener`), or is
    /// undefined.
    #[wasm_bindgen(constructor)]
    pub fn new(
        element: HtmlElement,
        tell: Function,
        open: Option<Function>,
        capacity: u32,
        encoded_options: &[f64],
    ) -> Self {
        let capacity = Capacity::of_lines(capacity as usize);
        let options = options::options(capacity, encoded_options);
        let listener = Rc::new(Listener::new(tell, false));
        let owner = Owner::new_root(None);
        let (live, view) = owner.with(|| {
            let live = Live::new(options, options::opener(open));
            let view: Box<dyn Any> =
                Box::new(leptos::mount::mount_to(element, move || crate::ui::live_view(live)));
            (live, view)
        });
        let told = Rc::clone(&listener);
        live.with(|client| {
            client.on_update(move |is_frame| live.with(|client| told.tell(client, is_frame)))
        });
        Self { live, listener, _view: view, _owner: owner }
    }

    /// Reads one workflow over a proxy route.
    pub fn follow_workflow(
        &self,
        service: &str,
        workspace_id: &str,
        workflow_id: &str,
        endpoint: &str,
    ) {
        self.live.with(|client| {
            client.set_target(Target::new(service, workspace_id, workflow_id, endpoint))
        });
    }

    /// Changes how many lines are held.
    pub fn set_capacity(&self, capacity: u32) {
        self.live.with(|client| client.set_capacity(Capacity::of_lines(capacity as usize)));
    }

    /// Changes the heading of the live section.
    pub fn set_title(&self, title: String) {
        self.live.title.set(title);
    }

    /// Changes how times are written; an empty text means as ISO date and time.
    pub fn set_locale(&self, locale: String) {
        self.live.locale.set(locale);
    }

    /// Whether `tell` is to hear of rows from now on.
    pub fn tell_rows(&self, wanted: bool) {
        self.live.with(|client| self.listener.want_rows(client, wanted));
    }

    /// Changes whether cookies are sent to a stream of another origin.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.live.with(|client| client.set_with_credentials(with_credentials));
    }

    /// Begins.
    pub fn connect(&self) {
        self.live.with(Client::connect);
    }

    /// Ends.
    pub fn disconnect(&self) {
        self.live.with(Client::disconnect);
    }

    /// Cuts a wait short.
    pub fn retry_now(&self) {
        self.live.with(Client::retry_now);
    }

    /// Lets all lines go.
    pub fn clear(&self) {
        self.live.with(|client| {
            // What came and is not told yet is not lost to whoever listens.
            self.listener.tell(client, false);
            client.clear();
        });
    }

    /// The status as JSON.
    pub fn status(&self) -> String {
        self.live.with(Client::report)
    }
}

impl fmt::Debug for LogView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogView").field("listener", &self.listener).finish_non_exhaustive()
    }
}
