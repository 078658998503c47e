//! Reports when the size of an element changes. Owned: it reports nothing after the drop.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver, Window};

use crate::browser::frame::FrameRequest;

/// Watches elements.
#[must_use = "nothing is reported after the drop"]
pub struct Resize {
    raw: Option<ResizeObserver>,
    window: Option<Window>,
    /// The frame that is asked for, in which the change is told.
    frame: Rc<RefCell<Option<FrameRequest>>>,
    _callbacks: [Closure<dyn FnMut()>; 2],
}

impl Resize {
    /// Calls `on_resize` in the frame after each change of the size of `element`, and once at the
    /// beginning.
    ///
    /// Not at once: a callback that changes the size again would be an error event of the window
    /// ("ResizeObserver loop").
    pub fn of(element: &Element, mut on_resize: impl FnMut() + 'static) -> Self {
        let window = window_of(element);
        let frame = Rc::new(RefCell::new(None));
        let drawn = Rc::clone(&frame);
        let in_frame = Closure::new(move || {
            drawn.take();
            on_resize();
        });
        let (asked, asks) = (Rc::clone(&frame), window.clone());
        let tell: Function = in_frame.as_ref().unchecked_ref::<Function>().clone();
        let callback = Closure::new(move || {
            let is_requested = asked.borrow().is_some();
            if !is_requested {
                asked.replace(asks.clone().and_then(|window| FrameRequest::new(window, &tell)));
            }
        });
        let raw =
            window.as_ref().and_then(|window| observer(window, callback.as_ref().unchecked_ref()));
        if let Some(raw) = &raw {
            raw.observe(element);
        }
        Self { raw, window, frame, _callbacks: [callback, in_frame] }
    }

    /// Whether `element` is still in the window that watches it; in another one nothing is told.
    #[must_use]
    pub fn is_at(&self, element: &Element) -> bool {
        self.window == window_of(element)
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
        if let Some(request) = self.frame.take() {
            request.cancel();
        }
    }
}

fn window_of(element: &Element) -> Option<Window> {
    element.owner_document()?.default_view()
}

/// An observer of that window: one of another window tells when that is drawn, which may be never.
fn observer(window: &Window, callback: &Function) -> Option<ResizeObserver> {
    let class: Function = Reflect::get(window, &"ResizeObserver".into()).ok()?.unchecked_into();
    Reflect::construct(&class, &Array::of1(callback)).ok().map(JsCast::unchecked_into)
}

impl std::fmt::Debug for Resize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resize").finish_non_exhaustive()
    }
}
