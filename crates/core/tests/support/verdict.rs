//! What the oracle counts: logs that are not shown, and what the gap rows report of them.

/// What the oracle counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// The number of logs that had to be shown or reported missing.
    pub promised: usize,
    /// The number of those that were reported missing.
    pub in_gaps: usize,
}

/// The number of logs that the gap rows between two lines report.
#[derive(Debug, Default)]
pub struct Missing {
    known: usize,
    is_open_ended: bool,
}

impl Missing {
    pub fn add(&mut self, missing: Option<u64>) {
        match missing {
            Some(missing) => self.known += usize::try_from(missing).unwrap_or(usize::MAX),
            None => self.is_open_ended = true,
        }
    }

    pub fn covers(&self, skipped: usize) -> Result<usize, String> {
        let fits = if self.is_open_ended { self.known <= skipped } else { self.known == skipped };
        if fits {
            Ok(skipped)
        } else {
            Err(format!("{skipped} logs are not shown, but the gap rows report {self:?}"))
        }
    }
}
