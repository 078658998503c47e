//! A real page: mounts the component, clicks, waits, and reads what the user sees.

use std::any::Any;
use std::future::Future;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use logs_sse_client::ui::LiveLogs;
use logs_sse_core::connection::Config;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::JsValue;
use web_sys::{Document, Element, HtmlElement};

/// The longest wait for a condition, enough for a slow machine.
const PATIENCE_MS: f64 = 10_000.0;

/// Returns the stream URL of the gateway that `npm test` starts, with 50 lines per second on the
/// workflows of the demo.
pub fn endpoint() -> String {
    format!("{}/api/dapadmin/l5-etl/sse/logs/stream", gateway())
}

/// Returns the address of that gateway.
pub fn gateway() -> String {
    let Some(gateway) = option_env!("LOGS_GATEWAY_URL") else {
        panic!(
            "LOGS_GATEWAY_URL names no gateway: run the browser tests through `npm test -- browser`"
        )
    };
    gateway.to_owned()
}

/// Returns a URL without a server: port 9 is `discard`, which browsers never connect to.
pub fn dead_endpoint() -> String {
    "http://127.0.0.1:9/logs".into()
}

/// The props of the component, which a test may change while it is mounted.
#[derive(Clone, Copy)]
pub struct Props {
    pub workspace_id: RwSignal<String>,
    pub workflow_id: RwSignal<String>,
    pub endpoint: RwSignal<String>,
    pub auto_connect: RwSignal<bool>,
    pub capacity: RwSignal<usize>,
    pub channels: RwSignal<Vec<String>>,
}

/// A mounted component in a container of its own. Dropping it unmounts.
pub struct Page {
    container: HtmlElement,
    pub props: Props,
    view: Option<Box<dyn Any>>,
    owner: Owner,
}

impl Page {
    /// Mounts the component on the first workflow of the demo, reading from `endpoint`.
    pub fn mount(endpoint: &str) -> Self {
        Self::mount_with(endpoint, Config::default())
    }

    pub fn mount_with(endpoint: &str, connection: Config) -> Self {
        let gateway_url = option_env!("LOGS_GATEWAY_URL").unwrap_or_default();
        let container: HtmlElement =
            document().create_element("div").expect("a div").unchecked_into();
        document().body().expect("a body").append_child(&container).expect("appended");
        let owner = Owner::new_root(None);
        let (props, view) = owner.with(|| {
            let props = Props {
                workspace_id: RwSignal::new("workspace123".into()),
                workflow_id: RwSignal::new("workflow456".into()),
                endpoint: RwSignal::new(endpoint.into()),
                auto_connect: RwSignal::new(false),
                capacity: RwSignal::new(10_000),
                channels: RwSignal::new(Vec::new()),
            };
            let view = leptos::mount::mount_to(container.clone(), move || {
                view! { class="dsl",
                    <LiveLogs
                        workspace_id=props.workspace_id
                        workflow_id=props.workflow_id
                        endpoint=props.endpoint
                        auto_connect=props.auto_connect
                        capacity=props.capacity
                        channels=props.channels
                        gateway_url=gateway_url
                        connection=connection
                    />
                }
            });
            (props, Box::new(view) as Box<dyn Any>)
        });
        Self { container, props, view: Some(view), owner }
    }

    /// Returns the visible text of the page.
    pub fn text(&self) -> String {
        self.container.inner_text()
    }

    pub fn word(&self) -> String {
        self.find(".dsl-word")
            .map(|word| word.text_content().unwrap_or_default())
            .unwrap_or_default()
    }

    pub fn find(&self, selector: &str) -> Option<HtmlElement> {
        self.container.query_selector(selector).expect("a selector").map(Element::unchecked_into)
    }

    pub fn all(&self, selector: &str) -> Vec<HtmlElement> {
        let found = self.container.query_selector_all(selector).expect("a selector");
        (0..found.length())
            .filter_map(|index| found.item(index))
            .map(JsCast::unchecked_into)
            .collect()
    }

    /// Clicks the visible button with this text.
    pub fn click(&self, label: &str) {
        let button = self
            .all("button")
            .into_iter()
            .find(|button| button.text_content().as_deref() == Some(label) && !button.hidden());
        button.unwrap_or_else(|| panic!("no button {label:?} in {:?}", self.text())).click();
    }

    pub fn rows(&self) -> Vec<HtmlElement> {
        self.all("li.dsl-row")
    }

    /// Waits until `seen` returns true for the page.
    pub async fn until(&self, what: &str, seen: impl Fn(&Self) -> bool) {
        until(&format!("{what}, but see {:?}", self.text()), async || seen(self)).await;
    }

    pub async fn until_connected(&self) {
        self.until("connected", |page| page.word() == "CONNECTED").await;
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.view.take();
        self.owner.cleanup();
        self.container.remove();
    }
}

pub fn document() -> Document {
    web_sys::window().and_then(|window| window.document()).expect("a document")
}

pub async fn pause(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

/// Waits until `done` returns true.
///
/// # Panics
/// If that takes longer than [`PATIENCE_MS`].
pub async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let start = js_sys::Date::now();
    while !done().await {
        assert!(js_sys::Date::now() - start < PATIENCE_MS, "timed out waiting for: {what}");
        pause(10).await;
    }
}

/// Runs a script in the page, for what only JavaScript can inspect or replace.
pub fn script(code: &str) -> JsValue {
    js_sys::eval(code).unwrap_or_else(|error| panic!("{code}: {error:?}"))
}
