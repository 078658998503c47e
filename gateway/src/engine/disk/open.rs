//! Opens the engine: locks the folder, judges how the last process left it, and starts the threads.

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use logs_sse_wire::cursor::Epoch;
use rusqlite::Connection;

use crate::engine::disk::books::Books;
use crate::engine::disk::folder::Folder;
use crate::engine::disk::head::{Head, Left, Tail, boot_id};
use crate::engine::disk::room::Room;
use crate::engine::disk::schema::{meta, open_writer, set_meta, set_synchronous};
use crate::engine::disk::sync::Syncer;
use crate::engine::disk::writer::{Shared, Writer};
use crate::engine::disk::{DiskEngine, DiskOptions, Fsync};
use crate::hub::channels::Channels;
use crate::hub::ledger::Ledger;
use crate::metrics::Metrics;

impl DiskEngine {
    /// Opens the history in the folder of `options`, and creates it if there is none.
    ///
    /// # Errors
    /// A sentence that says why the folder cannot be used.
    pub(crate) fn open(
        options: &DiskOptions,
        ledger: &Arc<Ledger>,
        channels: &Arc<Channels>,
        metrics: &Metrics,
    ) -> Result<Self, String> {
        let folder = Folder::open(&options.folder)?;
        let database = open_writer(&folder.database())?;
        let shown = folder.path().display().to_string();
        let failed = |error: &dyn std::fmt::Display| format!("data-dir {shown}: {error}");
        let head = Head::open(&folder.head()).map_err(|error| failed(&error))?;
        let found = begin(&database, &head, options.fsync).map_err(|error| failed(&error))?;
        report(&found, &shown);
        ledger.continue_after(found.order);
        head.write(found.order);
        let shared = Arc::new(Shared { is_dirty: AtomicBool::new(true), ..Shared::default() });
        let syncer = match options.fsync {
            Fsync::Every(interval) => {
                let (shared, metrics) = (Arc::clone(&shared), metrics.clone());
                let started = Syncer::start(folder.journal(), interval, shared, metrics);
                Some(started.map_err(|error| failed(&error))?)
            }
            Fsync::Always | Fsync::Never => None,
        };
        let (jobs, received) = channel();
        let writer = Writer {
            room: Room::read(&database).map_err(|error| failed(&error))?,
            database,
            books: Books::default(),
            head,
            ledger: Arc::clone(ledger),
            channels: Arc::clone(channels),
            metrics: metrics.clone(),
            shared: Arc::clone(&shared),
            syncs: options.fsync == Fsync::Always,
            is_failing: false,
        };
        let thread = thread::Builder::new().name("logs-store".into());
        let thread = thread.spawn(move || writer.run(&received)).map_err(|error| failed(&error))?;
        Ok(Self {
            epoch: found.epoch,
            folder,
            ledger: Arc::clone(ledger),
            metrics: metrics.clone(),
            shared,
            jobs,
            writer: Mutex::new(Some(thread)),
            syncer: Mutex::new(syncer),
            readers: Mutex::default(),
            id_key: found.id_key,
            lost_tail: found.tail != Tail::Complete,
        })
    }
}

/// What the last process left, and what this one continues.
struct Found {
    epoch: Epoch,
    order: u64,
    id_key: [u8; 16],
    tail: Tail,
}

/// Reads what the last process left, and notes that this one runs. The note is durable before
/// anything else is written.
fn begin(database: &Connection, head: &Head, fsync: Fsync) -> rusqlite::Result<Found> {
    let epoch = meta(database, "epoch")?.and_then(|epoch| epoch.parse().ok());
    let left = Left {
        order: meta(database, "order")?.and_then(|order| order.parse().ok()).unwrap_or(0),
        head: head.read(),
        is_clean: meta(database, "clean")?.as_deref() == Some("1"),
        is_synced: meta(database, "synced")?.as_deref() == Some("1"),
        boot: meta(database, "boot")?.unwrap_or_default(),
    };
    let boot = boot_id();
    let is_new = epoch.is_none() && left.head == 0;
    let tail = if is_new { Tail::Complete } else { left.tail(&boot) };
    let epoch = match epoch {
        Some(epoch) if tail == Tail::Complete => epoch,
        _ => Epoch::draw(|| fastrand::u8(..36)),
    };
    let known = meta(database, "id_key")?.and_then(|key| key.parse::<u128>().ok());
    let id_key = known.unwrap_or_else(|| fastrand::u128(..));
    // Logs of the old epoch that are lost keep their orders.
    let order = left.order.max(left.head);
    set_synchronous(database, true)?;
    let transaction = database.unchecked_transaction()?;
    for (key, value) in [
        ("epoch", epoch.to_string()),
        ("boot", boot),
        ("clean", "0".into()),
        ("synced", if fsync == Fsync::Always { "1" } else { "0" }.into()),
        ("id_key", id_key.to_string()),
        ("order", order.to_string()),
    ] {
        set_meta(&transaction, key, &value)?;
    }
    transaction.commit()?;
    set_synchronous(database, fsync == Fsync::Always)?;
    Ok(Found { epoch, order, id_key: id_key.to_le_bytes(), tail })
}

fn report(found: &Found, folder: &str) {
    let epoch = found.epoch.to_string();
    match found.tail {
        Tail::Complete => tracing::info!(folder, epoch, order = found.order, "history opened"),
        Tail::Torn(lost) => tracing::error!(
            folder,
            epoch,
            lost,
            "the end of the history was lost, at least this many logs: a new epoch begins, and returning readers receive a gap"
        ),
        Tail::Uncertain => tracing::warn!(
            folder,
            epoch,
            "the machine restarted before the last logs were synchronized, so some may be lost: a new epoch begins, and returning readers receive a gap"
        ),
    }
}
