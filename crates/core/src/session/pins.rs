//! The pinned rows of a live log.

use crate::channel_mark::ChannelMark;
use crate::opened::Opened;
use crate::pins::{Outcome, Pins};
use crate::session::Session;

impl Session {
    /// Pins the row with this number, or unpins it. The key of a pin unpins too.
    pub fn toggle_pin(&mut self, number: u64) -> Outcome {
        self.view.pins.toggle(&self.store, number)
    }

    /// Returns the pinned rows. They survive a clear; another workflow drops them.
    #[must_use]
    pub fn pins(&self) -> &Pins {
        &self.view.pins
    }

    /// Returns whether the row with this number is pinned, or whether this is the key of a pin.
    #[must_use]
    pub fn is_pinned(&self, number: u64) -> bool {
        self.view.pins.is_pinned(&self.store, number)
    }

    /// Returns the number of the shown row of the pin with this key, if it is stored and shown.
    #[must_use]
    pub fn row_of_pin(&self, key: u64) -> Option<u64> {
        let number = self.view.pins.get(key)?.held(&self.store)?;
        self.row_number(self.ordinal_of(number)?)
    }

    /// Returns the entry of the row with this number, or that of the pin with this key.
    #[must_use]
    pub fn opened(&self, number: u64) -> Option<Opened> {
        match self.view.pins.get(number) {
            Some(pin) => pin.opened(),
            None => Opened::of_row(&self.store, number),
        }
    }

    /// Returns how the channel of a row, or of a pin, is marked. Empty unless there are several.
    #[must_use]
    pub fn mark(&self, number: u64) -> ChannelMark {
        let channel = match self.pins().get(number) {
            Some(pin) => pin.channel(),
            None => self.store.channel(number),
        };
        self.target.as_ref().and_then(|target| target.mark(channel)).unwrap_or_default()
    }
}
