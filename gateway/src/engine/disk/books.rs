//! What the database holds of each channel, and what exceeds the limits. Used by the thread that
//! writes, inside its transactions.

use std::collections::{HashMap, VecDeque};

use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::hub::bounds::{Bounds, Extent};
use crate::hub::history::{ENTRY_BYTES, Stored};

/// The channels that were written last.
#[derive(Debug, Default)]
pub(crate) struct Books {
    by_name: HashMap<String, Book>,
}

/// A channel in the database.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    pub(crate) id: i64,
    pub(crate) stored: Stored,
    /// The weight of its logs, as [`Bounds`] weighs them.
    pub(crate) bytes: u64,
    /// Weight and time of the oldest logs, from `oldest` on, as far as they are known.
    front: VecDeque<(u64, u64)>,
    /// No row has a lower number.
    first_row: u64,
    /// What this transaction added to the bytes.
    grown_bytes: i64,
}

impl Books {
    /// Returns the channel `name`, and creates it if it does not exist.
    pub(crate) fn open(
        &mut self,
        database: &Connection,
        name: &str,
        workspace: &str,
    ) -> Result<&mut Book> {
        if !self.by_name.contains_key(name) {
            let known = read(database, name)?;
            let book = known.map_or_else(|| create(database, name, workspace), Ok)?;
            self.by_name.insert(name.into(), book);
        }
        Ok(self.by_name.get_mut(name).expect("it was inserted"))
    }

    /// Discards all channels, after a transaction that failed.
    pub(crate) fn discard(&mut self) {
        self.by_name.clear();
    }

    /// Discards all channels if they are too many.
    pub(crate) fn shrink(&mut self) {
        if self.by_name.len() > MAX_BOOKS {
            self.by_name = HashMap::new();
        }
    }
}

impl Book {
    /// Records a log that is appended.
    pub(crate) fn append(&mut self, order: u64, published: u64, json_bytes: usize) {
        let weight = (json_bytes + ENTRY_BYTES) as u64;
        if self.front.len() as u64 == self.len() && self.front.len() < FRONT_LOGS {
            self.front.push_back((weight, published));
        }
        self.stored.extent.newest += 1;
        self.stored.last_order = order;
        self.stored.last_published = published;
        self.bytes += weight;
        self.grown_bytes += signed(weight);
    }

    /// Drops the oldest logs until `limit` holds and none was published before `cutoff`. The newest
    /// log is kept whatever its length.
    pub(crate) fn trim(
        &mut self,
        database: &Connection,
        limit: Bounds,
        cutoff: Option<u64>,
    ) -> Result<()> {
        loop {
            let is_over = self.len() > limit.lines as u64
                || (self.len() > 1 && self.bytes > limit.bytes as u64);
            if self.len() == 0 || (!is_over && cutoff.is_none()) {
                return Ok(());
            }
            let (weight, published) = self.oldest(database)?;
            if !is_over && cutoff.is_none_or(|cutoff| cutoff <= published) {
                return Ok(());
            }
            self.drop_oldest(weight);
        }
    }

    /// Drops all logs of the channel.
    pub(crate) fn clear(&mut self) {
        self.grown_bytes -= signed(self.bytes);
        self.bytes = 0;
        self.stored.extent.oldest = self.stored.extent.newest + 1;
        self.front.clear();
    }

    /// Drops all logs of the channel, and records that an operator asked for it.
    pub(crate) fn purge(&mut self) {
        self.clear();
        self.stored.purged = self.stored.extent.newest;
    }

