//! The thread that writes. It stores the logs of many publishers in one transaction, and publishes
//! them in their channels once the transaction is as durable as the policy promises.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use rusqlite::{Connection, Error, params};
use tokio::sync::oneshot;

use crate::engine::disk::books::{Books, signed};
use crate::engine::disk::head::Head;
use crate::engine::disk::room::Room;
use crate::engine::disk::schema::{is_fatal, set_meta, set_synchronous};
use crate::engine::receipt::Promise;
use crate::engine::{EngineError, NewLog};
use crate::hub::Published;
use crate::hub::channel::Channel;
use crate::hub::channels::Channels;
use crate::hub::config::Keep;
use crate::hub::envelope::Envelope;
use crate::hub::ledger::Ledger;
use crate::metrics::{EngineCall, Metrics};

/// What the thread is asked for.
#[derive(Debug)]
pub(crate) enum Job {
    /// Store a log of a publisher.
    Store(NewLog, Promise),
    /// Delete the logs of a channel for good.
    Purge(Arc<Channel>, oneshot::Sender<Result<u64, EngineError>>),
    /// Delete the logs of these channels that are too old.
    Expire(Vec<Named>),
    /// Delete all logs of these channels, if they have no readers.
    Clear(Vec<Named>),
    /// Delete ids that no publisher repeats any more, and return unused space to the file system.
    Tidy,
    /// Note that the end is in order.
    Close(Sender<()>),
}

/// A channel and its workspace, as the database has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) workspace: String,
}

/// The state of the thread.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) database: Connection,
    pub(crate) books: Books,
    pub(crate) room: Room,
    pub(crate) head: Head,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) metrics: Metrics,
    pub(crate) shared: Arc<Shared>,
    /// Whether the end of a transaction waits for the disk.
    pub(crate) syncs: bool,
    /// Whether the last transaction failed, to log a failure once.
    pub(crate) is_failing: bool,
}

/// What the thread shares with others.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The bytes of logs that wait to be stored.
    pub(crate) waiting_bytes: AtomicUsize,
    /// Whether there is something that the disk may not have yet.
    pub(crate) is_dirty: AtomicBool,
    /// Whether the last transaction failed because the disk has no room.
    pub(crate) is_full: AtomicBool,
    /// Whether it is unknown what the disk has, so that nothing may be stored until a restart.
    pub(crate) is_broken: AtomicBool,
}

/// A log in the transaction.
struct Written {
    channel: Arc<Channel>,
    envelope: Envelope,
    seq: u64,
    promise: Promise,
}

