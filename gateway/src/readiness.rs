//! What makes this process unfit to accept readers, each as a sentence for its operator.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeMetrics};

use crate::http::state::Gateway;
use crate::process_info;
use crate::server::door::{Door, open_files};

/// The checks that need a state of their own.
#[derive(Debug, Default)]
pub struct Readiness {
    /// The bytes that the process may use, if they are limited.
    memory_limit: Option<u64>,
    /// What the process used at the last look; 0 before the first.
    open_files: AtomicUsize,
    resident_bytes: AtomicU64,
    /// How many workers of the runtime have not run for [`STUCK`].
    stuck: AtomicUsize,
}

impl Readiness {
    /// Returns checks of a process that may use `memory_limit` bytes.
    #[must_use]
    pub fn new(memory_limit: Option<u64>) -> Arc<Self> {
        Arc::new(Self { memory_limit, ..Self::default() })
    }

    /// Returns the bytes that the process may use.
    pub(crate) fn memory_limit(&self) -> Option<u64> {
        self.memory_limit
    }

    /// Returns how many files were open at the last look, if the system reports it.
    pub(crate) fn open_files(&self) -> Option<usize> {
        Some(self.open_files.load(Ordering::Relaxed)).filter(|files| *files > 0)
    }

    /// Returns the memory in use at the last look, if the system reports it.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        Some(self.resident_bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    /// Watches the process and the workers of its runtime from a thread of its own, which ends with
    /// the last owner of `self`. Requests read what it saw: looking may take milliseconds.
    pub fn watch(self: &Arc<Self>, runtime: &Handle) {
        self.look();
        let (readiness, metrics) = (Arc::downgrade(self), runtime.metrics());
        let watch = move || {
            let mut workers = Workers::new(&metrics);
            while let Some(readiness) = readiness.upgrade() {
                let stuck = workers.stuck(&metrics, Instant::now());
                if readiness.stuck.swap(stuck, Ordering::Relaxed) < stuck {
                    tracing::error!("{stuck} workers have not run for {STUCK:?}");
                }
                readiness.look();
                drop(readiness);
                thread::sleep(LOOK_EVERY);
            }
        };
        // Without the thread, this check alone is missing.
        if let Err(error) = thread::Builder::new().name("watchdog".into()).spawn(watch) {
            tracing::warn!("the workers are not watched: {error}");
        }
    }
}

/// Returns why `gateway` should receive no readers now. `door` is that of its public listener.
pub(crate) fn reasons(gateway: &Gateway, door: Option<&Door>) -> Vec<String> {
    let readiness = &gateway.observers.readiness;
    let is_draining = gateway.shutdown.has_begun();
    let draining = is_draining.then(|| "the gateway is shutting down".to_owned());
    let full = door.filter(|door| door.is_full()).map(|door| {
        let max = door.stats().max_connections;
        format!("all {max} connections are in use: raise max-connections")
    });
    let stuck = readiness.stuck.load(Ordering::Relaxed);
    let stuck = (stuck > 0).then(|| {
        format!("{stuck} worker threads have not run for {} s: restart it", STUCK.as_secs())
    });
    let audit = gateway.observers.audit.failure();
    let audit = audit.map(|error| format!("the audit log cannot be written: {error}"));
    let canary = gateway.observers.canary.failure();
    [draining, full, readiness.files(), readiness.memory(), stuck, audit, canary]
        .into_iter()
        .flatten()
        .collect()
}

impl Readiness {
    fn files(&self) -> Option<String> {
        let (used, limit) = (self.open_files()?, open_files());
        is_scarce(used as u64, limit as u64)
            .then(|| format!("{used} of {limit} files are open: raise the limit (ulimit -n)"))
    }

    fn look(&self) {
        let files = process_info::open_files().unwrap_or_default();
        self.open_files.store(files, Ordering::Relaxed);
        let bytes = process_info::resident_bytes().unwrap_or_default();
        self.resident_bytes.store(bytes, Ordering::Relaxed);
    }

    fn memory(&self) -> Option<String> {
        let (used, limit) = (self.resident_bytes()?, self.memory_limit?);
        is_scarce(used, limit).then(|| {
            format!("it uses {used} of {limit} bytes of memory: lower history-total-bytes, or allow more")
        })
    }
}

/// Returns whether more than 90 % are in use.
fn is_scarce(used: u64, limit: u64) -> bool {
    u128::from(used) * 10 > u128::from(limit) * 9
}

/// The workers of a runtime, and when each was last seen to do something.
struct Workers(Vec<Worker>);

struct Worker {
    seen: (u64, Duration),
    at: Instant,
}

impl Workers {
    fn new(metrics: &RuntimeMetrics) -> Self {
        let at = Instant::now();
        Self((0..metrics.num_workers()).map(|n| Worker { seen: look(metrics, n), at }).collect())
    }

    /// Returns how many are in the same task since [`STUCK`].
    fn stuck(&mut self, metrics: &RuntimeMetrics, now: Instant) -> usize {
        let mut stuck = 0;
        for (number, worker) in self.0.iter_mut().enumerate() {
            let seen = look(metrics, number);
            // Odd: it sleeps, since there is nothing to do.
            if seen != worker.seen || seen.0 % 2 == 1 {
                *worker = Worker { seen, at: now };
            }
            stuck += usize::from(now - worker.at >= STUCK);
        }
        stuck
    }
}

/// Returns numbers that change whenever a worker finishes something.
fn look(metrics: &RuntimeMetrics, worker: usize) -> (u64, Duration) {
    (metrics.worker_park_unpark_count(worker), metrics.worker_total_busy_duration(worker))
}

/// How long a worker may be in one task: longer than any of ours, shorter than users wait.
const STUCK: Duration = Duration::from_secs(2);

const LOOK_EVERY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_blocked_is_noticed_and_a_busy_one_is_not() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .expect("a runtime");
        let readiness = Arc::new(Readiness::default());
        readiness.watch(runtime.handle());
        let stuck = |readiness: &Readiness| readiness.stuck.load(Ordering::Relaxed);
        let busy = runtime.spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        thread::sleep(STUCK + LOOK_EVERY * 4);
        assert_eq!(stuck(&readiness), 0, "it runs all the time");
        busy.abort();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let blocked = runtime.spawn(async move { _ = ended.recv() });
        let noticed = |wanted: usize| {
            let start = Instant::now();
            while stuck(&readiness) != wanted {
                assert!(start.elapsed() < Duration::from_secs(10), "never {wanted}");
                thread::sleep(LOOK_EVERY);
            }
        };
        noticed(1);
        end.send(()).expect("it waits");
        noticed(0);
        drop(blocked);
    }

    #[test]
    fn scarce_is_more_than_nine_tenths() {
        assert!(!is_scarce(900, 1_000) && is_scarce(901, 1_000));
        assert!(!is_scarce(10, u64::MAX) && is_scarce(u64::MAX, u64::MAX));
    }
}
