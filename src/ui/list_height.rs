//! The height of the list, which the reader may drag, as it is remembered across visits.

use leptos::web_sys::{Element, HtmlElement};
use wasm_bindgen::JsCast;

use crate::ui::live::{Live, effect};
use logs_sse_core::list_height::ListHeight;

/// Restores the height once there is a list.
pub(crate) fn restore(live: Live) {
    effect(move || {
        if let Some(list) = live.list.get()
            && let Some(height) = live.setting::<ListHeight>()
        {
            // This fails only for a read-only style, and those of elements are not.
            let _ = HtmlElement::style(&list).set_property("height", &height.css());
        }
    });
}

/// Remembers the height, if the reader dragged the list to another one: the browser writes it into
/// the style of the element.
pub(crate) fn remember(live: Live, list: &Element) {
    let style = list.unchecked_ref::<HtmlElement>().style();
    let height = style.get_property_value("height").ok();
    if let Some(height) = height.and_then(|height| ListHeight::from_css(&height))
        && live.setting() != Some(height)
    {
        live.set_setting(&height);
    }
}
