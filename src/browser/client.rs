//! The run loop: passes what the browser reports to the session, and does in the browser what the
//! session requests.

#[cfg(feature = "ui")]
mod clear;
#[cfg(feature = "ui")]
mod earlier;
#[cfg(feature = "ui")]
mod fold;
#[cfg(feature = "ui")]
mod pins;
#[cfg(feature = "ui")]
mod save;
#[cfg(feature = "ui")]
mod search;
#[cfg_attr(not(feature = "ui"), path = "client/no_view.rs")]
mod view;
mod window;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use self::view::View;
use crate::browser::clock;
use crate::browser::console::Console;
use crate::browser::frame::AnimationFrame;
use crate::browser::home::Home;
use crate::browser::page_events::PageEvents;
use crate::browser::probe::Probe;
use crate::browser::timer::Timer;
use crate::browser::transport::{Opener, Source};
use logs_sse_core::connection::{Config, Input, Output, Page, ProbeId, ResponseHead, SourceId};
use logs_sse_core::session::{Session, SourceEvent};
use logs_sse_core::status::{Badge, Status};
use logs_sse_core::store::Capacity;
use logs_sse_core::target::{Target, TargetError};
use logs_sse_core::time::{Instant, millis};

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
                timer: Cell::new(None),
                timer_at: Cell::new(None),
                refresh: Cell::new(None),
                view: View::default(),
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

    /// Sets how many of the newest lines that the gateway holds a channel starts with.
    pub fn set_tail(&self, tail: u32) {
        self.inner.session.borrow_mut().set_tail(tail);
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
    timer: Cell<Option<Timer>>,
    /// The time at which it fires.
    timer_at: Cell<Option<Instant>>,
    /// Redraws when the status text changes merely because time passes.
    refresh: Cell<Option<Timer>>,
    view: View,
    frame: AnimationFrame,
    /// Calls the listener for updates, if there is one.
    updates: RefCell<Option<AnimationFrame>>,
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
        self.view.request_frame();
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

/// Calls `act` unless the client was dropped in the meantime.
fn with(inner: &Weak<Inner>, act: impl FnOnce(&Inner)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}
