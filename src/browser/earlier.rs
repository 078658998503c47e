//! Requests one page of history by `fetch`. Judges nothing.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, Response};

use crate::browser::probe::request;

/// A request in progress. Dropping it aborts the request, and its response is not reported.
#[must_use = "the request is aborted on drop"]
pub(crate) struct EarlierFetch {
    abort: AbortController,
    /// The response is reported only while this is held.
    _alive: Rc<()>,
    _timeout: Timeout,
}

impl EarlierFetch {
    /// Requests `url`, with the cookies of another origin if `with_credentials` is set.
    /// `on_response` is called once with the status and the body, or with `None` if there was no
    /// response, unless the request is dropped first. Returns `None` if the browser cannot request.
    pub(crate) fn start(
        url: &str,
        with_credentials: bool,
        on_response: impl FnOnce(Option<(u16, String)>) + 'static,
    ) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let request = request(url, "application/json", with_credentials, &abort)?;
        let response = web_sys::window()?.fetch_with_request(&request);
        let alive = Rc::new(());
        let (timed_out, is_alive) = (abort.clone(), Rc::downgrade(&alive));
        // A task, not closures of our own: an aborted request still settles, after such closures
        // would have been dropped.
        spawn_local(async move {
            let response = read(JsFuture::from(response)).await;
            if is_alive.upgrade().is_some() {
                on_response(response);
            }
        });
        let timeout = Timeout::new(TIMEOUT_MS, move || timed_out.abort());
        Some(Self { abort, _alive: alive, _timeout: timeout })
    }
}

impl Drop for EarlierFetch {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

async fn read(response: JsFuture) -> Option<(u16, String)> {
    // No `dyn_into`: a `fetch` that the page replaced may return another window's class.
    let response: Response = response.await.ok()?.unchecked_into();
    let body = JsFuture::from(response.text().ok()?).await.ok()?;
    Some((response.status(), body.as_string()?))
}

/// Longer than a page of history takes on a slow link.
const TIMEOUT_MS: u32 = 20_000;
