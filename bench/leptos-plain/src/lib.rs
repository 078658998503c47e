//! A plain Leptos client: one signal of all rows, updated for each message, the newest 200 kept. For the benchmark only.

use std::cell::Cell;

use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, MessageEvent};

/// How many lines are kept.
const KEPT: usize = 200;

thread_local! {
    static TAKEN: Cell<u32> = const { Cell::new(0) };
}

#[derive(Clone, Deserialize)]
struct Envelope {
    id: String,
    data: Entry,
}

#[derive(Clone, Deserialize)]
struct Entry {
    date: String,
    level: String,
    pipeline: String,
    status: String,
    message: String,
}

/// Shows the lines of `url` in the page.
#[wasm_bindgen]
pub fn mount(url: String) {
    leptos::mount::mount_to_body(move || view! { <Logs url=url.clone()/> });
}

/// How many messages were taken, the greeting among them.
#[wasm_bindgen]
pub fn taken() -> u32 {
    TAKEN.get()
}

#[component]
fn Logs(url: String) -> impl IntoView {
    let (logs, set_logs) = signal(Vec::<Envelope>::new());
    let source = EventSource::new(&url).expect("the benchmark's own address");
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        TAKEN.set(TAKEN.get() + 1);
        let data = event.data().as_string().unwrap_or_default();
        // The greeting is no envelope.
        let Ok(envelope) = serde_json::from_str::<Envelope>(&data) else { return };
        set_logs.update(|logs| {
            logs.insert(0, envelope);
            logs.truncate(KEPT);
        });
    });
    source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The page lives as long as the run.
    on_message.forget();
    view! {
        <ol>
            <For each=move || logs.get() key=|envelope| envelope.id.clone() children=row/>
        </ol>
    }
}

fn row(Envelope { data, .. }: Envelope) -> impl IntoView {
    let class = data.level.clone();
    view! {
        <li class=class>
            <span>{data.date}</span>
            <span>{data.level}</span>
            <span>{data.pipeline}</span>
            <span>{data.message}</span>
            <span>{data.status}</span>
        </li>
    }
}
