//! The run loop: passes what the browser reports to the session, and does in the browser what the
//! session requests.

mod clear;
mod earlier;
mod fold;
mod pins;
mod save;
mod window;

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use js_sys::Function;
use web_sys::Element;

use crate::browser::clock;
use crate::browser::console::Console;
use crate::browser::earlier::EarlierFetch;
use crate::browser::frame::AnimationFrame;
use crate::browser::home::Home;
use crate::browser::next_task::NextTask;
use crate::browser::page_events::PageEvents;
use crate::browser::probe::Probe;
use crate::browser::save::Saving;
use crate::browser::timer::Timer;
use crate::browser::title_badge::TitleShare;
use crate::browser::transport::{Opener, Source};
use logs_sse_core::connection::{Config, Input, Output, Page, ProbeId, ResponseHead, SourceId};
use logs_sse_core::find::Query;
use logs_sse_core::session::{Direction, Session, SourceEvent};
use logs_sse_core::status::{Badge, Status};
use logs_sse_core::store::Capacity;
use logs_sse_core::target::{Target, TargetError};
use logs_sse_core::time::{Instant, millis};
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Viewport;

/// The options of a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How the connection behaves: delays, timeouts, the number of attempts.
    pub connection: Config,
    /// How much of the log is kept in memory.
    pub capacity: Capacity,
    /// How much is logged to the console.
    pub console: Console,
    /// Whether cookies are sent to a stream of another origin.
    pub with_credentials: bool,
    /// How many of the newest lines that the gateway holds a channel starts with; 0 for none.
    pub tail: u32,
    /// Whether the reader's settings are remembered across visits.
    pub remember: bool,
}

/// A live log in a page. Dropping it closes the stream and removes all listeners.
#[must_use = "dropping the client closes the stream"]
pub struct Client {
    inner: Rc<Inner>,
}

impl Client {
    /// Creates a client that is not connected yet.
    ///
    /// `on_frame` is called at most once per frame, when something visible has changed. If it
    /// returns `false`, because it is too early to draw, it is called again on the next frame.
    pub fn new(options: Options, on_frame: impl FnMut(&Self) -> bool + 'static) -> Self {
        Self::with_opener(Opener::default(), options, on_frame)
    }

    /// Like [`new`](Self::new), with streams that are opened by `opener`.
    pub fn with_opener(
        opener: Opener,
        options: Options,
        mut on_frame: impl FnMut(&Self) -> bool + 'static,
    ) -> Self {
        // 53 random bits are plenty for spreading retries.
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        let home = Rc::new(Home::page());
        let mut session = Session::new(options.connection, options.capacity, seed);
        session.set_tail(options.tail);
        let inner = Rc::new_cyclic(|me: &Weak<Inner>| {
            let weak = me.clone();
            Inner {
                session: RefCell::new(session),
                opener,
                source: RefCell::new(None),
                probe: RefCell::new(None),
                earlier: RefCell::new(None),
                headers: RefCell::new(None),
                timer: Cell::new(None),
                timer_at: Cell::new(None),
                refresh: Cell::new(None),
                undo: Cell::new(None),
                saving: Saving::default(),
                searching: OnceCell::new(),
                frame: AnimationFrame::new(Rc::clone(&home), move || {
                    if let Some(inner) = weak.upgrade() {
                        inner.schedule_refresh();
                        let client = Self { inner };
                        if !on_frame(&client) {
                            client.inner.frame.request();
                        }
                    }
                }),
                updates: RefCell::new(None),
                title: RefCell::new(None),
                page_events: RefCell::new(window::listen(&home, me)),
                home,
                moves: Cell::new(0),
                closing: Cell::new(None),
                console: options.console,
                with_credentials: Cell::new(options.with_credentials),
                me: me.clone(),
            }
        });
        if !PageEvents::is_online() {
            inner.handle(Input::Network(false));
        }
        if inner.home.is_hidden() {
            inner.handle(Input::Page(Page::Hidden));
        }
        Self { inner }
    }

    /// Calls `on_update` when there is something new for a program rather than for the eye: once
    /// per frame, by a timer in a hidden tab, and more often while lines arrive faster, so that
    /// only few have to be kept for it. The argument is `false` if a backlog caused the call.
    pub fn on_update(&self, mut on_update: impl FnMut(bool) + 'static) {
        let me = Rc::downgrade(&self.inner);
        let updates = AnimationFrame::in_background(Rc::clone(&self.inner.home), move || {
            // Determined before the callback empties the backlog.
            let is_frame = me.upgrade().is_none_or(|inner| !inner.has_backlog());
            on_update(is_frame);
        });
        *self.inner.updates.borrow_mut() = Some(updates);
    }

    /// Sets the element in which the client is shown, whose window provides timers and frames. A
    /// page may move it to another window.
    pub fn shown_in(&self, element: &Element) {
        self.inner.home.set_element(element);
        self.inner.follow_home();
    }

