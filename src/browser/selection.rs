//! The reader's selection in a document.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node, Range, Selection};

/// The selected ranges of a document; more than one in Firefox only.
#[derive(Debug)]
pub struct SelectedRanges {
    ranges: Vec<Range>,
    selection: Selection,
}

impl SelectedRanges {
    /// Returns the selection in the document of `root`, or `None` if any of it is outside `root`.
    #[must_use]
    pub fn within(root: &Element) -> Option<Self> {
        let selection = selection_of(root)?;
        let ranges: Vec<_> = (0..selection.range_count())
            .filter_map(|index| selection.get_range_at(index).ok())
            .collect();
        let is_inside = |range: &Range| {
            range.common_ancestor_container().is_ok_and(|common| root.contains(Some(&common)))
        };
        let is_ours = !ranges.is_empty() && ranges.iter().all(is_inside);
        is_ours.then_some(Self { ranges, selection })
    }

    /// Returns whether the selection begins in `element`, or ends there, whichever is first.
    #[must_use]
    pub fn starts_in(&self, element: &Element) -> bool {
        let start = self.ranges.first().and_then(|range| range.start_container().ok());
        element.contains(start.as_ref())
    }

    /// Returns whether the reader selected from the end to the start.
    #[must_use]
    pub fn is_backward(&self) -> bool {
        let [range] = &self.ranges[..] else { return false };
        let (anchor, offset) = (self.selection.anchor_node(), self.selection.anchor_offset());
        range.start_container().ok() != anchor || range.start_offset() != Ok(offset)
    }

    /// Returns whether any of `element` is in the selection, be it text or not.
    #[must_use]
    pub fn touches(&self, element: &Element) -> bool {
        self.ranges.iter().any(|range| range.intersects_node(element).unwrap_or_default())
    }

    fn has_text(&self, element: &Element) -> bool {
        self.ranges.iter().any(|range| has_text(range, element).unwrap_or_default())
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
        is_visible && self.touches(element) && self.has_text(element)
    }
}

/// Selects from the start of `first` to the end of `last`, or the other way round, as a reader does
/// by dragging. Selects no text at the start of `first` if there is no `last`.
pub fn select(first: &Element, last: Option<&Element>, is_backward: bool) {
    let Some(selection) = selection_of(first) else { return };
    // These fail only for elements that are gone.
    let _ = match last {
        None => selection.collapse_with_offset(Some(first), 0),
        Some(last) if is_backward => {
            let end = last.child_nodes().length();
            selection.set_base_and_extent(last, end, first, 0)
        }
        Some(last) => {
            let end = last.child_nodes().length();
            selection.set_base_and_extent(first, 0, last, end)
        }
    };
}

fn selection_of(node: &Node) -> Option<Selection> {
    node.owner_document()?.default_view()?.get_selection().ok()?
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
