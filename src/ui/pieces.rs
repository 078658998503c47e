//! Writes a text with styled parts into an element: terminal styles, search highlights,
//! placeholders for invisible characters. Decides nothing.

use leptos::web_sys::Element;

use logs_sse_core::styled::Piece;

/// Replaces the content of `element` with `pieces`. If none of them is styled it changes nothing
/// and returns `false`: a single text will do.
pub(crate) fn draw(element: &Element, pieces: &[Piece<'_>]) -> bool {
    let is_rich = pieces.iter().any(|piece| piece.is_marked || !piece.class.is_empty());
    if is_rich {
        element.set_text_content(None);
        // This fails only if the element is in no document.
        let _ = pieces.iter().try_for_each(|piece| append(element, piece));
    }
    is_rich
}

fn append(element: &Element, piece: &Piece<'_>) -> Option<()> {
    if !piece.is_marked && piece.class.is_empty() {
        return element.append_with_str_1(&piece.text).ok();
    }
    let part = element
        .owner_document()?
        .create_element(if piece.is_marked { "mark" } else { "span" })
        .ok()?;
    part.set_text_content(Some(&piece.text));
    if !piece.class.is_empty() {
        part.set_class_name(&piece.class);
    }
    element.append_child(&part).ok().map(drop)
}

/// Marks the first match in `element` as the one that the reader is at.
pub(crate) fn mark_current(element: &Element) {
    if let Ok(Some(mark)) = element.query_selector("mark") {
        // This fails only for an invalid attribute name.
        let _ = mark.set_attribute("aria-current", "true");
    }
}

/// Sets an attribute, or removes it if it would be empty.
pub(crate) fn set_or_remove(element: &Element, name: &str, value: &str) {
    // Both fail only for an invalid attribute name.
    let _ = if value.is_empty() {
        element.remove_attribute(name)
    } else {
        element.set_attribute(name, value)
    };
}