    /// Returns how often the element has moved to another window.
    #[must_use]
    pub fn moves(&self) -> u32 {
        self.inner.moves.get()
    }

    /// Keeps the rows from `number` on until a listener has received them, or none for `None`.
    pub fn retain_from(&self, number: Option<u64>) {
        if self.inner.session.borrow_mut().retain_from(number) {
            // Drawn rows may be evicted now, and no line need arrive that would cause a redraw.
            self.inner.frame.request();
        }
    }

    /// Connects, and reconnects automatically until [`disconnect`](Self::disconnect).
    pub fn connect(&self) {
        self.inner.handle(Input::Connect);
    }

    /// Closes the stream; nothing more arrives.
    pub fn disconnect(&self) {
        self.inner.handle(Input::Disconnect);
    }

    /// Makes the next attempt now instead of after the delay.
    pub fn retry_now(&self) {
        self.inner.handle(Input::RetryNow);
    }

    /// Changes what to connect to. An open stream is closed before the new one opens.
    pub fn set_target(&self, target: Result<Target, TargetError>) {
        self.inner.session.borrow_mut().handle_target(clock::now(), target);
        self.inner.drive();
    }

    /// Sets whether cookies are sent to a stream of another origin, from the next attempt on.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.inner.with_credentials.set(with_credentials);
    }

    /// Changes how much of the log is kept in memory.
    pub fn set_capacity(&self, capacity: Capacity) {
        self.inner.session.borrow_mut().resize(capacity);
        self.inner.drive();
    }

    /// Sets how many of the newest lines that the gateway holds a channel starts with.
    pub fn set_tail(&self, tail: u32) {
        self.inner.session.borrow_mut().set_tail(tail);
    }

    /// Shows only the lines that match `query`, and searches first around the row `near`. Returns
    /// whether the query is another one. The search runs in slices, between which the page can do
    /// other work.
    pub fn set_query(&self, query: Query, near: Option<u64>) -> bool {
        let is_new = self.inner.session.borrow_mut().set_query_around(query, near);
        self.inner.search_slice();
        self.inner.frame.request();
        is_new
    }

    /// Goes to another match of the query. Returns the number of its row, if there is one.
    pub fn go_to_match(&self, direction: Direction) -> Option<u64> {
        let number = self.inner.session.borrow_mut().go_to_match(direction);
        self.inner.frame.request();
        number
    }

    /// Searches the lines that arrived since the last frame, unless a running search will do so.
    pub fn search_new(&self) {
        if !self.inner.searching.get().is_some_and(NextTask::is_pending) {
            self.inner.search_slice();
        }
    }

    /// Returns the connection's current status in words.
    #[must_use]
    pub fn status(&self) -> Status {
        self.inner.status()
    }

    /// Returns the current time by the page's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        clock::now()
    }

    /// Returns everything that a page shows now through `viewport`.
    #[must_use]
    pub fn view_model(&self, viewport: &Viewport) -> ViewModel {
        ViewModel::new(&self.inner.session.borrow(), viewport, clock::now())
    }

    /// Calls `read` with the session: its lines, its state. `read` must not call back into the
    /// client.
    pub fn with_session<T>(&self, read: impl FnOnce(&Session) -> T) -> T {
        read(&self.inner.session.borrow())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("session", &self.inner.session).finish_non_exhaustive()
    }
}

struct Inner {
    session: RefCell<Session>,
    opener: Opener,
    source: RefCell<Option<Source>>,
    probe: RefCell<Option<Probe>>,
    earlier: RefCell<Option<EarlierFetch>>,
    headers: RefCell<Option<Function>>,
    timer: Cell<Option<Timer>>,
    /// The time at which it fires.
    timer_at: Cell<Option<Instant>>,
    /// Redraws when the status text changes merely because time passes.
    refresh: Cell<Option<Timer>>,
    /// Forgets the lines that the reader cleared.
    undo: Cell<Option<Timer>>,
    saving: Saving,
    /// Continues a search that used up its slice; created by the first one that does.
    searching: OnceCell<NextTask>,
    frame: AnimationFrame,
    /// Calls the listener for updates, if there is one.
    updates: RefCell<Option<AnimationFrame>>,
    /// What the client adds to the badge in the page's title, if it has one.
    title: RefCell<Option<TitleShare>>,
    home: Rc<Home>,
    moves: Cell<u32>,
    closing: Cell<Option<Timer>>,
    page_events: RefCell<PageEvents>,
    console: Console,
    with_credentials: Cell<bool>,
    me: Weak<Self>,
}

