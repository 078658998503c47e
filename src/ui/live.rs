//! What all views share: the client, and a signal that tells when to look at it again.

use leptos::prelude::*;

use crate::browser::{Client, Options};
use crate::core::status::Status;
use crate::core::viewport::Viewport;

/// A live log, as the views hold it.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    client: StoredValue<Client, LocalStorage>,
    /// Moves at most once per frame. Lines never travel in it: they rest in the store, and views look there.
    frame: RwSignal<u64>,
    /// Where the reader looks.
    pub(crate) viewport: RwSignal<Viewport>,
    /// The number of the line whose whole entry is shown.
    pub(crate) opened: RwSignal<Option<u64>>,
    /// The status, which changes less often than the frame.
    pub(crate) status: Memo<Status>,
}

impl Live {
    /// Starts a client that lives as long as the component which calls this.
    pub(crate) fn new(options: Options) -> Self {
        let frame = RwSignal::new(0);
        let client = StoredValue::new_local(Client::new(options, move || frame.update(|frame| *frame += 1)));
        let status = Memo::new(move |_| {
            frame.track();
            client.with_value(Client::status)
        });
        Self { client, frame, viewport: RwSignal::new(Viewport::default()), opened: RwSignal::new(None), status }
    }

    /// Looks at the client, again with each frame that has something new.
    pub(crate) fn watch<T>(self, look: impl FnOnce(&Client) -> T) -> T {
        self.frame.track();
        self.client.with_value(look)
    }

    /// Looks at or speaks to the client once.
    pub(crate) fn with<T>(self, act: impl FnOnce(&Client) -> T) -> T {
        self.client.with_value(act)
    }
}
