//! A menu of the values of one property of lines, with their counts: some are shown only, others
//! are left out. The core counts and chooses.

use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent};
use leptos::html::{Button, Div};
use leptos::prelude::*;
use leptos::web_sys::{Document, Element, HtmlElement, Node};
use wasm_bindgen::JsCast;

use crate::ui::built::{Built, NodeRef, view};
use crate::ui::live::{Live, effect, flag, text};
use crate::ui::rows::draw_mark;
use logs_sse_core::channel_mark::ChannelMark;
use logs_sse_core::facets::{Facet, FacetValue};
use logs_sse_core::find::Choice;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::words::Word;

/// Renders a button that says what is chosen, and opens the menu.
pub(crate) fn facet_menu(live: Live, facet: Facet) -> Built {
    let (name, all, pick): (_, _, fn(&ViewModel) -> String) = match facet {
        Facet::Levels => (Word::Levels, Word::AllLevels, |model| model.facets[0].clone()),
        Facet::Pipelines => (Word::Pipelines, Word::AllPipelines, |model| model.facets[1].clone()),
        Facet::Channels => (Word::Workflows, Word::AllWorkflows, |model| model.facets[2].clone()),
    };
    let is_hidden: fn(&ViewModel) -> bool = match facet {
        Facet::Channels => |model| !model.chooses_channels,
        _ => |_| false,
    };
    let (name, all) = (live.word(name), live.word(all));
    let button_name = name.clone();
    let is_open = RwSignal::new(false);
    let (button, panel) = (NodeRef::<Button>::new(), NodeRef::<Div>::new());
    let rows = StoredValue::new_local(Vec::new());
    effect(move || {
        let Some(panel) = panel.get().filter(|_| is_open.get()) else { return };
        live.view_model.track();
        let values = live.read(|session| facet.values(session));
        let exclude = |value: &str| live.word_with(Word::ExcludeValue, "value", value);
        rows.update_value(|rows| draw(&panel, rows, values, &exclude));
    });
    let close = move || {
        is_open.set(false);
        if let Some(button) = button.get_untracked() {
            // This fails only for an element that is gone.
            let _ = button.focus();
        }
    };
    let on_click = move |event: MouseEvent| {
        if let Some((key, choice)) = rows.with_value(|rows| pressed(rows, &event)) {
            live.update_query(|query| facet.press(query, &key, choice));
        }
    };
    let on_all = move |_: MouseEvent| live.update_query(|query| facet.release(query));
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" if is_open.get_untracked() => {
            event.stop_propagation();
            close();
        }
        "ArrowDown" => rows.with_value(|rows| focus_next(rows, &event, 1)),
        "ArrowUp" => rows.with_value(|rows| focus_next(rows, &event, -1)),
        _ => {}
    };
    let on_leave = move |event: FocusEvent| {
        if has_left(&event) {
            is_open.set(false);
        }
    };
    view! { class="dsl",
        <div class="dsl-facet" hidden=flag(live.view_model, is_hidden) on:keydown=on_key on:focusout=on_leave>
            <button
                type="button"
                class="dsl-button dsl-small dsl-facet-button"
                node_ref=button
                aria-label=move || [&button_name, ": ", &live.view_model.with(pick)].concat()
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                prop:textContent=text(live.view_model, pick)
            ></button>
            <div class="dsl-facet-panel" role="group" aria-label=name hidden=move || !is_open.get()>
                <button type="button" class="dsl-button dsl-small dsl-facet-all" on:click=on_all>
                    {all}
                </button>
                <div class="dsl-facet-rows" node_ref=panel on:click=on_click></div>
            </div>
        </div>
    }
}

/// Returns whether the focus has moved from the menu to another element.
pub(crate) fn has_left(event: &FocusEvent) -> bool {
    let menu: Option<Element> = event.current_target().map(JsCast::unchecked_into);
    let next: Option<Node> = event.related_target().map(JsCast::unchecked_into);
    menu.zip(next).is_some_and(|(menu, next)| !menu.contains(Some(&next)))
}

/// A value as it is drawn.
#[derive(Debug)]
struct Row {
    value: FacetValue,
    element: Element,
    only: HtmlElement,
    not: HtmlElement,
    mark: Element,
    label: Element,
    count: Element,
}

