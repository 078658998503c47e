//! What a publisher waits for: the moment at which its log is stored.

use tokio::sync::watch;

use crate::engine::EngineError;
use crate::hub::Published;

/// The result of storing a log.
pub(crate) type Outcome = Result<Published, EngineError>;

/// The result of storing a log, now or later. Copies have the same result.
#[derive(Clone, Debug)]
pub(crate) enum Receipt {
    /// The log was stored, or refused, at once.
    Done(Outcome),
    /// The log is among those that are stored next.
    Pending(watch::Receiver<Option<Outcome>>),
}

/// The other end of a pending receipt. Dropping it without a result refuses the log.
#[derive(Debug)]
pub(crate) struct Promise(watch::Sender<Option<Outcome>>);

impl Promise {
    pub(crate) fn new() -> (Self, Receipt) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Receipt::Pending(receiver))
    }

    pub(crate) fn keep(self, outcome: Outcome) {
        self.0.send_replace(Some(outcome));
    }
}

impl Receipt {
    /// Waits until the log is stored.
    ///
    /// # Errors
    /// The log was not stored, and no reader has received it.
    pub(crate) async fn stored(self) -> Outcome {
        match self {
            Self::Done(outcome) => outcome,
            Self::Pending(mut receiver) => {
                let outcome = receiver.wait_for(Option::is_some).await;
                outcome.map_or(Err(EngineError::Closed), |outcome| {
                    outcome.clone().unwrap_or(Err(EngineError::Closed))
                })
            }
        }
    }

    /// Blocks the thread until the log is stored, for programs without other tasks.
    ///
    /// # Errors
    /// The log was not stored, and no reader has received it.
    pub(crate) fn wait(self) -> Outcome {
        // Inside a task, Tokio would ask the thread to yield, which it cannot.
        pollster::block_on(tokio::task::unconstrained(self.stored()))
    }

    /// Returns the result if there is one already.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Done(outcome) => Some(outcome.clone()),
            Self::Pending(receiver) => {
                let outcome = receiver.borrow().clone();
                // A promise that was dropped without a result is broken.
                let is_broken = outcome.is_none() && receiver.has_changed().is_err();
                if is_broken { Some(Err(EngineError::Closed)) } else { outcome }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: Published = Published { delivered: 1, timestamp: 2 };

    #[tokio::test]
    async fn all_copies_have_the_result_of_the_promise() {
        let (promise, receipt) = Promise::new();
        let copy = receipt.clone();
        assert_eq!(receipt.outcome(), None);
        promise.keep(Ok(PUBLISHED));
        assert_eq!((receipt.outcome(), copy.stored().await), (Some(Ok(PUBLISHED)), Ok(PUBLISHED)));
        assert_eq!(receipt.stored().await, Ok(PUBLISHED));
    }

    #[tokio::test]
    async fn a_promise_that_is_dropped_refuses_the_log() {
        let (promise, receipt) = Promise::new();
        drop(promise);
        assert_eq!(receipt.outcome(), Some(Err(EngineError::Closed)));
        assert_eq!(receipt.stored().await, Err(EngineError::Closed));
    }
}
