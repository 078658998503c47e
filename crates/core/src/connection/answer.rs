//! What the head of an answer means for the connection. Changes nothing.

use std::time::Duration;

use super::state::{Failure, Finding, Stop};

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It is a stream.
    Streams,
    /// There is no use in trying again.
    Stop(Stop),
    /// It may be better next time, but not before so long.
    Failed(Failure, Duration),
}

impl Judgement {
    /// Judges what was found at `url`.
    pub(super) fn of(finding: &Finding, url: &str) -> Self {
        let failed = |failure| Self::Failed(failure, Duration::ZERO);
        match *finding {
            _ if finding.is_stream() => Self::Streams,
            Finding::Answer { status: status @ (401 | 403), .. } => {
                Self::Stop(Stop::NotAllowed(status))
            }
            Finding::Answer { status: status @ (204 | 410), .. } => {
                Self::Stop(Stop::NothingToStream(status))
            }
            Finding::Answer { status: status @ (429 | 503), retry_after, .. } => {
                Self::Failed(Failure::Busy(status), retry_after.unwrap_or_default())
            }
            Finding::Answer { status: 200, .. } => failed(Failure::WebPage),
            Finding::Answer { status: 404, .. } => failed(Failure::NotFound),
            Finding::Answer { status, .. } => failed(Failure::Status(status)),
            Finding::OtherType(ref kind) => failed(Failure::WrongType(kind.clone())),
            Finding::Redirect => failed(Failure::Redirected),
            // Of another origin the browser does not show a page everything.
            Finding::Nothing if url.starts_with("http") => failed(Failure::OutOfReach),
            Finding::Nothing | Finding::Charset(_) => failed(Failure::Unreachable),
        }
    }
}
