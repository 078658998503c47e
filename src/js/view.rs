//! The client with its view, as JavaScript holds it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use any_spawner::Executor;
use js_sys::{Error, Function};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

use crate::browser::{Client, language};
use crate::js::listener::{Listener, to_js};
use crate::js::options::{ClientOptions, opener};
use crate::ui::{Built, DEFAULT_TAIL, Live};
use logs_sse_core::js_export::{StatusReport, line_record};
use logs_sse_core::session::KnownLines;
use logs_sse_core::settings::Setting;
use logs_sse_core::store::Capacity;
use logs_sse_core::target::Target;
use logs_sse_core::viewport::Order;
use logs_sse_core::words::Word;

/// A mounted viewer. Freeing it closes the stream and removes the view from the page.
#[wasm_bindgen]
pub struct LogView {
    live: Live,
    listener: Rc<Listener>,
    /// The heading that the page set.
    title: RefCell<String>,
    view: RefCell<Shown>,
    owner: Owner,
}

/// What is in the page.
struct Shown {
    // Dropped in this order: the view, then its owner.
    view: Built,
    owner: Owner,
}

#[wasm_bindgen]
impl LogView {
    /// Mounts a view that is not connected into `element`. `notify(rows or undefined, status or
    /// undefined, isFrame)` receives what is new (see `LogStream`); `open` opens streams (see
    /// `Opener`), or is undefined; `language` is an object for `language::words`, or undefined.
    ///
    /// # Errors
    /// Throws an `Error` that names the option with a wrong value.
    #[wasm_bindgen(constructor)]
    pub fn new(
        element: &HtmlElement,
        notify: Function,
        open: Option<Function>,
        options: JsValue,
        language: &JsValue,
    ) -> Result<Self, Error> {
        let options = ClientOptions::from_js(options).map_err(|error| Error::new(&error))?;
        let client_options = options.client(options.capacity(), DEFAULT_TAIL);
        let words = language::words(language);
        let listener = Rc::new(Listener::new(notify, false));
        // This fails if another view has set the executor already.
        let _ = Executor::init_wasm_bindgen();
        let owner = Owner::new_root(None);
        let live = owner.with(|| Live::new(client_options, opener(open), words));
        let shown = Shown::new(&owner, live);
        // This fails only for an element that cannot have children.
        let _ = element.append_child(shown.view.element());
        let updated = Rc::clone(&listener);
        live.with(|client| {
            client.on_update(move |is_frame| live.with(|client| updated.update(client, is_frame)));
        });
        let (title, view) = (RefCell::default(), RefCell::new(shown));
        Ok(Self { live, listener, title, view, owner })
    }

    /// Selects one workflow, read through a proxy route.
    pub fn follow_workflow(
        &self,
        service: &str,
        workspace_id: &str,
        workflow_id: &str,
        endpoint: &str,
    ) {
        self.live.with(|client| {
            client.set_target(Target::new(service, workspace_id, workflow_id, endpoint));
        });
    }

    /// Sets how many lines are kept.
    pub fn set_capacity(&self, capacity: u32) {
        self.live.with(|client| client.set_capacity(Capacity::from_lines(capacity as usize)));
    }

    /// Sets the heading of the live section.
    pub fn set_title(&self, title: String) {
        // That of a page that sets none.
        let is_default = title == Word::Title.english();
        let shown = if is_default { self.live.word(Word::Title) } else { title.clone() };
        self.live.title.set(shown);
        self.title.replace(title);
    }

    /// Sets the language, as in `new`, and draws the view again: it reads words once.
    pub fn set_language(&self, language: &JsValue) {
        let live = self.live;
        live.with(|client| client.set_words(language::words(language)));
        self.set_title(self.title.take());
        live.forget_elements();
        let next = Shown::new(&self.owner, live);
        let last = self.view.replace(next);
        let view = self.view.borrow();
        // This fails only for an element that is in no document.
        let _ = last.view.element().replace_with_with_node_1(view.view.element());
        last.owner.cleanup();
        if let Some(search) = live.search.get_untracked() {
            search.set_value(&live.query().text);
        }
    }

    /// Sets the locale of times; an empty one means ISO 8601.
    pub fn set_locale(&self, locale: String) {
        self.live.locale.set(locale);
    }

    /// Sets whether the page's title says what is new while the page is hidden.
    pub fn set_title_badge(&self, is_shown: bool) {
        self.live.title_badge.set(is_shown);
    }

    /// Sets after how many seconds a screen reader announces new lines; 0 for never.
    pub fn set_announce_every(&self, seconds: u32) {
        self.live.announce_every.set(seconds);
    }

    /// Sets whether the fragment of the page's address leads to a line and a filter.
    pub fn set_links(&self, are_on: bool) {
        self.live.links.set(are_on);
    }

    /// Sets whether lines wrap, until the reader changes it.
    pub fn set_wrap(&self, wraps: bool) {
        self.live.set_wrap(wraps);
    }

    /// Sets the order of the lines, `newest-first` or `oldest-first`, until the reader changes it.
    pub fn set_order(&self, order: &str) {
        Order::parse(order).into_iter().for_each(|order| self.live.set_order(order));
    }

    /// Sets whether the reader's settings are stored from now on.
    pub fn set_remember(&self, is_remembered: bool) {
        self.live.remember(is_remembered);
    }

    /// Sets whether rows are delivered from now on.
    pub fn tell_rows(&self, wanted: bool) {
        self.live.with(|client| self.listener.want_rows(client, wanted));
    }

    /// Sets which lines the page shows elsewhere: those for whose JSON record `is_known` returns
    /// `true`. It must not call back into the view.
    pub fn set_known(&self, is_known: Option<Function>) {
        let known = is_known.map_or_else(KnownLines::default, |is_known| {
            KnownLines::new(move |raw| {
                let record = JsValue::from_str(&line_record(raw));
                let answer = is_known.call1(&JsValue::NULL, &record);
                answer.is_ok_and(|answer| answer.is_truthy())
            })
        });
        self.live.with(|client| client.set_known(known));
    }

    /// Sets the function that returns or promises the headers for requests of earlier lines.
    pub fn set_headers(&self, provide: Option<Function>) {
        self.live.with(|client| client.set_headers(provide));
    }

    /// Sets whether cookies are sent to a stream of another origin.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.live.with(|client| client.set_with_credentials(with_credentials));
    }

    /// Opens the stream, and keeps it open across failures.
    pub fn connect(&self) {
        self.live.with(Client::connect);
    }

    /// Closes the stream. The position is kept.
    pub fn disconnect(&self) {
        self.live.with(Client::disconnect);
    }

    /// Retries now instead of after the delay.
    pub fn retry_now(&self) {
        self.live.with(Client::retry_now);
    }

    /// Removes all lines. The connection is not affected.
    pub fn clear(&self) {
        self.live.with(|client| {
            // Lines that were not delivered yet are not lost to the listener.
            self.listener.update(client, false);
            client.clear();
        });
    }

    /// Returns the status, a [`StatusReport`] as an object.
    pub fn status(&self) -> JsValue {
        self.live.with(|client| {
            to_js(&client.with_session(|session| StatusReport::new(session, client.now())))
        })
    }
}

impl Shown {
    fn new(owner: &Owner, live: Live) -> Self {
        let owner = owner.child();
        let view = owner.with(|| crate::ui::live_view(live));
        Self { view, owner }
    }
}

impl Drop for LogView {
    fn drop(&mut self) {
        self.view.borrow().view.element().remove();
    }
}

impl fmt::Debug for LogView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogView").field("listener", &self.listener).finish_non_exhaustive()
    }
}
