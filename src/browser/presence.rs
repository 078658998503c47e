//! Whether the browser has a network. Tells, decides nothing.

use std::rc::Rc;

use gloo_events::EventListener;

/// Listens for the network's coming and going until the drop.
#[derive(Debug)]
#[must_use = "nothing is heard after the drop"]
pub(crate) struct Presence {
    _listeners: Vec<EventListener>,
}

impl Presence {
    /// Calls `on_network` with each change.
    pub(crate) fn new(on_network: impl Fn(bool) + 'static) -> Self {
        let on_network = Rc::new(on_network);
        let listen = |name: &'static str, online: bool| {
            let on_network = Rc::clone(&on_network);
            web_sys::window().map(|window| EventListener::new(&window, name, move |_| on_network(online)))
        };
        Self { _listeners: [listen("online", true), listen("offline", false)].into_iter().flatten().collect() }
    }

    /// What the browser says now.
    pub(crate) fn is_online() -> bool {
        web_sys::window().is_none_or(|window| window.navigator().on_line())
    }
}
