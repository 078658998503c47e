//! One question after the head of an answer, by `fetch`: an EventSource does not tell why it
//! failed. Asks once, judges nothing.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, Request, RequestCache, RequestCredentials, RequestInit, RequestRedirect,
    Response, ResponseType,
};

use logs_sse_core::connection::ResponseHead;

/// A question that is under way. On drop nobody wants to know any more, and the request is ended.
#[must_use = "the question is withdrawn on drop"]
pub(crate) struct Probe {
    abort: AbortController,
    /// The answer is told only while this is held.
    _wanted: Rc<()>,
    _timeout: Timeout,
}

impl Probe {
    /// Asks `url`, as an EventSource would; with the cookies of another origin where
    /// `with_credentials` says so. `on_finding` hears once, unless the probe is dropped before.
    pub(crate) fn ask(
        url: &str,
        with_credentials: bool,
        on_finding: impl FnOnce(ResponseHead) + 'static,
    ) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let answer =
            web_sys::window()?.fetch_with_request(&request(url, with_credentials, &abort)?);
        let wanted = Rc::new(());
        let (ended, on_time, is_wanted) = (abort.clone(), abort.clone(), Rc::downgrade(&wanted));
        // A task, not closures of our own: an ended request still answers, when such closures would
        // be gone.
        spawn_local(async move {
            let answer = JsFuture::from(answer).await;
            // No `dyn_ref`: a `fetch` that a page replaced may answer with another window's class.
            let finding =
                answer.map_or(ResponseHead::Nothing, |answer| finding(answer.unchecked_ref()));
            // The head was all that was wanted; a stream would go on for ever.
            ended.abort();
            if is_wanted.upgrade().is_some() {
                on_finding(finding);
            }
        });
        let timeout = Timeout::new(PATIENCE_MS, move || on_time.abort());
        Some(Self { abort, _wanted: wanted, _timeout: timeout })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

fn request(url: &str, with_credentials: bool, abort: &AbortController) -> Option<Request> {
    let init = RequestInit::new();
    init.set_signal(Some(&abort.signal()));
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(if with_credentials {
        RequestCredentials::Include
    } else {
        RequestCredentials::SameOrigin
    });
    // A login page behind a redirect would answer 200.
    init.set_redirect(RequestRedirect::Manual);
    let request = Request::new_with_str_and_init(url, &init).ok()?;
    request.headers().set("Accept", "text/event-stream").ok()?;
    Some(request)
}

fn finding(answer: &Response) -> ResponseHead {
    if answer.type_() == ResponseType::Opaqueredirect {
        return ResponseHead::Redirect;
    }
    let header = |name| answer.headers().get(name).ok().flatten().unwrap_or_default();
    ResponseHead::read(answer.status(), &header("Content-Type"), &header("Retry-After"))
}

/// Longer than a healthy server takes for a head, shorter than a person waits for a reason.
const PATIENCE_MS: u32 = 5_000;
