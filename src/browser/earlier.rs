//! Requests one page of history by `fetch`. Judges nothing.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Response};

use crate::browser::probe::{read_object, request};
use crate::browser::task;

/// A request in progress. Dropping it aborts the request, and its response is not reported.
#[must_use = "the request is aborted on drop"]
pub(crate) struct EarlierFetch {
    abort: AbortController,
    /// The response is reported only while this is held.
    _alive: Rc<()>,
    _timeout: Timeout,
}

impl EarlierFetch {
    /// Requests `url`, with the cookies of another origin if `with_credentials` is set, and with
    /// the headers that `provide` returns or promises.
    ///
    /// `on_response` is called once with the status and the body, or with `None` if there was no
    /// response, unless the request is dropped first. Returns `None` if the browser cannot request.
    pub(crate) fn start(
        url: String,
        with_credentials: bool,
        provide: Option<Function>,
        on_response: impl FnOnce(Option<(u16, String)>) + 'static,
    ) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let requested = abort.clone();
        let alive = Rc::new(());
        let (timed_out, is_alive) = (abort.clone(), Rc::downgrade(&alive));
        // Whichever is first reports: the headers that a host promises may never come.
        let first = Rc::new(Cell::new(Some(on_response)));
        let late = Rc::clone(&first);
        // A task, not closures of our own: an aborted request still settles, after such closures
        // would have been dropped.
        task::spawn(async move {
            let response = fetch(&url, with_credentials, provide, &requested).await;
            if is_alive.upgrade().is_some()
                && let Some(on_response) = first.take()
            {
                on_response(response);
            }
        });
        let timeout = Timeout::new(TIMEOUT_MS, move || {
            timed_out.abort();
            if let Some(on_response) = late.take() {
                // Later, since the callback drops this timer.
                task::spawn(async move { on_response(None) });
            }
        });
        Some(Self { abort, _alive: alive, _timeout: timeout })
    }
}

impl Drop for EarlierFetch {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

async fn fetch(
    url: &str,
    with_credentials: bool,
    provide: Option<Function>,
    abort: &AbortController,
) -> Option<(u16, String)> {
    let headers = match provide {
        Some(provide) => {
            let headers = provide.call0(&JsValue::NULL).ok()?;
            JsFuture::from(Promise::resolve(&headers)).await.ok()?
        }
        None => JsValue::UNDEFINED,
    };
    let request = request(url, "application/json", with_credentials, &headers, abort)?;
    let response = JsFuture::from(web_sys::window()?.fetch_with_request(&request)).await.ok()?;
    // No `dyn_into`: a `fetch` that the page replaced may return another window's class.
    let response: Response = response.unchecked_into();
    let body = read_object(&response, MAX_PAGE_BYTES).await;
    Some((response.status(), body.unwrap_or_default()))
}

/// Four times what a gateway sends in one page.
const MAX_PAGE_BYTES: usize = 4 << 20;

/// Longer than a page of history takes on a slow link.
const TIMEOUT_MS: u32 = 20_000;
