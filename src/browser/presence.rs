//! Whether the browser has a network, whether the page is seen, whether its policy forbade something. Tells, decides nothing.

use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Document, Event, EventTarget, PageTransitionEvent, SecurityPolicyViolationEvent, VisibilityState};

use crate::core::connection::{Input, Page};

/// Listens until the drop.
#[derive(Debug)]
#[must_use = "nothing is heard after the drop"]
pub(crate) struct Presence {
    _listeners: Vec<EventListener>,
}

impl Presence {
    /// Calls `on_input` with whatever the browser tells of network and page.
    pub(crate) fn new(on_input: impl Fn(Input) + 'static) -> Self {
        let (Some(window), Some(document)) = (web_sys::window(), document()) else { return Self { _listeners: Vec::new() } };
        let on_input = Rc::new(on_input);
        let tell = |target: &EventTarget, name: &'static str, read: fn(&Event) -> Option<Input>| {
            let on_input = Rc::clone(&on_input);
            EventListener::new(target, name, move |event| {
                if let Some(input) = read(event) {
                    on_input(input);
                }
            })
        };
        let listeners = vec![
            tell(&window, "online", |_| Some(Input::Network(true))),
            tell(&window, "offline", |_| Some(Input::Network(false))),
            tell(&document, "visibilitychange", |_| Some(Input::Page(if Self::is_hidden() { Page::Hidden } else { Page::Seen }))),
            // A page that the browser keeps for going back to must not hold a stream; one that ends needs no word.
            tell(&window, "pagehide", |event| is_kept(event).then_some(Input::Page(Page::Frozen))),
            tell(&window, "pageshow", |event| is_kept(event).then_some(Input::Page(Page::Thawed))),
            tell(&document, "freeze", |_| Some(Input::Page(Page::Frozen))),
            tell(&document, "resume", |_| Some(Input::Page(Page::Thawed))),
            tell(&document, "securitypolicyviolation", blocked),
        ];
        Self { _listeners: listeners }
    }

    /// What the browser says of the network now.
    pub(crate) fn is_online() -> bool {
        web_sys::window().is_none_or(|window| window.navigator().on_line())
    }

    /// Whether nobody sees the page now.
    pub(crate) fn is_hidden() -> bool {
        document().is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
    }
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn is_kept(event: &Event) -> bool {
    event.dyn_ref::<PageTransitionEvent>().is_some_and(PageTransitionEvent::persisted)
}

fn blocked(event: &Event) -> Option<Input> {
    let violation = event.dyn_ref::<SecurityPolicyViolationEvent>()?;
    (violation.effective_directive() == "connect-src").then(|| Input::Blocked(violation.blocked_uri()))
}
