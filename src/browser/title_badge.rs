//! The badge in the page's title, to which every viewer of the page adds its new lines. It is gone
//! after the drop of the last one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::browser::frame::AnimationFrame;
use crate::browser::home::Home;
use logs_sse_core::tally::Count;
use logs_sse_core::title_badge::TitleBadge;
use logs_sse_core::words::Words;

thread_local! {
    static TITLE: RefCell<Title> = RefCell::default();
}

/// The page's title, which all viewers of the program share.
#[derive(Default)]
struct Title {
    badge: TitleBadge,
    /// What is new in each viewer, by its number.
    viewers: Vec<(u32, Count)>,
    last: u32,
    /// The words of the viewer that wrote last.
    words: Words,
}

impl Title {
    fn write(&mut self) {
        let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
        let mut sum = Count::default();
        self.viewers.iter().for_each(|(_, new)| sum += *new);
        if let Some(title) = self.badge.update(&document.title(), sum, &self.words) {
            document.set_title(&title);
        }
    }
}

/// What one viewer adds to the badge while its page is hidden.
#[must_use = "the badge is removed on drop"]
pub(crate) struct TitleShare {
    id: u32,
    home: Rc<Home>,
    /// What had arrived when the page was hidden.
    hidden_at: Cell<Option<Count>>,
    frame: AnimationFrame,
}

impl TitleShare {
    /// Creates a share that is zero. `on_update` is called after each [`request`](Self::request).
    pub(crate) fn new(home: Rc<Home>, on_update: impl FnMut() + 'static) -> Self {
        let id = TITLE.with_borrow_mut(|title| {
            title.last += 1;
            title.viewers.push((title.last, Count::default()));
            title.last
        });
        let frame = AnimationFrame::in_background(Rc::clone(&home), on_update);
        Self { id, home, hidden_at: Cell::new(None), frame }
    }

    /// Requests an update, if the page is hidden. It may take a second, as timers do there.
    pub(crate) fn request(&self) {
        if self.is_hidden() {
            self.frame.request();
        }
    }

    /// Shows how much more has arrived than when the page was hidden; nothing while it is visible.
    pub(crate) fn update(&self, arrived: Count, words: &Words) {
        let before = self.hidden_at.get().filter(|_| self.is_hidden()).unwrap_or(arrived);
        self.hidden_at.set(self.is_hidden().then_some(before));
        let new =
            Count { lines: arrived.lines - before.lines, errors: arrived.errors - before.errors };
        TITLE.with_borrow_mut(|title| {
            if let Some((_, share)) = title.viewers.iter_mut().find(|(id, _)| *id == self.id) {
                *share = new;
            }
            title.words = words.clone();
            title.write();
        });
    }

    /// Returns whether the page is hidden. The window of another page has a title of its own.
    fn is_hidden(&self) -> bool {
        self.home.is_hidden() && !self.home.is_foreign()
    }
}

impl Drop for TitleShare {
    fn drop(&mut self) {
        TITLE.with_borrow_mut(|title| {
            title.viewers.retain(|(id, _)| *id != self.id);
            title.write();
        });
    }
}
