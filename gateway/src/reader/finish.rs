//! The end of a reader in a drain: what is due before it.

use tokio::time::Instant;

use crate::reader::{Next, Reader, Track};

impl Reader {
    /// Returns the next events of a reader whose stream is to end; `None` once nothing is due.
    pub(crate) fn finish(&mut self) -> Option<Next> {
        self.fetch(Instant::now()).or_else(|| self.flush())
    }

    /// Returns how many logs are due.
    pub(crate) fn due(&self) -> u64 {
        let due =
            |track: &Track| track.channel.history().extent().newest.saturating_sub(track.position);
        self.tracks.iter().flatten().map(due).sum()
    }
}