    /// Writes the changes, and returns what was added to the bytes. Rows that cannot be read any
    /// more are deleted when there are enough of them, or all if `is_last`.
    pub(crate) fn write(&mut self, database: &Connection, is_last: bool) -> Result<i64> {
        let Stored { extent: Extent { oldest, newest }, purged, last_order, last_published } =
            self.stored;
        let unreadable = oldest.saturating_sub(self.first_row);
        if unreadable >= ROWS_AT_ONCE || (is_last && unreadable > 0) {
            database
                .prepare_cached("DELETE FROM logs WHERE channel = ?1 AND seq < ?2")?
                .execute(params![self.id, signed(oldest)])?;
            self.first_row = oldest;
        }
        database
            .prepare_cached(
                "UPDATE channels SET oldest = ?2, newest = ?3, purged = ?4, bytes = ?5,
                 last_order = ?6, last_published = ?7 WHERE id = ?1",
            )?
            .execute(params![
                self.id,
                signed(oldest),
                signed(newest),
                signed(purged),
                signed(self.bytes),
                signed(last_order),
                signed(last_published),
            ])?;
        Ok(std::mem::take(&mut self.grown_bytes))
    }

    /// Returns the number of logs that can be read.
    pub(crate) fn len(&self) -> u64 {
        let Extent { oldest, newest } = self.stored.extent;
        newest + 1 - oldest
    }

    fn drop_oldest(&mut self, weight: u64) {
        let weight = weight.min(self.bytes);
        self.front.pop_front();
        self.stored.extent.oldest += 1;
        self.bytes -= weight;
        self.grown_bytes -= signed(weight);
    }

    /// Returns the weight and the time of the oldest log.
    fn oldest(&mut self, database: &Connection) -> Result<(u64, u64)> {
        if self.front.is_empty() {
            let mut statement = database.prepare_cached(
                "SELECT length(json), published FROM logs WHERE channel = ?1 AND seq >= ?2
                 ORDER BY seq LIMIT ?3",
            )?;
            let from = signed(self.stored.extent.oldest);
            let rows = statement
                .query_map(params![self.id, from, signed(FRONT_LOGS as u64)], |row| {
                    Ok((unsigned(row.get(0)?) + ENTRY_BYTES as u64, unsigned(row.get(1)?)))
                })?;
            self.front = rows.collect::<Result<_>>()?;
        }
        // A row that is missing weighs nothing, and is as old as can be.
        Ok(self.front.front().copied().unwrap_or_default())
    }
}

/// Returns the channel `name` if it exists.
pub(crate) fn read(database: &Connection, name: &str) -> Result<Option<Book>> {
    database
        .prepare_cached(
            "SELECT id, oldest, newest, purged, bytes, last_order, last_published
             FROM channels WHERE name = ?1",
        )?
        .query_row([name], |row| {
            let number = |index| row.get(index).map(unsigned);
            Ok(Book {
                id: row.get(0)?,
                stored: Stored {
                    extent: Extent { oldest: number(1)?, newest: number(2)? },
                    purged: number(3)?,
                    last_order: number(5)?,
                    last_published: number(6)?,
                },
                bytes: number(4)?,
                front: VecDeque::new(),
                // The first deletion also removes what a process before this one left.
                first_row: 0,
                grown_bytes: 0,
            })
        })
        .optional()
}

fn create(database: &Connection, name: &str, workspace: &str) -> Result<Book> {
    database
        .prepare_cached(
            "INSERT INTO channels (name, workspace, oldest, newest, purged, bytes, last_order,
             last_published) VALUES (?1, ?2, 1, 0, 0, 0, 0, 0)",
        )?
        .execute(params![name, workspace])?;
    Ok(Book {
        id: database.last_insert_rowid(),
        stored: NOTHING,
        bytes: 0,
        front: VecDeque::new(),
        first_row: 1,
        grown_bytes: 0,
    })
}

/// What is stored of a channel that does not exist.
pub(crate) const NOTHING: Stored =
    Stored { extent: Extent { oldest: 1, newest: 0 }, purged: 0, last_order: 0, last_published: 0 };

/// Returns a number as SQLite stores it. No number here reaches 2^63.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a number that SQLite stored.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Far more channels than are written at a time.
const MAX_BOOKS: usize = 20_000;

/// How many of the oldest logs of a channel are weighed at once.
const FRONT_LOGS: usize = 256;

/// How many rows are deleted at once, so that a full channel costs one deletion in many logs.
const ROWS_AT_ONCE: u64 = 256;
