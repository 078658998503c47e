//! What all views share: the client, and the signals that tell when to look at it again.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;

use crate::browser::{Client, Opener, Options};
use logs_sse_core::find::Query;
use logs_sse_core::frame_throttle::FrameThrottle;
use logs_sse_core::session::Session;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Viewport;

/// A live log, as the views hold it.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    client: StoredValue<Client, LocalStorage>,
    /// Where the reader looks.
    pub(crate) viewport: RwSignal<Viewport>,
    /// Moves when the view comes to another window.
    pub(crate) moves: RwSignal<u32>,
    /// The element that scrolls.
    pub(crate) list: NodeRef<Div>,
    /// The number of the line whose whole entry is shown.
    pub(crate) opened: RwSignal<Option<u64>>,
    /// The heading of the live section.
    pub(crate) title: RwSignal<String>,
    /// How times are written that came as numbers; empty means as ISO date and time.
    pub(crate) locale: RwSignal<String>,
    /// All that is shown. One memo for all views: Leptos' machinery for a text is compiled once
    /// for each type it is picked from.
    pub(crate) picture: Memo<ViewModel>,
}

impl Live {
    /// Starts a client that lives as long as the component which calls this.
    pub(crate) fn new(options: Options, opener: Opener) -> Self {
        // Moves at most once per frame. Lines never travel in it: they rest in the store, and the
        // memos look there.
        let frame = RwSignal::new(0_u64);
        let viewport = RwSignal::new(Viewport::default());
        let mut pace = FrameThrottle::default();
        let moves = RwSignal::new(0);
        let on_frame = move |client: &Client| {
            if moves.get_untracked() != client.moves() {
                moves.set(client.moves());
            }
            client.search_new();
            let is_due = client.with_session(|session| {
                pace.is_due(client.now(), &viewport.read_untracked(), &session.shown_range())
            });
            if is_due {
                frame.update(|frame| *frame += 1);
            }
            is_due
        };
        let client = StoredValue::new_local(Client::with_opener(opener, options, on_frame));
        let picture = Memo::new(move |_| {
            frame.track();
            let viewport = viewport.read();
            client.with_value(|client| client.picture(&viewport))
        });
        let (title, locale) = (RwSignal::new(DEFAULT_TITLE.to_owned()), RwSignal::default());
        Self {
            client,
            viewport,
            moves,
            list: NodeRef::new(),
            opened: RwSignal::new(None),
            title,
            locale,
            picture,
        }
    }

    /// Speaks to the client.
    pub(crate) fn with<T>(self, act: impl FnOnce(&Client) -> T) -> T {
        self.client.with_value(act)
    }

    /// Asks something else of the log.
    pub(crate) fn ask(self, change: impl FnOnce(&mut Query)) {
        let mut query = self.look(|session| session.query().clone());
        change(&mut query);
        self.with(|client| client.set_query(query));
        self.viewport.update(Viewport::renumber);
    }

    /// Looks at the session once.
    pub(crate) fn look<T>(self, look: impl FnOnce(&Session) -> T) -> T {
        self.with(|client| client.with_session(look))
    }
}

/// A text of what is shown. A function pointer, not a closure: one type, and so one copy of Leptos'
/// machinery, for all texts.
pub(crate) fn text(
    of: Memo<ViewModel>,
    pick: fn(&ViewModel) -> String,
) -> impl Fn() -> String + Copy + Send + 'static {
    move || of.with(pick)
}

/// A condition on what is shown, for attributes such as `hidden`; a function pointer for the same
/// reason.
pub(crate) fn flag(
    of: Memo<ViewModel>,
    pick: fn(&ViewModel) -> bool,
) -> impl Fn() -> bool + Copy + Send + 'static {
    move || of.with(pick)
}

/// What a click does; a function pointer for the same reason.
pub(crate) fn click(live: Live, act: fn(Live)) -> impl Fn(MouseEvent) + Clone + Send + 'static {
    move |_| act(live)
}

/// Runs `act` now and whenever what it reads changes; boxed for the same reason.
pub(crate) fn effect(act: impl FnMut() + 'static) {
    let mut act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(move |_: Option<()>| act());
}

/// What a page that says nothing else reads above the lines.
const DEFAULT_TITLE: &str = "Live logs";
