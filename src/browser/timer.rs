//! An owned timer of any window: it does not fire after the drop. `gloo-timers` only supports the
//! page's own window.

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Window;

/// A timer that fires once.
#[derive(Debug)]
#[must_use = "the timer does not fire after the drop"]
pub struct Timer {
    /// The window and its handle for the timer, which is a number in browsers. Test clocks return
    /// numbers beyond 32 bits, or objects.
    handle: Option<(Window, JsValue)>,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `on_fire` after `millis` milliseconds by the clock of `window`, which is slower while
    /// the window is hidden.
    pub fn new(window: Option<Window>, millis: u32, on_fire: impl FnOnce() + 'static) -> Self {
        let callback = Closure::once(on_fire);
        // Browsers treat more than 31 bits as no delay at all.
        let millis = millis.min(u32::MAX >> 1);
        let handle = window.and_then(|window| {
            let id = function(&window, "setTimeout")?
                .call2(&window, callback.as_ref(), &millis.into())
                .ok()?;
            Some((window, id))
        });
        Self { handle, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((window, id)) = &self.handle {
            // This fails only if the window is closed, and its timers with it.
            let _ = function(window, "clearTimeout").map(|clear| clear.call1(window, id));
        }
    }
}

/// Returns the function that `window` has under `name` now; a test clock may have replaced it.
pub(crate) fn function(window: &Window, name: &str) -> Option<Function> {
    Reflect::get(window, &name.into()).ok().map(JsCast::unchecked_into)
}
