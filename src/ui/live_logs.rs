//! The component that a page mounts.

use leptos::prelude::*;

use crate::browser::{Client, Console, Options};
use crate::core::connection;
use crate::core::store::Capacity;
use crate::core::target::{DEFAULT_ENDPOINT, DEFAULT_SERVICE, Target};
use crate::ui::detail::Detail;
use crate::ui::line_list::LineList;
use crate::ui::live::Live;
use crate::ui::status_bar::StatusBar;

/// Live logs of one workflow: a status bar with the button "Connect Live Logs", and the lines as they come.
///
/// All props but the last two may change at any time. Another workspace, workflow or service closes the old stream,
/// empties the list and, if it was connected, connects to the new one. Unmounting ends everything.
#[component]
pub fn LiveLogs(
    /// The workspace, such as `workspace123`.
    #[prop(into)]
    workspace_id: Signal<String>,
    /// The workflow, or for function logs the function.
    #[prop(into)]
    workflow_id: Signal<String>,
    /// The service that publishes; `etl` unless given.
    #[prop(into, default = Signal::stored(DEFAULT_SERVICE.to_owned()))]
    service: Signal<String>,
    /// The route that streams: a path on the page's origin, or an http(s) URL. The Datashop proxy route unless given.
    #[prop(into, default = Signal::stored(DEFAULT_ENDPOINT.to_owned()))]
    endpoint: Signal<String>,
    /// Whether to connect without a click, now or when it becomes true; off unless given.
    #[prop(into, default = Signal::stored(false))]
    auto_connect: Signal<bool>,
    /// The most lines to hold, 1 to 500,000; 10,000 unless given.
    #[prop(into, default = Signal::stored(Capacity::default().lines))]
    capacity: Signal<usize>,
    /// How much the console tells; each change of the connection unless given.
    #[prop(default = Console::default())]
    console: Console,
    /// How the connection behaves: delays, timeouts, the number of attempts.
    #[prop(default = connection::Config::default())]
    connection: connection::Config,
) -> impl IntoView {
    let live = Live::new(Options { connection, capacity: Capacity::of_lines(capacity.get_untracked()), console });
    Effect::new(move || {
        let target = Target::new(&service.read(), &workspace_id.read(), &workflow_id.read(), &endpoint.read());
        live.with(|client| client.set_target(target));
    });
    Effect::new(move || live.with(|client| client.set_capacity(Capacity::of_lines(capacity.get()))));
    // After the effect above, so that there is a target to connect to.
    Effect::new(move || {
        if auto_connect.get() {
            live.with(Client::connect);
        }
    });
    let is_shown = Memo::new(move |_| live.watch(|client| client.with_session(|session| session.is_worth_showing())));
    view! { class="dsl",
        <section class="dsl-root" aria-label="Live logs">
            <StatusBar live=live/>
            <Show when=move || is_shown.get()>
                <LineList live=live/>
                <Detail live=live/>
            </Show>
        </section>
    }
}
