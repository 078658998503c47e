//! The window that shows a client: that of its element's document. A page may move the element to
//! an iframe or a popup and back, and a window that is hidden or closed runs no frames, and its
//! timers late or never.

use std::cell::{Cell, RefCell};

use web_sys::{Document, Element, VisibilityState, Window};

/// The location of a client's element as of the last [`refresh`](Self::refresh). Without an element
/// it is the page's own window.
#[derive(Debug, Default)]
pub(crate) struct Home {
    element: RefCell<Option<Element>>,
    document: RefCell<Option<Document>>,
    window: RefCell<Option<Window>>,
    is_closed: Cell<bool>,
}

impl Home {
    /// Starts in the page's own window, until an element is set.
    pub(crate) fn page() -> Self {
        let window = web_sys::window();
        Self {
            document: RefCell::new(window.as_ref().and_then(Window::document)),
            window: RefCell::new(window),
            ..Self::default()
        }
    }

    /// Uses the window of `element` from the next [`refresh`](Self::refresh) on.
    #[cfg(feature = "ui")]
    pub(crate) fn set_element(&self, element: &Element) {
        self.element.replace(Some(element.clone()));
    }

    /// Records that the window was closed, which a document does not report.
    pub(crate) fn window_closed(&self) {
        self.is_closed.set(true);
    }

    /// Checks where the element is, and returns whether its window has changed.
    pub(crate) fn refresh(&self) -> bool {
        let element = self.element.borrow();
        let Some(element) = &*element else { return false };
        let document = element.owner_document();
        if *self.document.borrow() == document && !self.is_closed.take() {
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

    /// Returns the document that contains the element.
    #[cfg(feature = "ui")]
    pub(crate) fn document(&self) -> Option<Document> {
        self.document.borrow().clone()
    }

    /// Returns the window that provides timers and frames.
    pub(crate) fn window(&self) -> Option<Window> {
        self.window.borrow().clone()
    }

    /// Returns whether this is not the window in which the program runs.
    pub(crate) fn is_foreign(&self) -> bool {
        *self.window.borrow() != web_sys::window()
    }

    /// Returns whether the window is hidden from the reader.
    pub(crate) fn is_hidden(&self) -> bool {
        let document = self.window.borrow().as_ref().and_then(Window::document);
        document.is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
    }
}
