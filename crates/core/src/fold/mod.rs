//! Folding: consecutive lines that are shown as one row. A stack trace that was sent line by line
//! is one row, and so is a line that was repeated. Draws nothing.
//!
//! [`Thread`] decides when a line arrives whether it belongs to the one before it. [`Folds`]
//! remembers which lines are not rows of their own, and numbers the rows.

mod folds;
mod template;
mod thread;

pub(crate) use crate::fold::folds::Folds;
pub(crate) use crate::fold::thread::{Arrived, Join, Thread};
use crate::settings::Setting;

/// Which lines are folded into one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folding {
    /// Whether continuation lines, as of stack traces, are part of the row of their head.
    pub traces: bool,
    /// Whether consecutive equal lines are one row.
    pub repeats: bool,
    /// Whether consecutive lines are one row that differ only in numbers, ids and quoted texts.
    pub similar: bool,
}

impl Folding {
    /// Returns whether a line that arrived with `join` is part of the row before it, which ends with
    /// a line that arrived with `last`. A trace ends a row of repetitions, also where a page of
    /// earlier lines brings another line back than the one that was evicted.
    pub(crate) fn joins(self, join: Join, last: Join) -> bool {
        match join {
            Join::Head => false,
            Join::Continues => self.traces,
            Join::Repeats | Join::Similar if last == Join::Continues => false,
            Join::Repeats => self.repeats || self.similar,
            Join::Similar => self.similar,
        }
    }
}

/// A trace torn into its lines is of no use to anyone. The lines of a repetition have times of their
/// own, which a single row would hide.
impl Default for Folding {
    fn default() -> Self {
        Self { traces: true, repeats: false, similar: false }
    }
}

/// Similar lines are not remembered: they are grouped for as long as there are too many to read.
impl Setting for Folding {
    const NAME: &'static str = "fold";

    fn parse(text: &str) -> Option<Self> {
        let (traces, repeats) = match text {
            "none" => (false, false),
            "traces" => (true, false),
            "repeats" => (false, true),
            "all" => (true, true),
            _ => return None,
        };
        Some(Self { traces, repeats, similar: false })
    }

    fn stored(&self) -> String {
        match (self.traces, self.repeats) {
            (false, false) => "none",
            (true, false) => "traces",
            (false, true) => "repeats",
            (true, true) => "all",
        }
        .into()
    }
}

#[cfg(test)]
mod tests;
