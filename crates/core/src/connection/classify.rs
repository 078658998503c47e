//! What the head of an answer means for the connection. Changes nothing.

use std::time::Duration;

use super::state::{Failure, ResponseHead, StopReason};

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is a stream.
    Streams,
    /// There is no use in trying again.
    Stop(StopReason),
    /// It may be better next time, but not before so long.
    Failed(Failure, Duration),
}

impl Outcome {
    /// Judges what was found at `url`.
    pub(super) fn of(finding: &ResponseHead, url: &str) -> Self {
        let failed = |failure| Self::Failed(failure, Duration::ZERO);
        match *finding {
            _ if finding.is_stream() => Self::Streams,
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
            ResponseHead::Redirect => failed(Failure::Redirected),
            // Of another origin the browser does not show a page everything.
            ResponseHead::Nothing if url.starts_with("http") => failed(Failure::OutOfReach),
            ResponseHead::Nothing | ResponseHead::Charset(_) => failed(Failure::Unreachable),
        }
    }
}
