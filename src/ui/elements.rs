//! Creates elements by hand, for views that are drawn without Leptos. Each fails only for an invalid
//! name, or for an element of another document.

use leptos::web_sys::{Document, Element};

/// Creates an element with a class and a text.
pub(crate) fn create(document: &Document, name: &str, class: &str, text: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    element.set_text_content(Some(text));
    Some(element)
}

/// Sets attributes, each by name and value.
pub(crate) fn set(element: &Element, attributes: &[(&str, &str)]) -> Option<()> {
    attributes.iter().try_for_each(|(name, value)| element.set_attribute(name, value)).ok()
}

/// Appends a child to an element.
pub(crate) fn add(parent: &Element, child: &Element) -> Option<()> {
    parent.append_child(child).ok().map(drop)
}
