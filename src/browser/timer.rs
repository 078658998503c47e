//! A timer of any window, owned: it does not ring after the drop. `gloo-timers` knows the page's
//! own window only.

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Window;

/// Rings once.
#[derive(Debug)]
#[must_use = "the timer does not ring after the drop"]
pub(crate) struct Timer {
    /// The handle is a number in browsers. Test clocks return larger ones than 32 bits hold, and
    /// objects.
    set: Option<(Window, JsValue)>,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Will call `ring` after `millis`, by the clock of `window`, which goes slower while that is
    /// hidden.
    pub(crate) fn new(window: Option<Window>, millis: u32, ring: impl FnOnce() + 'static) -> Self {
        let callback = Closure::once(ring);
        // Browsers read more than 31 bits as no time at all.
        let millis = millis.min(u32::MAX >> 1);
        let set = window.and_then(|window| {
            let handle = function(&window, "setTimeout")?
                .call2(&window, callback.as_ref(), &millis.into())
                .ok()?;
            Some((window, handle))
        });
        Self { set, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((window, handle)) = &self.set {
            // It fails only for a window that is gone, and its timers with it.
            let _ = function(window, "clearTimeout").map(|clear| clear.call1(window, handle));
        }
    }
}

/// Returns the function that `window` has under `name` now; a test clock may have replaced it.
pub(crate) fn function(window: &Window, name: &str) -> Option<Function> {
    Reflect::get(window, &name.into()).ok().map(JsCast::unchecked_into)
}
