//! Whether the browser has a network, whether the page is seen, whether its policy forbade
//! something. Tells, decides nothing.

use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget, PageTransitionEvent, SecurityPolicyViolationEvent};

use crate::browser::home::Home;
use logs_sse_core::connection::{Input, Page};

/// What was noticed.
#[derive(Debug)]
pub(crate) enum News {
    /// Something for the connection.
    Input(Input),
    /// The window was hidden or shown, or its element may have moved away from a hidden one.
    Visibility,
    /// The window of the element, which is not the program's own, is being closed.
    Closing,
}

/// Listens until the drop.
#[derive(Debug)]
#[must_use = "nothing is heard after the drop"]
pub(crate) struct PageEvents {
    _listeners: Vec<EventListener>,
}

impl PageEvents {
    /// Calls `on_news` with whatever the browser tells of the network, the page, and the window of
    /// `home`.
    pub(crate) fn new(home: &Home, on_news: impl Fn(News) + 'static) -> Self {
        let page = web_sys::window();
        let (Some(page), Some(window)) = (page, home.window()) else {
            return Self { _listeners: Vec::new() };
        };
        let (Some(document), Some(shown)) = (page.document(), window.document()) else {
            return Self { _listeners: Vec::new() };
        };
        let on_news = Rc::new(on_news);
        let tell = |target: &EventTarget, name: &'static str, read: fn(&Event) -> Option<News>| {
            let on_news = Rc::clone(&on_news);
            EventListener::new(target, name, move |event| {
                if let Some(news) = read(event) {
                    on_news(news);
                }
            })
        };
        let mut listeners = vec![
            tell(&page, "online", |_| Some(News::Input(Input::Network(true)))),
            tell(&page, "offline", |_| Some(News::Input(Input::Network(false)))),
            tell(&shown, "visibilitychange", |_| Some(News::Visibility)),
            // A page that the browser keeps for going back to must not hold a stream; one that
            // ends needs no word.
            tell(&page, "pagehide", |event| {
                is_kept(event).then_some(News::Input(Input::Page(Page::Frozen)))
            }),
            tell(&page, "pageshow", |event| {
                is_kept(event).then_some(News::Input(Input::Page(Page::Resumed)))
            }),
            tell(&document, "freeze", |_| Some(News::Input(Input::Page(Page::Frozen)))),
            tell(&document, "resume", |_| Some(News::Input(Input::Page(Page::Resumed)))),
            tell(&document, "securitypolicyviolation", blocked),
        ];
        if home.is_foreign() {
            listeners.push(tell(&window, "pagehide", |_| Some(News::Closing)));
        }
        Self { _listeners: listeners }
    }

    /// What the browser says of the network now.
    pub(crate) fn is_online() -> bool {
        web_sys::window().is_none_or(|window| window.navigator().on_line())
    }
}

// Events are not asked for their class: those of another window have another one.

fn is_kept(event: &Event) -> bool {
    event.unchecked_ref::<PageTransitionEvent>().persisted()
}

fn blocked(event: &Event) -> Option<News> {
    let violation = event.unchecked_ref::<SecurityPolicyViolationEvent>();
    (violation.effective_directive() == "connect-src")
        .then(|| News::Input(Input::Blocked(violation.blocked_uri())))
}
