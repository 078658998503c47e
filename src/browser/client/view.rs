//! What a client needs only where it is shown. `no_view.rs` takes its place without a view.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use web_sys::Element;

use super::{Client, Inner, with};
use crate::browser::clock;
use crate::browser::earlier::EarlierFetch;
use crate::browser::next_task::NextTask;
use crate::browser::save::Saving;
use crate::browser::timer::Timer;
use crate::browser::title_badge::TitleShare;
use logs_sse_core::session::Session;
use logs_sse_core::store::Capacity;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Viewport;
use logs_sse_core::words::Words;

/// The requests, timers and tasks of what a reader does.
#[derive(Default)]
pub(super) struct View {
    pub(super) earlier: RefCell<Option<EarlierFetch>>,
    pub(super) headers: RefCell<Option<Function>>,
    /// Forgets the lines that the reader cleared.
    pub(super) undo: Cell<Option<Timer>>,
    pub(super) saving: Saving,
    /// Continues a search that used up its slice; created by the first one that does.
    pub(super) searching: OnceCell<NextTask>,
    /// What the client adds to the badge in the page's title, if it has one.
    pub(super) title: RefCell<Option<TitleShare>>,
}

impl View {
    /// Requests an update of the title.
    pub(super) fn request_frame(&self) {
        if let Some(title) = &*self.title.borrow() {
            title.request();
        }
    }

    /// Updates what the title says is new.
    pub(super) fn update_title(&self, session: &Session) {
        if let Some(title) = &*self.title.borrow() {
            title.update(session.store().arrived(), session.words());
        }
    }
}

impl Client {
    /// Returns another handle of the client.
    pub(crate) fn handle(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
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

    /// Changes how much of the log is kept in memory.
    pub fn set_capacity(&self, capacity: Capacity) {
        self.inner.session.borrow_mut().resize(capacity);
        self.inner.drive();
    }

    /// Returns everything that a page shows now through `viewport`.
    #[must_use]
    pub fn view_model(&self, viewport: &Viewport) -> ViewModel {
        ViewModel::new(&self.inner.session.borrow(), viewport, clock::now())
    }

    /// Does the same without what is shown around the lines; see [`ViewModel::first`].
    #[must_use]
    pub fn first_view_model(&self, viewport: &Viewport) -> ViewModel {
        ViewModel::first(&self.inner.session.borrow(), viewport, clock::now())
    }

    /// Sets whether the page's title says what is new while the page is hidden.
    pub fn set_title_badge(&self, is_shown: bool) {
        let mut title = self.inner.view.title.borrow_mut();
        if is_shown == title.is_some() {
            return;
        }
        let me = self.inner.me.clone();
        *title = is_shown.then(|| {
            let home = Rc::clone(&self.inner.home);
            TitleShare::new(home, move || with(&me, Inner::update_title))
        });
    }

    /// Sets the words of the viewer. What is drawn already stays as it is.
    pub fn set_words(&self, words: Words) {
        self.inner.session.borrow_mut().set_words(words);
        self.inner.frame.request();
    }

    /// Returns whether the page is hidden.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.inner.home.is_hidden()
    }
}
