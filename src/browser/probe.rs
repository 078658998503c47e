//! One question after the head of an answer, by `fetch`: an EventSource does not tell why it failed. Asks once, judges nothing.

use std::time::Duration;

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::JsValue;
use web_sys::{AbortController, Request, RequestCache, RequestCredentials, RequestInit, RequestRedirect, Response, ResponseType};

use crate::core::connection::Finding;

/// A question that is under way. On drop nobody wants to know any more, and the request is ended.
#[must_use = "the question is withdrawn on drop"]
pub(crate) struct Probe {
    abort: AbortController,
    _answered: [Closure<dyn FnMut(JsValue)>; 2],
    _timeout: Timeout,
}

impl Probe {
    /// Asks `url`, as an EventSource would. `on_finding` hears once, unless the probe is dropped before.
    pub(crate) fn ask(url: &str, on_finding: impl Fn(Finding) + Clone + 'static) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let request = request(url, &abort)?;
        let (found, failed) = (on_finding.clone(), on_finding);
        let ended = abort.clone();
        let answered = Closure::new(move |answer: JsValue| {
            let finding = answer.dyn_ref::<Response>().map_or(Finding::Nothing, finding);
            // The head was all that was wanted; a stream would go on for ever.
            ended.abort();
            found(finding);
        });
        let refused = Closure::new(move |_| failed(Finding::Nothing));
        let promise = web_sys::window()?.fetch_with_request(&request);
        let _ = promise.then2(&answered, &refused);
        let on_time = abort.clone();
        let timeout = Timeout::new(u32::try_from(PATIENCE.as_millis()).unwrap_or(u32::MAX), move || on_time.abort());
        Some(Self { abort, _answered: [answered, refused], _timeout: timeout })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

fn request(url: &str, abort: &AbortController) -> Option<Request> {
    let init = RequestInit::new();
    init.set_signal(Some(&abort.signal()));
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::SameOrigin);
    // A login page behind a redirect would answer 200.
    init.set_redirect(RequestRedirect::Manual);
    let request = Request::new_with_str_and_init(url, &init).ok()?;
    request.headers().set("Accept", "text/event-stream").ok()?;
    Some(request)
}

fn finding(answer: &Response) -> Finding {
    if answer.type_() == ResponseType::Opaqueredirect {
        return Finding::Redirect;
    }
    let header = |name| answer.headers().get(name).ok().flatten();
    Finding::Answer {
        status: answer.status(),
        is_stream: header("Content-Type").is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")),
        // As a date it says nothing that a page with a wrong clock could use.
        retry_after: header("Retry-After").and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs),
    }
}

/// Longer than a healthy server takes for a head, shorter than a person waits for a reason.
const PATIENCE: Duration = Duration::from_secs(5);
