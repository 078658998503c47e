//! What all views share: the client, and the signals that report its changes.

mod tools;

use std::rc::Rc;

use leptos::ev::MouseEvent;
use leptos::html::{Button, Div, Ol};
use leptos::prelude::*;

use crate::browser::{Client, Opener, Options, StoredSettings};
use crate::ui::built::NodeRef;
use crate::ui::detail::cover;
use crate::ui::filter_bar::SearchField;
use crate::ui::later::{self, Task};
use crate::ui::line_list::drawn_lines;
use crate::ui::link::Linked;
use crate::ui::row_selection::RowSelection;
use crate::ui::rows::{Rows, focus};
use crate::ui::shared::Shared;
use logs_sse_core::announcer::{Announcer, DEFAULT_EVERY as DEFAULT_ANNOUNCE_EVERY};
use logs_sse_core::find::Query;
use logs_sse_core::fold::Folding;
use logs_sse_core::frame_throttle::FrameThrottle;
use logs_sse_core::line_time::TimeDisplay;
use logs_sse_core::session::Session;
use logs_sse_core::settings::{Setting, Wrap};
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::{Order, Place, Viewport};
use logs_sse_core::words::{Word, Words};

/// Announces what is new in a client whose view may be held. Returns whether it will soon announce
/// more, so that it must be called again.
type Announce = Rc<dyn Fn(&Client, bool) -> bool>;

/// Returns what is shown through a viewport.
type Describe = fn(&Client, &Viewport) -> ViewModel;

/// A live log as the views hold it.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    client: StoredValue<Rc<Client>, LocalStorage>,
    /// The part of the log that the reader sees.
    pub(crate) viewport: RwSignal<Viewport>,
    /// Changes when the view moves to another window.
    pub(crate) moves: RwSignal<u32>,
    /// The element that scrolls.
    pub(crate) list: NodeRef<Div>,
    /// The element that contains the rows.
    pub(crate) row_list: NodeRef<Ol>,
    /// The button that loads earlier lines.
    pub(crate) earlier: NodeRef<Button>,
    /// The field for the text to search for.
    pub(crate) search: SearchField,
    /// What is drawn in it.
    pub(crate) rows: Shared<Rows>,
    /// The number of the line whose whole entry is shown.
    pub(crate) opened: RwSignal<Option<u64>>,
    /// The rows that show all their lines.
    pub(crate) unfolded: RwSignal<Vec<u64>>,
    /// The number of the row at which the keyboard is.
    pub(crate) current: RwSignal<Option<u64>>,
    /// The result of the last key or button in words, until the next one.
    pub(crate) said: RwSignal<String>,
    /// What a screen reader says: the one live region of the viewer.
    pub(crate) announcement: RwSignal<String>,
    announcer: Shared<Announcer>,
    announcing: Shared<Option<Announce>>,
    /// Whether the address of the page leads to a line and a filter.
    pub(crate) links: RwSignal<bool>,
    /// What the address leads to.
    pub(crate) linked: Shared<Linked>,
    /// What is selected in it.
    pub(crate) selection: Shared<RowSelection>,
    /// What the reader looked at before the last clear.
    cleared_place: StoredValue<Option<Place>, LocalStorage>,
    /// What the reader has set, in this visit or an earlier one.
    settings: Shared<StoredSettings>,
    /// The heading of the live section.
    pub(crate) title: RwSignal<String>,
    /// The locale of times; empty for the viewer's own format.
    pub(crate) locale: RwSignal<String>,
    /// After how many seconds a screen reader announces new lines; 0 for never.
    pub(crate) announce_every: RwSignal<u32>,
    /// How times are shown.
    pub(crate) times: RwSignal<TimeDisplay>,
    /// Changes each second while times depend on it.
    pub(crate) ticks: RwSignal<u32>,
    /// The day of the first line in the window.
    pub(crate) day: RwSignal<String>,
    /// Everything that is shown. One memo for all views.
    pub(crate) view_model: Memo<ViewModel>,
    describing: Shared<Describe>,
    frame: RwSignal<u64>,
    /// Whether the page's title says what is new.
    pub(crate) title_badge: RwSignal<bool>,
}

