//! How much each workspace occupies in the database, and which exceed their share.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use crate::engine::disk::books::{signed, unsigned};
use crate::engine::disk::writer::Named;
use crate::hub::config::Config;
use crate::hub::trim::{fair_share, less};

/// The bytes of all workspaces.
#[derive(Debug, Default)]
pub(crate) struct Room {
    held: HashMap<String, u64>,
    total: u64,
    /// What the current transaction adds.
    pending: Vec<(String, i64)>,
}

impl Room {
    /// Adds up what the database holds.
    pub(crate) fn read(database: &Connection) -> Result<Self> {
        let mut statement =
            database.prepare("SELECT workspace, sum(bytes) FROM channels GROUP BY workspace")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
        let held = rows.collect::<Result<HashMap<String, u64>>>()?;
        let total = held.values().sum();
        Ok(Self { held, total, pending: Vec::new() })
    }

    /// Adds bytes to a workspace once the transaction is committed.
    pub(crate) fn grow(&mut self, workspace: &str, bytes: i64) {
        if bytes != 0 {
            self.pending.push((workspace.into(), bytes));
        }
    }

    pub(crate) fn commit(&mut self) {
        for (workspace, bytes) in self.pending.drain(..) {
            let held = self.held.entry(workspace).or_default();
            *held = held.saturating_add_signed(bytes);
            self.total = self.total.saturating_add_signed(bytes);
        }
    }

    pub(crate) fn roll_back(&mut self) {
        self.pending.clear();
    }

    /// Returns the bytes of a workspace.
    pub(crate) fn held(&self, workspace: &str) -> u64 {
        self.held.get(workspace).copied().unwrap_or_default()
    }

    /// Returns the workspaces that must shrink, and to how many bytes.
    pub(crate) fn excess(&self, config: &Config) -> Vec<(String, u64)> {
        let quota = config.history_workspace_bytes.unwrap_or(usize::MAX);
        let max = usize::try_from(config.history_disk_bytes).unwrap_or(usize::MAX);
        let is_over = self.total > max as u64;
        if !is_over && quota == usize::MAX {
            return Vec::new();
        }
        let share = if is_over {
            let held: Vec<_> = self
                .held
                .values()
                .map(|held| usize::try_from(*held).unwrap_or(usize::MAX))
                .collect();
            fair_share(&held, less(max))
        } else {
            usize::MAX
        };
        let limit = |held: u64| {
            let quota = if held > quota as u64 { less(quota) } else { usize::MAX };
            share.min(quota) as u64
        };
        let shrinking = self.held.iter().map(|(name, held)| (name, *held, limit(*held)));
        shrinking
            .filter(|(_, held, limit)| held > limit)
            .map(|(name, _, limit)| (name.clone(), limit))
            .collect()
    }

    /// Returns the channels of a workspace with logs whose last log came first, and some more.
    pub(crate) fn quietest(&self, database: &Connection, workspace: &str) -> Result<Vec<Named>> {
        let mut statement = database.prepare_cached(
            "SELECT name FROM channels WHERE workspace = ?1 AND bytes > 0
             ORDER BY last_order LIMIT ?2",
        )?;
        let mut names: Vec<Named> = statement
            .query_map(params![workspace, signed(AT_ONCE as u64)], |row| {
                Ok(Named { name: row.get(0)?, workspace: workspace.into() })
            })?
            .collect::<Result<_>>()?;
        // The busiest channel keeps its newest logs, unless it is the only one.
        if names.len() > 1 && names.len() < AT_ONCE {
            names.pop();
        }
        Ok(names)
    }
}

/// How many channels are cleared after one batch, so that publishers do not wait long.
const AT_ONCE: usize = 64;