impl Inner {
    fn handle(&self, input: Input) {
        // Events that arrived before the input are handled before it: the input may close the
        // source.
        let transport = self.source.borrow().as_ref().map(Source::transport);
        if let Some(transport) = transport {
            transport.flush();
        }
        self.session.borrow_mut().handle_input(clock::now(), input);
        self.drive();
    }

    fn handle_source(&self, source: SourceId, event: SourceEvent<'_>) {
        let now = clock::now();
        self.session.borrow_mut().handle_source_with(now, source, event, &mut |name, data| {
            self.console.line(name, data);
        });
        self.drive();
        if self.has_backlog() {
            self.notify_now();
        }
    }

    /// Does everything that the session requests. Outputs are taken one at a time, since doing one
    /// may add another.
    fn drive(&self) {
        loop {
            let output = self.session.borrow_mut().poll_output();
            match output {
                None => break,
                Some(Output::Open { source, url }) => self.open(source, &url),
                Some(Output::Close(_)) => drop(self.source.take()),
                Some(Output::Probe { probe, url }) => self.probe(probe, &url),
                Some(Output::EndProbe(_)) => drop(self.probe.take()),
                Some(Output::SetTimer(timer)) => {
                    self.timer_at.set(timer.map(|timer| timer.at));
                    self.set_timer();
                }
                Some(Output::Changed(_)) => self.log_change(),
            }
        }
        self.follow_home();
        self.request_frame();
    }

    fn request_frame(&self) {
        self.frame.request();
        if let Some(updates) = &*self.updates.borrow() {
            updates.request();
        }
        if let Some(title) = &*self.title.borrow() {
            title.request();
        }
    }

    fn notify_now(&self) {
        if let Some(updates) = &*self.updates.borrow() {
            updates.run_now();
        }
    }

    fn has_backlog(&self) -> bool {
        self.session.borrow().store().backlog() >= BACKLOG_ROWS
    }

    fn open(&self, id: SourceId, url: &str) {
        let me = self.me.clone();
        match Source::open(&self.opener, url, self.with_credentials.get(), move |event| {
            with(&me, |inner| inner.handle_source(id, event));
        }) {
            Ok(source) => *self.source.borrow_mut() = Some(source),
            Err(message) => self.session.borrow_mut().handle_source(
                clock::now(),
                id,
                SourceEvent::NotOpened(message),
            ),
        }
    }

    fn probe(&self, id: ProbeId, url: &str) {
        let me = self.me.clone();
        let on_response = move |head: ResponseHead| {
            with(&me, |inner| {
                drop(inner.probe.take());
                inner.handle(Input::Probed(id, head));
            });
        };
        *self.probe.borrow_mut() = Probe::start(url, self.with_credentials.get(), on_response);
    }

    fn after(&self, delay: Duration, then: impl FnOnce(&Self) + 'static) -> Timer {
        let me = self.me.clone();
        // Rounded up: a timer that fires early only has to be set again.
        let rounded = u32::try_from(millis(delay.saturating_add(Duration::from_micros(999))))
            .unwrap_or(u32::MAX >> 1);
        Timer::new(self.home.window(), rounded, move || with(&me, then))
    }

    fn schedule_refresh(&self) {
        let refresh =
            self.status().stale_after.map(|after| self.after(after, |inner| inner.frame.request()));
        self.refresh.set(refresh);
    }

    /// Searches for one slice, then continues as soon as the page has handled what is due, with the
    /// next frame at the latest.
    fn search_slice(&self) {
        let end = clock::now() + SEARCH_SLICE;
        while !self.session.borrow_mut().search(SEARCH_STEP) {
            if end <= clock::now() {
                self.searching.get_or_init(|| self.search_task()).request();
                self.frame.request();
                return;
            }
        }
    }

    fn search_task(&self) -> NextTask {
        let me = self.me.clone();
        let next_slice = |inner: &Self| {
            inner.search_slice();
            inner.frame.request();
        };
        NextTask::new(move || with(&me, next_slice))
    }

    fn log_change(&self) {
        let status = self.status();
        let session = self.session.borrow();
        let channels = session.target().map(|target| {
            target.channels().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        });
        self.console.change(
            channels.as_deref().unwrap_or("(no channel)"),
            &status.line(),
            status.badge == Badge::Error,
        );
    }

    fn status(&self) -> Status {
        self.session.borrow().status(clock::now())
    }
}

/// After this many rows the listener is notified without waiting for a frame. Rows up to this
/// number are kept for it, whatever the capacity is.
const BACKLOG_ROWS: u64 = 1_024;

/// How long a search may block the page: about half a frame.
const SEARCH_SLICE: Duration = Duration::from_millis(8);

/// Bytes searched between two readings of the clock: a tenth of a millisecond.
const SEARCH_STEP: usize = 256 << 10;

/// Calls `act` unless the client was dropped in the meantime.
fn with(inner: &Weak<Inner>, act: impl FnOnce(&Inner)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}
