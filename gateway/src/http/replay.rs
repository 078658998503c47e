//! Admits a replay if its user, address and workspaces may have that many logs of the history now.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use logs_sse_core::channel::ChannelName;

use crate::http::caller::Caller;
use crate::http::identity::Identity;
use crate::http::rejection::Rejection;
use crate::http::state::Gateway;
use crate::http::stream_place::person;
use crate::limits::replays::Replay;

/// Counts the logs of each channel that a reader is about to receive from the history.
///
/// # Errors
/// 429 with the time after which the limits admit the replay. What the reader misses until then is
/// still in the history.
pub(crate) fn admit_replay<'a>(
    gateway: &Gateway,
    (identity, caller): (&Identity, Caller),
    replayed: impl Iterator<Item = (&'a ChannelName, u64)>,
) -> Result<(), Rejection> {
    let mut workspaces = BTreeMap::<&str, usize>::new();
    for (channel, logs) in replayed {
        let sum = workspaces.entry(channel.workspace().as_str()).or_default();
        *sum = sum.saturating_add(usize::try_from(logs).unwrap_or(usize::MAX));
    }
    let workspaces: Vec<_> = workspaces.into_iter().collect();
    let user = person(gateway, identity);
    let replay = Replay { user, address: caller.client, workspaces: &workspaces };
    let limits = &gateway.limits;
    limits.replays.admit(&limits.config(), replay, Instant::now()).map_err(|too_fast| {
        gateway.hub.metrics().note_limit(too_fast.limit);
        // The readers of a workspace must not all return at once.
        let wait = too_fast.wait + SPREAD.mul_f64(fastrand::f64());
        Rejection::limited(StatusCode::TOO_MANY_REQUESTS, too_fast.limit, too_fast.value)
            .with_retry_after(wait)
    })
}

const SPREAD: Duration = Duration::from_secs(5);
