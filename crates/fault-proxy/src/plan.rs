//! A plan: its steps, and which of them applies to the n-th stream. Knows no text and no socket.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use crate::answer::Answer;

/// What happens to each stream, in order of arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Never empty, which the parser ensures.
    pub(crate) steps: Vec<Step>,
    pub(crate) then: Then,
}

impl Plan {
    /// Returns the step of the stream that follows `taken` others.
    pub(crate) fn step(&self, taken: usize) -> &Step {
        let count = self.steps.len();
        match self.then {
            Then::RepeatLast => &self.steps[taken.min(count - 1)],
            Then::StartOver => &self.steps[taken % count],
        }
    }
}

/// What the streams after the last step receive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    RepeatLast,
    StartOver,
}

/// What happens to one stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The text of the step, for the log.
    pub(crate) text: String,
    /// How long the stream waits before anything else.
    pub(crate) delay: Duration,
    pub(crate) act: Act,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Forward {
        throttle: Throttle,
        trouble: Option<Trouble>,
    },
    Answer(Answer),
    /// Close the connection without a response.
    Refuse,
    /// Send no response and keep the connection.
    Hang,
}

/// Limits on how the body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Throttle {
    /// The size of each write, in bytes.
    pub(crate) split: Option<NonZeroUsize>,
    /// The most bytes per second.
    pub(crate) rate: Option<NonZeroU64>,
}

/// What happens to a stream while it is forwarded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trouble {
    pub(crate) after: After,
    pub(crate) kind: Kind,
}

/// When it happens, counted from the end of the response's head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum After {
    /// This many bytes of the body, without its chunked coding.
    Bytes(u64),
    Time(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    End(Ending),
    /// `None` stalls for ever.
    Stall(Option<Duration>),
}

/// How a connection closes.
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