/// Draws the values, and keeps the rows whose values remain: one of them may have the focus.
fn draw(
    panel: &Element,
    rows: &mut Vec<Row>,
    values: Vec<FacetValue>,
    exclude: &dyn Fn(&str) -> String,
) {
    let Some(document) = panel.owner_document() else { return };
    let is_same = rows.len() == values.len()
        && rows.iter().zip(&values).all(|(row, value)| row.value.key == value.key);
    if !is_same {
        let mut kept = std::mem::take(rows);
        for value in &values {
            let known = kept.iter().position(|row| row.value.key == value.key);
            let row = known.map(|index| kept.swap_remove(index)).or_else(|| Row::new(&document));
            rows.extend(row);
        }
        kept.iter().for_each(|row| row.element.remove());
        place(panel, rows);
    }
    rows.iter_mut().zip(values).for_each(|(row, value)| row.show(value, exclude));
}

/// Puts the rows in order. A row in its place is not touched: moving it would take its focus.
fn place(panel: &Element, rows: &[Row]) {
    let mut next = panel.first_element_child();
    for row in rows {
        if next.as_ref() == Some(&row.element) {
            next = row.element.next_element_sibling();
        } else {
            // This fails only for an element of another document.
            let _ = panel.insert_before(&row.element, next.as_deref());
        }
    }
}

impl Row {
    fn new(document: &Document) -> Option<Self> {
        let element = create(document, "div", "dsl-facet-row")?;
        let only = create(document, "button", "dsl-facet-only")?;
        let not = create(document, "button", "dsl-facet-not")?;
        // The name of a pipeline is read from left to right, whatever the page's direction.
        let mark = create(document, "span", "dsl-channel")?;
        let label = create(document, "bdi", "dsl-facet-label")?;
        label.set_attribute("dir", "ltr").ok()?;
        let count = create(document, "span", "dsl-facet-count")?;
        for part in [&label, &count] {
            only.append_child(part).ok()?;
        }
        for button in [&only, &not] {
            button.set_attribute("type", "button").ok()?;
            element.append_child(button).ok()?;
        }
        not.set_text_content(Some("−"));
        Some(Self {
            value: FacetValue {
                key: String::new(),
                label: String::new(),
                mark: ChannelMark::default(),
                count: String::new(),
                choice: Choice::Open,
            },
            element,
            only: only.unchecked_into(),
            not: not.unchecked_into(),
            mark,
            label,
            count,
        })
    }

    fn show(&mut self, value: FacetValue, exclude: &dyn Fn(&str) -> String) {
        // This fails only for an invalid attribute name.
        let set = |element: &HtmlElement, name, value: &str| {
            let _ = element.set_attribute(name, value);
        };
        let old = &self.value;
        if old.label != value.label {
            self.label.set_text_content(Some(&value.label));
            let full = &value.mark.full_name;
            set(&self.only, "title", if full.is_empty() { &value.label } else { full });
            let exclude = exclude(&value.label);
            set(&self.not, "aria-label", &exclude);
            set(&self.not, "title", &exclude);
        }
        if old.mark != value.mark {
            draw_mark(&self.mark, &value.mark);
            // The name is beside it.
            set(self.mark.unchecked_ref(), "aria-hidden", "true");
            if value.mark.is_empty() {
                self.mark.remove();
            } else {
                // This fails only for an element of another document.
                let _ = self.only.prepend_with_node_1(&self.mark);
            }
        }
        if old.count != value.count {
            self.count.set_text_content(Some(&value.count));
        }
        for (button, choice) in [(&self.only, Choice::Only), (&self.not, Choice::Not)] {
            set(button, "aria-pressed", if value.choice == choice { "true" } else { "false" });
        }
        self.value = value;
    }
}

fn pressed(rows: &[Row], event: &MouseEvent) -> Option<(String, Choice)> {
    // Not `dyn_into`: an element of another window is an instance of that window's classes.
    let target: Element = event.target()?.unchecked_into();
    let button = target.closest("button").ok()??;
    rows.iter().find_map(|row| {
        let choice = match () {
            () if *row.not == button => Choice::Not,
            () if *row.only != button => return None,
            // As in other tools that have facets.
            () if event.alt_key() => Choice::Not,
            () => Choice::Only,
        };
        Some((row.value.key.clone(), choice))
    })
}

fn focus_next(rows: &[Row], event: &KeyboardEvent, step: isize) {
    let has_focus = |row: &Row| row.element.matches(":focus-within").unwrap_or(false);
    let next = match rows.iter().position(has_focus) {
        Some(index) => index.saturating_add_signed(step),
        None => 0,
    };
    if let Some(row) = rows.get(next) {
        event.prevent_default();
        // This fails only for an element that is gone.
        let _ = row.only.focus();
    }
}

fn create(document: &Document, name: &str, class: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    Some(element)
}