impl Live {
    /// Starts a client that lives as long as the component that calls this.
    pub(crate) fn new(options: Options, opener: Opener, words: Words) -> Self {
        // Changes at most once per frame. It never carries lines: they are in the store, where the
        // memos read them.
        let frame = RwSignal::new(0_u64);
        let settings = Shared::new(StoredSettings::new(options.remember));
        let viewport = RwSignal::new(Viewport::default());
        let mut throttle = FrameThrottle::default();
        let moves = RwSignal::new(0);
        let announcing = Shared::new(None::<Announce>);
        let announce_every = RwSignal::new(DEFAULT_ANNOUNCE_EVERY);
        let announcement = RwSignal::new(String::new());
        let on_frame = move |client: &Client| {
            if moves.get_untracked() != client.moves() {
                moves.set(client.moves());
            }
            if client.has_search() {
                later::run(Task::Search(client.handle()));
            }
            client.with_session(|session| {
                maybe_update(viewport, &mut |viewport| viewport.settle(session));
            });
            if viewport.read_untracked().is_following() {
                client.release_earlier();
            }
            let is_due = client.with_session(|session| {
                throttle.is_due(client.now(), &viewport.read_untracked(), &session.shown_range())
            });
            let is_held = !viewport.read_untracked().is_following();
            let announce = announcing.try_update_value(|announce| announce.clone()).flatten();
            let is_waiting = announce.is_some_and(|announce| announce(client, is_held));
            if is_due {
                frame.update(|frame| *frame += 1);
            }
            is_due && !is_waiting
        };
        let client = Rc::new(Client::with_opener(opener, options, on_frame));
        client.set_words(words);
        let client = StoredValue::new_local(client);
        let describing: Shared<Describe> = Shared::new(Client::first_view_model);
        let view_model = Memo::new(move |_| {
            frame.track();
            let describe: Describe = describing.with_value(|describe| *describe);
            describe(&client.get_value(), &viewport.read())
        });
        let title =
            client.get_value().with_session(|session| session.words().text(Word::Title).to_owned());
        let (title, locale) = (RwSignal::new(title), RwSignal::default());
        let times = settings.with_value(StoredSettings::get).unwrap_or_default();
        let live = Self {
            client,
            viewport,
            moves,
            list: NodeRef::new(),
            row_list: NodeRef::new(),
            earlier: NodeRef::new(),
            search: NodeRef::new(),
            rows: Shared::new(Rows::default()),
            opened: RwSignal::new(None),
            unfolded: RwSignal::default(),
            current: RwSignal::new(None),
            said: RwSignal::default(),
            announcement,
            announcer: Shared::new(Announcer::default()),
            announcing,
            links: RwSignal::new(false),
            linked: Shared::new(Linked::default()),
            selection: Shared::new(RowSelection::default()),
            cleared_place: StoredValue::new_local(None),
            settings,
            title,
            locale,
            announce_every,
            times: RwSignal::new(times),
            ticks: RwSignal::new(0),
            day: RwSignal::default(),
            view_model,
            describing,
            frame,
            title_badge: RwSignal::new(true),
        };
        if let Some(Wrap(wraps)) = live.setting() {
            live.set_wrap(wraps);
        }
        live.setting::<Order>().into_iter().for_each(|order| live.set_order(order));
        live
    }

    /// Calls `act` with the client.
    pub(crate) fn with<T>(self, act: impl FnOnce(&Client) -> T) -> T {
        act(&self.client())
    }

    // Inlined into each of its callers, the look-up is a large part of them.
    #[inline(never)]
    fn client(self) -> Rc<Client> {
        self.client.get_value()
    }

    /// Returns what the reader has set, if anything. An option of the page takes precedence.
    pub(crate) fn setting<S: Setting>(self) -> Option<S> {
        self.settings.with_value(StoredSettings::get)
    }

    /// Remembers what the reader has set.
    pub(crate) fn set_setting<S: Setting>(self, setting: &S) {
        self.settings.update_value(|settings| settings.set(setting));
    }

