//! Requests a response once, by `fetch`, because an EventSource does not report why it failed: its
//! head and, if that is a stream's, an error in its body. Judges nothing.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, Response, ResponseType,
};

use crate::browser::task;
use logs_sse_core::connection::ResponseHead;

/// A request in progress. Dropping it aborts the request, and its response is not reported.
#[must_use = "the request is aborted on drop"]
pub(crate) struct Probe {
    abort: AbortController,
    /// The response is reported only while this is held.
    _alive: Rc<()>,
    _timeout: Timeout,
}

impl Probe {
    /// Requests `url` as an EventSource would, with the cookies of another origin if
    /// `with_credentials` is set. `on_response` is called once, unless the probe is dropped first.
    pub(crate) fn start(
        url: &str,
        with_credentials: bool,
        on_response: impl FnOnce(ResponseHead) + 'static,
    ) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let request =
            request(url, "text/event-stream", with_credentials, &JsValue::UNDEFINED, &abort)?;
        let response = web_sys::window()?.fetch_with_request(&request);
        let alive = Rc::new(());
        let (finished, timed_out, is_alive) = (abort.clone(), abort.clone(), Rc::downgrade(&alive));
        // A task, not closures of our own: an aborted request still settles, after such closures
        // would have been dropped.
        task::spawn(async move {
            let response = JsFuture::from(response).await;
            // No `dyn_ref`: a `fetch` that the page replaced may return another window's class.
            let head = match response {
                Ok(response) => read(response.unchecked_ref()).await,
                Err(_) => ResponseHead::Nothing,
            };
            // Nothing more is needed; the body of a stream would never end.
            finished.abort();
            if is_alive.upgrade().is_some() {
                on_response(head);
            }
        });
        let timeout = Timeout::new(TIMEOUT_MS, move || timed_out.abort());
        Some(Self { abort, _alive: alive, _timeout: timeout })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// Returns a request for `url` that accepts `media_type`, is not cached and follows no redirect.
///
/// `headers` is what a host adds; undefined for nothing.
pub(super) fn request(
    url: &str,
    media_type: &str,
    with_credentials: bool,
    headers: &JsValue,
    abort: &AbortController,
) -> Option<Request> {
    let init = RequestInit::new();
    if !headers.is_undefined() {
        init.set_headers(headers);
    }
    init.set_signal(Some(&abort.signal()));
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(if with_credentials {
        RequestCredentials::Include
    } else {
        RequestCredentials::SameOrigin
    });
    // A login page behind a redirect would respond with 200.
    init.set_redirect(RequestRedirect::Manual);
    let request = Request::new_with_str_and_init(url, &init).ok()?;
    request.headers().set("Accept", media_type).ok()?;
    Some(request)
}

/// Reads the head, and the body as well if only that tells whether this is a stream.
async fn read(response: &Response) -> ResponseHead {
    let head = read_head(response);
    if !head.is_stream() {
        return head;
    }
    let error = read_object(response, MAX_ERROR_BYTES).await;
    error.and_then(|body| ResponseHead::read_body(&body)).unwrap_or(head)
}

/// Returns the body if it may be a JSON object of at most `limit` bytes. Otherwise only its first
/// bytes are read, which a healthy stream sends at once.
pub(super) async fn read_object(response: &Response, limit: usize) -> Option<String> {
    let reader: ReadableStreamDefaultReader = response.body()?.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await.ok()?;
        let value = Reflect::get(&chunk, &JsValue::from_str("value")).ok()?;
        if value.is_undefined() {
            return String::from_utf8(bytes).ok();
        }
        bytes.extend(Uint8Array::new(&value).to_vec());
        if bytes.len() > limit || !bytes.trim_ascii_start().starts_with(b"{") {
            return None;
        }
    }
}

fn read_head(response: &Response) -> ResponseHead {
    if response.type_() == ResponseType::Opaqueredirect {
        return ResponseHead::Redirect;
    }
    let header = |name| response.headers().get(name).ok().flatten().unwrap_or_default();
    ResponseHead::read(response.status(), &header("Content-Type"), &header("Retry-After"))
}

/// Longer than a healthy server needs for a response head, shorter than a person waits for a
/// reason.
const TIMEOUT_MS: u32 = 5_000;

/// No error of a server is longer.
const MAX_ERROR_BYTES: usize = 16 << 10;
