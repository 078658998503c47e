//! The audit log: who opened which channels, from where, who was refused and why, and what
//! operators did. One JSON object in each line, in a file that the operator's tools rotate.
//!
//! It never holds a log, a query, a token, a cookie or the text of an error, which may repeat what a
//! client sent. Writing never delays a request: lines wait in a bounded queue for a thread.

pub(crate) mod flood;
pub(crate) mod record;
pub(crate) mod stream;
mod target;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::audit::flood::Floods;
use crate::audit::record::Record;
use crate::audit::target::Target;
use crate::audit::writer::Writer;

/// The audit log, or nothing if it is off. Clones write to the same file.
#[derive(Clone, Debug, Default)]
pub struct Audit(Option<Arc<Log>>);

#[derive(Debug)]
struct Log {
    writer: Writer,
    floods: Mutex<Floods>,
    is_required: bool,
}

impl Audit {
    /// Opens the audit log at `path`, which is created if it does not exist; `-` is standard
    /// output. With `is_required`, readers are refused while it cannot be written.
    ///
    /// # Errors
    /// A sentence that names the file, if it cannot be opened.
    pub fn open(path: &Path, is_required: bool) -> Result<Self, String> {
        let target = Target::open(path).map_err(|error| {
            format!("--audit-log {}: cannot open it for appending: {error}", path.display())
        })?;
        let writer = Writer::start(target).map_err(|error| format!("--audit-log: {error}"))?;
        let log = Log { writer, floods: Mutex::default(), is_required };
        Ok(Self(Some(Arc::new(log))))
    }

    /// Opens the file again at its path, after it was renamed by the tool that rotates it.
    pub fn reopen(&self) {
        if let Some(log) = &self.0 {
            log.writer.reopen();
        }
    }

    /// Records an attempt to reload the configuration.
    pub fn note_reload(&self, is_success: bool) {
        let outcome = if is_success { "success" } else { "failure" };
        self.write(&Record { outcome: Some(outcome), ..Record::of("config_reload") });
    }

    /// Records that the gateway started, or stopped, so that a missing part of the file shows.
    pub fn note_process(&self, event: Process) {
        let name = match event {
            Process::Started => "gateway_start",
            Process::Stopped => "gateway_stop",
        };
        self.write(&Record::of(name));
    }

    /// Writes everything that waits, and closes the file. Takes at most a second.
    pub fn close(&self) {
        if let Some(log) = &self.0 {
            let due = log.floods().finish();
            log.write_all(&due);
            log.writer.close();
        }
    }

    /// Returns how many lines were lost since the start.
    #[must_use]
    pub fn lines_dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |log| log.writer.dropped())
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |log| log.writer.waiting_bytes())
    }

    /// Returns why lines cannot be written now, if they cannot.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.0.as_ref().and_then(|log| log.writer.failure())
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether readers must be refused, since what they read could not be recorded.
    pub(crate) fn refuses_readers(&self) -> bool {
        self.0.as_ref().is_some_and(|log| log.is_required && log.writer.failure().is_some())
    }

    /// Writes the line of an event.
    pub(crate) fn write(&self, record: &Record<'_>) {
        if let Some(log) = &self.0 {
            log.writer.write(record);
        }
    }

    /// Writes the line of what a reader is about to receive.
    ///
    /// # Errors
    /// When the line is lost and the audit log is required, so that the reader must be refused.
    pub(crate) fn write_reading(&self, record: &Record<'_>) -> Result<(), NotRecorded> {
        match &self.0 {
            Some(log) if !log.writer.write(record) && log.is_required => Err(NotRecorded),
            _ => Ok(()),
        }
    }

    /// Writes the line of a refusal, or counts it if its client was refused in the same way a
    /// moment ago.
    pub(crate) fn write_refused(&self, record: Record<'static>) {
        let Some(log) = &self.0 else { return };
        let due = log.floods().add(record, Instant::now());
        log.write_all(&due);
    }

    /// Writes the lines of refusals that were counted. Called once a second.
    pub fn tick(&self) {
        if let Some(log) = &self.0 {
            let due = log.floods().due(Instant::now());
            log.write_all(&due);
        }
    }
}

impl Log {
    /// Writes lines whose loss is counted and refuses no one.
    fn write_all(&self, records: &[Record<'_>]) {
        for record in records {
            self.writer.write(record);
        }
    }

    fn floods(&self) -> std::sync::MutexGuard<'_, Floods> {
        self.floods.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader must be refused, since what it reads cannot be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotRecorded;

/// An event of the process itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It is about to listen.
    Started,
    /// It serves no more requests.
    Stopped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_a_reader_is_lost_only_if_the_audit_log_is_not_required() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        for (is_required, expected) in [(true, Err(NotRecorded)), (false, Ok(()))] {
            let audit = Audit::open(full, is_required).expect("it is there");
            let channels = vec!["x".repeat(1 << 20); 9];
            let large = Record { channels: channels.into(), ..Record::of("stream_open") };
            assert_eq!(audit.write_reading(&large), Ok(()), "the queue has room");
            assert_eq!(audit.write_reading(&Record::of("stream_open")), expected);
            assert_eq!(audit.lines_dropped(), 1);
            audit.close();
        }
        assert_eq!(Audit::default().write_reading(&Record::of("stream_open")), Ok(()));
    }
}
