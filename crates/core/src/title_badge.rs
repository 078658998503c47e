//! The number of new lines and errors at the start of a page's title. Knows no page.

use crate::tally::Count;
use crate::words::{Word, Words};

/// The title of a page with a badge, and the title that it has without.
#[derive(Clone, Debug, Default)]
pub struct TitleBadge {
    base: String,
    /// The title as it was set last; `None` without a badge.
    shown: Option<String>,
}

impl TitleBadge {
    /// Returns the title to set for a page that has the title `current`, or `None` if there is
    /// nothing to change.
    ///
    /// A host may change the title meanwhile: then its new title has the badge, and is what
    /// remains without.
    pub fn update(&mut self, current: &str, new: Count, words: &Words) -> Option<String> {
        let is_ours = self.shown.as_deref() == Some(current);
        if new.lines == 0 {
            self.shown = None;
            return is_ours.then(|| std::mem::take(&mut self.base));
        }
        if !is_ours {
            current.clone_into(&mut self.base);
        }
        let title = format!("({}) {}", label(new, words), self.base);
        self.shown = Some(title.clone());
        (title != current).then_some(title)
    }
}

/// Errors are worth a look, other lines are only activity.
fn label(new: Count, words: &Words) -> String {
    match new.errors {
        0 => words.number(new.lines),
        errors => words.count(Word::Errors, errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Count = Count { lines: 0, errors: 0 };

    fn new(lines: u64, errors: u64) -> Count {
        Count { lines, errors }
    }

    #[test]
    fn shows_errors_otherwise_lines_and_restores_the_title() {
        let mut badge = TitleBadge::default();
        assert_eq!(badge.update("Logs", NONE, &Words::ENGLISH), None);
        assert_eq!(
            badge.update("Logs", new(1_204, 0), &Words::ENGLISH).as_deref(),
            Some("(1,204) Logs")
        );
        assert_eq!(badge.update("(1,204) Logs", new(1_204, 0), &Words::ENGLISH), None);
        assert_eq!(
            badge.update("(1,204) Logs", new(1_205, 1), &Words::ENGLISH).as_deref(),
            Some("(1 error) Logs")
        );
        assert_eq!(badge.update("(1 error) Logs", NONE, &Words::ENGLISH).as_deref(), Some("Logs"));
        assert_eq!(badge.update("Logs", NONE, &Words::ENGLISH), None);
    }

    #[test]
    fn a_title_that_the_host_sets_meanwhile_stays() {
        let mut badge = TitleBadge::default();
        badge.update("Logs", new(3, 0), &Words::ENGLISH);
        assert_eq!(
            badge.update("Job failed", new(4, 0), &Words::ENGLISH).as_deref(),
            Some("(4) Job failed")
        );
        assert_eq!(
            badge.update("(4) Job failed", NONE, &Words::ENGLISH).as_deref(),
            Some("Job failed")
        );
        badge.update("Job failed", new(1, 1), &Words::ENGLISH);
        assert_eq!(badge.update("Done", NONE, &Words::ENGLISH), None);
    }
}
