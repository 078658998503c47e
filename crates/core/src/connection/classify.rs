//! Classifies a response head: stream, temporary failure, or reason to stop. Changes no state.

use std::time::Duration;

use super::state::{Failure, ResponseHead, StopReason};

/// What a response head means for the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The response is an event stream.
    Streams,
    /// A retry would have the same result.
    Stop(StopReason),
    /// A retry may succeed, but not before this delay.
    Failed(Failure, Duration),
}

impl Outcome {
    /// Classifies the head of the response from `url`.
    pub(super) fn from_head(head: &ResponseHead, url: &str) -> Self {
        let failed = |failure| Self::Failed(failure, Duration::ZERO);
        match *head {
            _ if head.is_stream() => Self::Streams,
            ResponseHead::Answer { status: status @ (401 | 403), .. } => {
                Self::Stop(StopReason::NotAllowed(status))
            }
            ResponseHead::Answer { status: status @ (204 | 410), .. } => {
                Self::Stop(StopReason::NothingToStream(status))
            }
            ResponseHead::Answer { status: status @ (429 | 503), retry_after, .. } => {
                Self::Failed(Failure::Busy(status), retry_after.unwrap_or_default())
            }
            ResponseHead::Answer { status: 200, .. } => failed(Failure::WebPage),
            ResponseHead::Answer { status: 404, .. } => failed(Failure::NotFound),
            ResponseHead::Answer { status, .. } => failed(Failure::Status(status)),
            ResponseHead::OtherType(ref kind) => failed(Failure::WrongType(kind.clone())),
            ResponseHead::Explained(ref error) => failed(Failure::Explained(error.clone())),
            ResponseHead::Redirect => failed(Failure::Redirected),
            // Browsers hide most details of cross-origin failures from the page.
            ResponseHead::Nothing if url.starts_with("http") => failed(Failure::OutOfReach),
            ResponseHead::Nothing | ResponseHead::Charset(_) => failed(Failure::Unreachable),
        }
    }
}
