//! The component that a page mounts.

use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser::{Console, Opener, Options};
use crate::ui::built::{Built, view};
use crate::ui::later::{self, Part};
use crate::ui::line_list::line_list;
use crate::ui::live::{Live, effect, flag};
use crate::ui::status_bar::status_bar;
use logs_sse_core::announcer::DEFAULT_EVERY;
use logs_sse_core::connection;
use logs_sse_core::counters::Counters;
use logs_sse_core::session::Session;
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::target::{DEFAULT_ENDPOINT, DEFAULT_SERVICE, Target};
use logs_sse_core::viewport::Order;
use logs_sse_core::words::{Word, Words};

/// Live logs of one workflow: a status bar with the button "Connect Live Logs", and the lines as
/// they arrive.
///
/// All props but the last eleven may change at any time. Another workspace, workflow or service
/// closes the old stream, clears the list and, if it was connected, connects to the new one.
/// Unmounting closes everything.
#[component]
pub fn LiveLogs(
    /// The workspace, such as `workspace123`.
    #[prop(into)]
    workspace_id: Signal<String>,
    /// The workflow, or the function for function logs.
    #[prop(into)]
    workflow_id: Signal<String>,
    /// The service that publishes the logs. Default: `etl`.
    #[prop(into, default = Signal::stored(DEFAULT_SERVICE.to_owned()))]
    service: Signal<String>,
    /// The streaming route: a path on the page's origin, or an http(s) URL. Default: the Datashop
    /// proxy route.
    #[prop(into, default = Signal::stored(DEFAULT_ENDPOINT.to_owned()))]
    endpoint: Signal<String>,
    /// Whether to connect without a click, now or when it becomes true. Default: false.
    #[prop(into, default = Signal::stored(false))]
    auto_connect: Signal<bool>,
    /// The maximum number of lines to keep, 1 to 2,000,000. Default: 10,000.
    #[prop(into, default = Signal::stored(Capacity::default().lines))]
    capacity: Signal<usize>,
    /// How much is logged to the console. Default: each change of the connection.
    #[prop(default = Console::default())]
    console: Console,
    /// Whether cookies are sent to an endpoint of another origin, which must allow that by CORS.
    /// Default: false.
    #[prop(default = false)]
    with_credentials: bool,
    /// How many of the newest lines that the gateway holds to start with, up to 10,000. Default:
    /// 1,000.
    #[prop(default = DEFAULT_TAIL)]
    tail: u32,
    /// Whether the page's title says how many lines or errors are new while the page is hidden.
    /// Default: true.
    #[prop(default = true)]
    title_badge: bool,
    /// After how many seconds a screen reader announces new lines, or 0 for never; it announces
    /// errors at once. Default: 15.
    #[prop(default = DEFAULT_EVERY)]
    announce_every: u32,
    /// Whether long lines wrap at first. Default: as the reader left it, otherwise not.
    #[prop(default = None)]
    wrap: Option<bool>,
    /// The order of the lines at first. Default: as the reader left it, otherwise newest first.
    #[prop(default = None)]
    order: Option<Order>,
    /// Whether the reader's settings are stored in localStorage. Default: true.
    #[prop(default = true)]
    remember: bool,
    /// The language of the viewer. Default: English.
    #[prop(default = Words::ENGLISH)]
    words: Words,
    /// Whether the fragment of the page's address contains the opened line and the filter, and is
    /// followed. For one viewer of a page. Default: false.
    #[prop(default = false)]
    links: bool,
    /// How the connection behaves: delays, timeouts, the number of attempts.
    #[prop(default = connection::Config::default())]
    connection: connection::Config,
    /// Where the component reports how much of the log has arrived, at most once per frame.
    #[prop(optional)]
    progress: Option<RwSignal<Progress>>,
) -> impl IntoView {
    let live = Live::new(
        Options {
            connection,
            capacity: Capacity::from_lines(capacity.get_untracked()),
            console,
            with_credentials,
            tail,
            remember,
        },
        Opener::default(),
        words,
    );
    live.title_badge.set(title_badge);
    live.announce_every.set(announce_every);
    live.links.set(links);
    wrap.into_iter().for_each(|wraps| live.set_wrap(wraps));
    order.into_iter().for_each(|order| live.set_order(order));
    let target = move || {
        Target::new(&service.read(), &workspace_id.read(), &workflow_id.read(), &endpoint.read())
    };
    // An effect runs a moment after mounting, and a click may happen before it.
    live.with(|client| client.set_target(untrack(target)));
    // The client ignores values that it already has, so one effect serves all props.
    let mut was_auto = false;
    effect(move || {
        let (target, capacity, auto) =
            (target(), Capacity::from_lines(capacity.get()), auto_connect.get());
        live.with(|client| {
            client.set_capacity(capacity);
            client.set_target(target);
            if auto && !was_auto {
                client.connect();
            }
        });
        was_auto = auto;
    });
    if let Some(progress) = progress {
        report(live, progress);
    }
    let lang = live.lang();
    // Only the section is rendered by Leptos. Browser translation would translate logs, into words
    // that were never logged.
    leptos::view! { class="dsl",
        <section class="dsl-root notranslate" translate="no" lang=lang aria-label=live.word(Word::Title) use:fill=live></section>
    }
}

/// How much of the log has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The lines that arrived, and those that did not.
    pub counters: Counters,
    /// The sequence number of the first line that arrived, if there is one and it had a number.
    pub first_seq: Option<u64>,
}

/// Reports the progress after each frame in which it changed.
fn report(live: Live, progress: RwSignal<Progress>) {
    effect(move || {
        live.view_model.track();
        let known = progress.get_untracked().first_seq;
        let now = live.read(|session| Progress {
            counters: session.counters(),
            // The first line itself may have been dropped since.
            first_seq: known
                .filter(|_| session.counters().received > 0)
                .or_else(|| first_seq(session)),
        });
        if progress.get_untracked() != now {
            progress.set(now);
        }
    });
}

fn first_seq(session: &Session) -> Option<u64> {
    let store = session.store();
    store.range().find_map(|number| match store.row(number)? {
        Row::Line(line) => line.seq,
        Row::Notice(_) => None,
    })
}

/// How many lines a viewer starts with unless told otherwise: more than a reader scrolls through
/// before asking for more.
pub const DEFAULT_TAIL: u32 = 1_000;

/// Renders a live log for JavaScript, which has no component.
#[cfg(feature = "js")]
pub(crate) fn live_view(live: Live) -> Built {
    let mut section = view! { class="dsl",
        // As the component's.
        <section class="dsl-root notranslate" translate="no" lang=live.lang() aria-label=live.word(Word::Title)></section>
    };
    add_content(&mut section, live);
    section
}

/// Renders a live log into the component's section, which owns it.
fn fill(section: Element, live: Live) {
    let mut section = Built::of(section);
    add_content(&mut section, live);
    // Dropped with the component.
    StoredValue::new_local(section);
}

/// Adds the parts of a live log to its section.
fn add_content(section: &mut Built, live: Live) {
    let lines = view! { class="dsl",
        <div hidden=flag(live.view_model, |view_model| !view_model.is_shown)>
            {line_list(live)}
            {(Part::Detail, live)}
        </div>
    };
    section.child(status_bar(live));
    section.child(lines);
    section.child((Part::Shortcuts, live));
    later::listen(section.element(), live);
}
