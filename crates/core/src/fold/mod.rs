//! Folding: consecutive lines that are shown as one row. A stack trace that was sent line by line
//! is one row, and so is a line that was repeated. Draws nothing.
//!
//! `Thread` decides when a line arrives whether it belongs to the one before it. `Folds`
//! remembers which lines are not rows of their own, and numbers the rows.

mod folds;
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
}

impl Folding {
    /// Returns whether a line that arrived with `join` is part of the row before it.
    pub(crate) fn joins(self, join: Join) -> bool {
        match join {
            Join::Head => false,
            Join::Continues => self.traces,
            Join::Repeats => self.repeats,
        }
    }
}

/// A trace torn into its lines is of no use to anyone. The lines of a repetition have times of their
/// own, which a single row would hide.
impl Default for Folding {
    fn default() -> Self {
        Self { traces: true, repeats: false }
    }
}

impl Setting for Folding {
    const NAME: &'static str = "fold";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self { traces: false, repeats: false },
            "traces" => Self { traces: true, repeats: false },
            "repeats" => Self { traces: false, repeats: true },
            "all" => Self { traces: true, repeats: true },
            _ => return None,
        })
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
