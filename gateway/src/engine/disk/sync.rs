//! Synchronizes the journal with the disk from time to time, in a thread of its own, so that no
//! publisher waits for it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::engine::disk::writer::Shared;
use crate::metrics::Metrics;

/// The thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Syncer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts to synchronize `journal` each `interval`, if something was written.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(
        journal: PathBuf,
        interval: Duration,
        shared: Arc<Shared>,
        metrics: Metrics,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let run = move || run(&journal, interval, (&shared, &metrics), &stopped);
        let thread = thread::Builder::new().name("logs-sync".into()).spawn(run)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic was reported already.
            let _ = thread.join();
        }
    }
}

fn run(
    journal: &Path,
    interval: Duration,
    (shared, metrics): (&Shared, &Metrics),
    stopped: &Receiver<()>,
) {
    while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        if !shared.is_dirty.swap(false, Ordering::AcqRel) {
            continue;
        }
        let start = Instant::now();
        // The journal has no lock of SQLite, which closing another descriptor would release.
        if let Err(error) = File::open(journal).and_then(|journal| journal.sync_data()) {
            tracing::error!(%error, "the disk failed to synchronize: publishers are refused until a restart");
            shared.is_broken.store(true, Ordering::Release);
            continue;
        }
        metrics.engine_sync.observe(start.elapsed().as_secs_f64());
    }
}
