//! Finds a place for a stream among those that its user, address and workspaces may have.

use std::time::Duration;

use axum::http::StatusCode;
use logs_sse_core::channel::ChannelName;

use crate::http::caller::Caller;
use crate::http::identity::Identity;
use crate::http::proxy::DEMO_USER;
use crate::http::rejection::Rejection;
use crate::http::state::Gateway;
use crate::limits::streams::StreamPlace;

/// Returns a place for a stream of `granted` channels, which it occupies until the place is dropped.
///
/// # Errors
/// 429 with a random delay, so that readers do not all return at once.
pub(crate) fn stream_place<'a>(
    gateway: &Gateway,
    identity: &Identity,
    caller: Caller,
    granted: impl Iterator<Item = &'a ChannelName>,
) -> Result<StreamPlace, Rejection> {
    let user = person(gateway, identity);
    let workspaces = granted.map(|channel| channel.workspace().as_str());
    let limits = &gateway.limits;
    limits.streams.enter(&limits.config(), user, caller.client, workspaces).map_err(|exceeded| {
        gateway.hub.metrics().note_limit(exceeded.limit);
        Rejection::limited(StatusCode::TOO_MANY_REQUESTS, exceeded.limit, exceeded.value)
            .with_retry_after(Duration::from_secs(fastrand::u64(5..=15)))
    })
}

/// Returns the user whose requests are counted together. The readers of a demo have one name and are
/// many people.
pub(crate) fn person<'a>(gateway: &Gateway, identity: &'a Identity) -> Option<&'a str> {
    identity.user().filter(|user| !(gateway.mode.is_demo() && *user == DEMO_USER))
}
