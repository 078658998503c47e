//! Reports when the size of an element changes. It reports nothing after the drop.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver, Window};

use crate::browser::frame::FrameRequest;

/// Watches the sizes of elements.
#[must_use = "nothing is reported after the drop"]
pub struct Resize {
    raw: Option<ResizeObserver>,
    window: Option<Window>,
    /// The pending frame, in which the change is reported.
    frame: Rc<RefCell<Option<FrameRequest>>>,
    _callbacks: [Closure<dyn FnMut()>; 2],
}

impl Resize {
    /// Calls `on_resize` in the frame after each change of the size of `element`, and once at the
    /// beginning.
    ///
    /// Not immediately: a callback that changes the size again would cause an error event of the
    /// window ("ResizeObserver loop").
    pub fn new(element: &Element, mut on_resize: impl FnMut() + 'static) -> Self {
        let window = window_of(element);
        let frame = Rc::new(RefCell::new(None));
        let fired = Rc::clone(&frame);
        let in_frame = Closure::new(move || {
            fired.take();
            on_resize();
        });
        let (pending, frames_of) = (Rc::clone(&frame), window.clone());
        let report: Function = in_frame.as_ref().unchecked_ref::<Function>().clone();
        let callback = Closure::new(move || {
            let is_pending = pending.borrow().is_some();
            if !is_pending {
                pending.replace(
                    frames_of.clone().and_then(|window| FrameRequest::new(window, &report)),
                );
            }
        });
        let raw =
            window.as_ref().and_then(|window| observer(window, callback.as_ref().unchecked_ref()));
        if let Some(raw) = &raw {
            raw.observe(element);
        }
        Self { raw, window, frame, _callbacks: [callback, in_frame] }
    }

    /// Returns whether `element` is still in the window that watches it. In another window no
    /// change is reported.
    #[must_use]
    pub fn is_at(&self, element: &Element) -> bool {
        self.window == window_of(element)
    }

    /// Also watches `element`, which must be in the same window as the first one.
    pub fn watch(&self, element: &Element) {
        if let Some(raw) = &self.raw {
            raw.observe(element);
        }
    }

    /// Stops watching `element`. Does nothing if it is not watched.
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
        if let Some(request) = self.frame.take() {
            request.cancel();
        }
    }
}

fn window_of(element: &Element) -> Option<Window> {
    element.owner_document()?.default_view()
}

/// Creates an observer of `window`. One of another window reports when that is fired, which may be
/// never.
fn observer(window: &Window, callback: &Function) -> Option<ResizeObserver> {
    let class: Function = Reflect::get(window, &"ResizeObserver".into()).ok()?.unchecked_into();
    Reflect::construct(&class, &Array::of1(callback)).ok().map(JsCast::unchecked_into)
}

impl std::fmt::Debug for Resize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resize").finish_non_exhaustive()
    }
}
