//! A value that all parts of a view share, until the view is gone.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use leptos::prelude::*;

/// Like a `StoredValue`, whose look-up is compiled into each of its callers; here they share it.
pub(crate) struct Shared<T: 'static>(StoredValue<Rc<RefCell<T>>, LocalStorage>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl<T> Shared<T> {
    /// Stores a value as long as the view that is being built.
    pub(crate) fn new(value: T) -> Self {
        Self(StoredValue::new_local(Rc::new(RefCell::new(value))))
    }

    /// Calls `act` with the value. Panics if the view is gone.
    pub(crate) fn with_value<R>(self, act: impl FnOnce(&T) -> R) -> R {
        act(&self.value().borrow())
    }

    /// Calls `act` with the value, to change it. Panics if the view is gone.
    pub(crate) fn update_value<R>(self, act: impl FnOnce(&mut T) -> R) -> R {
        act(&mut self.value().borrow_mut())
    }

    /// Calls `act` with the value, to change it, unless the view is gone.
    pub(crate) fn try_update_value<R>(self, act: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.find().map(|value| act(&mut value.borrow_mut()))
    }

    #[inline(never)]
    fn value(self) -> Rc<RefCell<T>> {
        self.0.get_value()
    }

    #[inline(never)]
    fn find(self) -> Option<Rc<RefCell<T>>> {
        self.0.try_get_value()
    }
}
