//! One EventSource, owned: opened, listened to, and closed on drop.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::Error;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventSource, MessageEvent};

use crate::core::protocol::EVENTS;
use crate::core::session::SourceEvent;
use crate::core::wire::{self, ERROR_EVENT};

/// An open EventSource.
#[derive(Debug)]
#[must_use = "the stream is closed on drop"]
pub(crate) struct Source {
    raw: EventSource,
    _listeners: Vec<EventListener>,
}

impl Source {
    /// Opens `url`; the cookies of its origin go along. `on_event` hears of everything until the drop.
    ///
    /// # Errors
    /// The browser's words, when it does not take the URL.
    pub(crate) fn open(url: &str, on_event: impl Fn(SourceEvent<'_>) + 'static) -> Result<Self, String> {
        let raw = EventSource::new(url).map_err(|thrown| words(&thrown))?;
        OPEN.with_borrow_mut(|open| open.push(raw.clone()));
        let on_event: Rc<dyn Fn(SourceEvent<'_>)> = Rc::new(on_event);
        let mut listeners = vec![{
            let on_event = Rc::clone(&on_event);
            EventListener::new(&raw, "open", move |_| on_event(SourceEvent::Opened))
        }];
        // Named events reach only those who ask for them by name.
        for name in ["message"].into_iter().chain(EVENTS) {
            let on_event = Rc::clone(&on_event);
            listeners.push(EventListener::new(&raw, name, move |event| on_message(event, name, &*on_event)));
        }
        listeners.push({
            let raw = raw.clone();
            EventListener::new(&raw.clone(), "error", move |event| on_error(event, &raw, &*on_event))
        });
        Ok(Self { raw, _listeners: listeners })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.raw.close();
        OPEN.with_borrow_mut(|open| open.retain(|other| *other != self.raw));
    }
}

/// Closes all that is open, whoever owns it: for the one case in which no owner will, a panic.
#[cfg(feature = "js")]
pub(crate) fn close_all() {
    OPEN.with(|open| {
        if let Ok(open) = open.try_borrow() {
            open.iter().for_each(EventSource::close);
        }
    });
}

thread_local! {
    static OPEN: RefCell<Vec<EventSource>> = const { RefCell::new(Vec::new()) };
}

/// A server's `event: error` reaches the same listeners as a failure of the connection; only its class tells them apart.
fn on_error(event: &Event, raw: &EventSource, on_event: &dyn Fn(SourceEvent<'_>)) {
    if event.has_type::<MessageEvent>() {
        on_message(event, ERROR_EVENT, on_event);
    } else {
        on_event(SourceEvent::Failed { refused: raw.ready_state() == EventSource::CLOSED });
    }
}

fn on_message(event: &Event, name: &str, on_event: &dyn Fn(SourceEvent<'_>)) {
    let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
    let data = event.data().as_string().unwrap_or_default();
    // A text that nobody needs is not fetched: it would cost as much as reading the line.
    let id = if wire::has_own_id(&data) { String::new() } else { event.last_event_id() };
    on_event(SourceEvent::Message { event: name, id: &id, data: &data });
}

fn words(thrown: &JsValue) -> String {
    thrown.dyn_ref::<Error>().map_or_else(|| format!("{thrown:?}"), |error| String::from(error.message()))
}
