//! The reader's filters: a text, levels, a pipeline. The core searches, the list shows the result.

use leptos::ev::Event;
use leptos::html::Select;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::ui::built::{Built, view};
use crate::ui::live::{Live, click, effect, flag, text};
use logs_sse_core::find::Levels;
use logs_sse_core::styled;
use logs_sse_core::summary::unknown_choice;

/// Renders the fields above the lines.
pub(crate) fn filter_bar(live: Live) -> Built {
    let levels = NodeRef::<Select>::new();
    let pipelines = NodeRef::<Select>::new();
    effect(move || {
        if let Some(menu) = levels.get() {
            Levels::CHOICES
                .iter()
                .enumerate()
                .for_each(|(index, (label, _))| add(&menu, &index.to_string(), label));
        }
    });
    // No choice of levels silently hides lines of unknown level: the last choice selects them and
    // shows how many there are.
    let mut counted = None;
    effect(move || {
        let unknown = live.view_model.with(|view_model| view_model.unknown_levels);
        if let Some(choice) = levels.get().and_then(|menu| menu.last_element_child())
            && counted.replace(unknown) != Some(unknown)
        {
            choice.set_text_content(Some(&unknown_choice(unknown)));
        }
    });
    let mut listed = None;
    effect(move || {
        let version = Some(live.view_model.read().pipelines_version);
        let Some(menu) = pipelines.get() else { return };
        if version != listed {
            listed = version;
            list_pipelines(live, &menu);
        }
    });
    view! { class="dsl",
        <div class="dsl-filter" role="search">
            <input
                type="search"
                class="dsl-input"
                placeholder="Search"
                aria-label="Search the lines"
                dir="ltr"
                autocomplete="off"
                spellcheck="false"
                on:input=changed(live, |live, text| live.update_query(|query| query.text = text.to_owned()))
            />
            <button
                type="button"
                class="dsl-button dsl-small"
                title="Regular expression"
                aria-label="Regular expression"
                aria-pressed=text(live.view_model, |view_model| view_model.is_regex.to_string())
                on:click=click(live, |live| live.update_query(|query| query.is_regex = !query.is_regex))
            >
                ".*"
            </button>
            <select class="dsl-input" aria-label="Levels" node_ref=levels on:change=changed(live, choose_levels)></select>
            <select class="dsl-input" aria-label="Pipeline" node_ref=pipelines on:change=changed(live, choose_pipeline)></select>
            <p
                class="dsl-broken"
                role="alert"
                hidden=flag(live.view_model, |view_model| view_model.regex_error.is_empty())
                prop:textContent=text(live.view_model, |view_model| view_model.regex_error.clone())
            ></p>
        </div>
    }
}

/// Returns a handler that calls `act` with a field's new value. A function pointer, so that there
/// is one type for all fields.
fn changed(live: Live, act: fn(Live, &str)) -> impl Fn(Event) + Clone + Send + 'static {
    move |event| act(live, &event_target_value(&event))
}

fn choose_levels(live: Live, index: &str) {
    let levels = index
        .parse()
        .ok()
        .and_then(|index: usize| Levels::CHOICES.get(index))
        .map_or(Levels::ALL, |(_, levels)| *levels);
    live.update_query(|query| query.levels = levels);
}

/// A name follows `=`, since the name of no pipeline is empty.
fn choose_pipeline(live: Live, value: &str) {
    live.update_query(|query| query.pipeline = value.strip_prefix('=').map(Into::into));
}

/// Lists the pipelines of the log, and the chosen one even if no line of it has arrived.
fn list_pipelines(live: Live, menu: &Element) {
    menu.set_text_content(None);
    add(menu, "", "All pipelines");
    let chosen = live.read(|session| session.query().pipeline.clone());
    let mut names =
        live.read(|session| session.store().pipelines().map(ToOwned::to_owned).collect::<Vec<_>>());
    if let Some(chosen) = &chosen
        && !names.contains(chosen)
    {
        names.push(chosen.clone());
    }
    for name in &names {
        add(menu, &format!("={name}"), name);
        if chosen.as_ref() == Some(name)
            && let Some(option) = menu.last_element_child()
        {
            // This fails only for an invalid attribute name.
            let _ = option.set_attribute("selected", "");
        }
    }
}

fn add(menu: &Element, value: &str, label: &str) {
    let option = menu.owner_document().and_then(|document| document.create_element("option").ok());
    if let Some(option) = option {
        let label = if label.is_empty() { "(none)".to_owned() } else { styled::label(label) };
        option.set_text_content(Some(&label));
        // The name of a pipeline is read from left to right, whatever the page's direction.
        let attributes = [("value", value), ("dir", "ltr")]
            .iter()
            .try_for_each(|(name, value)| option.set_attribute(name, value));
        let _ = attributes.and_then(|()| menu.append_child(&option).map(drop));
    }
}
