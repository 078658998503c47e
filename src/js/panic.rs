//! Closes all streams of a module that panicked and notifies the page, before the program stops.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::browser::transport;

thread_local! {
    static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Starts a module. `on_panic` is called at most once, with the text of the panic; nothing of this
/// module may be called after it.
#[wasm_bindgen]
pub fn start(on_panic: Function) {
    ON_PANIC.set(Some(on_panic));
    std::panic::set_hook(Box::new(|panic| {
        transport::close_all();
        if let Some(on_panic) = ON_PANIC.take() {
            // The module ends here, whether or not the callback throws.
            let _ = on_panic.call1(&JsValue::NULL, &panic.to_string().into());
        }
    }));
}
