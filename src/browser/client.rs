//! The run loop: what the browser reports goes into the session, what the session answers is done
//! in the browser.

mod window;

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use web_sys::Element;

use crate::browser::clock;
use crate::browser::console::Console;
use crate::browser::frame::Frame;
use crate::browser::home::Home;
use crate::browser::next_task::NextTask;
use crate::browser::page_events::PageEvents;
use crate::browser::probe::Probe;
use crate::browser::timer::Timer;
use crate::browser::transport::{Opener, Source};
use logs_sse_core::connection::{Config, Input, Output, Page, ProbeId, ResponseHead, SourceId};
use logs_sse_core::find::Query;
use logs_sse_core::js_export;
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::status::{Badge, Status};
use logs_sse_core::store::Capacity;
use logs_sse_core::target::{Target, TargetError};
use logs_sse_core::time::{Instant, millis};
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Viewport;

/// How a client behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How the connection behaves.
    pub connection: Config,
    /// How much of the log is held.
    pub capacity: Capacity,
    /// How much the console tells.
    pub console: Console,
    /// Whether cookies are sent to a stream of another origin.
    pub with_credentials: bool,
}

/// A live log in a page. Dropping it closes the stream and ends all that it listens to.
#[must_use = "the live log ends on drop"]
pub struct Client {
    inner: Rc<Inner>,
}

impl Client {
    /// A client that is not connected yet. `on_frame` is called at most once per frame, when
    /// something to show has changed. When it gives `false`, since it is not the time to show
    /// it, it is called on the next frame again.
    pub fn new(options: Options, on_frame: impl FnMut(&Self) -> bool + 'static) -> Self {
        Self::with_opener(Opener::default(), options, on_frame)
    }

