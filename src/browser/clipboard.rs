//! Writes to the clipboard. What is copied, and what to say about it, is decided elsewhere.

use js_sys::Reflect;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Clipboard, Element, HtmlDocument, HtmlElement, HtmlTextAreaElement};

use crate::browser::task;

/// Copies `text` to the clipboard of the window that shows `near`, and calls `done` with whether
/// that succeeded. Call it in response to a click or a key: browsers refuse it otherwise.
pub fn copy(near: &Element, text: String, done: Box<dyn FnOnce(bool)>) {
    let Some(clipboard) = clipboard_of(near) else {
        return done(copy_by_command(near, &text).is_some());
    };
    let (promise, near) = (JsFuture::from(clipboard.write_text(&text)), near.clone());
    task::spawn(async move {
        // A frame whose page does not grant it the clipboard may still use the command.
        done(promise.await.is_ok() || copy_by_command(&near, &text).is_some());
    });
}

/// Returns the clipboard, which only pages from secure origins have.
fn clipboard_of(near: &Element) -> Option<Clipboard> {
    let navigator = near.owner_document()?.default_view()?.navigator();
    let clipboard = Reflect::get(&navigator, &"clipboard".into()).ok()?;
    clipboard.is_object().then(|| clipboard.unchecked_into())
}

/// Copies the selection of a field that exists only for that, and returns the focus.
fn copy_by_command(near: &Element, text: &str) -> Option<()> {
    // Not `dyn_into`: an element of another window is an instance of that window's classes.
    let document: HtmlDocument = near.owner_document()?.unchecked_into();
    let focused = Reflect::get(&near.get_root_node(), &"activeElement".into()).ok();
    let field: HtmlTextAreaElement = document.create_element("textarea").ok()?.unchecked_into();
    field.set_class_name("dsl-hidden");
    field.set_value(text);
    near.append_child(&field).ok()?;
    field.select();
    let is_copied = document.exec_command("copy").unwrap_or_default();
    field.remove();
    if let Some(focused) = focused.filter(|focused| focused.is_object()) {
        // This fails only for an element that is gone.
        let _ = focused.unchecked_into::<HtmlElement>().focus();
    }
    is_copied.then_some(())
}
