//! Once per animation frame, however often it is asked for. In a hidden tab the browser gives no frames, so nothing is drawn there.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// A callback for the next frame; none comes after the drop.
#[must_use = "no frame comes after the drop"]
pub(crate) struct Frame {
    callback: Closure<dyn FnMut()>,
    pending: Rc<Cell<Option<i32>>>,
}

impl Frame {
    /// Will call `on_frame` on the frame after a [`request`](Self::request).
    pub(crate) fn new(mut on_frame: impl FnMut() + 'static) -> Self {
        let pending = Rc::new(Cell::new(None));
        let fired = Rc::clone(&pending);
        let callback = Closure::new(move || {
            fired.set(None);
            on_frame();
        });
        Self { callback, pending }
    }

    /// Asks for a frame, unless one is coming already.
    pub(crate) fn request(&self) {
        if self.pending.get().is_none() {
            let asked = web_sys::window().and_then(|window| window.request_animation_frame(self.callback.as_ref().unchecked_ref()).ok());
            self.pending.set(asked);
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let (Some(handle), Some(window)) = (self.pending.take(), web_sys::window()) {
            // It fails only without a window, and then there is no frame to cancel.
            let _ = window.cancel_animation_frame(handle);
        }
    }
}
