//! Exact numbers from the browser's layout. Reading one makes the browser lay out at once, so read
//! only after everything is written.

use js_sys::Reflect;
use web_sys::Element;

/// Returns how far an element is scrolled. web-sys only returns whole pixels, and at a zoom other
/// than 100 % positions are fractions.
#[must_use]
pub fn scroll_top(element: &Element) -> f64 {
    Reflect::get(element, &"scrollTop".into())
        .ok()
        .and_then(|top| top.as_f64())
        .unwrap_or_else(|| f64::from(element.scroll_top()))
}

/// Returns the height of an element in layout pixels, or NaN if it has none. See [`layout_pixels`].
#[must_use]
pub fn height(element: &Element) -> f64 {
    layout_pixels(element, "height")
}

/// Returns the minimum height of an element according to its style sheets, in layout pixels.
#[must_use]
pub fn min_height(element: &Element) -> f64 {
    layout_pixels(element, "min-height")
}

/// Returns the computed length of a property. Unlike `getBoundingClientRect`, which measures screen
/// pixels, it ignores a `transform` or `zoom` of an ancestor; unlike `offsetHeight`, it is not
/// rounded.
fn layout_pixels(element: &Element, property: &str) -> f64 {
    let window = element.owner_document().and_then(|document| document.default_view());
    let style = window.and_then(|window| window.get_computed_style(element).ok().flatten());
    // JavaScript's number parser stops at the unit, and Rust's would add 10 kB.
    style
        .and_then(|style| style.get_property_value(property).ok())
        .map_or(f64::NAN, |length| js_sys::parse_float(&length))
}