impl Writer {
    /// Does the jobs in their order, until it is closed or all senders are gone.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        let mut next = jobs.recv().ok();
        while let Some(job) = next.take() {
            match job {
                Job::Store(log, promise) => {
                    let mut batch = vec![(log, promise)];
                    next = collect(&mut batch, jobs);
                    self.store(batch);
                }
                Job::Purge(channel, done) => {
                    let purged = self.purge(&channel);
                    // An error means that the caller is gone.
                    let _ = done.send(purged);
                }
                Job::Expire(channels) => self.expire(&channels),
                Job::Clear(channels) => self.clear(&channels),
                Job::Tidy => self.tidy(),
                Job::Close(done) => {
                    self.finish();
                    // An error means that the caller waits no longer.
                    let _ = done.send(());
                    return;
                }
            }
            next = next.or_else(|| jobs.recv().ok());
        }
        self.finish();
    }

    fn store(&mut self, batch: Vec<(NewLog, Promise)>) {
        let bytes = batch.iter().map(|(log, _)| log.draft.bytes()).sum();
        let start = Instant::now();
        let mut touched = HashMap::new();
        let written = self.write(batch, &mut touched);
        self.shared.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
        let Some(written) = written else { return };
        // Before anyone learns of these logs: a crash right after an answer must not hide their loss.
        self.head.write(self.ledger.last_order() + written.len() as u64);
        self.metrics.engine_append.observe(start.elapsed().as_secs_f64());
        let keep = super::keep(&self.ledger.config.load());
        let published: Vec<_> = written.into_iter().map(|log| self.publish(log, keep)).collect();
        for (channel, oldest) in touched.values() {
            channel.trimmed(*oldest);
        }
        published.into_iter().for_each(|(promise, published)| promise.keep(Ok(published)));
        self.make_room();
        self.books.shrink();
    }

    /// Stores a batch. If that fails, all its logs are refused, and `None` is returned.
    fn write(
        &mut self,
        batch: Vec<(NewLog, Promise)>,
        touched: &mut HashMap<String, (Arc<Channel>, u64)>,
    ) -> Option<Vec<Written>> {
        let mut written = Vec::with_capacity(batch.len());
        let mut refused = Vec::new();
        let stored = self.transaction(|writer| {
            let mut batch = batch.into_iter();
            for (log, promise) in &mut batch {
                match writer.insert(log, written.len() as u64, touched) {
                    Ok((channel, envelope, seq)) => {
                        written.push(Written { channel, envelope, seq, promise });
                    }
                    Err(error) => {
                        refused.push(promise);
                        refused.extend(batch.map(|(_, promise)| promise));
                        return Err(error);
                    }
                }
            }
            writer.write_books(touched)?;
            let order = writer.ledger.last_order() + written.len() as u64;
            set_meta(&writer.database, "order", &order.to_string())
        });
        let Err(error) = stored else { return Some(written) };
        let promises = written.into_iter().map(|log| log.promise).chain(refused);
        promises.for_each(|promise| promise.keep(Err(error.clone())));
        None
    }

    fn insert(
        &mut self,
        log: NewLog,
        before: u64,
        touched: &mut HashMap<String, (Arc<Channel>, u64)>,
    ) -> Result<(Arc<Channel>, Envelope, u64), Error> {
        let NewLog { channel, draft, id } = log;
        let name = channel.name().to_string();
        let workspace = channel.workspace().name().as_str();
        let book = self.books.open(&self.database, &name, workspace)?;
        let seq = book.stored.extent.newest + 1;
        let order = self.ledger.last_order() + before + 1;
        let envelope = draft.seal(seq);
        let published = envelope.published();
        self.database
            .prepare_cached(
                "INSERT OR REPLACE INTO logs (channel, seq, ord, published, json)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                book.id,
                signed(seq),
                signed(order),
                signed(published),
                envelope.as_bytes()
            ])?;
        book.append(order, published, envelope.as_bytes().len());
        if let Some(id) = id {
            self.database
                .prepare_cached("INSERT OR IGNORE INTO ids (published, hash) VALUES (?1, ?2)")?
                .execute(params![signed(published), id.to_le_bytes()])?;
        }
        touched.entry(name).or_insert_with(|| (Arc::clone(&channel), 0));
        Ok((channel, envelope, seq))
    }

    /// Trims the channels of a transaction, and writes their rows.
    fn write_books(
        &mut self,
        touched: &mut HashMap<String, (Arc<Channel>, u64)>,
    ) -> Result<(), Error> {
        let limit = self.ledger.config.load().history;
        let cutoff = self.ledger.cutoff();
        for (name, (channel, oldest)) in touched {
            let workspace = channel.workspace().name().as_str();
            let book = self.books.open(&self.database, name, workspace)?;
            book.trim(&self.database, limit, cutoff)?;
            self.room.grow(workspace, book.write(&self.database, false)?);
            *oldest = book.stored.extent.oldest;
        }
        Ok(())
    }

    /// Publishes a log that is stored, and returns what its publisher is promised.
    fn publish(&self, log: Written, keep: Keep) -> (Promise, Published) {
        let Written { channel, envelope, seq, promise } = log;
        let timestamp = envelope.published() / 1_000;
        let numbered = |number| {
            if number != seq {
                tracing::error!(channel = %channel.name(), number, seq, "numbers differ from those stored");
            }
            envelope
        };
        let delivered = channel.publish(|| self.ledger.next_order(), numbered, keep);
        (promise, Published { delivered, timestamp })
    }

    fn purge(&mut self, channel: &Arc<Channel>) -> Result<u64, EngineError> {
        let (name, workspace) = (channel.name().to_string(), channel.workspace());
        let mut count = 0;
        self.transaction(|writer| {
            let book = writer.books.open(&writer.database, &name, workspace.name().as_str())?;
            count = book.len();
            book.purge();
            let grown = book.write(&writer.database, true)?;
            writer.room.grow(workspace.name().as_str(), grown);
            Ok(())
        })?;
        channel.purge();
        self.truncate_journal();
        Ok(count)
    }

    fn expire(&mut self, channels: &[Named]) {
        let (limit, cutoff) = (self.ledger.config.load().history, self.ledger.cutoff());
        self.change_all(channels, |writer, Named { name, workspace }| {
            let book = writer.books.open(&writer.database, name, workspace)?;
            book.trim(&writer.database, limit, cutoff)
        });
    }

    fn clear(&mut self, channels: &[Named]) {
        let has_readers = |named: &&Named| {
            let name = named.name.parse().ok();
            let channel = name.and_then(|name| self.channels.in_memory(&name));
            channel.is_some_and(|channel| !channel.connections().is_empty())
        };
        let idle: Vec<_> = channels.iter().filter(|named| !has_readers(named)).cloned().collect();
        self.change_all(&idle, |writer, Named { name, workspace }| {
            writer.books.open(&writer.database, name, workspace)?.clear();
            Ok(())
        });
    }

    /// Deletes the logs of the channels that are quietest until the limits hold, some at a time.
    fn make_room(&mut self) {
        let config = self.ledger.config.load_full();
        for (workspace, limit) in self.room.excess(&config) {
            let quietest = match self.room.quietest(&self.database, &workspace) {
                Ok(quietest) => quietest,
                Err(error) => return self.failed(EngineCall::Delete, &error.into()),
            };
            let is_only = quietest.len() == 1;
            for named in quietest {
                if self.room.held(&workspace) <= limit {
                    break;
                }
                let excess = self.room.held(&workspace) - limit;
                self.change_all(&[named], |writer, Named { name, workspace }| {
                    let book = writer.books.open(&writer.database, name, workspace)?;
                    if !is_only {
                        book.clear();
                        return Ok(());
                    }
                    let bytes = usize::try_from(book.bytes - excess.min(book.bytes));
                    let history = writer.ledger.config.load().history;
                    let limit = crate::hub::bounds::Bounds {
                        bytes: bytes.unwrap_or(usize::MAX),
                        ..history
                    };
                    book.trim(&writer.database, limit, None)
                });
            }
        }
    }

    /// Changes what can be read of channels in one transaction, and tells those in memory.
    fn change_all(
        &mut self,
        channels: &[Named],
        mut change: impl FnMut(&mut Self, &Named) -> Result<(), Error>,
    ) {
        let mut changed = Vec::new();
        let done = self.transaction(|writer| {
            for named in channels {
                change(writer, named)?;
                let Named { name, workspace } = named;
                let book = writer.books.open(&writer.database, name, workspace)?;
                let grown = book.write(&writer.database, true)?;
                changed.push((name.parse().ok(), book.stored.extent.oldest));
                writer.room.grow(workspace, grown);
            }
            Ok(())
        });
        if done.is_ok() {
            for (name, oldest) in changed {
                if let Some(channel) = name.and_then(|name| self.channels.in_memory(&name)) {
                    channel.trimmed(oldest);
                }
            }
        }
    }

    fn tidy(&mut self) {
        let oldest = super::oldest_id(self.ledger.clock.micros());
        // Failures are logged and counted.
        let _ = self.transaction(|writer| {
            let mut statement =
                writer.database.prepare_cached("DELETE FROM ids WHERE published < ?1")?;
            statement.execute([signed(oldest)]).map(drop)
        });
        if let Err(error) = self.database.execute_batch("PRAGMA incremental_vacuum(256)") {
            self.failed(EngineCall::Delete, &error.into());
        }
    }

    /// Runs `body` in a transaction. If it fails, nothing has changed.
    fn transaction(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), EngineError> {
        if self.shared.is_broken.load(Ordering::Acquire) {
            return Err(EngineError::Failed(BROKEN.into()));
        }
        let done = self.database.execute_batch("BEGIN IMMEDIATE").and_then(|()| body(self));
        let Err(error) = done.and_then(|()| self.commit()) else {
            self.room.commit();
            self.shared.is_full.store(false, Ordering::Relaxed);
            self.shared.is_dirty.store(true, Ordering::Release);
            if std::mem::take(&mut self.is_failing) {
                tracing::info!("the history can be stored again");
            }
            return Ok(());
        };
        // Some errors end the transaction by themselves.
        if !self.database.is_autocommit() {
            let _ = self.database.execute_batch("ROLLBACK");
        }
        self.room.roll_back();
        self.books.discard();
        self.shared.is_broken.fetch_or(is_fatal(&error), Ordering::AcqRel);
        let error = EngineError::from(error);
        self.shared.is_full.store(error == EngineError::Full, Ordering::Relaxed);
        self.failed(EngineCall::Append, &error);
        Err(error)
    }

    /// Ends a transaction, and measures how long the disk takes if that waits for it.
    fn commit(&self) -> Result<(), Error> {
        let start = Instant::now();
        self.database.execute_batch("COMMIT")?;
        if self.syncs {
            self.metrics.engine_sync.observe(start.elapsed().as_secs_f64());
        }
        Ok(())
    }

    fn failed(&mut self, call: EngineCall, error: &EngineError) {
        self.metrics.note_engine_error(call);
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(%error, "publishers are refused until the history can be stored");
        }
    }

    /// Copies the journal into the database and empties it, so that it has no deleted log either.
    fn truncate_journal(&self) {
        let is_busy =
            self.database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        match is_busy {
            Ok(0) => {}
            Ok(_) => tracing::warn!(
                "readers kept the journal from being emptied; it is overwritten later"
            ),
            Err(error) => tracing::error!(%error, "the journal cannot be emptied"),
        }
    }

    /// Notes that the end is in order.
    fn finish(&mut self) {
        let done = set_synchronous(&self.database, true)
            .map_err(EngineError::from)
            .and_then(|()| self.transaction(|writer| set_meta(&writer.database, "clean", "1")));
        if let Err(error) = done {
            tracing::error!(%error, "the history was not closed in order");
        }
        self.truncate_journal();
    }
}

/// Adds the logs that wait already to `batch`. Returns a job of another kind that came next.
fn collect(batch: &mut Vec<(NewLog, Promise)>, jobs: &Receiver<Job>) -> Option<Job> {
    let mut bytes = 0;
    while batch.len() < MAX_BATCH_LOGS && bytes < MAX_BATCH_BYTES {
        match jobs.try_recv().ok()? {
            Job::Store(log, promise) => {
                bytes += log.draft.bytes();
                batch.push((log, promise));
            }
            other => return Some(other),
        }
    }
    None
}

/// Large enough that the disk's fsync hardly matters, and small enough that the first log of a batch
/// does not wait long for the last.
const MAX_BATCH_LOGS: usize = 4_096;
const MAX_BATCH_BYTES: usize = 4 << 20;

const BROKEN: &str = "the disk failed to synchronize, so it is unknown what it has; check it, then restart the gateway";
