//! The second file of the viewer's WebAssembly, which the package's JavaScript loads; see
//! `ui::later`.

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::ui::later;

/// Says that the rest of the code is there: `run` calls [`run_later`].
#[wasm_bindgen]
pub fn set_later(run: Function) {
    later::set_runner(run);
}

/// Does what waits for the rest of the code.
#[wasm_bindgen]
pub fn run_later() {
    later::run_queued();
}