    /// Returns a text of the viewer.
    #[inline(never)]
    pub(crate) fn word(self, word: Word) -> String {
        self.read(|session| session.words().text(word).to_owned())
    }

    /// Returns the tag of the viewer's language, unless that is English: texts from elsewhere are not.
    pub(crate) fn lang(self) -> Option<String> {
        self.read(|session| Some(session.words().tag().to_owned()).filter(|tag| !tag.is_empty()))
    }

    /// Returns a text of the viewer with a value in its one place.
    #[inline(never)]
    pub(crate) fn word_with(self, word: Word, name: &str, value: &str) -> String {
        self.read(|session| session.words().fill(word, &[(name, value)]))
    }

    /// Forgets the elements of the view, which is about to be drawn again.
    #[cfg(feature = "js")]
    pub(crate) fn forget_elements(self) {
        self.rows.update_value(|rows| *rows = Rows::default());
        self.selection.update_value(|selection| *selection = RowSelection::default());
    }

    /// Shows a text of the viewer until the next key, and has screen readers speak it.
    pub(crate) fn say_word(self, word: Word) {
        self.say(&self.word(word));
    }

    /// Sets whether lines wrap.
    pub(crate) fn set_wrap(self, wraps: bool) {
        if self.viewport.read_untracked().is_wrapping() != wraps {
            self.update_viewport(&mut |viewport| viewport.wrap(wraps));
        }
    }

    /// Sets the order of the rows. What the reader looks at stays in place.
    pub(crate) fn set_order(self, order: Order) {
        let lines = self.read(Session::shown_range);
        self.update_viewport(&mut |viewport| viewport.set_order(order, &lines));
    }

    /// Returns the current time, in milliseconds since 1970 (UTC).
    pub(crate) fn now_millis(self) -> i64 {
        self.with(|client| client.now().as_millis() as i64)
    }

    /// Sets whether settings are stored from now on.
    #[cfg(feature = "js")]
    pub(crate) fn remember(self, is_remembered: bool) {
        self.settings.update_value(|settings| settings.remember(is_remembered));
    }

    /// Changes the reader's query. What the reader looks at stays in place.
    pub(crate) fn update_query(self, change: impl FnOnce(&mut Query)) {
        let mut query = self.query();
        change(&mut query);
        self.set_query(query);
    }

    /// Returns the reader's query.
    #[inline(never)]
    pub(crate) fn query(self) -> Query {
        self.read(|session| session.query().clone())
    }

    #[inline(never)]
    fn set_query(self, query: Query) {
        self.renumber(self.place(), |client, near| client.set_query(query, near));
    }

    /// Changes what is folded. What the reader looks at stays in place.
    pub(crate) fn set_folding(self, folding: Folding) {
        self.renumber(self.place(), |client, near| client.set_folding(folding, near));
    }

    /// Keeps `place` where it is if `change`, which receives its number, changes the shown rows.
    fn renumber(self, place: Option<Place>, change: impl FnOnce(&Client, Option<u64>) -> bool) {
        if self.with(|client| change(client, place.map(|place| place.number))) {
            self.read(|session| {
                self.update_viewport(&mut |viewport| viewport.renumber(session, place));
            });
        }
    }

    /// Pins the row with this number, or unpins it, and says so. The key of a pin unpins too.
    pub(crate) fn toggle_pin(self, number: u64) {
        let outcome = self.with(|client| client.toggle_pin(number));
        self.say(&self.read(|session| outcome.text(session.words())));
    }

    /// Removes all lines, which the reader can undo.
    pub(crate) fn clear(self) {
        self.cleared_place.set_value(self.place());
        self.with(Client::clear_with_undo);
    }

    /// Brings back the lines that the reader cleared, and what the reader looked at.
    pub(crate) fn undo_clear(self) {
        self.renumber(self.cleared_place.get_value(), Client::undo_clear);
    }

