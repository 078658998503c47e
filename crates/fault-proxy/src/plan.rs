//! What a plan is: steps, and which of them the n-th stream takes. Knows no text and no socket.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use crate::answer::Answer;

/// What happens to the streams, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At least one, which the parser sees to.
    pub(crate) steps: Vec<Step>,
    pub(crate) then: Then,
}

impl Plan {
    /// The step of the stream that comes after `taken` others.
    pub(crate) fn step(&self, taken: usize) -> &Step {
        let count = self.steps.len();
        match self.then {
            Then::RepeatLast => &self.steps[taken.min(count - 1)],
            Then::StartOver => &self.steps[taken % count],
        }
    }
}

/// What follows the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    RepeatLast,
    StartOver,
}

/// What happens to one stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// As it was written, for the log.
    pub(crate) text: String,
    /// Waited for before anything else.
    pub(crate) delay: Duration,
    pub(crate) act: Act,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Forward {
        pace: Pace,
        trouble: Option<Trouble>,
    },
    Answer(Answer),
    /// Close without an answer.
    Refuse,
    /// Never answer.
    Hang,
}

/// How the body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pace {
    /// Bytes written at once.
    pub(crate) split: Option<NonZeroUsize>,
    /// Bytes a second.
    pub(crate) rate: Option<NonZeroU64>,
}

/// What befalls a stream on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trouble {
    pub(crate) after: After,
    pub(crate) kind: Kind,
}

/// When it befalls it, counted from the end of the answer's head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum After {
    /// So many bytes of the body, without its chunked coding.
    Bytes(u64),
    Time(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    End(Ending),
    /// `None` is for ever.
    Stall(Option<Duration>),
}

/// How a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    Fin,
    Reset,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(plan: &str) -> Vec<String> {
        let plan: Plan = plan.parse().expect("a plan");
        (0..5).map(|taken| plan.step(taken).text.clone()).collect()
    }

    #[test]
    fn the_last_step_repeats() {
        assert_eq!(texts("hang; html; pass"), ["hang", "html", "pass", "pass", "pass"]);
    }

    #[test]
    fn a_loop_starts_over() {
        assert_eq!(texts("hang; html; pass; loop"), ["hang", "html", "pass", "hang", "html"]);
        assert_eq!(texts("hang; html loop"), ["hang", "html", "hang", "html", "hang"]);
    }
}
