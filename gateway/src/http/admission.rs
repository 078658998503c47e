//! Admits a log of a publisher, or refuses it: the checks that every published log passes, in the
//! order of their cost.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::value::RawValue;

use crate::http::publish::{Log, check};
use crate::http::rejection::Rejection;
use crate::http::state::Gateway;
use crate::http::tokens::Grant;
use crate::limits::kind::Limit;
use crate::limits::publishing::TooFast;
use crate::redaction::Failed;

/// Returns what to store of `log`, which was sent in `bytes` bytes. It is counted by all limits, so
/// it must be stored, or refused because of the store.
///
/// # Errors
/// 403 for a channel that is not the token's, 429 for a limit that will admit the log later, 413 or
/// 422 if it cannot be redacted.
pub(crate) fn admit<'a>(
    gateway: &Gateway,
    grant: &Grant,
    log: &Log<'a>,
    bytes: usize,
) -> Result<Cow<'a, RawValue>, Rejection> {
    check(gateway, grant, &log.channel)?;
    let config = gateway.limits.config();
    let most = config.channels_per_workspace;
    if most > 0 && !gateway.hub.may_publish_on(&log.channel, most) {
        let limit = Limit::ChannelsPerWorkspace;
        return Err(Rejection::limited(StatusCode::TOO_MANY_REQUESTS, limit, most)
            .with_retry_after(CHANNEL_WAIT));
    }
    let publishing = &gateway.limits.publishing;
    let sent = (grant.name(), &log.channel, bytes);
    // Before the costly part, and again after it: a log that cannot be redacted counts nowhere.
    if config.limits_rates() {
        publishing.check(&config, sent, Instant::now()).map_err(too_fast)?;
    }
    let redacted = gateway.redaction.apply(&log.channel, log.data, config.log_bytes);
    // What used up its time counts all the same, or it could be sent without end.
    let counts = redacted.is_ok() || matches!(redacted, Err(Failed::TooSlow));
    if counts && config.limits_rates() {
        publishing.admit(&config, sent, Instant::now()).map_err(too_fast)?;
    }
    redacted.map_err(|failed| not_redacted(failed, config.log_bytes))
}

fn too_fast(TooFast { limit, value, wait }: TooFast) -> Rejection {
    Rejection::limited(StatusCode::TOO_MANY_REQUESTS, limit, value).with_retry_after(wait)
}

/// Refuses a log rather than storing what may be confidential. No error repeats a part of it.
fn not_redacted(failed: Failed, limit: usize) -> Rejection {
    match failed {
        Failed::TooLarge => {
            Rejection::limited(StatusCode::PAYLOAD_TOO_LARGE, Limit::LogBytes, limit)
        }
        Failed::TooSlow => Rejection::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "logData takes the rules of --redact more than a second, so it is not stored",
        ),
        Failed::Unstable | Failed::Malformed => Rejection::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "logData cannot be redacted by the rules of --redact, so it is not stored",
        ),
    }
}

/// Channels are forgotten when they are idle, which takes a while.
const CHANNEL_WAIT: Duration = Duration::from_secs(60);
