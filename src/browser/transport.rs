//! One stream, owned: opened, listened to, and closed on drop. What carries it is JavaScript
//! (`src/browser/transport.js`).

use std::cell::RefCell;
use std::fmt;

use js_sys::{Error, Function, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use logs_sse_core::connection::Finding;
use logs_sse_core::session::SourceEvent;
use logs_sse_wire::packed;

/// How a stream is opened.
#[derive(Clone, Debug, Default)]
pub enum Opener {
    /// By the browser's EventSource.
    #[default]
    EventSource,
    /// By a function of the page, `open(url, names, tell)`, that gives a transport as
    /// `src/browser/transport.js` describes it.
    Function(Function),
}

/// An open stream.
#[must_use = "the stream is closed on drop"]
pub(crate) struct Source {
    raw: Transport,
    _tell: Closure<Tell>,
}

type Tell = dyn Fn(u32, JsValue, JsValue, JsValue);

impl Source {
    /// Opens `url`; the cookies of the page's own origin go along, and `with_credentials` those of
    /// another one. `on_event` hears of everything until the drop.
    ///
    /// # Errors
    /// The browser's words, when it does not take the URL.
    pub(crate) fn open(
        opener: &Opener,
        url: &str,
        with_credentials: bool,
        on_event: impl Fn(SourceEvent<'_>) + 'static,
    ) -> Result<Self, String> {
        let bytes = RefCell::default();
        let tell: Closure<Tell> = Closure::new(move |kind, first, second, third| {
            hear(&bytes, kind, &first, &second, &third, &on_event)
        });
        let function = tell.as_ref().unchecked_ref();
        let names = packed::names().collect::<Vec<_>>().join(",");
        let raw = match opener {
            Opener::EventSource => open_event_source(url, &names, function, with_credentials),
            Opener::Function(open) => open
                .call3(&JsValue::NULL, &url.into(), &names.into(), function)
                .map(JsCast::unchecked_into),
        };
        let raw: Transport = raw.map_err(|thrown| words(&thrown))?;
        OPEN.with_borrow_mut(|open| open.push(raw.clone()));
        Ok(Self { raw, _tell: tell })
    }

    /// What carries it.
    pub(crate) fn transport(&self) -> Transport {
        self.raw.clone()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.raw.close();
        OPEN.with_borrow_mut(|open| open.retain(|other| *other != self.raw));
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

/// Closes all that is open, whoever owns it: for the one case in which no owner will, a panic.
#[cfg(feature = "js")]
pub(crate) fn close_all() {
    OPEN.with(|open| {
        if let Ok(open) = open.try_borrow() {
            open.iter().for_each(Transport::close);
        }
    });
}

thread_local! {
    static OPEN: RefCell<Vec<Transport>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen]
extern "C" {
    /// What `src/browser/transport.js` calls a transport.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) type Transport;

    #[wasm_bindgen(method)]
    fn close(this: &Transport);

    /// Has all told that came already.
    #[wasm_bindgen(method)]
    pub(crate) fn flush(this: &Transport);
}

#[wasm_bindgen(module = "/src/browser/transport.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = openEventSource)]
    fn open_event_source(
        url: &str,
        names: &str,
        tell: &Function,
        with_credentials: bool,
    ) -> Result<Transport, JsValue>;
}

/// The kinds are those of `src/browser/transport.js`.
fn hear(
    bytes: &RefCell<Vec<u8>>,
    kind: u32,
    first: &JsValue,
    second: &JsValue,
    third: &JsValue,
    on_event: &dyn Fn(SourceEvent<'_>),
) {
    let text = |value: &JsValue| value.as_string().unwrap_or_default();
    match kind {
        0 => on_event(SourceEvent::Opened),
        1 => match text(second) {
            why if why.is_empty() => on_event(SourceEvent::Failed { refused: first.is_truthy() }),
            why => on_event(SourceEvent::NotOpened(why)),
        },
        3 => on_event(SourceEvent::Answered(match first.as_f64() {
            None => Finding::Nothing,
            Some(0.0) => Finding::Redirect,
            Some(status) => Finding::read(status as u16, &text(second), &text(third)),
        })),
        _ => {
            // No `dyn_ref`: the bytes may be of another window's class, if its `fetch` made them.
            let array: &Uint8Array = first.unchecked_ref();
            // One buffer for a stream's life. It is out while it is heard, so that a call from
            // within finds another.
            let mut taken = bytes.take();
            taken.resize(array.length() as usize, 0);
            array.copy_to(&mut taken);
            on_event(if kind == 2 {
                SourceEvent::Packed(&taken)
            } else {
                SourceEvent::Bytes(&taken)
            });
            bytes.replace(taken);
        }
    }
}

/// The message of an error, of whichever window's class.
fn words(thrown: &JsValue) -> String {
    let message = if thrown.is_object() {
        thrown.unchecked_ref::<Error>().message().into()
    } else {
        thrown.clone()
    };
    message.as_string().unwrap_or_else(|| "it threw a value without a message".to_owned())
}
