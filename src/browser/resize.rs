//! Reports when the size of an element changes. Owned: it reports nothing after the drop.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

/// Watches elements.
#[must_use = "nothing is reported after the drop"]
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

    /// Watches `element` too.
    pub fn watch(&self, element: &Element) {
        if let Some(raw) = &self.raw {
            raw.observe(element);
        }
    }

    /// Stops watching `element`.
    pub fn unwatch(&self, element: &Element) {
        if let Some(raw) = &self.raw {
            raw.unobserve(element);
        }
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
