//! Calls back in the page's next task: after the events and frames that are due, and without the 4
//! ms that browsers add to successive timers.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MessageChannel;

/// A callback for the next task. It is not called after the drop.
#[must_use = "the callback is not called after the drop"]
pub(crate) struct NextTask {
    /// A message to oneself is the one task that browsers never delay. Without a channel the
    /// callback is never called.
    channel: Option<MessageChannel>,
    is_pending: Rc<Cell<bool>>,
    _callback: Closure<dyn FnMut()>,
}

impl NextTask {
    /// Creates a callback that runs in the task after a [`request`](Self::request).
    pub(crate) fn new(mut on_task: impl FnMut() + 'static) -> Self {
        let is_pending = Rc::new(Cell::new(false));
        let pending = Rc::clone(&is_pending);
        let callback = Closure::new(move || {
            pending.set(false);
            on_task();
        });
        let channel = MessageChannel::new().ok();
        if let Some(channel) = &channel {
            channel.port1().set_onmessage(Some(callback.as_ref().unchecked_ref()));
        }
        Self { channel, is_pending, _callback: callback }
    }

    /// Requests a task, unless one is pending.
    pub(crate) fn request(&self) {
        if !self.is_pending() {
            let is_sent = self
                .channel
                .as_ref()
                .is_some_and(|channel| channel.port2().post_message(&JsValue::NULL).is_ok());
            self.is_pending.set(is_sent);
        }
    }

    /// Returns whether a requested task has not run yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.is_pending.get()
    }
}

impl Drop for NextTask {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.port1().set_onmessage(None);
            channel.port1().close();
        }
    }
}
