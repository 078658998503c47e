//! The parts of the view that are not needed to show the first lines: the bars above the list, the
//! opened entry, keys, links, the search.
//!
//! The npm package has their code in a second file (`scripts/lib/split.mjs`), which it loads while
//! the log streams. So they are reached in one way only: [`run`] queues a [`Task`], and
//! [`run_queued`] does it. Where everything is in one file, that happens at once.

use std::cell::RefCell;

use leptos::ev::{
    ClipboardEvent, KeyboardEvent, MouseEvent, click, copy, focusin, keydown, mousedown,
};
use leptos::prelude::*;
use leptos::reactive::owner::WeakOwner;
use leptos::web_sys::{Element, Node};

use crate::browser::Client;
use crate::ui::built::Built;
use crate::ui::columns::columns;
use crate::ui::detail::{self, detail};
use crate::ui::filter_bar::{filter_bar, on_find_key};
use crate::ui::fold;
use crate::ui::histogram;
use crate::ui::keyboard;
use crate::ui::line_list::tools;
use crate::ui::link;
use crate::ui::live::{Live, effect};
use crate::ui::row_selection;
use crate::ui::shortcuts::shortcuts;
use logs_sse_core::words;

/// A part of the view.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// The buttons beside the title.
    Tools(RwSignal<bool>),
    Filter,
    /// The histogram, if the signal says so.
    Histogram(RwSignal<bool>),
    Columns,
    Detail,
    Shortcuts,
}

/// What happens as soon as its code is there.
pub(crate) enum Task {
    /// Builds a part before `anchor`, unless the view is gone by then.
    Build { part: Part, live: Live, anchor: Node, owner: WeakOwner },
    /// Listens to the reader.
    Listen { live: Live, section: Element, owner: WeakOwner },
    /// Searches the lines that arrived.
    Search(Client),
}

thread_local! {
    static QUEUE: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// Adds a part to an element: now, or as soon as its code is there.
pub(crate) fn part(parent: &mut Built, part: Part, live: Live) {
    if let Some(owner) = Owner::current() {
        let anchor = parent.anchor();
        run(Task::Build { part, live, anchor, owner: owner.downgrade() });
    }
}

/// Listens to the keys that are pressed in the section of a view, and to what is done in its list.
pub(crate) fn listen(section: &Element, live: Live) {
    if let Some(owner) = Owner::current() {
        run(Task::Listen { live, section: section.clone(), owner: owner.downgrade() });
    }
}

/// Does a task: now, or as soon as its code is there.
pub(crate) fn run(task: Task) {
    QUEUE.with_borrow_mut(|queue| queue.push(task));
    start();
}

#[cfg(not(feature = "js"))]
fn start() {
    run_queued();
}

#[cfg(feature = "js")]
pub(crate) use self::second_file::{set_runner, start};

/// Where JavaScript loads the code.
#[cfg(feature = "js")]
mod second_file {
    use std::cell::RefCell;

    use js_sys::Function;
    use wasm_bindgen::JsValue;

    thread_local! {
        static RUNNER: RefCell<Option<Function>> = const { RefCell::new(None) };
    }

    /// Sets the function that calls [`run_queued`](super::run_queued): the code is there.
    pub(crate) fn set_runner(runner: Function) {
        RUNNER.set(Some(runner));
        start();
    }

    /// Does what is queued, if its code is there.
    pub(crate) fn start() {
        let runner = RUNNER.with_borrow(Option::clone);
        // It fails only if the module has panicked.
        runner.into_iter().for_each(|runner| drop(runner.call0(&JsValue::NULL)));
    }
}

/// Does what is queued, in order. Whatever is reached only from here is in the second file.
#[inline(never)]
pub(crate) fn run_queued() {
    words::load_tools();
    loop {
        let tasks = QUEUE.take();
        if tasks.is_empty() {
            return;
        }
        tasks.into_iter().for_each(Task::run);
    }
}

impl Task {
    fn run(self) {
        match self {
            Self::Build { part, live, anchor, owner } => {
                within(&owner, || build(part, live, &anchor));
            }
            Self::Listen { live, section, owner } => {
                within(&owner, || listen_to(live, &section));
            }
            Self::Search(client) => client.search_new(),
        }
    }
}

fn within(owner: &WeakOwner, act: impl FnOnce()) {
    if let Some(owner) = owner.upgrade() {
        owner.with(act);
    }
}

fn build(part: Part, live: Live, anchor: &Node) {
    let mut built = Built::fragment();
    match part {
        Part::Tools(shows_histogram) => tools(&mut built, live, shows_histogram),
        Part::Filter => built.child(filter_bar(live)),
        Part::Histogram(is_shown) => built.child(histogram::histogram(live, is_shown)),
        Part::Columns => built.child(columns(live)),
        Part::Detail => built.child(detail(live)),
        Part::Shortcuts => built.child(shortcuts(live)),
    }
    built.put_before(anchor);
    // Dropped with the view.
    StoredValue::new_local(built);
}

fn listen_to(live: Live, section: &Element) {
    let mut section = Built::of(section.clone());
    section.on(&keydown, move |event| {
        on_find_key(live, &event);
        keyboard::on_key(live, &event);
    });
    StoredValue::new_local(section);
    let listeners = StoredValue::new_local(Vec::new());
    effect(move || {
        let (Some(list), Some(rows)) = (live.list.get(), live.row_list.get()) else { return };
        row_selection::start(live, &list);
        let (mut list, mut rows) = (Built::of(list.into()), Built::of(rows.into()));
        list.on(&keydown, move |event| on_list_key(live, &event));
        list.on(&copy, move |event| on_copy(live, &event));
        list.on(&mousedown, move |event| on_mouse_down(live, &event));
        rows.on(&click, move |event| on_press(live, &event));
        rows.on(&focusin, move |_| keyboard::row_focused(live));
        listeners.set_value(vec![list, rows]);
    });
    load_earlier(live);
    live.start_tools();
    live.start_announcing();
    live.restore_settings();
    link::watch(live);
}

/// Loads earlier lines when the reader asks for them or is about to reach the end.
fn load_earlier(live: Live) {
    let listener = StoredValue::new_local(None);
    effect(move || {
        let Some(button) = live.earlier.get() else { return };
        let mut button = Built::of(button.into());
        button.on(&click, move |_| live.with(Client::load_earlier));
        listener.set_value(Some(button));
    });
    effect(move || {
        if live.view_model.with(|view_model| view_model.wants_earlier) {
            live.with(Client::load_earlier);
        }
    });
}

fn on_press(live: Live, event: &MouseEvent) {
    if let Some(number) = live.rows.with_value(|drawn| drawn.pressed_fold(event)) {
        fold::unfold(live, number, None);
    } else if let Some(number) = live.rows.with_value(|drawn| drawn.pressed(event)) {
        detail::toggle(live, number);
    }
}

fn on_list_key(live: Live, event: &KeyboardEvent) {
    let is_a = event.key().eq_ignore_ascii_case("a");
    let has_ctrl = event.ctrl_key() || event.meta_key();
    if is_a && has_ctrl && !event.alt_key() && !event.shift_key() {
        event.prevent_default();
        let list = live.list.get_untracked();
        list.into_iter().for_each(|list| row_selection::select_all(live, &list));
    }
}

fn on_copy(live: Live, event: &ClipboardEvent) {
    let list = live.list.get_untracked();
    list.into_iter().for_each(|list| row_selection::copy(live, &list, event));
}

fn on_mouse_down(live: Live, event: &MouseEvent) {
    if event.button() == 0 && !event.shift_key() {
        row_selection::begin(live);
    }
}
