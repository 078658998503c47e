//! One stream, owned: opened, listened to, and closed on drop. It is carried by JavaScript
//! (`src/browser/transport.js`).

use std::cell::RefCell;
use std::fmt;

use js_sys::{Error, Function, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use logs_sse_core::connection::ResponseHead;
use logs_sse_core::session::SourceEvent;
use logs_sse_wire::packed;

/// How a stream is opened.
#[derive(Clone, Debug, Default)]
pub enum Opener {
    /// By the browser's own `EventSource`.
    #[default]
    EventSource,
    /// By a function of the page, `open(url, names, tell)`, that returns a transport as
    /// `src/browser/transport.js` describes it.
    Function(Function),
}

/// A stream that is open or being opened.
#[must_use = "the stream is closed on drop"]
pub(crate) struct Source {
    raw: Transport,
    _callback: Closure<Callback>,
}

type Callback = dyn Fn(u32, JsValue, JsValue, JsValue);

impl Source {
    /// Opens `url`. The cookies of the page's own origin are sent, and if `with_credentials` is set
    /// also those of another origin. `on_event` is called for every event until the drop.
    ///
    /// # Errors
    ///
    /// Returns the browser's message if it rejects the URL.
    pub(crate) fn open(
        opener: &Opener,
        url: &str,
        with_credentials: bool,
        on_event: impl Fn(SourceEvent<'_>) + 'static,
    ) -> Result<Self, String> {
        let buffer = RefCell::default();
        let callback: Closure<Callback> = Closure::new(move |kind, first, second, third| {
            handle_event(&buffer, kind, &first, &second, &third, &on_event);
        });
        let function = callback.as_ref().unchecked_ref();
        let names = packed::names().collect::<Vec<_>>().join(",");
        let raw = match opener {
            Opener::EventSource => open_event_source(url, &names, function, with_credentials),
            Opener::Function(open) => open
                .call3(&JsValue::NULL, &url.into(), &names.into(), function)
                .map(JsCast::unchecked_into),
        };
        let raw: Transport = raw.map_err(|thrown| error_message(&thrown))?;
        OPEN.with_borrow_mut(|open| open.push(raw.clone()));
        Ok(Self { raw, _callback: callback })
    }

    /// Returns the transport that carries the stream.
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

/// Closes every open stream regardless of its owner: for a panic, after which no owner does.
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
    /// A transport as `src/browser/transport.js` describes it.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) type Transport;

    #[wasm_bindgen(method)]
    fn close(this: &Transport);

    /// Delivers the events that have already arrived.
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

/// The kinds of events that a transport delivers.
///
/// The numbers are those of `src/browser/transport.js`, which also describes the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransportEvent {
    /// The stream is open.
    Opened,
    /// The stream failed, or the page prevents it from being opened.
    Failed,
    /// Bytes of packed events.
    Events,
    /// The head of a response, or none.
    Response,
    /// Bytes of the stream, unchanged.
    Bytes,
}

impl TransportEvent {
    fn from_kind(kind: u32) -> Option<Self> {
        Some(match kind {
            0 => Self::Opened,
            1 => Self::Failed,
            2 => Self::Events,
            3 => Self::Response,
            4 => Self::Bytes,
            _ => return None,
        })
    }
}

/// Translates one event of a transport for the session.
fn handle_event(
    buffer: &RefCell<Vec<u8>>,
    kind: u32,
    first: &JsValue,
    second: &JsValue,
    third: &JsValue,
    on_event: &dyn Fn(SourceEvent<'_>),
) {
    let text = |value: &JsValue| value.as_string().unwrap_or_default();
    match TransportEvent::from_kind(kind) {
        Some(TransportEvent::Opened) => on_event(SourceEvent::Opened),
        Some(TransportEvent::Failed) => match text(second) {
            why if why.is_empty() => on_event(SourceEvent::Failed { refused: first.is_truthy() }),
            why => on_event(SourceEvent::NotOpened(why)),
        },
        Some(TransportEvent::Response) => on_event(SourceEvent::Answered(match first.as_f64() {
            None => ResponseHead::Nothing,
            Some(0.0) => ResponseHead::Redirect,
            Some(status) => ResponseHead::read(status as u16, &text(second), &text(third)),
        })),
        Some(TransportEvent::Events) => {
            with_bytes(buffer, first, &|bytes| on_event(SourceEvent::Packed(bytes)));
        }
        Some(TransportEvent::Bytes) => {
            with_bytes(buffer, first, &|bytes| on_event(SourceEvent::Bytes(bytes)));
        }
        // A transport of another version: its bytes may mean anything.
        None => on_event(SourceEvent::NotOpened(format!("unknown transport event {kind}"))),
    }
}

/// Calls `act` with the bytes of a JavaScript array, copied into `buffer`. Not generic, so that it
/// is compiled only once.
///
/// One buffer serves for the life of a stream. It is moved out while it is in use, so that a
/// reentrant call uses another one.
fn with_bytes(buffer: &RefCell<Vec<u8>>, array: &JsValue, act: &dyn Fn(&[u8])) {
    // No `dyn_ref`: the bytes may be of another window's class, if its `fetch` made them.
    let array: &Uint8Array = array.unchecked_ref();
    let mut bytes = buffer.take();
    bytes.resize(array.length() as usize, 0);
    array.copy_to(&mut bytes);
    act(&bytes);
    buffer.replace(bytes);
}

/// Returns the message of an error, of whichever window's class.
fn error_message(thrown: &JsValue) -> String {
    let message = if thrown.is_object() {
        thrown.unchecked_ref::<Error>().message().into()
    } else {
        thrown.clone()
    };
    message.as_string().unwrap_or_else(|| "a value without a message was thrown".to_owned())
}