    /// The same, whose streams are opened by `opener`.
    pub fn with_opener(
        opener: Opener,
        options: Options,
        mut on_frame: impl FnMut(&Self) -> bool + 'static,
    ) -> Self {
        // 53 bits of chance are plenty for spreading retries.
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        let home = Rc::new(Home::page());
        let inner = Rc::new_cyclic(|me: &Weak<Inner>| {
            let of_frame = me.clone();
            Inner {
                session: RefCell::new(Session::new(options.connection, options.capacity, seed)),
                opener,
                source: RefCell::new(None),
                probe: RefCell::new(None),
                alarm: Cell::new(None),
                alarm_at: Cell::new(None),
                refresh: Cell::new(None),
                searching: OnceCell::new(),
                frame: Frame::new(Rc::clone(&home), move || {
                    if let Some(inner) = of_frame.upgrade() {
                        inner.schedule_refresh();
                        let client = Self { inner };
                        if !on_frame(&client) {
                            client.inner.frame.request();
                        }
                    }
                }),
                news: RefCell::new(None),
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

    /// Calls `on_news` when there is news, for a program rather than for the eye: once per frame,
    /// in a hidden tab by a timer, and more often while lines come faster, so that few have to
    /// be kept for it. The argument says whether it is a frame.
    pub fn on_update(&self, mut on_news: impl FnMut(bool) + 'static) {
        let me = Rc::downgrade(&self.inner);
        let news = Frame::in_background(Rc::clone(&self.inner.home), move || {
            // Asked before it is told.
            let is_frame = me.upgrade().is_none_or(|inner| !inner.has_backlog());
            on_news(is_frame);
        });
        *self.inner.news.borrow_mut() = Some(news);
    }

    /// Tells in which element the client is shown, whose window has the timers and frames. A page
    /// may move it to another window.
    pub fn shown_in(&self, element: &Element) {
        self.inner.home.set_element(element);
        self.inner.follow_home();
    }

    /// How often the element has come to another window.
    #[must_use]
    pub fn moves(&self) -> u32 {
        self.inner.moves.get()
    }

    /// Keeps the rows from `number` on until a listener has heard them; `None` when it wants none.
    pub fn retain_from(&self, number: Option<u64>) {
        if self.inner.session.borrow_mut().retain_from(number) {
            // What was drawn may be gone, and no line need come that would have it drawn again.
            self.inner.frame.request();
        }
    }

    /// Begins, and goes on by itself until [`disconnect`](Self::disconnect).
    pub fn connect(&self) {
        self.inner.handle(Input::Connect);
    }

    /// Ends; nothing more arrives.
    pub fn disconnect(&self) {
        self.inner.handle(Input::Disconnect);
    }

    /// Cuts a wait short.
    pub fn retry_now(&self) {
        self.inner.handle(Input::RetryNow);
    }

    /// Changes what to connect to. A stream that is open is closed before the new one opens.
    pub fn set_target(&self, target: Result<Target, TargetError>) {
        self.inner.session.borrow_mut().handle_target(clock::now(), target);
        self.inner.drive();
    }

    /// Changes whether cookies are sent to a stream of another origin, from the next attempt on.
    pub fn set_with_credentials(&self, with_credentials: bool) {
        self.inner.with_credentials.set(with_credentials);
    }

    /// Changes how much is held.
    pub fn set_capacity(&self, capacity: Capacity) {
        self.inner.session.borrow_mut().resize(capacity);
        self.inner.drive();
    }

    /// Shows those lines only that a reader asks for. They are looked for in pieces, between which
    /// the page has its time.
    pub fn set_query(&self, query: Query) {
        self.inner.session.borrow_mut().set_query(query);
        self.inner.search_on();
        self.inner.frame.request();
    }

    /// Looks through what came since the last frame, unless a search is under way that will.
    pub fn search_new(&self) {
        if !self.inner.searching.get().is_some_and(NextTask::is_coming) {
            self.inner.search_on();
        }
    }

    /// Lets all lines go. The connection goes on.
    pub fn clear(&self) {
        self.inner.session.borrow_mut().clear();
        self.inner.request_frame();
    }

    /// The connection in words, now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.inner.status()
    }

    /// The status for a program, as JSON.
    #[must_use]
    pub fn report(&self) -> String {
        js_export::status(&self.inner.session.borrow(), clock::now())
    }

    /// The moment by the page's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        clock::now()
    }

    /// All that a page shows now, through `viewport`.
    #[must_use]
    pub fn picture(&self, viewport: &Viewport) -> ViewModel {
        ViewModel::of(&self.inner.session.borrow(), viewport, clock::now())
    }

    /// Looks at the session: its lines, its state. Must not call back into the client.
    pub fn with_session<T>(&self, look: impl FnOnce(&Session) -> T) -> T {
        look(&self.inner.session.borrow())
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
    alarm: Cell<Option<Timer>>,
    /// When it rings.
    alarm_at: Cell<Option<Instant>>,
    /// Redraws when the status reads differently by the mere passing of time.
    refresh: Cell<Option<Timer>>,
    /// Goes on with a search that took its time; there from the first that does.
    searching: OnceCell<NextTask>,
    frame: Frame,
    /// Whoever listens for news, if anybody.
    news: RefCell<Option<Frame>>,
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
        // What came before it is heard before it: the input may close the source.
        let transport = self.source.borrow().as_ref().map(Source::transport);
        if let Some(transport) = transport {
            transport.flush();
        }
        self.session.borrow_mut().handle_input(clock::now(), input);
        self.drive();
    }

    fn handle_source(&self, source: SourceId, event: SourceEvent<'_>) {
        let now = clock::now();
        self.session.borrow_mut().handle_source_telling(now, source, event, &mut |name, data| {
            self.console.line(name, data)
        });
        self.drive();
        if self.has_backlog() {
            self.tell_now();
        }
    }

    /// Does all that the session asks for. Each output is taken on its own, since doing one may add
    /// another.
    fn drive(&self) {
        loop {
            let output = self.session.borrow_mut().poll_output();
            match output {
                None => break,
                Some(Output::Open { source, url }) => self.open(source, &url),
                Some(Output::Close(_)) => drop(self.source.take()),
                Some(Output::Probe { probe, url }) => self.ask(probe, &url),
                Some(Output::EndProbe(_)) => drop(self.probe.take()),
                Some(Output::SetTimer(alarm)) => {
                    self.alarm_at.set(alarm.map(|alarm| alarm.at));
                    self.set_alarm();
                }
                Some(Output::Changed(_)) => self.tell_change(),
            }
        }
        self.follow_home();
        self.request_frame();
    }

    fn request_frame(&self) {
        self.frame.request();
        if let Some(news) = &*self.news.borrow() {
            news.request();
        }
    }

    fn tell_now(&self) {
        if let Some(news) = &*self.news.borrow() {
            news.run_now();
        }
    }

    fn has_backlog(&self) -> bool {
        self.session.borrow().store().backlog() >= BACKLOG_ROWS
    }

    fn open(&self, id: SourceId, url: &str) {
        let me = self.me.clone();
        match Source::open(&self.opener, url, self.with_credentials.get(), move |event| {
            with(&me, |inner| inner.handle_source(id, event))
        }) {
            Ok(source) => *self.source.borrow_mut() = Some(source),
            Err(words) => self.session.borrow_mut().handle_source(
                clock::now(),
                id,
                SourceEvent::NotOpened(words),
            ),
        }
    }

    fn ask(&self, id: ProbeId, url: &str) {
        let me = self.me.clone();
        let on_finding = move |finding: ResponseHead| {
            with(&me, |inner| {
                drop(inner.probe.take());
                inner.handle(Input::Probed(id, finding));
            });
        };
        *self.probe.borrow_mut() = Probe::ask(url, self.with_credentials.get(), on_finding);
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

    /// Looks on for what the reader asked, for a while; then again as soon as the page has done
    /// what was due, with the next frame at the latest.
    fn search_on(&self) {
        let end = clock::now() + SEARCH_SLICE;
        while !self.session.borrow_mut().search(SEARCH_STEP) {
            if end <= clock::now() {
                self.searching.get_or_init(|| self.turn()).request();
                self.frame.request();
                return;
            }
        }
    }

    fn turn(&self) -> NextTask {
        let me = self.me.clone();
        let on_turn = |inner: &Self| {
            inner.search_on();
            inner.frame.request();
        };
        NextTask::new(move || with(&me, on_turn))
    }

    fn tell_change(&self) {
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

/// After this many rows news is told without waiting for a frame. They are kept for so long,
/// whatever the capacity is.
const BACKLOG_ROWS: u64 = 1_024;

/// How long a search keeps the page: about half a frame.
const SEARCH_SLICE: Duration = Duration::from_millis(8);

/// Bytes between two looks at the clock: a tenth of a millisecond.
const SEARCH_STEP: usize = 256 << 10;

/// What a callback does, unless the client has gone in the meantime.
fn with(inner: &Weak<Inner>, act: impl FnOnce(&Inner)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}
