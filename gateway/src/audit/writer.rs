//! The queue of the audit log, and the thread that writes it.
//!
//! Unlike the gateway's own log, a line that the system does not accept is kept and written again
//! until it is accepted. Lines are lost only while the queue is full, and then counted.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::audit::record::{Record, line};
use crate::audit::target::Target;

/// The queue. Its thread ends with [`close`](Self::close).
#[derive(Debug)]
pub(crate) struct Writer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified at each change of the state.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// The bytes of the lines that are not written yet.
    waiting_bytes: usize,
    /// The number of the next line.
    number: u64,
    dropped: u64,
    /// How many of those a line has reported.
    reported: u64,
    wants_reopen: bool,
    is_closing: bool,
    is_closed: bool,
    failure: Option<String>,
    /// Since when the thread has waited for the system, if it does.
    waits_since: Option<Instant>,
}

impl Writer {
    pub(crate) fn start(target: Target) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("audit".into())
            .spawn(move || for_thread.write_until_closed(target))?;
        Ok(Self(shared))
    }

    /// Adds a line, or counts it as lost if the queue is full, and returns whether it was added. Never
    /// waits for the disk.
    pub(crate) fn write(&self, record: &Record<'_>) -> bool {
        let fields = record.json();
        let is_added = self.0.lock().enqueue(&fields);
        self.0.changed.notify_all();
        is_added
    }

    pub(crate) fn reopen(&self) {
        self.0.lock().wants_reopen = true;
        self.0.changed.notify_all();
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }

    /// Returns the size of the lines that are not written yet.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.0.lock().waiting_bytes
    }

    /// Returns why lines are not written now, if they are not.
    pub(crate) fn failure(&self) -> Option<String> {
        let state = self.0.lock();
        let full = || state.is_full().then(|| "its queue is full".to_owned());
        // A pipe that no one reads, and a file server that is gone, refuse nothing and accept nothing.
        let waited = || state.waits_since.filter(|since| since.elapsed() > STALL);
        let stalled = || {
            waited().map(|_| format!("it has accepted nothing for more than {} s", STALL.as_secs()))
        };
        state.failure.clone().or_else(full).or_else(stalled)
    }

    /// Waits until everything is written, but at most [`CLOSE_TIME`].
    pub(crate) fn close(&self) {
        let deadline = Instant::now() + CLOSE_TIME;
        let mut state = self.0.lock();
        state.is_closing = true;
        self.0.changed.notify_all();
        while !state.is_closed {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return };
            state = self.0.wait(state, left);
        }
    }
}

impl State {
    fn enqueue(&mut self, fields: &str) -> bool {
        self.number += 1;
        if self.is_full() || self.is_closed {
            self.dropped += 1;
            return false;
        }
        let line = line(self.number, Timestamp::now(), fields);
        self.waiting_bytes += line.len();
        self.lines.push_back(line);
        true
    }

    /// Reports lost lines in a line of their own, once there is room.
    fn report_dropped(&mut self) {
        let lost = self.dropped - self.reported;
        if lost > 0 && !self.is_full() {
            self.reported = self.dropped;
            let report = Record { count: Some(lost), ..Record::of("lines_dropped") };
            self.enqueue(&report.json());
        }
    }

    fn is_full(&self) -> bool {
        self.waiting_bytes >= MAX_BYTES
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn write_until_closed(&self, mut target: Target) {
        while let Some(line) = self.next(&mut target) {
            if !self.write_line(&mut target, &line) {
                break;
            }
        }
        target.sync();
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for a line, or returns `None` when all are written and the queue is closing.
    fn next(&self, target: &mut Target) -> Option<Vec<u8>> {
        let mut state = self.lock();
        loop {
            if std::mem::take(&mut state.wants_reopen) {
                state.waits_since = Some(Instant::now());
                drop(state);
                self.reopen(target);
                state = self.lock();
                state.waits_since = None;
            }
            state.report_dropped();
            if let Some(line) = state.lines.pop_front() {
                state.waits_since = Some(Instant::now());
                return Some(line);
            }
            if state.is_closing {
                return None;
            }
            state = self.wait(state, IDLE);
        }
    }

    /// Writes a line, however often that takes. Returns whether it was written.
    fn write_line(&self, target: &mut Target, line: &[u8]) -> bool {
        let mut written = 0;
        while written < line.len() {
            match target.write(&line[written..]) {
                Ok(bytes) => written += bytes,
                Err(error) => {
                    if !self.note_failure(&error) {
                        return false;
                    }
                    if std::mem::take(&mut self.lock().wants_reopen) && self.reopen(target) {
                        // Half a line in the old file must not be completed in the new one.
                        written = 0;
                    }
                }
            }
        }
        let mut state = self.lock();
        state.waiting_bytes -= line.len();
        state.waits_since = None;
        if state.failure.take().is_some() {
            drop(state);
            tracing::info!("the audit log is written again");
        }
        true
    }

    /// Records why the system did not accept a line, and waits a moment. Returns whether to try
    /// again.
    fn note_failure(&self, error: &io::Error) -> bool {
        let text = error.to_string();
        let is_new = self.lock().failure.replace(text).is_none();
        if is_new {
            tracing::error!("the audit log cannot be written: {error}");
        }
        let is_waiting = |state: &mut State| !state.is_closing && !state.wants_reopen;
        let waited = self.changed.wait_timeout_while(self.lock(), RETRY, is_waiting);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_closing
    }

    fn reopen(&self, target: &mut Target) -> bool {
        let reopened = target.reopen();
        if let Err(error) = &reopened {
            tracing::error!(
                "the audit log cannot be opened again and continues in the old file: {error}"
            );
        }
        reopened.is_ok()
    }
}

/// The limit of lines that wait: about 30,000, more than a herd of readers that reconnects causes.
const MAX_BYTES: usize = 8 << 20;

/// How long the thread waits before it tries again to write.
const RETRY: Duration = Duration::from_millis(500);

/// How long the system may take for a line. A disk takes milliseconds, and a busy one a second.
const STALL: Duration = Duration::from_secs(5);

/// How long the thread sleeps without a line; any change wakes it sooner.
const IDLE: Duration = Duration::from_secs(60);

/// How long the end of the process waits for the disk.
const CLOSE_TIME: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_full_disk_loses_no_line_until_the_queue_is_full_and_then_counts() {
        if !PathBuf::from("/dev/full").exists() {
            return;
        }
        let writer = Writer::start(Target::open("/dev/full".as_ref()).expect("it is there"));
        let writer = writer.expect("a thread");
        writer.write(&Record::of("refused"));
        let start = Instant::now();
        while writer.failure().is_none() {
            assert!(start.elapsed() < Duration::from_secs(10), "it notices no failure");
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(writer.dropped(), 0);
        let channels = vec!["x".repeat(MAX_BYTES / 8); 9];
        writer.write(&Record { channels: channels.into(), ..Record::of("stream_open") });
        writer.write(&Record::of("refused"));
        writer.write(&Record::of("refused"));
        assert_eq!(writer.dropped(), 2);
        writer.close();
    }
}
