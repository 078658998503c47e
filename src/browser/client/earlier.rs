//! Lines from before the oldest one: loads them by `fetch` when the page asks for them.

use js_sys::Function;

use super::{Client, Inner, with};
use crate::browser::earlier::EarlierFetch;
use logs_sse_core::session::{EarlierRequest, KnownLines};

impl Client {
    /// Drops lines that were loaded beyond the capacity, once the reader is at the newest line.
    pub fn release_earlier(&self) {
        self.inner.session.borrow_mut().release_earlier();
    }

    /// Sets the function that returns or promises the host's headers for requests of earlier lines.
    pub fn set_headers(&self, provide: Option<Function>) {
        *self.inner.view.headers.borrow_mut() = provide;
    }

    /// Sets which lines the page shows elsewhere, and which are left out here from now on.
    pub fn set_known(&self, known: KnownLines) {
        self.inner.session.borrow_mut().set_known(known);
    }

    /// Loads lines from before the oldest one, if the gateway holds any and none are being loaded.
    pub fn load_earlier(&self) {
        let request = self.inner.session.borrow_mut().request_earlier();
        let Some(request) = request else { return };
        let me = self.inner.me.clone();
        let requested = request.clone();
        let on_response = move |response: Option<(u16, String)>| {
            with(&me, |inner| {
                drop(inner.view.earlier.take());
                let response = response.as_ref();
                let response = response.map(|(status, body)| (*status, body.as_str()));
                inner.handle_earlier(&requested, response);
                // With several channels, a page of each is needed before any is shown.
                if inner.session.borrow().continues_earlier()
                    && let Some(inner) = inner.me.upgrade()
                {
                    Self { inner }.load_earlier();
                }
            });
        };
        let inner = &self.inner;
        let (url, credentials) = (request.url.clone(), inner.with_credentials.get());
        let provide = inner.view.headers.borrow().clone();
        let fetch = EarlierFetch::start(url, credentials, provide, on_response);
        if fetch.is_none() {
            self.inner.handle_earlier(&request, None);
        }
        *self.inner.view.earlier.borrow_mut() = fetch;
        self.inner.frame.request();
    }
}

impl Inner {
    fn handle_earlier(&self, request: &EarlierRequest, response: Option<(u16, &str)>) {
        self.session.borrow_mut().handle_earlier(request, response);
        self.request_frame();
    }
}
