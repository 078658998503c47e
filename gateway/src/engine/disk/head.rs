//! Finds out whether the end of the history was lost since it was written.
//!
//! After each transaction, the order of the last log is written to a file of its own, which is never
//! synchronized. If it names a log that the database lacks, the end of the database was lost: a torn
//! journal, a disk that did not keep a promise, or an older copy. If the machine itself restarted, a
//! file that was not synchronized proves nothing, so logs are considered lost unless the policy
//! synchronized each of them or the gateway had ended in order.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The file with the order of the last log.
#[derive(Debug)]
pub(crate) struct Head(File);

impl Head {
    /// Opens the file, and creates it if it does not exist.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        Ok(Self(options.open(path)?))
    }

    /// Returns the order that was written last; 0 if there is none.
    pub(crate) fn read(&self) -> u64 {
        let mut bytes = [0; 16];
        let mut file = &self.0;
        if file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut bytes)).is_err() {
            return 0;
        }
        let (order, check) = bytes.split_at(8);
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        // A write that was torn proves nothing.
        if number(check) == !number(order) { number(order) } else { 0 }
    }

    /// Writes the order of the last log. An error only weakens the next check.
    pub(crate) fn write(&self, order: u64) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&order.to_le_bytes());
        bytes[8..].copy_from_slice(&(!order).to_le_bytes());
        let mut file = &self.0;
        if let Err(error) = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&bytes)) {
            tracing::debug!(%error, "cannot write the head of the history");
        }
    }
}

/// What was found at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    Complete,
    /// At least this many logs were lost.
    Torn(u64),
    /// The machine restarted before the last logs were synchronized.
    Uncertain,
}

/// How the last process left the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// The order of the last log in the database.
    pub(crate) order: u64,
    /// The order in the [`Head`].
    pub(crate) head: u64,
    /// Whether it ended in order.
    pub(crate) is_clean: bool,
    /// Whether it synchronized each log.
    pub(crate) is_synced: bool,
    /// The boot of the machine that it ran in.
    pub(crate) boot: String,
}

impl Left {
    /// Judges the end of the history, in the `boot` of this process.
    pub(crate) fn tail(&self, boot: &str) -> Tail {
        let is_same_boot = !boot.is_empty() && self.boot == boot;
        match self.head.checked_sub(self.order) {
            Some(lost) if lost > 0 => Tail::Torn(lost),
            _ if self.is_clean || self.is_synced || is_same_boot => Tail::Complete,
            _ => Tail::Uncertain,
        }
    }
}

/// Returns the id of the current boot of the machine, or an empty text if the system has none.
pub(crate) fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(change: impl FnOnce(&mut Left)) -> Tail {
        let mut left = Left { order: 9, head: 9, boot: "a".into(), ..Left::default() };
        change(&mut left);
        left.tail("a")
    }

    #[test]
    fn a_head_that_names_a_missing_log_proves_a_loss_in_any_case() {
        let torn = |left: &mut Left| left.head = 12;
        assert_eq!(left(torn), Tail::Torn(3));
        assert_eq!(left(|left| (torn(left), left.is_synced = true).1), Tail::Torn(3));
        assert_eq!(left(|left| (torn(left), left.is_clean = true).1), Tail::Torn(3));
        assert_eq!(left(|left| left.head = 4), Tail::Complete, "it was not written in time");
    }

    #[test]
    fn a_restart_of_the_machine_is_harmless_only_if_all_was_synchronized() {
        let rebooted = |left: &mut Left| left.boot = "b".into();
        assert_eq!(left(|_| {}), Tail::Complete);
        assert_eq!(left(rebooted), Tail::Uncertain);
        assert_eq!(left(|left| (rebooted(left), left.is_synced = true).1), Tail::Complete);
        assert_eq!(left(|left| (rebooted(left), left.is_clean = true).1), Tail::Complete);
    }

    #[test]
    fn a_machine_without_a_boot_id_may_have_restarted() {
        let left = Left { order: 1, head: 1, ..Left::default() };
        assert_eq!(left.tail(""), Tail::Uncertain);
    }
}
