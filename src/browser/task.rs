//! Tasks that wait for promises.

use std::pin::Pin;

use wasm_bindgen_futures::spawn_local;

/// Runs `task` until it ends. Boxed, so that what is generic over tasks is compiled only once.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local(task);
}
