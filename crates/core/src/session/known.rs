//! Lines that the page shows elsewhere, such as in its own table, and that are left out here.

use std::fmt;

use logs_sse_wire::message::Raw;

/// Decides whether the page shows a line elsewhere. By default, it shows none.
#[derive(Default)]
pub struct KnownLines(Option<IsKnown>);

type IsKnown = Box<dyn FnMut(&Raw<'_>) -> bool>;

impl KnownLines {
    /// Creates the decision from a function, which must not call back into the session.
    pub fn new(is_known: impl FnMut(&Raw<'_>) -> bool + 'static) -> Self {
        Self(Some(Box::new(is_known)))
    }

    /// Returns whether the page shows `line` elsewhere.
    pub(super) fn has(&mut self, line: &Raw<'_>) -> bool {
        self.0.as_mut().is_some_and(|is_known| is_known(line))
    }

    /// Returns whether any line may be known.
    pub(super) fn is_active(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for KnownLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KnownLines").field(&self.is_active()).finish()
    }
}
