//! Wakes a reader for each log or, while it collects, once enough logs have arrived. Knows no
//! channel and no clock.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

use crate::hub::bounds::Bounds;

/// Wakes one reader, at each log or once enough of them have arrived.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    /// Holds one permit, so a reader that was busy when a log arrived looks again before it sleeps.
    notify: Notify,
    /// The number of logs to wait for; at 0, each log wakes the reader.
    lines: AtomicI64,
    /// The same, in bytes.
    bytes: AtomicI64,
}

impl Wake {
    /// Counts logs from now on, and wakes the reader once they are `enough`.
    ///
    /// To be called before the reader looks for logs: a log that it does not find arrives later,
    /// and is counted.
    pub(crate) fn collect(&self, enough: Bounds) {
        self.bytes.store(signed(enough.bytes), Ordering::Release);
        self.lines.store(signed(enough.lines), Ordering::Release);
    }

    /// Counts logs: called by their publisher, or by the reader that found them.
    pub(crate) fn count(&self, came: Bounds) {
        let (lines, bytes) = (signed(came.lines), signed(came.bytes));
        let is_enough = self.lines.fetch_sub(lines, Ordering::AcqRel) <= lines;
        if self.bytes.fetch_sub(bytes, Ordering::AcqRel) <= bytes || is_enough {
            self.notify.notify_one();
        }
    }

    /// Wakes the reader for the next log from now on, or at once if a log was counted since it
    /// began to [collect](Self::collect) `enough`.
    pub(crate) fn at_once(&self, enough: Bounds) {
        if self.lines.swap(0, Ordering::AcqRel) < signed(enough.lines) {
            self.notify.notify_one();
        }
    }

    pub(crate) async fn woken(&self) {
        self.notify.notified().await;
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const ENOUGH: Bounds = Bounds { lines: 3, bytes: 100 };

    fn log(bytes: usize) -> Bounds {
        Bounds { lines: 1, bytes }
    }

    fn is_woken(wake: &Wake) -> bool {
        wake.woken().now_or_never().is_some()
    }

    #[test]
    fn each_log_wakes_a_reader_that_does_not_collect() {
        let wake = Wake::default();
        assert!(!is_woken(&wake));
        for _ in 0..5 {
            wake.count(log(1));
            assert!(is_woken(&wake) && !is_woken(&wake));
        }
    }

    #[test]
    fn enough_lines_or_bytes_wake_a_reader_that_collects() {
        for (logs, sleeps) in [([1, 1, 1], 2), ([1, 99, 1], 1), ([100, 1, 1], 0)] {
            let wake = Wake::default();
            wake.collect(ENOUGH);
            for (number, bytes) in logs.into_iter().enumerate() {
                wake.count(log(bytes));
                assert_eq!(is_woken(&wake), number >= sleeps, "{logs:?} {number}");
            }
        }
    }

    #[test]
    fn logs_that_the_reader_found_itself_count() {
        let wake = Wake::default();
        wake.collect(ENOUGH);
        wake.count(Bounds { lines: 2, bytes: 2 });
        assert!(!is_woken(&wake));
        wake.count(log(1));
        assert!(is_woken(&wake));
    }

    #[test]
    fn a_log_between_looking_and_sleeping_is_not_missed() {
        let wake = Wake::default();
        wake.collect(ENOUGH);
        wake.count(log(1));
        wake.at_once(ENOUGH);
        assert!(is_woken(&wake));
        wake.collect(ENOUGH);
        wake.at_once(ENOUGH);
        assert!(!is_woken(&wake));
        wake.count(log(1));
        assert!(is_woken(&wake));
    }
}
