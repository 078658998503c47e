//! Keeps the history in a SQLite database, from which it continues after a restart.
//!
//! One thread writes (`writer`); a few connections read. The database promises that a transaction
//! is stored as a whole or not at all; what it cannot promise, that the end was not lost, is checked
//! at the start (`head`). If it may have been, the epoch changes, so that no number stands for two
//! logs in one epoch.

mod books;
mod folder;
mod head;
mod open;
mod room;
mod schema;
mod sync;
mod writer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Epoch;
use rusqlite::{Connection, Row, params};
use tokio::sync::oneshot;

use crate::engine::disk::books::{signed, unsigned};
use crate::engine::disk::folder::Folder;
use crate::engine::disk::sync::Syncer;
use crate::engine::disk::writer::{Job, Named, Shared};
use crate::engine::receipt::{Promise, Receipt};
use crate::engine::{
    Durability, Engine, EngineError, EngineStats, NewLog, Purging, RecentlyStored,
};
use crate::hub::bounds::Bounds;
use crate::hub::channel::Channel;
use crate::hub::clock::micros;
use crate::hub::config::{Config, Keep};
use crate::hub::envelope::Envelope;
use crate::hub::history::{Entry, Stored};
use crate::hub::ledger::Ledger;
use crate::hub::recent_ids::{MAX_AGE, MAX_IDS};
use crate::metrics::{EngineCall, Metrics};

/// Where and how logs are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskOptions {
    /// The folder of the database, which no other gateway uses.
    pub folder: PathBuf,
    /// When the disk must have what was published.
    pub fsync: Fsync,
}

/// When the disk must have what was published. Whatever the policy, a log is handed to the operating
/// system before its publisher has the answer, so the end of the process alone loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before the publisher has the answer.
    Always,
    /// This long after it at the latest.
    Every(Duration),
    /// When the operating system writes it.
    Never,
}

/// The engine on disk.
#[derive(Debug)]
pub(crate) struct DiskEngine {
    epoch: Epoch,
    folder: Folder,
    ledger: Arc<Ledger>,
    metrics: Metrics,
    shared: Arc<Shared>,
    jobs: Sender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
    syncer: Mutex<Option<Syncer>>,
    /// Connections that no one reads from.
    readers: Mutex<Vec<Connection>>,
    id_key: [u8; 16],
    lost_tail: bool,
}

