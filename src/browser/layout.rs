//! What the browser laid out, in exact numbers: asking makes it lay out at once, so ask after all
//! has been written.

use js_sys::Reflect;
use web_sys::Element;

/// How far an element is scrolled. web-sys gives whole pixels only, and at a zoom other than 100 %
/// positions are fractions.
#[must_use]
pub fn scroll_top(element: &Element) -> f64 {
    Reflect::get(element, &"scrollTop".into())
        .ok()
        .and_then(|top| top.as_f64())
        .unwrap_or_else(|| f64::from(element.scroll_top()))
}

/// How high an element is, in the pixels in which it is laid out; no number where it has no height.
/// See [`layout_pixels`].
#[must_use]
pub fn height(element: &Element) -> f64 {
    layout_pixels(element, "height")
}

/// How high an element is at least by its style sheets.
#[must_use]
pub fn min_height(element: &Element) -> f64 {
    layout_pixels(element, "min-height")
}

/// The length that a property has come to. Other than `getBoundingClientRect`, which has the pixels
/// of the screen, it knows nothing of a `transform` or `zoom` of an ancestor; other than
/// `offsetHeight`, it is not rounded.
fn layout_pixels(element: &Element, property: &str) -> f64 {
    let window = element.owner_document().and_then(|document| document.default_view());
    let style = window.and_then(|window| window.get_computed_style(element).ok().flatten());
    // JavaScript's reader of numbers: it stops at the unit, and ours would be 10 kB more.
    style
        .and_then(|style| style.get_property_value(property).ok())
        .map_or(f64::NAN, |length| js_sys::parse_float(&length))
}
