//! A timer of any window, owned: it does not ring after the drop. `gloo-timers` knows the page's own window only.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Window;

/// Rings once.
#[derive(Debug)]
#[must_use = "the timer does not ring after the drop"]
pub(crate) struct Timer {
    set: Option<(Window, i32)>,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Will call `ring` after `millis`, by the clock of `window`, which goes slower while that is hidden.
    pub(crate) fn new(window: Option<Window>, millis: u32, ring: impl FnOnce() + 'static) -> Self {
        let callback = Closure::once(ring);
        let millis = i32::try_from(millis).unwrap_or(i32::MAX);
        let set = window.and_then(|window| {
            let handle = window.set_timeout_with_callback_and_timeout_and_arguments_0(callback.as_ref().unchecked_ref(), millis);
            Some((window, handle.ok()?))
        });
        Self { set, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((window, handle)) = &self.set {
            window.clear_timeout_with_handle(*handle);
        }
    }
}
