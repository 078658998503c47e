//! The tables of the database, and how a connection to it is set up.
//!
//! A log is a row of `logs`, ordered by channel and number, so a page of a channel is one range of
//! the file, and its oldest logs are deleted as one range. A row of `channels` says which of them can
//! be read; rows below `oldest` are deleted a little later, many at once.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, OptionalExtension, params};

use crate::engine::EngineError;

/// Opens the connection that writes, and creates the tables in a new file.
///
/// # Errors
/// A sentence that says why the file cannot be used.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, String> {
    let open = || -> rusqlite::Result<(Connection, i64)> {
        let database = Connection::open(path)?;
        database.busy_timeout(BUSY_TIMEOUT)?;
        // The first three have an effect on a new file only. Deleted logs are overwritten.
        database.execute_batch(&format!(
            "PRAGMA page_size = {PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL;
             PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = {JOURNAL_PAGES}; PRAGMA cache_size = -{CACHE_KIB};
             PRAGMA journal_size_limit = {JOURNAL_BYTES};"
        ))?;
        let version = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            database.execute_batch(TABLES)?;
        }
        Ok((database, if version == 0 { VERSION } else { version }))
    };
    let shown = path.display();
    match open() {
        Ok((database, VERSION)) => Ok(database),
        Ok((_, version)) => Err(format!(
            "{shown} has format {version}: this program reads format {VERSION}; use the program that wrote it"
        )),
        Err(error) => Err(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => format!(
                "{shown} is damaged ({error}): restore the folder from a copy, or move it away to start with an empty history"
            ),
            _ => format!("{shown}: cannot open it: {error}"),
        }),
    }
}

/// Opens a connection that reads.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    Ok(database)
}

/// Returns a value of the table `meta`.
pub(crate) fn meta(database: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = database.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    statement.query_row([key], |row| row.get(0)).optional()
}

/// Sets a value of the table `meta`.
pub(crate) fn set_meta(database: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    database
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute(params![key, value])
        .map(drop)
}

/// Says whether commits wait until the disk has them.
pub(crate) fn set_synchronous(database: &Connection, is_waiting: bool) -> rusqlite::Result<()> {
    // NORMAL still synchronizes before the journal is reused, so the file never becomes damaged.
    let mode = if is_waiting { "FULL" } else { "NORMAL" };
    database.execute_batch(&format!("PRAGMA synchronous = {mode}"))
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Returns whether it is unknown what the disk has, so that nothing may be written any more.
///
/// After a failed fsync, the system may have dropped what it did not write, and the next fsync
/// succeeds nonetheless.
pub(crate) fn is_fatal(error: &Error) -> bool {
    const IOERR_FSYNC: i32 = rusqlite::ffi::SQLITE_IOERR_FSYNC;
    const IOERR_DIR_FSYNC: i32 = rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC;
    error.sqlite_error().is_some_and(|error| {
        matches!(error.extended_code, IOERR_FSYNC | IOERR_DIR_FSYNC)
            || error.code == ErrorCode::DatabaseCorrupt
    })
}

const TABLES: &str = "
BEGIN;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE channels (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    oldest INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    purged INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    last_order INTEGER NOT NULL,
    last_published INTEGER NOT NULL
);
CREATE INDEX quietest ON channels (workspace, last_order) WHERE bytes > 0;
CREATE TABLE logs (
    channel INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ord INTEGER NOT NULL,
    published INTEGER NOT NULL,
    json BLOB NOT NULL,
    PRIMARY KEY (channel, seq)
) WITHOUT ROWID;
CREATE TABLE ids (
    published INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (published, hash)
) WITHOUT ROWID;
PRAGMA user_version = 1;
COMMIT;
";

/// The format of the tables.
const VERSION: i64 = 1;

/// Larger than the usual page, since a log must fit into a quarter of one to stay in it.
const PAGE_BYTES: u32 = 8_192;

/// The journal is copied into the database when it has 16 MiB.
const JOURNAL_PAGES: u32 = 2_048;

/// What remains of a journal that had to grow further, because a reader was in the way.
const JOURNAL_BYTES: u32 = 64 << 20;

/// The memory of the connection that writes.
const CACHE_KIB: u32 = 16 << 10;

/// How long a connection waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
