//! Tells when an element's size changes. Owned: nothing is told after the drop.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

/// Watches one element.
#[must_use = "nothing is told after the drop"]
pub struct Resize {
    raw: Option<ResizeObserver>,
    _callback: Closure<dyn FnMut()>,
}

impl Resize {
    /// Calls `on_resize` whenever the size of `element` changes, and once at the beginning.
    pub fn of(element: &Element, on_resize: impl FnMut() + 'static) -> Self {
        let callback = Closure::new(on_resize);
        let raw = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok();
        if let Some(raw) = &raw {
            raw.observe(element);
        }
        Self { raw, _callback: callback }
    }
}

impl Drop for Resize {
    fn drop(&mut self) {
        if let Some(raw) = &self.raw {
            raw.disconnect();
        }
    }
}

impl std::fmt::Debug for Resize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resize").finish_non_exhaustive()
    }
}
