//! The client and the window in which it is shown: handles the window's events, and moves to
//! another window along with its element.

use std::rc::Weak;

use super::{Inner, with};
use crate::browser::clock;
use crate::browser::home::Home;
use crate::browser::page_events::{PageEvent, PageEvents};
use crate::browser::timer::Timer;
use logs_sse_core::connection::{Input, Page};

impl Inner {
    pub(super) fn update_title(&self) {
        self.view.update_title(&self.session.borrow());
    }

    /// Sets the timer for the session's next timeout, in the current window.
    pub(super) fn set_timer(&self) {
        let timer = self
            .timer_at
            .get()
            .map(|at| self.after(at - clock::now(), |inner| inner.handle(Input::Timeout)));
        self.timer.set(timer);
    }

    fn handle_page_event(&self, event: PageEvent) {
        match event {
            PageEvent::Input(input) => self.handle(input),
            PageEvent::Visibility => {
                self.follow_home();
                self.report_visibility();
            }
            PageEvent::Closing => {
                // Runs once the window is closed. The timer belongs to the program's own window,
                // since one of the closing window would never fire.
                let me = self.me.clone();
                let closed = move |inner: &Self| {
                    inner.home.window_closed();
                    inner.follow_home();
                };
                self.closing.set(Some(Timer::new(web_sys::window(), 0, move || with(&me, closed))));
            }
        }
    }

    /// Moves timers, frames and listeners to the window of the element, if that has changed.
    pub(super) fn follow_home(&self) {
        if !self.home.refresh() {
            return;
        }
        self.moves.set(self.moves.get().wrapping_add(1));
        *self.page_events.borrow_mut() = listen(&self.home, &self.me);
        self.frame.moved();
        if let Some(updates) = &*self.updates.borrow() {
            updates.moved();
        }
        self.set_timer();
        self.report_visibility();
        self.request_frame();
    }

    fn report_visibility(&self) {
        self.update_title();
        self.handle(Input::Page(if self.home.is_hidden() { Page::Hidden } else { Page::Visible }));
    }
}

/// Listens to the events that concern `inner`.
pub(super) fn listen(home: &Home, inner: &Weak<Inner>) -> PageEvents {
    let inner = inner.clone();
    PageEvents::new(home, move |event| with(&inner, |inner| inner.handle_page_event(event)))
}
