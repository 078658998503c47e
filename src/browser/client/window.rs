//! The client and the window in which it is shown: what it hears of the window, and what it takes
//! along to another one.

use std::rc::Weak;

use super::{Inner, with};
use crate::browser::clock;
use crate::browser::home::Home;
use crate::browser::page_events::{News, PageEvents};
use crate::browser::timer::Timer;
use logs_sse_core::connection::{Input, Page};

impl Inner {
    /// Sets the timer for the alarm by the window that is right now.
    pub(super) fn set_alarm(&self) {
        let timer = self
            .alarm_at
            .get()
            .map(|at| self.after(at - clock::now(), |inner| inner.handle(Input::Timeout)));
        self.alarm.set(timer);
    }

    fn notice(&self, news: News) {
        match news {
            News::Input(input) => self.handle(input),
            News::Visibility => {
                self.follow_home();
                self.tell_visibility();
            }
            News::Closing => {
                // Once it is closed; by the program's own window, since a timer of this one would
                // never ring.
                let me = self.me.clone();
                let closed = move |inner: &Self| {
                    inner.home.left();
                    inner.follow_home();
                };
                self.closing.set(Some(Timer::new(web_sys::window(), 0, move || with(&me, closed))));
            }
        }
    }

    /// Takes timers, frames and listeners to the window of the element, when that is another one
    /// than before.
    pub(super) fn follow_home(&self) {
        if !self.home.look() {
            return;
        }
        self.moves.set(self.moves.get().wrapping_add(1));
        *self.page_events.borrow_mut() = listen(&self.home, &self.me);
        self.frame.moved();
        if let Some(news) = &*self.news.borrow() {
            news.moved();
        }
        self.set_alarm();
        self.tell_visibility();
        self.request_frame();
    }

    fn tell_visibility(&self) {
        self.handle(Input::Page(if self.home.is_hidden() { Page::Hidden } else { Page::Visible }));
    }
}

/// Listens to what concerns `inner`.
pub(super) fn listen(home: &Home, inner: &Weak<Inner>) -> PageEvents {
    let inner = inner.clone();
    PageEvents::new(home, move |news| with(&inner, |inner| inner.notice(news)))
}
