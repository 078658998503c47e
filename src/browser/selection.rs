//! The reader's selection in a document. Only reads it.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Range};

/// The selected ranges of a document; more than one in Firefox only.
#[derive(Debug)]
pub struct Selected(Vec<Range>);

impl Selected {
    /// Returns the selection in the document of `root`, or `None` if any of it is outside `root`.
    #[must_use]
    pub fn within(root: &Element) -> Option<Self> {
        let selection = root.owner_document()?.default_view()?.get_selection().ok()??;
        let ranges: Vec<_> = (0..selection.range_count())
            .filter_map(|index| selection.get_range_at(index).ok())
            .collect();
        let is_inside = |range: &Range| {
            range.common_ancestor_container().is_ok_and(|common| root.contains(Some(&common)))
        };
        ranges.iter().all(is_inside).then_some(Self(ranges))
    }

    /// Returns whether any text is selected in the document of `element`.
    #[must_use]
    pub fn is_any(element: &Element) -> bool {
        let window = element.owner_document().and_then(|document| document.default_view());
        let selection = window.and_then(|window| window.get_selection().ok().flatten());
        selection.is_some_and(|selection| selection.to_string().length() > 0)
    }

    /// Returns whether any visible text of `element` is selected.
    #[must_use]
    pub fn has_text_of(&self, element: &Element) -> bool {
        // Not `dyn_ref`: an element of another window is an instance of that window's classes.
        let is_visible = element.unchecked_ref::<HtmlElement>().offset_width() > 0;
        is_visible && self.0.iter().any(|range| has_text(range, element).unwrap_or_default())
    }
}

/// Returns whether `range` contains text of `element`. Text is what counts, since a triple click
/// selects up to the start of the next cell without selecting any of its text.
fn has_text(range: &Range, element: &Element) -> Option<bool> {
    let part = range.clone_range();
    part.select_node_contents(element).ok()?;
    if range.compare_boundary_points(Range::START_TO_START, &part).ok()? > 0 {
        part.set_start(&range.start_container().ok()?, range.start_offset().ok()?).ok()?;
    }
    if range.compare_boundary_points(Range::END_TO_END, &part).ok()? < 0 {
        part.set_end(&range.end_container().ok()?, range.end_offset().ok()?).ok()?;
    }
    Some(part.to_string().length() > 0)
}
