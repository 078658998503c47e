//! How the optional parameters of a stream reach the gateway: in the query or, through a proxy that
//! forwards only the ids, inside the resource id. Opens nothing.

use crate::connection::{Connection, Failure, State, StopReason};
use crate::target::StreamParams;
use logs_sse_wire::protocol::Hello;

/// The way that parameters take. It belongs to the proxy, so it outlives the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Carrier {
    /// In the query of the URL.
    #[default]
    Query,
    /// In the resource id, since the proxy drops the query.
    ResourceId {
        /// How many streams in a row ended before their greeting.
        early_ends: u32,
    },
    /// Omitted for one stream, to find out whether they are why the last one was refused.
    Trial,
    /// In the resource id once more: without them the stream opened, but the server may have
    /// recovered in the meantime.
    Confirming,
    /// Omitted, since the proxy refuses them.
    Refused,
}

impl Carrier {
    /// Returns whether the resource id carries the parameters.
    pub(super) fn is_resource_id(self) -> bool {
        matches!(self, Self::ResourceId { .. } | Self::Confirming)
    }

    /// Returns whether a stream with parameters is opened right after one without them.
    pub(super) fn is_confirming(self) -> bool {
        self == Self::Confirming
    }

    /// Returns whether the proxy has refused parameters in the resource id.
    pub(super) fn is_refused(self) -> bool {
        self == Self::Refused
    }

    /// Records the greeting of a stream that was opened with `params`. Returns whether to open it
    /// again, because they did not arrive.
    pub(super) fn greeted(&mut self, hello: &Hello, params: &StreamParams) -> bool {
        let has_arrived = params.pairs().all(|(name, _)| hello.has_received(name));
        *self = match *self {
            // An older gateway, which would refuse the carrier.
            _ if hello.received.is_none() => Self::Query,
            Self::Query if !has_arrived => Self::ResourceId { early_ends: 0 },
            Self::ResourceId { .. } | Self::Confirming if has_arrived => {
                Self::ResourceId { early_ends: 0 }
            }
            Self::ResourceId { .. } | Self::Confirming => Self::Refused,
            Self::Trial => Self::Confirming,
            known => known,
        };
        self.is_resource_id() && !has_arrived
    }

    /// Records that a stream ended, or was refused, before its greeting. Returns whether to try
    /// again without parameters at once.
    pub(super) fn failed(&mut self, connection: &Connection) -> bool {
        let (carrier, retries) = match *self {
            Self::ResourceId { .. } if is_refusal(connection) => (Self::Trial, true),
            Self::ResourceId { early_ends } if is_early_end(connection) => {
                // A controller may answer 200 before it knows that the gateway refused. A broken
                // link looks the same, but not again and again.
                if early_ends + 1 < MAX_EARLY_ENDS {
                    (Self::ResourceId { early_ends: early_ends + 1 }, false)
                } else {
                    (Self::Trial, true)
                }
            }
            Self::Confirming
                if is_refusal(connection)
                    || is_early_end(connection)
                    || connection.last_failure() == Some(&Failure::Rejected) =>
            {
                (Self::Refused, true)
            }
            // The same happens without parameters, so they are not the reason.
            Self::Trial => (Self::ResourceId { early_ends: 0 }, false),
            carrier => (carrier, false),
        };
        *self = carrier;
        retries
    }
}

/// Returns whether a response with a status of 4xx ended the attempt.
fn is_refusal(connection: &Connection) -> bool {
    match (connection.state(), connection.last_failure()) {
        (State::Stopped(StopReason::NotAllowed(_)), _) => true,
        (State::Waiting { .. }, Some(Failure::NotFound | Failure::Explained(_))) => true,
        (State::Waiting { .. }, Some(Failure::Status(status))) => (400..500).contains(status),
        _ => false,
    }
}

fn is_early_end(connection: &Connection) -> bool {
    matches!(connection.last_failure(), Some(Failure::LostEarly | Failure::Unread(_)))
}

/// How many streams in a row may end before their greeting until the carrier is suspected.
const MAX_EARLY_ENDS: u32 = 2;
