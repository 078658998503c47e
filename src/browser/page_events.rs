//! Reports whether the browser is online, whether the page is visible, and whether the page's
//! policy blocked a request. Decides nothing.

use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget, PageTransitionEvent, SecurityPolicyViolationEvent};

use crate::browser::home::Home;
use logs_sse_core::connection::{Input, Page};

/// An event of the page or of its window.
#[derive(Debug)]
pub(crate) enum PageEvent {
    /// An input for the connection.
    Input(Input),
    /// The window was hidden or shown, or its element may have moved away from a hidden one.
    Visibility,
    /// The window of the element, which is not the program's own, is being closed.
    Closing,
}

/// Listens to the page's events until the drop.
#[derive(Debug)]
#[must_use = "the listeners are removed on drop"]
pub(crate) struct PageEvents {
    _listeners: Vec<EventListener>,
}

impl PageEvents {
    /// Calls `on_event` with each event of the network, the page, and the window of `home`.
    pub(crate) fn new(home: &Home, on_event: impl Fn(PageEvent) + 'static) -> Self {
        let page = web_sys::window();
        let (Some(page), Some(window)) = (page, home.window()) else {
            return Self { _listeners: Vec::new() };
        };
        let (Some(document), Some(shown)) = (page.document(), window.document()) else {
            return Self { _listeners: Vec::new() };
        };
        let on_event = Rc::new(on_event);
        let listen =
            |target: &EventTarget, name: &'static str, read: fn(&Event) -> Option<PageEvent>| {
                let on_event = Rc::clone(&on_event);
                EventListener::new(target, name, move |event| {
                    if let Some(event) = read(event) {
                        on_event(event);
                    }
                })
            };
        let mut listeners = vec![
            listen(&page, "online", |_| Some(PageEvent::Input(Input::Network(true)))),
            listen(&page, "offline", |_| Some(PageEvent::Input(Input::Network(false)))),
            listen(&shown, "visibilitychange", |_| Some(PageEvent::Visibility)),
            // A page in the back/forward cache must not hold a stream. A page that ends needs no
            // event.
            listen(&page, "pagehide", |event| {
                is_kept(event).then_some(PageEvent::Input(Input::Page(Page::Frozen)))
            }),
            listen(&page, "pageshow", |event| {
                is_kept(event).then_some(PageEvent::Input(Input::Page(Page::Resumed)))
            }),
            listen(&document, "freeze", |_| Some(PageEvent::Input(Input::Page(Page::Frozen)))),
            listen(&document, "resume", |_| Some(PageEvent::Input(Input::Page(Page::Resumed)))),
            listen(&document, "securitypolicyviolation", blocked),
        ];
        if home.is_foreign() {
            listeners.push(listen(&window, "pagehide", |_| Some(PageEvent::Closing)));
        }
        Self { _listeners: listeners }
    }

    /// Returns whether the browser reports a network.
    pub(crate) fn is_online() -> bool {
        web_sys::window().is_none_or(|window| window.navigator().on_line())
    }
}

// The class of an event is not checked: events of another window are of that window's classes.

fn is_kept(event: &Event) -> bool {
    event.unchecked_ref::<PageTransitionEvent>().persisted()
}

fn blocked(event: &Event) -> Option<PageEvent> {
    let violation = event.unchecked_ref::<SecurityPolicyViolationEvent>();
    (violation.effective_directive() == "connect-src")
        .then(|| PageEvent::Input(Input::Blocked(violation.blocked_uri())))
}
