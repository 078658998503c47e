//! Why a reader is refused: the response, and the cause that is counted.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;

use crate::http::rejection::Rejection;

/// A refusal of a reader.
#[derive(Clone, Debug)]
pub struct Denied {
    pub(crate) cause: Cause,
    pub(crate) rejection: Rejection,
}

/// Why a reader is refused. It is the value of a label, so it has a few fixed names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No credential was sent.
    Missing,
    /// The credential cannot be read.
    Malformed,
    /// There are several that contradict each other.
    Ambiguous,
    /// It is past its end, or before its start.
    Expired,
    /// It was not signed with a known key.
    Signature,
    /// It is for another audience, from another issuer, or lacks what the gateway needs.
    Claims,
    /// It came from a sender that is not trusted.
    Untrusted,
    /// The application refused it.
    Refused,
    /// It could not be checked.
    Unavailable,
}

impl Cause {
    pub(crate) const ALL: [Self; 9] = [
        Self::Missing,
        Self::Malformed,
        Self::Ambiguous,
        Self::Expired,
        Self::Signature,
        Self::Claims,
        Self::Untrusted,
        Self::Refused,
        Self::Unavailable,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::Expired => "expired",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Untrusted => "untrusted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Denied {
    /// Returns a refusal with 401, after which a page asks its user to log in.
    pub(crate) fn unauthenticated(cause: Cause, error: impl Into<String>) -> Self {
        Self { cause, rejection: Rejection::unauthenticated(error) }
    }

    /// Returns a refusal with 400 of a request that cannot be read in one way only.
    pub(crate) fn ambiguous(error: impl Into<String>) -> Self {
        Self { cause: Cause::Ambiguous, rejection: Rejection::bad_request(error) }
    }

    /// Returns a refusal with 400 of something that cannot be read.
    pub(crate) fn malformed(error: impl Into<String>) -> Self {
        Self { cause: Cause::Malformed, rejection: Rejection::bad_request(error) }
    }

    /// Returns the refusal of a header that cannot be read.
    pub(crate) fn unreadable(rejection: Rejection) -> Self {
        Self { cause: Cause::Malformed, rejection }
    }

    /// Returns a refusal with 403 of a reader who is known.
    pub(crate) fn forbidden(error: impl Into<String>) -> Self {
        Self { cause: Cause::Refused, rejection: Rejection::new(StatusCode::FORBIDDEN, error) }
    }

    /// Returns a refusal with 503 of a credential that cannot be checked now, and which therefore
    /// grants nothing.
    pub(crate) fn unavailable(error: impl Into<String>) -> Self {
        let rejection = Rejection::new(StatusCode::SERVICE_UNAVAILABLE, error);
        Self { cause: Cause::Unavailable, rejection: rejection.with(RETRY_AFTER, RETRY_SECONDS) }
    }
}

/// Soon, since most outages of a login service are restarts.
const RETRY_SECONDS: u16 = 2;
