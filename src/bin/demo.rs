//! The entry point of the demo page: mounts `<LiveLogs>` above the page's own logs and listener its
//! workflow selector.

#[cfg(target_arch = "wasm32")]
fn main() {
    page::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this program runs in a browser: build it with trunk, or run `npm run demo`");
    std::process::exit(1);
}

#[cfg(target_arch = "wasm32")]
mod page {
    use std::any::Any;
    use std::cell::RefCell;

    use gloo_events::EventListener;
    use js_sys::Reflect;
    use leptos::prelude::*;
    use logs_sse_client::browser::language;
    use logs_sse_client::ui::{LiveLogs, Progress};
    use wasm_bindgen::JsCast;
    use web_sys::{HtmlElement, HtmlSelectElement};

    thread_local! {
        /// What the page owns: the mounted view and the listener. Both live as long as the page.
        static PAGE: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
    }

    pub(crate) fn mount() {
        let container: HtmlElement = element("live-logs");
        let selector: HtmlSelectElement = element("workflow");
        let owner = Owner::new_root(None);
        let page = owner.with(|| {
            let workflow = RwSignal::new(selector.value());
            let part = move |index| {
                Signal::derive(move || {
                    workflow.read().split('/').nth(index).unwrap_or_default().to_owned()
                })
            };
            // Several workflows are separated by commas.
            let channels = Signal::derive(move || {
                let selected = workflow.read();
                let names = selected.split(',').filter(|_| selected.contains(','));
                names.map(|name| format!("logs:etl:{}", name.replace('/', ":"))).collect::<Vec<_>>()
            });
            let progress = RwSignal::new(Progress::default());
            let reported = container.clone();
            // start.js puts it there.
            let language = Reflect::get(&container, &"language".into()).unwrap_or_default();
            let words = language::words(&language);
            let view = leptos::mount::mount_to(container, move || {
                view! { class="dsl",
                    <LiveLogs workspace_id=part(0) workflow_id=part(1) channels=channels capacity=50_000_usize links=true progress=progress words=words.clone()/>
                }
            });
            // After mounting, which starts the executor of effects.
            report(reported, progress);
            let listener = EventListener::new(&selector.clone(), "change", move |_| {
                workflow.set(selector.value());
            });
            (view, listener)
        });
        PAGE.set(Some(Box::new((page, owner))));
    }

    /// Writes the progress into attributes of `container`, where try.js reads it.
    fn report(container: HtmlElement, progress: RwSignal<Progress>) {
        Effect::new(move |_| {
            let Progress { counters, first_seq } = progress.get();
            for (name, value) in [
                ("data-received", counters.received),
                ("data-missing", counters.missing),
                ("data-duplicates", counters.duplicates),
                ("data-first", first_seq.unwrap_or_default()),
            ] {
                // An error means that the name is no attribute's, and these are.
                let _ = container.set_attribute(name, &value.to_string());
            }
        });
    }

    fn element<T: JsCast>(id: &str) -> T {
        let found = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|document| document.get_element_by_id(id));
        found
            .and_then(|found| found.dyn_into().ok())
            .unwrap_or_else(|| panic!("index.html has no #{id} of the expected type"))
    }
}