    /// Returns the row that stays in place when the shown rows change; `None` while following.
    fn place(self) -> Option<Place> {
        let focused = self.rows.with_value(Rows::focused);
        let preferred: Vec<_> =
            [self.opened.get_untracked(), focused].into_iter().flatten().collect();
        self.read(|session| self.viewport.read_untracked().place(session, &preferred))
    }

    /// Moves the view as `change` does, which returns whether it did.
    pub(crate) fn move_view(self, mut change: impl FnMut(&mut Viewport) -> bool) {
        self.move_by(&mut change);
    }

    #[inline(never)]
    fn move_by(self, change: &mut dyn FnMut(&mut Viewport) -> bool) {
        let viewport = self.viewport;
        self.read(|session| {
            maybe_update(viewport, &mut |viewport| {
                let has_moved = change(viewport);
                // What the reader sees now is no longer new.
                viewport.settle(session) || has_moved
            });
        });
    }

    /// Changes the part of the log that the reader sees.
    pub(crate) fn update_viewport(self, change: &mut dyn FnMut(&mut Viewport)) {
        maybe_update(self.viewport, &mut |viewport| {
            change(viewport);
            true
        });
    }

    /// Returns what `find` finds for a number or ordinal. A function pointer: one type for all.
    pub(crate) fn find_row(self, from: u64, find: fn(&Session, u64) -> Option<u64>) -> Option<u64> {
        self.read(|session| find(session, from))
    }

    /// Makes the row with this number the current one, and focuses it once it is drawn.
    pub(crate) fn choose(self, number: Option<u64>) {
        self.rows.update_value(|rows| rows.focus_next(number));
        self.current.set(number);
    }

    /// Focuses the list itself.
    pub(crate) fn focus_list(self) {
        if let Some(list) = self.list.get_untracked() {
            focus(&list);
        }
    }

    /// Brings the row with this ordinal into view beside the opened entry, and holds it there.
    pub(crate) fn reveal(self, row: u64) {
        let Some(list) = self.list.get_untracked() else { return };
        let (lines, cover) = (drawn_lines(self), cover(&list));
        self.move_view(|viewport| viewport.reveal(row, &lines, cover));
    }

    /// Calls `read` with the session, once.
    pub(crate) fn read<T>(self, read: impl FnOnce(&Session) -> T) -> T {
        self.with(|client| client.with_session(read))
    }
}

/// Changes `viewport` as `change` does, which returns whether there is anything new to draw. A
/// reference to a function, for the same reason as below.
#[inline(never)]
pub(crate) fn maybe_update(
    viewport: RwSignal<Viewport>,
    change: &mut dyn FnMut(&mut Viewport) -> bool,
) {
    viewport.maybe_update(change);
}

/// Returns a text derived from what is shown. A function pointer, not a closure: one type, and so
/// one copy of what is generic over it, for all texts.
pub(crate) fn text(
    view_model: Memo<ViewModel>,
    pick: fn(&ViewModel) -> String,
) -> impl Fn() -> String + Copy + Send + 'static {
    move || view_model.with(pick)
}

/// Returns a text that is a signal of its own; a function for the same reason.
pub(crate) fn signal_text(signal: RwSignal<String>) -> impl Fn() -> String + Copy + Send + 'static {
    move || signal.get()
}

/// Returns a condition on what is shown, for attributes such as `hidden`; a function pointer for
/// the same reason.
pub(crate) fn flag(
    view_model: Memo<ViewModel>,
    pick: fn(&ViewModel) -> bool,
) -> impl Fn() -> bool + Copy + Send + 'static {
    move || view_model.with(pick)
}

/// Returns a handler for clicks; a function pointer for the same reason.
pub(crate) fn click(live: Live, act: fn(Live)) -> impl Fn(MouseEvent) + Clone + Send + 'static {
    move |_| act(live)
}

/// Runs `act` now and whenever a signal that it reads changes; boxed for the same reason.
pub(crate) fn effect(act: impl FnMut() + 'static) {
    start(Box::new(act));
}

// Inlined into each of its callers, it is half a kilobyte of each.
#[inline(never)]
fn start(mut act: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| act());
}
