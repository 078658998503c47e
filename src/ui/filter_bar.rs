//! What a reader asks of the log: a text, levels, a pipeline. Core finds, the list shows.

use leptos::ev::Event;
use leptos::html::Select;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::ui::live::{Live, click, effect, flag, text};
use logs_sse_core::find::Levels;
use logs_sse_core::styled;
use logs_sse_core::summary::unknown_choice;

/// The fields above the lines.
pub(crate) fn filter_bar(live: Live) -> impl IntoView {
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
    // No choice of levels hides silently what has none: the last one is theirs, with how many they
    // are.
    let mut counted = None;
    effect(move || {
        let unknown = live.picture.with(|picture| picture.unknown_levels);
        if let Some(choice) = levels.get().and_then(|menu| menu.last_element_child())
            && counted.replace(unknown) != Some(unknown)
        {
            choice.set_text_content(Some(&unknown_choice(unknown)));
        }
    });
    let mut listed = None;
    effect(move || {
        let version = Some(live.picture.read().pipelines_version);
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
                on:input=changed(live, |live, text| live.ask(|query| query.text = text.to_owned()))
            />
            <button
                type="button"
                class="dsl-button dsl-small"
                title="Regular expression"
                aria-label="Regular expression"
                aria-pressed=text(live.picture, |picture| picture.is_regex.to_string())
                on:click=click(live, |live| live.ask(|query| query.is_regex = !query.is_regex))
            >
                ".*"
            </button>
            <select class="dsl-input" aria-label="Levels" node_ref=levels on:change=changed(live, choose_levels)></select>
            <select class="dsl-input" aria-label="Pipeline" node_ref=pipelines on:change=changed(live, choose_pipeline)></select>
            <p
                class="dsl-broken"
                role="alert"
                hidden=flag(live.picture, |picture| picture.regex_error.is_empty())
                prop:textContent=text(live.picture, |picture| picture.regex_error.clone())
            ></p>
        </div>
    }
}

/// What a field's new value does; a function pointer, so that there is one type for all fields.
fn changed(live: Live, act: fn(Live, &str)) -> impl Fn(Event) + Clone + Send + 'static {
    move |event| act(live, &event_target_value(&event))
}

fn choose_levels(live: Live, index: &str) {
    let levels = index
        .parse()
        .ok()
        .and_then(|index: usize| Levels::CHOICES.get(index))
        .map_or(Levels::ALL, |(_, levels)| *levels);
    live.ask(|query| query.levels = levels);
}

/// A name stands behind a sign, since the one of no pipeline is empty.
fn choose_pipeline(live: Live, value: &str) {
    live.ask(|query| query.pipeline = value.strip_prefix('=').map(Into::into));
}

/// The pipelines that came, and the one that is chosen even where it has not come yet.
fn list_pipelines(live: Live, menu: &Element) {
    menu.set_text_content(None);
    add(menu, "", "All pipelines");
    let chosen = live.look(|session| session.query().pipeline.clone());
    let mut names =
        live.look(|session| session.store().pipelines().map(ToOwned::to_owned).collect::<Vec<_>>());
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
            // It fails only for a name that is none.
            let _ = option.set_attribute("selected", "");
        }
    }
}

fn add(menu: &Element, value: &str, label: &str) {
    let option = menu.owner_document().and_then(|document| document.create_element("option").ok());
    if let Some(option) = option {
        let label = if label.is_empty() { "(none)".to_owned() } else { styled::label(label) };
        option.set_text_content(Some(&label));
        // A name of a pipeline reads from left to right, whatever the page does.
        let attributes = [("value", value), ("dir", "ltr")]
            .iter()
            .try_for_each(|(name, value)| option.set_attribute(name, value));
        let _ = attributes.and_then(|()| menu.append_child(&option).map(drop));
    }
}