impl DiskEngine {
    /// Calls `read` with a connection of its own.
    fn read_with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, EngineError> {
        let idle = self.readers().pop();
        let database = match idle {
            Some(database) => database,
            None => schema::open_reader(&self.folder.database())?,
        };
        let result =
            read(&database).inspect_err(|_| self.metrics.note_engine_error(EngineCall::Read));
        let mut readers = self.readers();
        if readers.len() < MAX_IDLE_READERS {
            readers.push(database);
        }
        Ok(result?)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a job to the thread that writes. After its end, the job is dropped, which refuses it.
    fn request(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// Hands the channels that a query finds to the thread that writes, in portions.
    fn request_for(
        &self,
        query: &str,
        before: u64,
        job: impl Fn(Vec<Named>) -> Job,
    ) -> Result<(), EngineError> {
        let found = self.read_with(|database| {
            let mut statement = database.prepare_cached(query)?;
            let rows = statement.query_map([signed(before)], |row| {
                Ok(Named { name: row.get(0)?, workspace: row.get(1)? })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        found.chunks(CHANNELS_AT_ONCE).for_each(|portion| self.request(job(portion.to_vec())));
        Ok(())
    }
}

impl Engine for DiskEngine {
    fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    fn durability(&self) -> Durability {
        Durability::Disk
    }

    fn keep(&self, config: &Config) -> Keep {
        keep(config)
    }

    fn append(&self, log: NewLog) -> Receipt {
        let bytes = log.draft.bytes();
        if self.shared.waiting_bytes.fetch_add(bytes, Ordering::AcqRel) > MAX_WAITING_BYTES {
            self.shared.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
            return Receipt::Done(Err(EngineError::Busy));
        }
        let (promise, receipt) = Promise::new();
        self.request(Job::Store(log, promise));
        receipt
    }

    fn stored(&self, channel: &ChannelName) -> Result<Option<Stored>, EngineError> {
        let book = self.read_with(|database| books::read(database, &channel.to_string()))?;
        Ok(Some(book.map_or(books::NOTHING, |book| book.stored)))
    }

    fn read(
        &self,
        channel: &ChannelName,
        after: u64,
        page: Bounds,
    ) -> Result<Vec<Entry>, EngineError> {
        self.read_with(|database| {
            let mut statement = database.prepare_cached(
                "SELECT seq, ord, published, json FROM logs
                 JOIN channels ON id = channel WHERE name = ?1 AND seq > ?2 AND seq >= oldest
                 ORDER BY seq LIMIT ?3",
            )?;
            let name = channel.to_string();
            let rows = statement
                .query_map(params![name, signed(after), signed(page.lines as u64)], entry)?;
            within(rows, page)
        })
    }

    fn read_before(
        &self,
        channel: &ChannelName,
        before: u64,
        page: Bounds,
    ) -> Result<Vec<Entry>, EngineError> {
        let mut logs = self.read_with(|database| {
            let mut statement = database.prepare_cached(
                "SELECT seq, ord, published, json FROM logs
                 JOIN channels ON id = channel WHERE name = ?1 AND seq < ?2 AND seq >= oldest
                 ORDER BY seq DESC LIMIT ?3",
            )?;
            let name = channel.to_string();
            let rows = statement
                .query_map(params![name, signed(before), signed(page.lines as u64)], entry)?;
            within(rows, page)
        })?;
        logs.reverse();
        Ok(logs)
    }

    fn purge(&self, channel: &Arc<Channel>) -> Purging {
        let (done, purging) = oneshot::channel();
        self.request(Job::Purge(Arc::clone(channel), done));
        purging
    }

    fn sweep(&self) {
        let mut found = Ok(());
        if let Some(cutoff) = self.ledger.cutoff() {
            found = self.request_for(EXPIRED, cutoff, Job::Expire);
        }
        if let Some(idle) = self.ledger.config.load().history_idle {
            let before = self.ledger.clock.micros().saturating_sub(micros(idle));
            found = found.and(self.request_for(IDLE, before, Job::Clear));
        }
        if let Err(error) = found {
            tracing::error!(%error, "cannot find the logs that are too old");
        }
        self.request(Job::Tidy);
    }

    fn stats(&self) -> EngineStats {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        EngineStats {
            disk_bytes: self.folder.bytes(),
            free_bytes: self.folder.free_bytes(),
            waiting_bytes: self.shared.waiting_bytes.load(Ordering::Relaxed) as u64,
            is_full: is(&self.shared.is_full),
            is_broken: is(&self.shared.is_broken),
            lost_tail: self.lost_tail,
        }
    }

    fn recent_ids(&self) -> RecentlyStored {
        let oldest = oldest_id(self.ledger.clock.micros());
        let ids = self.read_with(|database| {
            let mut statement = database.prepare(
                "SELECT hash, published FROM ids WHERE published >= ?1
                 ORDER BY published DESC LIMIT ?2",
            )?;
            let rows = statement
                .query_map(params![signed(oldest), signed(MAX_IDS as u64)], |row| {
                    Ok((u128::from_le_bytes(row.get(0)?), unsigned(row.get(1)?)))
                })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        });
        let mut ids = ids.unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read the ids of recent logs: repeated ones may be stored twice");
            Vec::new()
        });
        ids.reverse();
        RecentlyStored { key: Some(self.id_key), ids }
    }

    fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return };
        let (done, closed) = channel();
        self.request(Job::Close(done));
        // An error means that the thread has ended already.
        let _ = closed.recv();
        if writer.join().is_err() {
            tracing::error!("the thread that stores logs has panicked");
        }
        drop(self.syncer.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for DiskEngine {
    fn drop(&mut self) {
        self.close();
    }
}

/// Returns how a channel keeps its newest logs in memory: as many as a live reader may lag.
pub(crate) fn keep(config: &Config) -> Keep {
    let Config { history, reader, history_total_bytes, .. } = config;
    Keep::History(Bounds {
        lines: history.lines.min(reader.lines).max(1),
        bytes: history.bytes.min(reader.bytes).min(*history_total_bytes),
    })
}

/// Returns the time before which ids are forgotten, in microseconds since 1970.
fn oldest_id(now: u64) -> u64 {
    now.saturating_sub(micros(MAX_AGE))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let number = |index| row.get(index).map(unsigned);
    let envelope = Envelope::stored(row.get(3)?, number(2)?);
    Ok(Entry::stored(number(0)?, number(1)?, envelope))
}

/// Returns as many rows as fit into `page` by their bytes, and at least one.
fn within(
    rows: impl Iterator<Item = rusqlite::Result<Entry>>,
    page: Bounds,
) -> rusqlite::Result<Vec<Entry>> {
    let mut logs = Vec::new();
    let mut bytes = 0;
    for log in rows {
        let log = log?;
        bytes += log.envelope.as_bytes().len();
        if bytes > page.bytes && !logs.is_empty() {
            break;
        }
        logs.push(log);
    }
    Ok(logs)
}

/// The channels whose oldest log was published before a time.
const EXPIRED: &str = "SELECT name, workspace FROM channels
    JOIN logs ON channel = id AND seq = oldest WHERE bytes > 0 AND published < ?1";

/// The channels with logs whose last log was published before a time.
const IDLE: &str = "SELECT name, workspace FROM channels WHERE bytes > 0 AND last_published < ?1";

/// How many channels are trimmed in one transaction, while publishers wait.
const CHANNELS_AT_ONCE: usize = 256;

/// As many as read at a time usually.
const MAX_IDLE_READERS: usize = 8;

/// What may wait to be stored. Publishers are refused beyond it, so memory stays bounded.
const MAX_WAITING_BYTES: usize = 64 << 20;
