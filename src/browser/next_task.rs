//! The page's next turn: after the events and frames that wait now, and without the 4 ms that
//! browsers add to timers in a row.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MessageChannel;

/// A callback for the next turn; none comes after the drop.
#[must_use = "no turn comes after the drop"]
pub(crate) struct NextTask {
    /// A message to oneself is the one task that browsers never put off. Without a channel there
    /// are no turns.
    channel: Option<MessageChannel>,
    is_coming: Rc<Cell<bool>>,
    _callback: Closure<dyn FnMut()>,
}

impl NextTask {
    /// Will call `on_turn` in the turn after a [`request`](Self::request).
    pub(crate) fn new(mut on_turn: impl FnMut() + 'static) -> Self {
        let is_coming = Rc::new(Cell::new(false));
        let comes = Rc::clone(&is_coming);
        let callback = Closure::new(move || {
            comes.set(false);
            on_turn();
        });
        let channel = MessageChannel::new().ok();
        if let Some(channel) = &channel {
            channel.port1().set_onmessage(Some(callback.as_ref().unchecked_ref()));
        }
        Self { channel, is_coming, _callback: callback }
    }

    /// Asks for a turn, unless one is coming already.
    pub(crate) fn request(&self) {
        if !self.is_coming() {
            let is_sent = self
                .channel
                .as_ref()
                .is_some_and(|channel| channel.port2().post_message(&JsValue::NULL).is_ok());
            self.is_coming.set(is_sent);
        }
    }

    /// Whether a turn was asked for that has not come.
    pub(crate) fn is_coming(&self) -> bool {
        self.is_coming.get()
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
