//! The window that shows a client: that of its element's document. A page may move the element to
//! an iframe or a popup and back, and a window that is hidden or closed has no frames and late
//! timers, or none.

use std::cell::{Cell, RefCell};

use web_sys::{Document, Element, VisibilityState, Window};

/// Where a client's element is, as far as it was looked at. Without an element it is the page's own
/// window.
#[derive(Debug, Default)]
pub(crate) struct Home {
    element: RefCell<Option<Element>>,
    document: RefCell<Option<Document>>,
    window: RefCell<Option<Window>>,
    is_left: Cell<bool>,
}

impl Home {
    /// The page's own window, until an element is set.
    pub(crate) fn page() -> Self {
        let window = web_sys::window();
        Self {
            document: RefCell::new(window.as_ref().and_then(Window::document)),
            window: RefCell::new(window),
            ..Self::default()
        }
    }

    /// From now on the window is that of `element`, as of the next [`look`](Self::look).
    pub(crate) fn set_element(&self, element: &Element) {
        self.element.replace(Some(element.clone()));
    }

    /// Notes that the window is being closed, which a document does not tell.
    pub(crate) fn left(&self) {
        self.is_left.set(true);
    }

    /// Looks where the element is, and returns whether its window is another one than before.
    pub(crate) fn look(&self) -> bool {
        let element = self.element.borrow();
        let Some(element) = &*element else { return false };
        let document = element.owner_document();
        if *self.document.borrow() == document && !self.is_left.take() {
            return false;
        }
        let is_open = |window: &Window| window.closed() == Ok(false);
        let window = document
            .as_ref()
            .and_then(Document::default_view)
            .filter(is_open)
            .or_else(web_sys::window);
        self.document.replace(document);
        self.window.replace(window.clone()) != window
    }

    /// The window, for timers and frames.
    pub(crate) fn window(&self) -> Option<Window> {
        self.window.borrow().clone()
    }

    /// Whether this is another window than the one that the program runs in.
    pub(crate) fn is_foreign(&self) -> bool {
        *self.window.borrow() != web_sys::window()
    }

    /// Whether the window is hidden from the reader.
    pub(crate) fn is_hidden(&self) -> bool {
        let document = self.window.borrow().as_ref().and_then(Window::document);
        document.is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
    }
}
