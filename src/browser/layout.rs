//! What the browser laid out, in exact numbers: asking makes it lay out at once, so ask after all has been written.

use js_sys::Reflect;
use web_sys::Element;

/// How far an element is scrolled. web-sys gives whole pixels only, and at a zoom other than 100 % positions are fractions.
#[must_use]
pub fn scroll_top(element: &Element) -> f64 {
    Reflect::get(element, &"scrollTop".into()).ok().and_then(|top| top.as_f64()).unwrap_or_else(|| f64::from(element.scroll_top()))
}

/// How high an element is; 0 when it is not shown.
#[must_use]
pub fn height(element: &Element) -> f64 {
    element.get_bounding_client_rect().height()
}
